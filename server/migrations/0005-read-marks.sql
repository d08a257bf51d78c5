-- 0005 how far people have read | compatible: the previous release neither reads nor writes this table

-- dialogs/ ------------------------------------------------------------------------------------------------------------
-- A person may read a message before we know under which id the network took it: the answer to its send was lost.
create table read_mark (
  account_id bigint not null references account (id),
  network text not null check (network in ('vk', 'ok')),
  group_id text not null,
  user_id text not null, -- the network's id of the person
  up_to bigint not null, -- the network's id of a message: this one and all before it are read
  read_at timestamptz not null,
  primary key (account_id, network, group_id, user_id)
);
create index read_mark_read on read_mark (read_at);
