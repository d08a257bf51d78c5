-- 0025 bots of accounts with their versions, what they remember of dialogs, and what they wait for | compatible: the previous release neither reads nor writes any of it

-- bots/ ---------------------------------------------------------------------------------------------------------------
create table bot (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  name text not null,
  -- rules and scenarios of a file; a module that this server loads; a program that is asked over HTTP
  kind text not null check (kind in ('file', 'code', 'outside')),
  module text check ((kind = 'code') = (module is not null)), -- its name in SOROKA_BOT_MODULES
  url text check ((kind = 'outside') = (url is not null)),
  published integer, -- bot_version.number that answers; null: none, and for code and outside
  created_at timestamptz not null,
  unique (account_id, id),
  unique (account_id, name)
);

-- Never changed: a conversation goes on with the version that it began with.
create table bot_version (
  account_id bigint not null,
  bot_id bigint not null,
  number integer not null,
  definition text not null, -- YAML or JSON, as it was given
  comment text,
  created_at timestamptz not null,
  primary key (bot_id, number),
  foreign key (account_id, bot_id) references bot (account_id, id) on delete cascade
);

-- Which bot answers in the dialogs of a group.
create table bot_group (
  account_id bigint not null,
  network text not null check (network in ('vk', 'ok')),
  group_id text not null,
  bot_id bigint not null,
  primary key (account_id, network, group_id),
  foreign key (account_id, bot_id) references bot (account_id, id) on delete cascade
);
create index bot_group_bot on bot_group (bot_id);

-- What a bot remembers of one dialog; without a row, nothing.
create table bot_memory (
  dialog_id bigint primary key references dialog (id),
  account_id bigint not null,
  bot_id bigint, -- null: the bot of the server's own file
  state jsonb not null,
  -- Answers of the bot in one dialog are counted over a minute: one that talks with another program must come to an end.
  said_since timestamptz not null,
  said integer not null
) with (fillfactor = 80);

-- What takes its time. Written with the step that asks for it, taken away with the step that its result leads to.
create table bot_task (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null,
  dialog_id bigint not null references dialog (id),
  bot_id bigint, -- null: the bot of the server's own file
  -- timer: an event at its time; silence: the same, put off by every word of the person; call: a web request of a scenario; turn: an event for a bot
  -- in code or outside
  kind text not null check (kind in ('timer', 'silence', 'call', 'turn')),
  key text not null, -- what the step calls it; of a turn, the event's own id
  body jsonb not null, -- of a call, the request; else the event
  due_at timestamptz not null,
  tries smallint not null default 0,
  error text, -- of the last try
  unique (dialog_id, kind, key)
);
create index bot_task_due on bot_task (due_at);
create index bot_task_turns on bot_task (dialog_id, id) where kind = 'turn';

-- Why a bot did what it did, for a week.
create table bot_trace (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null,
  dialog_id bigint not null,
  bot_id bigint,
  version text not null,
  event text not null, -- its kind
  lines jsonb not null, -- [{at, name, outcome}], no word of the person
  effects text[] not null, -- their kinds
  at timestamptz not null
);
create index bot_trace_dialog on bot_trace (account_id, dialog_id, id desc);
create index bot_trace_old on bot_trace (at);

-- What no rule knew, by day.
create table bot_phrase (
  account_id bigint not null references account (id),
  bot_id bigint not null, -- 0: the bot of the server's own file
  day date not null,
  phrase text not null, -- in small letters without punctuation; long numbers are left out
  count integer not null,
  last_at timestamptz not null,
  primary key (account_id, bot_id, day, phrase)
);
