-- What people call a receipt, as its shop's format made it when it was numbered. Those that were issued
-- before shops had a format have the one that there was. Looked up by what a customer reads out.
alter table receipts add column number text not null default '';
update receipts set number = printf('R-%04d-%06d', year, sequence);
create index receipts_text on receipts (shop_id, number);
