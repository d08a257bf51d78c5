-- 0020 the audit log | compatible: the previous release neither reads nor writes it

-- audit/ --------------------------------------------------------------------------------------------------------------
-- The end of each account's chain: locked by whoever adds an entry, and what shows that entries at the end are missing.
create table audit_head (
  account_id bigint primary key references account (id),
  number bigint not null,
  hash bytea not null
);

-- Who changed what. Rows are only ever added; each hash covers its row and the hash before it.
create table audit_entry (
  account_id bigint not null references account (id),
  number bigint not null, -- from 1 on in each account, without gaps
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('key', 'operator', 'command', 'nobody')),
  actor_id text, -- of the key or the operator
  action text not null, -- operator.changed
  object text not null, -- operator:5
  fields text[] not null, -- names of what changed, never the values
  hash bytea not null,
  primary key (account_id, number)
);
