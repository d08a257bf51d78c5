-- 0012 what was done for a message | compatible: servers of the previous release neither read nor write the new column

-- dispatch/ -----------------------------------------------------------------------------------------------------------
alter table message add column notes jsonb; -- dispatch/contract.ts, CourseNote: attempts without a status, waits, take-overs, ends of steps; null: none
