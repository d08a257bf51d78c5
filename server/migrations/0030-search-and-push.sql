-- 0030 search over messages and people, push to operators' devices | compatible: the previous release neither reads nor writes what is new; its lines are found

-- search/ -------------------------------------------------------------------------------------------------------------
create extension if not exists btree_gin;
create extension if not exists pg_trgm;
-- Of one stretch of ids after the other (search/message-search.ts), so that a common word costs no more than a page. Notifications are
-- left out: they are one text to many people, they are most of all lines, and their sending would pay for it.
create index dialog_message_words on dialog_message using gin (account_id, (id >> 14), to_tsvector('russian', text))
  where kind in ('message', 'note') and source <> 'notification' and deleted_at is null;
create index contact_name_letters on contact using gin (account_id, lower(name) gin_trgm_ops) where name is not null;
create index profile_name_letters on profile using gin (account_id, lower(name) gin_trgm_ops) where name is not null;
create index contact_phone_letters on contact using gin (account_id, phone gin_trgm_ops) where phone is not null;

-- push/ ---------------------------------------------------------------------------------------------------------------
-- By which push services know this installation (RFC 8292); made at first use.
create table push_identity (
  id smallint primary key default 1 check (id = 1),
  public_key text not null, -- base64url, for browsers
  private_key bytea not null,
  created_at timestamptz not null
);
comment on column push_identity.private_key is 'sealed';

create table push_subscription (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  operator_id bigint not null,
  device text not null, -- as its owner calls it
  address bytea not null, -- {endpoint, keys}: whoever knows it may write to the device
  address_sha256 bytea not null unique,
  shows_text boolean not null, -- whether words and names of people go to the device
  created_at timestamptz not null,
  last_taken_at timestamptz, -- when the service last took something for it
  failures integer not null default 0, -- in a row
  foreign key (account_id, operator_id) references operator (account_id, id) on delete cascade
);
comment on column push_subscription.address is 'sealed';
create index push_subscription_operator on push_subscription (account_id, operator_id);

-- Dialogs in which somebody wrote, until their operators' devices are told.
create table push_job (
  dialog_id bigint primary key references dialog (id) on delete cascade,
  account_id bigint not null references account (id),
  tries smallint not null default 0,
  due_at timestamptz not null
);
create index push_job_due on push_job (due_at);
