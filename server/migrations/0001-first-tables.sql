-- 0001 accounts, senders, templates, contacts, messages and their way out | compatible: nothing was before it

-- accounts/ -----------------------------------------------------------------------------------------------------------
create table account (
  id bigint generated always as identity primary key,
  name text not null unique,
  status_url text,
  incoming_url text,
  callback_secret bytea not null, -- sealed by platform/secrets
  previous_callback_secret bytea, -- still signs until the moment below, so that receivers can change over
  previous_callback_secret_until timestamptz,
  created_at timestamptz not null default now()
);

create table api_key (
  id text primary key, -- the middle part of prefix_id_secret
  account_id bigint not null references account (id),
  name text not null,
  secret_sha256 bytea not null,
  scopes text[] not null check (scopes <@ array['send', 'read', 'admin']),
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
create index api_key_account on api_key (account_id);

-- connections/ --------------------------------------------------------------------------------------------------------
create table connection (
  id bigint generated always as identity primary key,
  account_id bigint not null references account (id),
  kind text not null check (kind in ('vk', 'ok', 'notify')),
  group_id text check ((kind = 'notify') = (group_id is null)), -- the network's id of the group, no prefix
  base_url text not null, -- root of the network's API
  credentials bytea not null, -- sealed JSON: tokens, secrets, the intake token in clear
  intake_token_sha256 bytea not null, -- finds the connection by /hooks/{kind}/{token}
  receive text not null default 'off' check (receive in ('webhook', 'long-poll', 'off')),
  settings jsonb not null default '{}', -- see connections/settings.ts
  paused_reason text, -- a token problem: messages wait, their ttl runs
  paused_at timestamptz,
  created_at timestamptz not null default now(),
  unique (kind, intake_token_sha256)
);
create index connection_account on connection (account_id);
create unique index connection_group on connection (account_id, kind, group_id) where group_id is not null;

create table sender (
  id bigint generated always as identity primary key,
  account_id bigint not null references account (id),
  name text not null, -- `service` of the request
  budget_per_day integer check (budget_per_day >= 0), -- messages; null: no budget
  forbidden_patterns text[] not null default '{}', -- RE2; a rendered text that matches is refused with is.spam
  created_at timestamptz not null default now(),
  unique (account_id, name)
);

create table sender_route (
  sender_id bigint not null references sender (id),
  account_id bigint not null references account (id),
  route text not null check (route in ('VK', 'OK')),
  provider text not null check (provider in ('notify', 'community')),
  connection_id bigint not null references connection (id), -- the upstream's connection or the community's own
  group_id text not null,
  primary key (sender_id, route)
);

-- templates/ ----------------------------------------------------------------------------------------------------------
create table template (
  account_id bigint not null references account (id),
  id integer not null, -- the customer's number
  name text not null,
  text text not null,
  routes text[] not null default '{VK,OK}' check (routes <@ array['VK', 'OK'] and cardinality(routes) > 0), -- networks it has a group in, in its own order
  upstream jsonb not null default '{}', -- {"templateId", "tmpl"} at the notify upstream, where they differ
  unknown_outcome text not null default 'resend' check (unknown_outcome in ('resend', 'stop')), -- of a call without an answer and without an idempotency key
  created_at timestamptz not null default now(),
  primary key (account_id, id),
  unique (account_id, name)
);
create table template_sender ( -- approved for
  account_id bigint not null,
  template_id integer not null,
  sender_id bigint not null references sender (id),
  primary key (account_id, template_id, sender_id),
  foreign key (account_id, template_id) references template (account_id, id)
);

-- contacts/ -----------------------------------------------------------------------------------------------------------
create table contact (
  id bigint generated always as identity primary key,
  account_id bigint not null references account (id),
  phone text, -- digits of E.164 without the plus
  name text,
  consent text, -- where the permission to write came from; null: none recorded
  opted_out_at timestamptz,
  created_at timestamptz not null default now()
);
create unique index contact_phone on contact (account_id, phone) where phone is not null;

create table identity ( -- a contact on one network
  account_id bigint not null references account (id),
  network text not null check (network in ('vk', 'ok')),
  user_id text not null, -- no prefix
  contact_id bigint not null references contact (id),
  created_at timestamptz not null default now(),
  primary key (account_id, network, user_id)
);
create index identity_contact on identity (contact_id);

-- limits/ -------------------------------------------------------------------------------------------------------------
-- Times of the notifications a person got from a group in the last 24 hours, over all accounts and senders. One row per
-- name of the person ('phone:7999…' until the identity is known, 'user:37119444' after); a send counts in every name it knows.
-- Only the owner of the group's lane writes here.
create table day_window (
  lane_id integer not null,
  person text not null,
  sent_at timestamptz[] not null,
  primary key (lane_id, person)
) with (fillfactor = 80);

create table sender_budget_use (
  sender_id bigint not null references sender (id),
  day date not null, -- in Europe/Moscow
  used integer not null,
  primary key (sender_id, day)
);

-- dispatch/ -----------------------------------------------------------------------------------------------------------
-- One row per group of a network, whoever's senders use it: the limits belong to the group, so its owner needs no shared counter.
create table lane (
  id integer generated always as identity primary key,
  network text not null check (network in ('vk', 'ok')),
  group_id text not null,
  owner uuid, -- the process that sends for it
  epoch bigint not null default 0, -- grows with every change of owner; an outcome of an older epoch is not written
  lease_until timestamptz,
  quiet_until timestamptz, -- a new owner sends nothing before: slots of the old one may still be held
  unique (network, group_id)
) with (fillfactor = 50);

-- Ids are JSON numbers, exact as doubles, and grow with time.
create sequence message_id start 1000001 maxvalue 9007199254740991 cache 1;

create table message (
  id bigint primary key,
  account_id bigint not null,
  kind text not null check (kind in ('notification', 'reply')),
  sender_id bigint, -- of a notification
  service text, -- the name of its sender when it was accepted
  template_id integer,
  phone text,
  dialog_id bigint, -- of a reply
  peer_id text, -- of a reply: whom the network knows
  text text not null,
  buttons jsonb,
  template_data json, -- as given: the notify upstream renders for itself
  delivery_policy text not null default 'any',
  steps jsonb not null, -- dispatch/plan.ts: [{route, provider, connectionId, laneId, groupId, onUnknown, timeoutSeconds?, success?}] in order
  windows jsonb, -- allowed hours with their time zone resolved; null: any hour
  status_url text,
  callback_data json, -- json, not jsonb: echoed byte for byte
  client_message_id text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  status text not null default 'QUEUED',
  channel text not null, -- the route in use, finally the one used
  error_code integer not null default 0,
  history jsonb not null default '[]' -- [{status, channel, ts, errorCode, evidence?}]
) with (fillfactor = 75);
create index message_account on message (account_id, id);

-- What is still to be done for a message on its present step; the row goes when nothing is.
create table delivery (
  message_id bigint primary key,
  account_id bigint not null,
  lane_id integer not null,
  connection_id bigint not null,
  priority smallint not null, -- 0 replies, 1 notifications
  step smallint not null default 0,
  state text not null default 'queued' check (state in ('queued', 'sending', 'sent')),
  attempt smallint not null default 0,
  due_at timestamptz not null, -- queued: not before; sent: ask the provider for the status, its callback stays out
  step_ends_at timestamptz, -- a step with a time-out: when the next one starts unless `success` was reached
  expires_at timestamptz not null,
  epoch bigint not null default 0, -- of the lane, when claimed
  day_slot_at timestamptz, -- taken in day_window for this step, under these names of the person
  day_persons jsonb
) with (fillfactor = 60);
create index delivery_due on delivery (lane_id, connection_id, priority, due_at, message_id) where state = 'queued';
create index delivery_sending on delivery (lane_id) where state = 'sending';
create index delivery_sent on delivery (due_at) where state = 'sent';
create index delivery_step_end on delivery (step_ends_at) where step_ends_at is not null;
create index delivery_expiry on delivery (expires_at);

-- The network's id of a message that was sent: finds it again for receipts and read marks.
create table sent_message (
  connection_id bigint not null,
  network_id text not null,
  message_id bigint not null,
  step smallint not null,
  sent_at timestamptz not null,
  primary key (connection_id, network_id)
);
create index sent_message_message on sent_message (message_id);

create table client_message (
  account_id bigint not null,
  client_message_id text not null,
  content_sha256 bytea not null,
  message_id bigint not null,
  created_at timestamptz not null,
  primary key (account_id, client_message_id)
);

create table idempotency_key (
  account_id bigint not null,
  key text not null,
  body_sha256 bytea not null,
  answer_body text not null,
  created_at timestamptz not null,
  primary key (account_id, key)
);

-- Processes that send, to share the lanes fairly.
create table worker (
  id uuid primary key,
  seen_at timestamptz not null
);

-- What dialogs must learn of: written with the change itself, worked off by inbox/.
create table dispatch_event (
  id bigint generated always as identity primary key,
  account_id bigint not null,
  message_id bigint not null,
  status text not null,
  channel text not null,
  connection_id bigint not null,
  network_id text,
  at timestamptz not null
);
