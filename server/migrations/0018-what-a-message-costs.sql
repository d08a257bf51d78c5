-- 0018 callbacks are claimed where they stand, dialogs without foreign keys | stop servers of the previous release first: they claim by another column

-- callbacks/ ----------------------------------------------------------------------------------------------------------
-- A claim, and a wait for an earlier row of the same key, change columns that no index holds: the row stays where it is in all of
-- them (a HOT update), if its page has room.
alter table callback
  add column held_until timestamptz, -- attempt > 0: belongs to who claimed it until then; 0: waits for an earlier row, and is not looked at before
  add column follower_ids bigint[], -- of a row that leads a POST: who goes with it
  add column follows boolean not null default false, -- was tried with the row that leads it, and is found by that one alone
  drop constraint callback_state_check;
update callback set state = 'waiting', held_until = due_at, due_at = created_at where state = 'sending';
update callback set follows = true where batch_id <> id and state <> 'parked';
update callback set follower_ids = ids
from (select batch_id, array_agg(id) as ids from callback where follows group by batch_id) as follower
where callback.id = follower.batch_id;
alter table callback
  add constraint callback_state_check check (state in ('waiting', 'parked')),
  set (fillfactor = 50);
drop index callback_batch;
drop index callback_due;
create index callback_due on callback (endpoint_id, again, due_at, id) where state <> 'parked' and not follows;

-- dialogs/ ------------------------------------------------------------------------------------------------------------
-- Rows of dialogs are never deleted under their lines, nor contacts and accounts under their dialogs. To have that checked for each line, and
-- the row it belongs to locked for it, cost more than a third of what writing a line into its dialog costs.
alter table dialog
  drop constraint dialog_account_id_fkey,
  drop constraint dialog_contact_id_fkey,
  drop constraint dialog_merged_into_fkey;
alter table dialog_message drop constraint dialog_message_dialog_id_fkey;
