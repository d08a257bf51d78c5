-- 0010 paused senders, quiet hours | compatible: servers of the previous release take messages as if no sender were paused and no hour quiet

-- accounts/ -----------------------------------------------------------------------------------------------------------
alter table account add column quiet_hours jsonb; -- {from, to, timeZone?}: local hours in which no notification is sent; null: none

-- dispatch/ -----------------------------------------------------------------------------------------------------------
-- A sender whose notifications wait: theirs in `delivery` have a priority from 100, which no lane claims; taken away again, they go on as they were.
create table sender_pause (
  account_id bigint not null,
  sender_id bigint not null,
  paused_at timestamptz not null,
  primary key (account_id, sender_id)
);
create index delivery_parked on delivery (account_id, message_id) where priority >= 100;
