-- 0003 incoming events, dialogs, long polls | compatible: the previous release neither reads nor writes these tables

-- intake/ -------------------------------------------------------------------------------------------------------------
-- Which process keeps the reception of a connection (its long poll or its webhook), and where the long poll stands.
create table poll_state (
  connection_id bigint primary key,
  owner uuid,
  lease_until timestamptz,
  state text -- the network's marker, written after the events before it; null: from now on
);

-- inbox/ --------------------------------------------------------------------------------------------------------------
-- Every body as it came, stored before the network gets its answer. One that was worked off stays for a while so that a
-- repeat is known; one that failed stays until it is replayed.
create table raw_event (
  id bigint generated always as identity primary key,
  account_id bigint not null,
  connection_id bigint not null,
  form text not null check (form in ('vk', 'ok', 'notify-incoming', 'notify-statuses')), -- whose shape the body has
  source text not null check (source in ('webhook', 'long-poll')),
  network text not null, -- 'vk', 'ok'; '' where the body does not say
  group_id text not null, -- '' where the body does not say
  dedup_key text not null, -- the network's id of the event, or a hash of the body
  dialog_hash bigint not null, -- events with the same one are worked off in the order of id
  shard smallint not null, -- worked off by one process at a time; -1: receipts, in no order
  body bytea not null,
  received_at timestamptz not null,
  state text not null check (state in ('waiting', 'done', 'failed')),
  tries smallint not null default 0,
  due_at timestamptz not null,
  error text, -- of the last try
  unique (account_id, network, group_id, dedup_key)
);
create index raw_event_waiting on raw_event (shard, id) where state = 'waiting';
create index raw_event_dialog on raw_event (dialog_hash, id) where state = 'waiting';
create index raw_event_failed on raw_event (account_id, id) where state = 'failed';
create index raw_event_done on raw_event (received_at) where state = 'done';

-- Receipts that came before the answer to the send they speak of.
create table unmatched_receipt (
  connection_id bigint not null,
  network_id text not null,
  status text not null,
  at timestamptz not null,
  received_at timestamptz not null,
  tries smallint not null default 0,
  due_at timestamptz, -- null: nobody knows the message; kept as evidence
  primary key (connection_id, network_id, status)
);
create index unmatched_receipt_due on unmatched_receipt (due_at) where due_at is not null;

-- dialogs/ ------------------------------------------------------------------------------------------------------------
create table dialog (
  id bigint generated always as identity primary key,
  account_id bigint not null references account (id),
  network text not null check (network in ('vk', 'ok')),
  group_id text not null,
  contact_id bigint references contact (id), -- null: a group chat of several people
  user_id text, -- the network's id of the person or of the group chat; null until the first word from there
  peer_id text, -- where a reply goes
  last_sequence integer not null default 0,
  last_message_at timestamptz not null,
  last_notification_id bigint, -- message.id
  merged_into bigint references dialog (id), -- two contacts turned out to be one person: the history went there
  created_at timestamptz not null
) with (fillfactor = 75);
create unique index dialog_contact on dialog (account_id, network, group_id, contact_id) where contact_id is not null and merged_into is null;
create unique index dialog_user on dialog (account_id, network, group_id, user_id) where user_id is not null and merged_into is null;
create index dialog_merged on dialog (merged_into) where merged_into is not null;
create index dialog_recent on dialog (account_id, last_message_at desc, id desc) where merged_into is null;

create table dialog_message (
  id bigint generated always as identity primary key,
  account_id bigint not null,
  dialog_id bigint not null references dialog (id),
  sequence integer not null, -- within the dialog
  kind text not null default 'message' check (kind in ('message', 'started', 'button')),
  direction text not null check (direction in ('in', 'out')),
  source text not null check (source in ('person', 'bot', 'operator', 'notification')),
  text text not null,
  payload text, -- of the button pressed or the link that opened the chat
  attachments json, -- as the network gave them
  buttons jsonb, -- shown under an outgoing message: [[{label, payload}]]
  message_tag text, -- in: the notification it answers, our id where it is known
  event_id text, -- in: the network's id of the event
  message_id bigint, -- out: message.id
  network text not null,
  network_id text, -- of the message at the network itself, never at a notify upstream
  status text, -- out
  error_code integer not null default 0,
  created_at timestamptz not null,
  unique (dialog_id, sequence)
) with (fillfactor = 85);
create unique index dialog_message_event on dialog_message (dialog_id, event_id) where event_id is not null;
-- A notification that went on to a second route stands in the dialog of each network that took it.
create unique index dialog_message_ours on dialog_message (message_id, network) where message_id is not null;
create index dialog_message_network on dialog_message (dialog_id, network_id) where network_id is not null;
