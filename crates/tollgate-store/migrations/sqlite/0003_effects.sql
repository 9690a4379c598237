-- What a worker needs to do effects, and what they make.
--
-- target: whom an effect is addressed to; what fails and is throttled together. due_at is its time, or
-- the end of its lease while a worker has it; null while it waits for another one of its order_key
-- (position is the feed's at its decision) or is settled. lease: the claim that every write about it
-- names (I5). order_key is null once it keeps nobody waiting.
alter table effects add column target text not null default '';
alter table effects add column order_key text;
alter table effects add column position integer not null default 0;
alter table effects add column lease blob;
alter table effects add column lease_hard_until integer;
alter table effects add column tries integer not null default 0;
alter table effects add column reason text;
alter table effects add column attempts text;
alter table effects add column settled_at integer;
update effects
   set target = case kind
           when 'receipt' then 'receipt'
           when 'refund' then 'refund'
           else kind || ':' || coalesce(content ->> '$.source', '') end;
drop index effects_due;
create index effects_due on effects (shop_id, target, due_at) where due_at is not null;
create index effects_order on effects (shop_id, order_key, position) where order_key is not null;

-- How targets fare: a row once one has failed. probing: 1 while one attempt is under way that has until
-- open_until. allowed_at: no question before this (a rate's theoretical arrival time).
create table targets (
    shop_id integer not null,
    target text not null,
    failures integer not null default 0,
    failing_since integer,
    open_until integer,
    opened integer not null default 0,
    probing integer not null default 0,
    allowed_at integer,
    primary key (shop_id, target)
) strict, without rowid;

-- Receipts that are issued. The file in `pdf` is the receipt; whatever stands in a folder is a copy.
create table receipts (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    year integer not null,
    sequence integer not null,
    kind text not null,
    issued_at integer not null,
    token text not null unique,
    sha256 blob not null check (length(sha256) = 32),
    document text not null,
    pdf blob not null
) strict;
create unique index receipts_id on receipts (shop_id, id);
create unique index receipts_number on receipts (shop_id, year, sequence);

-- Where a merchant wants to be told. `secrets` is a JSON array, the newest first, each with the time it
-- is good until; the newest has none.
create table endpoints (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    url text not null,
    events text not null,
    description text not null,
    secrets text not null,
    created_at integer not null,
    updated_at integer not null,
    disabled_at integer,
    disabled_reason text,
    primary key (shop_id, id)
) strict, without rowid;

-- The last receipt number given out, and of which year; and a number that changes with the endpoints.
alter table shop_heads add column receipts_year integer not null default 0;
alter table shop_heads add column receipts integer not null default 0;
alter table shop_heads add column endpoints_version integer not null default 0;

-- docs: the roots as they stood when the row was decided, where the world may see them: a JSON array. A
-- row is a kilobyte or two with it, and a table without rowid would give each a page of its own beside.
create table timeline_with_docs (
    shop_id integer not null,
    position integer not null,
    root blob,
    at integer not null,
    entries text not null,
    docs text
) strict;
insert into timeline_with_docs (shop_id, position, root, at, entries)
select shop_id, position, root, at, entries from timeline order by shop_id, position;
drop table timeline;
-- Views that name the table are made anew after the migrations; until then they name none.
pragma legacy_alter_table = on;
alter table timeline_with_docs rename to timeline;
pragma legacy_alter_table = off;
create unique index timeline_position on timeline (shop_id, position);
