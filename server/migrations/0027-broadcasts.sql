-- 0027 broadcasts | compatible: servers of the previous release send what was given out without its intent, and give out nothing

-- dispatch/ -----------------------------------------------------------------------------------------------------------
alter table message add column intent text; -- of a broadcast: why VK lets the group write first; of a notification its template says it

-- broadcasts/ ---------------------------------------------------------------------------------------------------------
create table broadcast (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  name text not null,
  plan jsonb not null, -- broadcasts/plan.ts: what it says, to whom, by which ways, when
  state text not null default 'draft' check (state in ('draft', 'scheduled', 'running', 'paused', 'stopped', 'finished')),
  link_key bytea not null, -- authenticates its short links
  starts_at timestamptz, -- scheduled: not before
  started_at timestamptz,
  ended_at timestamptz, -- stopped or finished
  audience_cursor bigint not null default 0, -- ids of contacts up to this one have been looked at
  audience_done boolean not null default false,
  due_at timestamptz not null default now(), -- the pump does not look at it before
  throttled_until timestamptz, -- what was given out uses the pace up to then
  winner smallint, -- the variant that all the rest gets
  created_at timestamptz not null
);
create index broadcast_list on broadcast (account_id, id);
create index broadcast_due on broadcast (due_at) where state in ('scheduled', 'running');
-- Everybody it was for when it began, and what became of each.
create table broadcast_recipient (
  broadcast_id bigint not null references broadcast (id),
  contact_id bigint not null,
  account_id bigint not null,
  -- handing: being given to dispatch by phone, to be asked again with the same key where the server stops in between
  state text not null default 'waiting' check (state in ('waiting', 'handing', 'excluded', 'given')),
  due_at timestamptz not null, -- waiting: not before
  way smallint, -- of the plan's ways, from 0
  variant smallint, -- of the plan's variants, from 0
  reason text, -- why excluded, or not delivered: broadcasts/reasons.ts
  message_id bigint,
  status text, -- of the message, in the words of messages
  given_at timestamptz,
  sent_at timestamptz,
  delivered_at timestamptz,
  read_at timestamptz,
  clicked_at timestamptz,
  answered_at timestamptz,
  unsubscribed_at timestamptz,
  primary key (broadcast_id, contact_id)
) with (fillfactor = 75);
create index broadcast_recipient_waiting on broadcast_recipient (broadcast_id, due_at, contact_id) where state in ('waiting', 'handing');
create index broadcast_recipient_open on broadcast_recipient (broadcast_id) where state = 'given' and status is null;
create index broadcast_recipient_answers on broadcast_recipient (contact_id, sent_at) where sent_at is not null;
