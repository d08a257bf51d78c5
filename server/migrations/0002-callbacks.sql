-- 0002 callbacks to customers and where they go | compatible: the previous release knows none of these tables

-- callbacks/ ----------------------------------------------------------------------------------------------------------
-- One queue of an account: an origin (scheme, host, port) and a form of body. Paths and query strings do not make a new
-- one, so that one slow host cannot multiply its share of the calls in flight.
create table callback_endpoint (
  id integer generated always as identity primary key,
  account_id bigint not null,
  origin text not null,
  form text not null check (form in ('status', 'incoming')),
  created_at timestamptz not null,
  unique (account_id, origin, form)
);

-- What is still to be delivered, and what was given up. Delivered rows move to callback_delivered: this table stays small.
create table callback (
  id bigint generated always as identity primary key,
  account_id bigint not null,
  endpoint_id integer not null,
  url text not null,
  order_key text not null, -- 'message:123', 'dialog:55': rows of one key are delivered in the order of their ids
  body text not null, -- JSON of one item
  state text not null default 'waiting' check (state in ('waiting', 'sending', 'parked')),
  attempt smallint not null default 0, -- grows with each claim; an outcome of an older attempt is not written
  due_at timestamptz not null, -- waiting: not before; sending: until then it belongs to who claimed it; parked: since
  batch_id bigint, -- id of the row that leads the POST this one goes in (its own, when alone); the same on every retry
  problem text, -- of the last attempt
  created_at timestamptz not null
) with (fillfactor = 70);
-- Only leaders stand in the queue: their batch follows them.
create index callback_due on callback (endpoint_id, due_at, id) where state <> 'parked' and (batch_id is null or batch_id = id);
create index callback_order on callback (order_key, id) where state <> 'parked';
create index callback_batch on callback (batch_id) where batch_id <> id and state <> 'parked';
create index callback_parked on callback (account_id, id) where state = 'parked';

create table callback_delivered (
  id bigint primary key, -- of the row in callback
  account_id bigint not null,
  endpoint_id integer not null,
  url text not null,
  order_key text not null,
  body text not null,
  attempt smallint not null,
  batch_id bigint not null,
  created_at timestamptz not null,
  delivered_at timestamptz not null
);
-- Rows come in the order of time: a block range index finds the old ones at almost no cost for the new ones.
create index callback_delivered_at on callback_delivered using brin (delivered_at);
