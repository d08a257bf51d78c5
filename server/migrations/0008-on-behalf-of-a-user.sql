-- 0008 connections on behalf of a user, and the asking for access | compatible until the first such connection is made: the previous release takes it for a group's

-- connections/ --------------------------------------------------------------------------------------------------------
alter table connection
  add column user_id text, -- the network's id of the person, no prefix
  drop constraint connection_kind_check,
  add constraint connection_kind_check check (kind in ('vk', 'ok', 'notify', 'ok-user')),
  drop constraint connection_check,
  add constraint connection_group_check check ((kind in ('notify', 'ok-user')) = (group_id is null)),
  add constraint connection_user_check check ((kind = 'ok-user') = (user_id is not null)),
  alter column intake_token_sha256 drop not null,
  add constraint connection_intake_check check ((kind = 'ok-user') = (intake_token_sha256 is null)); -- nothing comes in for a user
create unique index connection_user on connection (account_id, kind, user_id) where user_id is not null;

-- oauth/ --------------------------------------------------------------------------------------------------------------
-- One person being asked for access. Everything secret in it is sealed or a hash.
create table oauth_flow (
  id bigint generated always as identity primary key,
  account_id bigint not null references account (id),
  renews_id bigint references connection (id) on delete cascade, -- the connection whose person is asked again; null: a new one
  connection_id bigint references connection (id) on delete cascade, -- that was made or renewed; null before
  ticket_sha256 bytea not null unique, -- opens /oauth/ok/start
  request bytea not null, -- sealed JSON: the application and what it asks for
  state_sha256 bytea unique, -- of the visit to the network that is under way; gone when it came back
  code_challenge text, -- S256, of the client that started the visit; null: nobody waits for the result
  problem text, -- a sentence for the person; null: none, or not over yet
  done_at timestamptz,
  expires_at timestamptz not null
);
create index oauth_flow_expires on oauth_flow (expires_at);

-- When the access of a connection on behalf of a user is used next, so that it stays alive.
create table oauth_upkeep (
  connection_id bigint primary key references connection (id) on delete cascade,
  account_id bigint not null references account (id),
  due_at timestamptz not null,
  kept_alive_at timestamptz -- when the network last took the token
);
