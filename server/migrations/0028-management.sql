-- 0028 connections that are removed, versions of templates | compatible: the previous release sends with the approved text of each template, as before

-- connections/ --------------------------------------------------------------------------------------------------------
-- A removed one stays for the messages and dialogs that name it, without its secrets; its group may be connected anew.
alter table connection add column removed_at timestamptz;
drop index connection_group;
create unique index connection_group on connection (account_id, kind, group_id) where group_id is not null and removed_at is null;

-- templates/ ----------------------------------------------------------------------------------------------------------
-- What a template says; never changed. What it says now stands in its own row too, where dispatch reads it.
create table template_version (
  account_id bigint not null,
  template_id integer not null,
  version integer not null, -- from 1 on in each template
  text text not null,
  upstream jsonb not null default '{}', -- its names at the notify upstream, where they differ
  state text not null default 'draft' check (state in ('draft', 'approved', 'archived')),
  created_at timestamptz not null default now(),
  created_by text not null, -- 'key:…', 'operator:5', 'command'
  approved_at timestamptz,
  approved_by text,
  primary key (account_id, template_id, version),
  foreign key (account_id, template_id) references template (account_id, id)
);
create unique index template_version_approved on template_version (account_id, template_id) where state = 'approved';
insert into template_version (account_id, template_id, version, text, upstream, state, created_at, created_by, approved_at, approved_by)
select account_id, id, 1, text, upstream, 'approved', created_at, 'command', created_at, 'command' from template;
-- The approved one, whose text and upstream the row has; null: none is, and nothing can be sent with it.
alter table template add column version integer default 1;

-- dispatch/ -----------------------------------------------------------------------------------------------------------
alter table message add column template_version integer; -- that it was accepted with; null: of a release before this, or a reply
