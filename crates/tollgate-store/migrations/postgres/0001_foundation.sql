-- The first schema. Every key begins with the shop. Ids are sixteen bytes (a UUIDv7); the views show
-- them as the API does. Times are milliseconds since the Unix epoch, UTC. Amounts are minor units.
-- States are words. Texts compare byte by byte. Whoever writes to a shop has locked its head.
--
-- Tables that grow are kept by month: the time stands first in an id, so a range of ids is a stretch
-- of time. They have no DEFAULT partition; partitions.rs makes months ahead.

-- Which views a person has: a hash of their texts. At most one row.
create table view_marks (
    mark text collate "C" not null
);

create table shops (
    shop_id bigint primary key,
    name text collate "C" not null unique
);

-- The last feed position given out, per shop; the lock that makes a batch the shop's only writer.
create table shop_heads (
    shop_id bigint primary key,
    position bigint not null
) with (fillfactor = 20);

-- Who sweeps a shop, and until when that holds. A hint.
create table sweeps (
    shop_id bigint primary key,
    holder text not null,
    until bigint not null
) with (fillfactor = 20);

-- The last batch each lane of each process has committed: after a lost COMMIT it tells how that ended.
create table gate_lanes (
    lane text collate "C" primary key,
    batch bytea not null,
    at bigint not null
) with (fillfactor = 20);

-- Roots: orders, payments without an order, carts' holds. `doc` is the whole of it (lines, payments
-- with their facts, holds, refunds, attention); the columns are what lists filter by. `due_at` is
-- when a sweep has to look at it.
create table roots (
    shop_id bigint not null,
    id bytea not null constraint roots_id_length check (length(id) = 16),
    kind text collate "C" not null
        constraint roots_kind check (kind in ('order', 'payment', 'hold')),
    code text collate "C",
    status text collate "C" not null,
    attention bigint not null,
    due_at bigint,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    doc text not null,
    primary key (shop_id, id)
) partition by range (id);
create index roots_due on roots (shop_id, due_at) where due_at is not null;

-- Events as they came (`body`, `headers`) and as they were understood (`said`). `outcome` is what was
-- answered, `state` what is true now.
create table events (
    shop_id bigint not null,
    id bytea not null constraint events_id_length check (length(id) = 16),
    source text collate "C" not null,
    kind text collate "C" not null,
    outcome text collate "C" not null,
    state text collate "C" not null,
    reason text collate "C",
    root bytea,
    received_at bigint not null,
    due_at bigint,
    said text not null,
    headers text not null,
    body bytea not null,
    primary key (shop_id, id)
) partition by range (id);
create index events_due on events (shop_id, due_at) where due_at is not null;

-- I2: an event's key at a source is taken once. `hash` is the first half of a SHA-256 over source and
-- key, each with its length; the key itself stands in the event. By the event's month, which its
-- uniqueness cannot rest on: it rests on the shop's head.
create table event_keys (
    shop_id bigint not null,
    hash bytea not null constraint event_keys_hash_length check (length(hash) = 16),
    event bytea not null,
    primary key (shop_id, hash, event)
) partition by range (event);

-- Meeting points. `parked` is a row of event ids, sixteen bytes each.
create table names (
    shop_id bigint not null,
    source text collate "C" not null,
    name text collate "C" not null,
    payment bytea,
    parked bytea not null,
    question text collate "C",
    primary key (shop_id, source, name)
);

create table codes (
    shop_id bigint not null,
    code text collate "C" not null,
    order_id bytea,
    parked bytea not null,
    primary key (shop_id, code)
);

-- I6.
create table stock (
    shop_id bigint not null,
    sku text collate "C" not null,
    on_hand bigint not null,
    held bigint not null,
    version bigint not null,
    low_at bigint,
    primary key (shop_id, sku),
    constraint stock_never_oversold check (0 <= held and held <= on_hand)
) with (fillfactor = 50);

create table calendars (
    shop_id bigint not null,
    name text collate "C" not null,
    make_at bigint,
    version bigint not null,
    doc text not null,
    primary key (shop_id, name)
);

-- I6.
create table slots (
    shop_id bigint not null,
    calendar text collate "C" not null,
    starts_at bigint not null,
    id bytea not null constraint slots_id_length check (length(id) = 16),
    ends_at bigint not null,
    visible_at bigint not null,
    capacity bigint not null,
    held bigint not null,
    sold bigint not null,
    by_hand bigint not null,
    primary key (shop_id, calendar, starts_at),
    constraint slot_never_overbooked
        check (0 <= held and 0 <= sold and held + sold <= capacity)
) with (fillfactor = 50);
create unique index slots_id on slots (shop_id, id);

-- What must happen outside. The id is derived from the key and its root's time, so a key stands in
-- one month only and its id makes it unique (I4); but for requests for refunds, which may be dated by
-- an order or by an event. Those are looked up by their key.
create table effects (
    shop_id bigint not null,
    id bytea not null constraint effects_id_length check (length(id) = 16),
    key text collate "C" not null,
    kind text collate "C" not null,
    state text collate "C" not null,
    root bytea,
    due_at bigint,
    created_at bigint not null,
    content text not null,
    primary key (shop_id, id)
) partition by range (id);
create index effects_due on effects (shop_id, due_at) where due_at is not null;
create index effects_requested on effects (shop_id, key) where kind = 'refund_request';

-- The shop's feed and every root's story. One row a decision; its entries have the positions up to and
-- including `position`, which are given out in the order of commits. `dated` is the root it is about
-- first, whose month it belongs to: a story stays with its order.
create table timeline (
    shop_id bigint not null,
    position bigint not null,
    root bytea,
    at bigint not null,
    entries text not null,
    dated bytea not null,
    primary key (shop_id, position, dated)
) partition by range (dated);

-- `hash` is the first half of a SHA-256 over operation and key, each with its length (K3). By day.
create table idempotency (
    shop_id bigint not null,
    hash bytea not null constraint idempotency_hash_length check (length(hash) = 16),
    operation text collate "C" not null,
    key text collate "C" not null,
    fingerprint bytea not null,
    status bigint not null,
    at bigint not null,
    body bytea not null,
    primary key (shop_id, hash, at)
) partition by range (at);

-- Deliveries that were refused, and commands that could not be decided.
create table deliveries (
    shop_id bigint not null,
    id bytea not null constraint deliveries_id_length check (length(id) = 16),
    source text collate "C" not null,
    at bigint not null,
    verdict text collate "C" not null
        constraint deliveries_verdict check (verdict in ('rejected', 'verified')),
    code text collate "C" not null,
    detail text not null,
    peer text collate "C",
    headers text not null,
    body bytea not null,
    primary key (shop_id, id)
);

create table api_keys (
    shop_id bigint not null,
    id bytea not null constraint api_keys_id_length check (length(id) = 16),
    name text not null,
    scopes text collate "C" not null,
    hash bytea not null unique,
    created_at bigint not null,
    revoked_at bigint,
    primary key (shop_id, id)
);

-- What all instances share and nobody else may know: the key under which secrets in kept headers are
-- veiled. The first instance makes it.
create table secrets (
    name text collate "C" primary key,
    value bytea not null
);
