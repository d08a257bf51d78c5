-- 0009 endpoints whole, queues for first and for later tries, the log of calls | stop servers of the previous release first: an endpoint has no form any more

-- callbacks/ ----------------------------------------------------------------------------------------------------------
-- An endpoint is an account and an origin, whatever goes there: one host has one share of the calls in flight. The form moves to
-- the callback, and the two endpoints that one origin could have become one.
alter table callback add column form text not null default 'status' check (form in ('status', 'incoming'));
alter table callback_delivered add column form text not null default 'status' check (form in ('status', 'incoming'));
update callback set form = 'incoming' from callback_endpoint where callback_endpoint.id = endpoint_id and callback_endpoint.form = 'incoming';
update callback_delivered set form = 'incoming' from callback_endpoint where callback_endpoint.id = endpoint_id and callback_endpoint.form = 'incoming';
alter table callback alter column form drop default;
alter table callback_delivered alter column form drop default;

create temporary table endpoint_merge on commit drop as
  select id, min(id) over (partition by account_id, origin) as kept from callback_endpoint;
update callback set endpoint_id = kept from endpoint_merge where endpoint_merge.id = endpoint_id and endpoint_merge.id <> kept;
update callback_delivered set endpoint_id = kept from endpoint_merge where endpoint_merge.id = endpoint_id and endpoint_merge.id <> kept;
delete from callback_endpoint using endpoint_merge where endpoint_merge.id = callback_endpoint.id and endpoint_merge.id <> kept;
alter table callback_endpoint drop column form; -- and with it the key over it
alter table callback_endpoint
  add unique (account_id, origin),
  add column failing_since timestamptz, -- the first failure since the last success
  add column failures integer not null default 0, -- calls that failed since then
  add column open_until timestamptz, -- the breaker lets no call through before
  add column disabled_at timestamptz, -- nothing but failures for days: its callbacks are parked until it is enabled again
  add column problem text; -- of the last failure

-- A callback that was tried before, or put back by hand, stands in a queue of its own: what is new never waits behind it.
alter table callback
  add column again boolean not null default false,
  add column earlier_batch_ids bigint[]; -- of the tries before it was put back
update callback set again = true where attempt > 0;
alter table callback_delivered add column earlier_batch_ids bigint[];
drop index callback_due;
create index callback_due on callback (endpoint_id, again, due_at, id) where state <> 'parked' and (batch_id is null or batch_id = id);
drop index callback_parked;
create index callback_parked on callback (endpoint_id, created_at, id) where state = 'parked';
create index callback_parked_at on callback (due_at) where state = 'parked';
create index callback_delivered_listed on callback_delivered (endpoint_id, created_at, id);

-- Every call. Its body is that of the callbacks in it, its signature is not kept.
create table callback_call (
  batch_id bigint not null, -- as in callback
  id bigint generated always as identity,
  account_id bigint not null,
  endpoint_id integer not null,
  callback_ids bigint[] not null, -- in the order of the body
  webhook_id text not null,
  url text not null,
  form text not null,
  attempt smallint not null,
  outcome text not null, -- delivered, refused, forbidden, timed_out, failed
  problem text, -- what was wrong
  answer_status smallint, -- null: no whole answer came
  answer_head text, -- at most 16 KB of its body
  started_at timestamptz not null,
  duration_ms integer not null,
  primary key (batch_id, id)
);
create index callback_call_at on callback_call using brin (started_at);
