-- Receipts by when they were issued, which an accountant asks for. With the kind in it a list reads nothing else
-- to find its receipts.
create index receipts_issued on receipts (shop_id, issued_at, year, sequence, kind);
