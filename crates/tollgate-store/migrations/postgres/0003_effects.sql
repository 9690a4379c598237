-- What a worker needs to do effects, and what they make.
--
-- target: whom an effect is addressed to; what fails and is throttled together. due_at is its time, or
-- the end of its lease while a worker has it; null while it waits for another one of its order_key
-- (position is the feed's at its decision) or is settled. lease: the claim that every write about it
-- names (I5). order_key is null once it keeps nobody waiting.
alter table effects add column target text collate "C" not null default '';
alter table effects add column order_key text collate "C";
alter table effects add column position bigint not null default 0;
alter table effects add column lease bytea;
alter table effects add column lease_hard_until bigint;
alter table effects add column tries bigint not null default 0;
alter table effects add column reason text;
alter table effects add column attempts text;
alter table effects add column settled_at bigint;
update effects
   set target = case kind
           when 'receipt' then 'receipt'
           when 'refund' then 'refund'
           else kind || ':' || coalesce(content::json ->> 'source', '') end;
drop index effects_due;
create index effects_due on effects (shop_id, target, due_at) where due_at is not null;
create index effects_order on effects (shop_id, order_key, position) where order_key is not null;

-- How targets fare: a row once one has failed. probing: 1 while one attempt is under way that has until
-- open_until. allowed_at: no question before this (a rate's theoretical arrival time).
create table targets (
    shop_id bigint not null,
    target text collate "C" not null,
    failures bigint not null default 0,
    failing_since bigint,
    open_until bigint,
    opened bigint not null default 0,
    probing bigint not null default 0,
    allowed_at bigint,
    primary key (shop_id, target)
);

-- Receipts that are issued. The file in `pdf` is the receipt; whatever stands in a folder is a copy.
create table receipts (
    shop_id bigint not null,
    id bytea not null constraint receipts_id_length check (length(id) = 16),
    year bigint not null,
    sequence bigint not null,
    kind text not null,
    issued_at bigint not null,
    token text collate "C" not null unique,
    sha256 bytea not null constraint receipts_sha256_length check (length(sha256) = 32),
    document text not null,
    pdf bytea not null
);
create unique index receipts_id on receipts (shop_id, id);
create unique index receipts_number on receipts (shop_id, year, sequence);

-- Where a merchant wants to be told. `secrets` is a JSON array, the newest first, each with the time it
-- is good until; the newest has none.
create table endpoints (
    shop_id bigint not null,
    id bytea not null constraint endpoints_id_length check (length(id) = 16),
    url text not null,
    events text not null,
    description text not null,
    secrets text not null,
    created_at bigint not null,
    updated_at bigint not null,
    disabled_at bigint,
    disabled_reason text,
    primary key (shop_id, id)
);

-- The last receipt number given out, and of which year; and a number that changes with the endpoints.
alter table shop_heads add column receipts_year bigint not null default 0;
alter table shop_heads add column receipts bigint not null default 0;
alter table shop_heads add column endpoints_version bigint not null default 0;

-- The roots as they stood when the row was decided, where the world may see them: a JSON array.
alter table timeline add column docs text;
