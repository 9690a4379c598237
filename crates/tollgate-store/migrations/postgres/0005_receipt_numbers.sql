-- What people call a receipt, as its shop's format made it when it was numbered. Those that were issued
-- before shops had a format have the one that there was. Looked up by what a customer reads out.
alter table receipts add column number text collate "C" not null default '';
update receipts
   set number = 'R-' || lpad(year::text, greatest(4, length(year::text)), '0')
             || '-' || lpad(sequence::text, greatest(6, length(sequence::text)), '0');
create index receipts_text on receipts (shop_id, number);
