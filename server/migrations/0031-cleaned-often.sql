-- 0031 the queue and its messages are cleaned often | compatible: the previous release may run on

-- PostgreSQL cleans a table when a fifth of its rows is dead: of ten million that wait, two million rows that every look at the queue may meet.
-- Half a percent instead, and at ten times the usual pace, so that a clean-up ends within minutes. What it costs: it begins some forty times as often.
alter table delivery set (
  autovacuum_vacuum_scale_factor = 0.005, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_limit = 2000
);
alter table message set (
  autovacuum_vacuum_scale_factor = 0.005, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_limit = 2000
);

-- A line is written once and told of twice more (SENT, DELIVERED): with room in its page for that, a change of its status writes 2.1 records
-- ahead instead of 4.3 (docs/decisions/0008-what-one-message-costs.md).
alter table dialog_message set (fillfactor = 60);
