-- The first schema. Every key begins with the shop. Ids are sixteen bytes (a UUIDv7); the views of
-- views.sql show them as the API does. Times are milliseconds since the Unix epoch, UTC. Amounts
-- are minor units. States are words. Uniqueness lives in tables of its own (event_keys, names,
-- codes, idempotency), which are also where two commands meet.

create table shops (
    shop_id integer primary key,
    name text not null unique
) strict;

-- The last feed position given out, per shop. Written last in every batch.
create table shop_heads (
    shop_id integer primary key,
    position integer not null
) strict;

-- The last batch each writer has committed: after a lost COMMIT it tells how that ended.
create table gate_lanes (
    lane text primary key,
    batch blob not null
) strict, without rowid;

-- Roots: orders, payments without an order, carts' holds. `doc` is the whole of it (lines,
-- payments with their facts, holds, refunds, attention); the columns are what lists filter by.
-- `due_at` is when a sweep has to look at it.
create table roots (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    kind text not null check (kind in ('order', 'payment', 'hold')),
    code text,
    status text not null,
    attention integer not null,
    due_at integer,
    version integer not null,
    created_at integer not null,
    updated_at integer not null,
    doc text not null
) strict;
create unique index roots_id on roots (shop_id, id);
create index roots_due on roots (shop_id, due_at) where due_at is not null;

-- Events as they came (`body`, `headers`) and as they were understood (`said`). `outcome` is what
-- was answered, `state` what is true now.
create table events (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    source text not null,
    kind text not null,
    outcome text not null,
    state text not null,
    reason text,
    root blob,
    received_at integer not null,
    due_at integer,
    said text not null,
    headers text not null,
    body blob not null
) strict;
create unique index events_id on events (shop_id, id);
create index events_due on events (shop_id, due_at) where due_at is not null;

-- I2: an event's key at a source is taken once. `hash` is the first half of a SHA-256 over source
-- and key, each with its length; the key itself stands in the event.
create table event_keys (
    shop_id integer not null,
    hash blob not null check (length(hash) = 16),
    event blob not null,
    primary key (shop_id, hash)
) strict, without rowid;

-- Meeting points. `parked` is a row of event ids, sixteen bytes each.
create table names (
    shop_id integer not null,
    source text not null,
    name text not null,
    payment blob,
    parked blob not null,
    question text,
    primary key (shop_id, source, name)
) strict, without rowid;

create table codes (
    shop_id integer not null,
    code text not null,
    order_id blob,
    parked blob not null,
    primary key (shop_id, code)
) strict, without rowid;

-- I6.
create table stock (
    shop_id integer not null,
    sku text not null,
    on_hand integer not null,
    held integer not null,
    version integer not null,
    low_at integer,
    primary key (shop_id, sku),
    constraint stock_never_oversold check (0 <= held and held <= on_hand)
) strict, without rowid;

create table calendars (
    shop_id integer not null,
    name text not null,
    make_at integer,
    version integer not null,
    doc text not null,
    primary key (shop_id, name)
) strict, without rowid;

-- I6.
create table slots (
    shop_id integer not null,
    calendar text not null,
    starts_at integer not null,
    id blob not null check (length(id) = 16),
    ends_at integer not null,
    visible_at integer not null,
    capacity integer not null,
    held integer not null,
    sold integer not null,
    by_hand integer not null,
    primary key (shop_id, calendar, starts_at),
    constraint slot_never_overbooked
        check (0 <= held and 0 <= sold and held + sold <= capacity)
) strict, without rowid;
create unique index slots_id on slots (shop_id, id);

-- What must happen outside. The id is derived from the key and its root's time; the unique key makes an
-- effect unique (I4).
create table effects (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    key text not null,
    kind text not null,
    state text not null,
    root blob,
    due_at integer,
    created_at integer not null,
    content text not null,
    primary key (shop_id, id)
) strict, without rowid;
create unique index effects_key on effects (shop_id, key);
create index effects_due on effects (shop_id, due_at) where due_at is not null;

-- The shop's feed and every root's story. One row a decision; its entries have the positions up to
-- and including `position`, which are given out in the order of commits.
create table timeline (
    shop_id integer not null,
    position integer not null,
    root blob,
    at integer not null,
    entries text not null,
    primary key (shop_id, position)
) strict, without rowid;

-- `hash` is the first half of a SHA-256 over operation and key, each with its length (K3).
create table idempotency (
    shop_id integer not null,
    hash blob not null check (length(hash) = 16),
    operation text not null,
    key text not null,
    fingerprint blob not null,
    status integer not null,
    at integer not null,
    body blob not null
) strict;
create unique index idempotency_hash on idempotency (shop_id, hash);

-- Deliveries that were refused, and commands that could not be decided.
create table deliveries (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    source text not null,
    at integer not null,
    verdict text not null check (verdict in ('rejected', 'verified')),
    code text not null,
    detail text not null,
    peer text,
    headers text not null,
    body blob not null
) strict;
create unique index deliveries_id on deliveries (shop_id, id);

create table api_keys (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    name text not null,
    scopes text not null,
    hash blob not null unique,
    created_at integer not null,
    revoked_at integer,
    primary key (shop_id, id)
) strict, without rowid;
