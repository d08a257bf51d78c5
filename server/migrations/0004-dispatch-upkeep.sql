-- 0004 what dispatch forgets when its time is over, and which calls may have been taken | compatible: new columns have defaults

-- A call of this message had no answer: its place of the day is not given back, and it cannot be cancelled any more.
alter table delivery add column maybe_sent boolean not null default false;

-- Rows come in the order of time: block range indexes find the old ones at almost no cost for the new ones.
create index client_message_created on client_message using brin (created_at);
create index idempotency_key_created on idempotency_key using brin (created_at);
create index sent_message_sent on sent_message using brin (sent_at);
