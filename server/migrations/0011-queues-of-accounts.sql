-- 0011 queues by class and account | compatible: servers of the previous release send what is of the default class, more slowly, and leave the rest to new ones

-- dispatch/ -----------------------------------------------------------------------------------------------------------
-- `priority` is the class now (dispatch/classes.ts): 0 reply, 1 service (what all notifications were), 2 transactional, 3 broadcast; from 100 as before.
-- Each account has a queue of its own in each class of a connection.
create index delivery_queue on delivery (lane_id, connection_id, priority, account_id, due_at, message_id) where state = 'queued';
drop index delivery_due;

-- Calls of an earlier owner are found without walking through those of this one.
create index delivery_in_flight on delivery (lane_id, epoch) where state = 'sending';
drop index delivery_sending;
