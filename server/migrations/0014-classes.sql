-- 0014 classes of messages | compatible: what servers of the previous release store is of the default class

-- templates/ ----------------------------------------------------------------------------------------------------------
alter table template add column class text check (class in ('transactional', 'service', 'broadcast')); -- of messages that name none; null: service

-- dispatch/ -----------------------------------------------------------------------------------------------------------
alter table message add column class text; -- of a notification; null: service
