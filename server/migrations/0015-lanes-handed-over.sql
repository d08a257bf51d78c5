-- 0015 what the owner of a lane leaves to the next one | compatible: servers of the previous release keep the lane quiet for a second instead

-- dispatch/ -----------------------------------------------------------------------------------------------------------
-- Slots that were not free yet when the lane was given back: {epoch, notifications: [{freeInMs, count}], calls: {connection: […]}}. They hold
-- as long as the lane still has that epoch; `quiet_until` is for who does not know of them.
alter table lane add column handed_over jsonb, add column handed_over_at timestamptz;
