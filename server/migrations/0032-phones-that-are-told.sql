-- 0032 push to phones | compatible: the previous release may run on; it cannot tell a phone, and leaves the signs of a dialog that one belongs to to a server of this release

-- Whose address it is: {endpoint, keys} of a browser, {token} of a phone.
alter table push_subscription add column kind text not null default 'web'
  check (kind in ('web', 'rustore', 'fcm', 'apns', 'hms'));
