-- 0026 variables and labels of contacts, consent as a log, who lets which group write, merged contacts, segments | compatible: the previous release neither reads nor writes what is new

-- contacts/ -----------------------------------------------------------------------------------------------------------
alter table contact
  add column variables jsonb not null default '{}', -- {name: text, number or boolean}
  add column labels text[] not null default '{}',
  add column source text not null default 'unknown' check (source in ('vk', 'ok', 'import', 'api', 'notification', 'unknown')),
  add column merged_into bigint references contact (id); -- turned out to be another one's: found by its phone, shown nowhere
create index contact_list on contact (account_id, id) where merged_into is null;
create index contact_merged on contact (merged_into) where merged_into is not null;

-- What people said about being written to. Rows are only ever added; the last one of a scope holds.
create table consent_entry (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  contact_id bigint not null references contact (id),
  network text check (network in ('vk', 'ok')), -- of a group; null: all of the account
  group_id text check ((network is null) = (group_id is null)),
  allowed boolean not null,
  source text not null check (source in ('api', 'import', 'command', 'word', 'button', 'network', 'bot')),
  detail text, -- where the permission came from, in the account's words
  at timestamptz not null
);
create index consent_entry_contact on consent_entry (contact_id, id);
-- The state that the log leaves, of groups: no row means that nothing was said. That of the account is contact.opted_out_at.
create table group_opt_out (
  account_id bigint not null references account (id),
  contact_id bigint not null references contact (id),
  network text not null check (network in ('vk', 'ok')),
  group_id text not null,
  at timestamptz not null,
  primary key (contact_id, network, group_id)
);
-- A person of a network with a group: since when it may not write to them, and when they wrote last.
create table subscription (
  account_id bigint not null references account (id),
  network text not null check (network in ('vk', 'ok')),
  group_id text not null,
  user_id text not null, -- no prefix
  last_word_at timestamptz, -- to some minutes; null: never wrote, only let the group write
  denied_at timestamptz, -- null: nothing known against it
  primary key (account_id, network, user_id, group_id)
) with (fillfactor = 85);
-- What a merge moved, so that it can be undone exactly.
create table contact_merge (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  kept_id bigint not null references contact (id),
  gone_id bigint not null references contact (id),
  moved jsonb not null, -- contacts/merging.ts
  at timestamptz not null,
  undone_at timestamptz
);
create index contact_merge_kept on contact_merge (kept_id, id);
create table segment (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  name text not null,
  definition jsonb not null, -- contacts/segments.ts
  created_at timestamptz not null,
  changed_at timestamptz not null,
  unique (account_id, name)
);

-- Who wrote before there was this table.
insert into subscription (account_id, network, group_id, user_id, last_word_at)
select d.account_id, d.network, d.group_id, d.user_id, max(d.last_message_at)
from dialog as d
where d.kind = 'person' and d.user_id is not null and d.merged_into is null
group by 1, 2, 3, 4;
update contact set source = i.network
from (select distinct on (contact_id) contact_id, network from identity order by contact_id, created_at) as i
where i.contact_id = contact.id and contact.consent is null and contact.phone is null;
update contact set source = 'import' where consent is not null;
insert into consent_entry (account_id, contact_id, allowed, source, detail, at)
select account_id, id, true, 'import', consent, created_at from contact where consent is not null;
insert into consent_entry (account_id, contact_id, allowed, source, at)
select account_id, id, false, 'command', opted_out_at from contact where opted_out_at is not null;
