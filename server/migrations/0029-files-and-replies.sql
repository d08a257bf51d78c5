-- 0029 files, and what operators write | compatible: the previous release neither reads nor writes what is new; it tries follow-ups of the new kind again later, which keeps them for this one

-- files/ --------------------------------------------------------------------------------------------------------------
-- Pictures, documents and voices, from operators and from people. Why in the database: docs/decisions/0016.
create table file (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  name text not null, -- as the person sees it
  kind text check (kind in ('image', 'file', 'voice', 'video')), -- by content; null: its bytes are still arriving
  content_type text not null default 'application/octet-stream', -- by content
  bytes bigint not null default 0,
  width integer, -- of an image, in pixels
  height integer,
  thumbnail bytea, -- WebP
  operator_id bigint, -- who uploaded it; null: a program, or a person in a dialog
  created_at timestamptz not null
);
create index file_arriving on file (created_at) where kind is null;

create table file_part (
  file_id bigint not null references file (id) on delete cascade,
  number integer not null, -- from 0
  bytes bytea not null, -- all parts but the last have the same length: files/parts.ts
  primary key (file_id, number)
);
alter table file_part alter column bytes set storage external; -- what people send is compressed already

-- Whoever sees the dialog sees the file.
create table file_dialog (
  file_id bigint not null references file (id) on delete cascade,
  dialog_id bigint not null,
  primary key (file_id, dialog_id)
);

-- What a network calls a file that it has.
create table file_upload (
  file_id bigint not null references file (id) on delete cascade,
  connection_id bigint not null,
  peer_id text not null,
  attachment jsonb not null, -- {kind, reference}
  uploaded_at timestamptz not null,
  primary key (file_id, connection_id, peer_id)
);

-- inbox/ --------------------------------------------------------------------------------------------------------------
alter table follow_up
  drop constraint follow_up_kind_check,
  add constraint follow_up_kind_check check (kind in ('button', 'message', 'chat', 'profile', 'file'));

-- dialogs/ ------------------------------------------------------------------------------------------------------------
alter table dialog_message
  add column attached jsonb, -- [{kind, name, fileId, …}]: what of it is a file; dialogs/attached.ts
  add column local_id text, -- out: what its author's client called it
  add column reply_to bigint, -- the line of the same dialog that it answers
  add column deleted_at timestamptz; -- out: taken back from the network

-- dispatch/ -----------------------------------------------------------------------------------------------------------
alter table message add column reply_content jsonb; -- of a reply: {attachments?, replyToNetworkId?}

-- replies/ ------------------------------------------------------------------------------------------------------------
-- What operators and programs write into dialogs: until its time, until its files are with the network, and a while for repeats.
create table operator_reply (
  id bigint primary key, -- that of its message
  account_id bigint not null references account (id),
  dialog_id bigint not null references dialog (id),
  operator_id bigint, -- null: a program with a key
  idempotency_key text not null,
  content_sha256 bytea not null,
  text text not null,
  file_ids bigint[] not null,
  reply_to bigint, -- a line of the dialog
  send_at timestamptz, -- null: at once
  state text not null check (state in ('scheduled', 'preparing', 'given', 'cancelled', 'failed')), -- given: to dispatch
  problem text, -- a sentence; of a failed one
  due_at timestamptz not null, -- when it is looked at next
  tries smallint not null default 0,
  created_at timestamptz not null,
  unique (account_id, idempotency_key)
);
create index operator_reply_due on operator_reply (due_at) where state in ('scheduled', 'preparing');
create index operator_reply_dialog on operator_reply (dialog_id, id) where state in ('scheduled', 'preparing');
create index operator_reply_old on operator_reply (created_at) where state in ('given', 'cancelled', 'failed');
