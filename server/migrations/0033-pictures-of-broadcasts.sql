-- 0033 pictures of broadcasts | compatible: servers of the previous release give out what a broadcast with pictures says without them

-- broadcasts/ ---------------------------------------------------------------------------------------------------------
alter table broadcast add column problem text; -- a sentence: why it was paused by itself; null: it was not, or goes on

-- files/ --------------------------------------------------------------------------------------------------------------
comment on column file_upload.peer_id is 'empty: named for no dialog, and sent to many people';
