-- 0024 rules of the desk: hours, deadlines, assignment, silence, ratings | compatible: servers of the previous release close nothing by silence and set no deadlines

-- desk/ ---------------------------------------------------------------------------------------------------------------
-- Of an account (group_key '') and of its groups; null of a group: as the account's.
create table desk_rule (
  account_id bigint not null references account (id),
  group_key text not null, -- '' or VK:213243638
  team_id bigint references team (id) on delete set null, -- whose queue new conversations go into
  silence_hours integer check (silence_hours > 0), -- without a word until it is closed
  hours jsonb, -- {timeZone, weekly, holidays}: desk/hours.ts
  first_reply_minutes integer check (first_reply_minutes > 0), -- of working time, as the two below
  next_reply_minutes integer check (next_reply_minutes > 0),
  resolution_minutes integer check (resolution_minutes > 0),
  asks_rating boolean, -- of the person, when an operator has closed
  primary key (account_id, group_key)
);

create table team_desk (
  account_id bigint not null,
  team_id bigint primary key,
  way text not null check (way in ('by-hand', 'least-busy')),
  idle_minutes integer check (idle_minutes > 0), -- a person waits so long for the operator until the dialog goes back to the queue
  returns_offline boolean not null, -- it goes back as soon as its operator is offline
  foreign key (account_id, team_id) references team (account_id, id) on delete cascade
);

alter table conversation
  add column first_reply_due timestamptz,
  add column next_reply_due timestamptz,
  add column resolution_due timestamptz,
  add column breached text[] not null default '{}', -- of the three, those that were missed
  add column closes_at timestamptz, -- by silence
  add column rating_asked_at timestamptz,
  add column rating smallint check (rating between 1 and 5),
  add column rated_at timestamptz,
  add column rating_comment text,
  add column due_at timestamptz generated always as (least(first_reply_due, next_reply_due, resolution_due)) stored;
drop index conversation_silent;
create index conversation_closes on conversation (closes_at) where state = 'open' and closes_at is not null;
create index conversation_due on conversation (due_at) where state = 'open' and due_at is not null;
create index conversation_kept_waiting on conversation (waiting_since) where state = 'open' and owner > 0 and waiting_since is not null;
create index conversation_to_assign on conversation (team_id, waiting_since) where folder = 'queue' and team_id is not null;
