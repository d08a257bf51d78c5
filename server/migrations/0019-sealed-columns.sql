-- 0019 which columns hold sealed values | compatible: comments only, for "soroka secrets rotate"
comment on column account.callback_secret is 'sealed';
comment on column account.previous_callback_secret is 'sealed';
comment on column connection.credentials is 'sealed';
comment on column oauth_flow.request is 'sealed';
