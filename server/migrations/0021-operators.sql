-- 0021 operators, their sessions and how they log in | compatible: the previous release neither reads nor writes any of it

-- operators/ ----------------------------------------------------------------------------------------------------------
create table operator (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  login text unique, -- in lower case; null once the operator was removed
  name text not null,
  role text not null check (role in ('owner', 'admin', 'operator', 'analyst')),
  groups text[], -- VK:213243638; null: all of the account
  password text, -- a hash that carries its parameters
  availability text not null default 'offline' check (availability in ('online', 'pause', 'offline')),
  availability_comment text,
  capacity integer check (capacity > 0), -- dialogs at once; null: as many as there are
  totp_secret bytea, -- sealed
  totp_confirmed boolean not null default false,
  totp_step bigint not null default 0, -- of the newest code that was used: none counts twice
  disabled_at timestamptz,
  removed_at timestamptz, -- the row stays for the history
  created_at timestamptz not null,
  unique (account_id, id),
  check ((removed_at is null) or (login is null and password is null and totp_secret is null))
);

create table operator_recovery_code (
  operator_id bigint not null references operator (id) on delete cascade,
  code_sha256 bytea not null,
  primary key (operator_id, code_sha256)
);

-- What the account asks of all its operators; without a row, nothing.
create table operator_policy (
  account_id bigint primary key references account (id),
  second_factor_required boolean not null
);

create table team (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  name text not null,
  unique (account_id, id),
  unique (account_id, name)
);

create table team_member (
  account_id bigint not null,
  team_id bigint not null,
  operator_id bigint not null,
  primary key (team_id, operator_id),
  foreign key (account_id, team_id) references team (account_id, id) on delete cascade,
  foreign key (account_id, operator_id) references operator (account_id, id)
);
create index team_member_operator on team_member (operator_id);

create table operator_session (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null,
  operator_id bigint not null,
  kind text not null check (kind in ('web', 'device')),
  token_sha256 bytea not null unique,
  awaits_code boolean not null, -- the password was right, the second factor is still to come
  device text, -- as the browser or the app calls itself
  address text not null, -- where it was seen last
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null, -- however much it is used
  foreign key (account_id, operator_id) references operator (account_id, id)
);
create index operator_session_operator on operator_session (operator_id);
create index operator_session_expires on operator_session (expires_at);

create table operator_invitation (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null references account (id),
  login text not null,
  role text not null,
  groups text[],
  code_sha256 bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index operator_invitation_account on operator_invitation (account_id);

create table operator_pairing (
  id bigint generated always as identity (maxvalue 9007199254740991) primary key,
  account_id bigint not null,
  operator_id bigint not null,
  code_sha256 bytea not null unique,
  session_id bigint references operator_session (id) on delete set null, -- of the phone
  redeemed_at timestamptz,
  expires_at timestamptz not null,
  foreign key (account_id, operator_id) references operator (account_id, id)
);
create index operator_pairing_expires on operator_pairing (expires_at);

-- Whom a network calls by which id. One person of a network logs in as one operator.
create table operator_identity (
  account_id bigint not null,
  operator_id bigint not null,
  network text not null check (network in ('vk', 'ok')),
  user_id text not null,
  primary key (operator_id, network),
  unique (network, user_id),
  foreign key (account_id, operator_id) references operator (account_id, id)
);

-- A browser that was sent to a network and has not come back.
create table login_visit (
  state_sha256 bytea primary key,
  network text not null,
  account_id bigint, -- with the operator: who links the identity; null: who it is will be learnt
  operator_id bigint,
  verifier bytea not null, -- sealed, for the exchange of the code (RFC 7636)
  return_to text not null, -- a path of ours
  expires_at timestamptz not null
);
create index login_visit_expires on login_visit (expires_at);

-- How far somebody has drawn on the tries that a login, an address, or both together have. Keys are hashes.
create table login_throttle (
  key bytea primary key,
  due_at timestamptz not null -- when all tries are there again
);
create index login_throttle_due on login_throttle (due_at);

-- Where an operator has logged in before: others' wrong tries never keep them out from there.
create table operator_address (
  operator_id bigint not null references operator (id) on delete cascade,
  address_sha256 bytea not null,
  seen_at timestamptz not null,
  primary key (operator_id, address_sha256)
);

comment on column operator.totp_secret is 'sealed';
comment on column login_visit.verifier is 'sealed';
