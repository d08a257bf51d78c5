-- 0006 keyboards, intents of templates | stop the servers of the previous release first: they know the columns by their old name

-- [[{label, payload}]] as a keyboard; none where there were no buttons.
create function pg_temp.keyboard_of(buttons jsonb) returns jsonb language sql immutable as $$
  select case when jsonb_array_length(buttons) > 0 then jsonb_build_object('place', 'message', 'rows', (
    select jsonb_agg((
      select jsonb_agg('{"kind": "text"}'::jsonb || button order by button_number)
      from jsonb_array_elements(shown) with ordinality as b(button, button_number)
    ) order by row_number)
    from jsonb_array_elements(buttons) with ordinality as r(shown, row_number)
  )) end
$$;

-- templates/ ----------------------------------------------------------------------------------------------------------
alter table template add column intent text; -- why VK lets the group write first; templates/intents.ts

-- dispatch/ -----------------------------------------------------------------------------------------------------------
alter table message rename column buttons to keyboard; -- {place, oneTime?, rows: [[{kind, …}]]}, as the account gave it
update message set keyboard = pg_temp.keyboard_of(keyboard) where keyboard is not null;

-- dialogs/ ------------------------------------------------------------------------------------------------------------
alter table dialog_message rename column buttons to keyboard; -- the same, shown with an outgoing message
update dialog_message set keyboard = pg_temp.keyboard_of(keyboard) where keyboard is not null;
