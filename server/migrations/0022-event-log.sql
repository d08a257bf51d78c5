-- 0022 the log of what screens show, in one order for each account | compatible: what servers of the previous release write is not in the log

-- events/ ------------------------------------------------------------------------------------------------------------
-- One row for each transaction and account. It gets its number after the commit, when nothing before it can come any more: see docs/decisions/0012.
create table event_log (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account,
  sequence bigint,
  -- [{kind, dialogId?, group?, operatorId?, body}]
  entries json not null,
  created_at timestamptz not null default now()
);
create unique index event_log_sequence on event_log (account_id, sequence) where sequence is not null;
create index event_log_waiting on event_log (id) where sequence is null;

create table event_head (
  account_id bigint primary key references account,
  -- The last number given; they begin with 1 and leave none out.
  sequence bigint not null
);

-- Lets a browser open one socket, whose headers it cannot set.
create table event_ticket (
  sha256 bytea primary key,
  account_id bigint not null references account,
  -- {operatorId, groups}: whom the events are for
  viewer jsonb not null,
  expires_at timestamptz not null
);
