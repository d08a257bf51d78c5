-- 0023 the desk: conversations, owners, labels, notes, drafts, what operators have read | compatible: servers of the previous release open no conversations

-- desk/ ---------------------------------------------------------------------------------------------------------------
-- A stretch of a dialog, from the first word to its closing: see docs/decisions/0013. Times are written when they happen, so that reports never read messages.
create table conversation (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  dialog_id bigint not null references dialog (id),
  group_key text not null, -- VK:213243638
  number integer not null, -- within the dialog, from 1 on
  is_latest boolean not null default true, -- the one that lists show of its dialog
  state text not null check (state in ('open', 'closed')),
  owner bigint, -- 0: the bot, null: the queue, else the operator
  team_id bigint references team (id) on delete set null,
  priority smallint not null default 2 check (priority between 0 and 3), -- 0 is the most urgent
  snoozed_until timestamptz,
  first_sequence integer not null, -- of the dialog's lines, the first that belongs to it
  opened_by text not null check (opened_by in ('person', 'operator')),
  opened_at timestamptz not null,
  had_bot boolean not null, -- whether the bot ever owned it
  needs_human_at timestamptz, -- since when somebody is asked for; null: never
  assigned_at timestamptz, -- when its owner of now got it
  first_reply_at timestamptz, -- by a human, since it needs one
  first_reply_by bigint, -- null also where somebody wrote in the network's own page
  waiting_since timestamptz, -- the oldest word that waits for a human
  last_activity_at timestamptz not null, -- the last word of anybody
  returned_from bigint, -- the operator from whom it went back to the queue by itself
  closed_at timestamptz,
  closed_by text check (closed_by in ('operator', 'bot', 'silence', 'key')),
  closed_by_id bigint, -- the operator
  folder text not null generated always as (
    case
      when state = 'closed' then 'closed'
      when snoozed_until is not null then 'snoozed'
      when owner is null then 'queue'
      when owner = 0 then 'bot'
      else 'owned'
    end
  ) stored,
  unique (dialog_id, number),
  check ((state = 'closed') = (closed_at is not null))
) with (fillfactor = 75);
create unique index conversation_latest on conversation (dialog_id) where is_latest;
create unique index conversation_open on conversation (dialog_id) where state = 'open';
-- One for each way to sort a folder.
create index conversation_waiting on conversation (account_id, folder, (coalesce(waiting_since, 'infinity')), id) where is_latest;
create index conversation_newest on conversation (account_id, folder, last_activity_at desc, id desc) where is_latest;
create index conversation_priority on conversation (account_id, folder, priority, (coalesce(waiting_since, 'infinity')), id) where is_latest;
create index conversation_owner on conversation (account_id, owner) where state = 'open' and owner > 0;
create index conversation_silent on conversation (last_activity_at) where state = 'open' and waiting_since is null and snoozed_until is null;
create index conversation_snoozed on conversation (snoozed_until) where state = 'open' and snoozed_until is not null;

create table label (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  name text not null,
  color text not null check (color ~ '^#[0-9a-f]{6}$'),
  unique (account_id, id)
);
create unique index label_name on label (account_id, lower(name));

create table dialog_label (
  account_id bigint not null,
  dialog_id bigint not null references dialog (id),
  label_id bigint not null,
  primary key (dialog_id, label_id),
  foreign key (account_id, label_id) references label (account_id, id) on delete cascade
);
create index dialog_label_label on dialog_label (label_id, dialog_id);

create table canned_reply (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  shortcut text not null, -- what is typed after a slash
  text text not null, -- with {{variables}}
  updated_at timestamptz not null
);
create unique index canned_reply_shortcut on canned_reply (account_id, lower(shortcut));

-- What an operator has begun to write.
create table dialog_draft (
  account_id bigint not null,
  operator_id bigint not null,
  dialog_id bigint not null references dialog (id),
  text text not null,
  updated_at timestamptz not null,
  primary key (operator_id, dialog_id),
  foreign key (account_id, operator_id) references operator (account_id, id)
);
create index dialog_draft_dialog on dialog_draft (dialog_id);

-- How far an operator has read a dialog.
create table dialog_read (
  account_id bigint not null,
  operator_id bigint not null,
  dialog_id bigint not null references dialog (id),
  up_to integer not null, -- a sequence of the dialog
  primary key (operator_id, dialog_id),
  foreign key (account_id, operator_id) references operator (account_id, id)
);
create index dialog_read_dialog on dialog_read (dialog_id);

-- Notes in which an operator is named, until they have read up to them.
create table mention (
  account_id bigint not null,
  operator_id bigint not null,
  dialog_id bigint not null references dialog (id),
  sequence integer not null, -- of the note
  primary key (operator_id, dialog_id, sequence),
  foreign key (account_id, operator_id) references operator (account_id, id)
);
create index mention_dialog on mention (dialog_id);

-- dialogs/ ------------------------------------------------------------------------------------------------------------
alter table dialog_message
  drop constraint dialog_message_kind_check,
  add constraint dialog_message_kind_check check (kind in ('message', 'started', 'button', 'system', 'note')), -- note: no network sees it
  add column operator_id bigint; -- which of our operators wrote or did it
