-- 0007 who wrote and what was changed, chats of several people, people's names, after-work, health of connections, imports | compatible: the previous release neither reads nor writes what is new, and its rows fit

-- dialogs/ ------------------------------------------------------------------------------------------------------------
alter table dialog
  add column kind text not null default 'person' check (kind in ('person', 'chat')), -- chat: of several people
  add column title text, -- of a chat
  add column picture_url text, -- of a chat
  add column first_sequence integer not null default 1; -- imported history counts down from 0
update dialog set kind = 'chat' where contact_id is null;

alter table dialog_message
  drop constraint dialog_message_kind_check,
  add constraint dialog_message_kind_check check (kind in ('message', 'started', 'button', 'system')),
  add column author_id text, -- the network's id of who wrote: a member of a chat, an admin in the network's own page
  add column edited_at timestamptz,
  add column earlier_texts jsonb; -- [{text, until}], oldest first

-- What the bodies of OK do not tell of a chat, as OK told it when it was asked.
create table known_chat (
  account_id bigint not null references account (id),
  network text not null check (network in ('vk', 'ok')),
  group_id text not null,
  peer_id text not null,
  user_id text, -- the person whose dialog it is; null: a chat of several people
  checked_at timestamptz not null,
  primary key (account_id, network, group_id, peer_id)
);
insert into known_chat (account_id, network, group_id, peer_id, user_id, checked_at)
select account_id, network, group_id, peer_id, min(user_id), now()
from dialog
where network = 'ok' and peer_id is not null and merged_into is null
group by account_id, network, group_id, peer_id;

-- How far the import of a group's history has come.
create table history_import (
  connection_id bigint primary key,
  account_id bigint not null references account (id),
  owner uuid, -- the process that walks
  lease_until timestamptz,
  days integer, -- nothing older is taken; null: all
  started_at timestamptz not null, -- what is newer comes as events
  dialogs_cursor text, -- of the page after `peer_ids`; null before the first page, and on the last one
  peer_ids jsonb, -- of the page under way, those left to do; null before the first page
  history_cursor text, -- of the next page of the first of them
  dialogs integer not null default 0,
  messages integer not null default 0,
  skipped integer not null default 0, -- dialogs that the network did not give out
  finished_at timestamptz
);

-- contacts/ -----------------------------------------------------------------------------------------------------------
-- People as their network shows them: contacts, and those who are none (admins, members of chats).
create table profile (
  account_id bigint not null references account (id),
  network text not null check (network in ('vk', 'ok')),
  user_id text not null, -- no prefix
  name text, -- null: the network does not know them
  picture_url text,
  checked_at timestamptz not null,
  primary key (account_id, network, user_id)
);

-- inbox/ --------------------------------------------------------------------------------------------------------------
-- What an event asks of its network afterwards, outside of any transaction.
create table follow_up (
  id bigint generated always as identity primary key,
  account_id bigint not null references account (id),
  connection_id bigint not null,
  kind text not null check (kind in ('button', 'message', 'chat', 'profile')),
  subject text not null, -- the network's id of what it is about
  detail jsonb not null, -- inbox/follow-ups.ts, by kind
  tries smallint not null default 0,
  due_at timestamptz not null,
  expires_at timestamptz not null, -- of no use after it
  unique (connection_id, kind, subject)
);
create index follow_up_due on follow_up (kind, due_at);

-- The chat that must be known before the event is worked off.
alter table raw_event add column waits_for_peer text;
create index raw_event_waits on raw_event (account_id, waits_for_peer) where waits_for_peer is not null;

-- intake/ -------------------------------------------------------------------------------------------------------------
create table connection_health (
  connection_id bigint primary key,
  account_id bigint not null references account (id),
  last_event_at timestamptz, -- within some seconds
  subscribed_at timestamptz, -- when the network was last seen to have our webhook
  keep_alive_due_at timestamptz not null,
  kept_alive_at timestamptz, -- when the network last took the token
  problem text check (problem in ('token', 'webhook', 'long-poll')),
  detail text, -- a sentence; no secrets
  since timestamptz, -- of the problem
  alarm_hours smallint not null default 0 -- the last alarm was given when it was this old
);
