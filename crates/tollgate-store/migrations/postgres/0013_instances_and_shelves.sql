-- The indexes first, beside which everybody reads: a table that is changed is nobody else's until the end.

-- The few events that wait for a payment, have waited in vain or are given up, in the order of lists.
create index events_waiting on events (shop_id, state, id)
 where state in ('parked', 'orphan', 'dead');

-- What waits for a person is listed by id, too.
alter index roots_attention rename to roots_attention_before;
create index roots_attention on roots (shop_id, id) where attention > 0;

-- Processes that have this database, each a row that it writes again every few seconds: under shop main. not_ready says
-- why it takes no requests, and is null while it does.
create table instances (
    shop_id bigint not null,
    id bytea not null constraint instances_id_length check (length(id) = 16),
    name text not null,
    role text collate "C" not null,
    version text collate "C" not null,
    started_at bigint not null,
    seen_at bigint not null,
    not_ready text,
    primary key (shop_id, id)
) with (fillfactor = 50);

-- How telling merchants' endpoints ends, added up by quarters of an hour.
create table endpoint_figures (
    shop_id bigint not null,
    at bigint not null,
    endpoint bytea not null constraint endpoint_figures_endpoint_length check (length(endpoint) = 16),
    delivered bigint not null,
    given_up bigint not null,
    primary key (shop_id, at, endpoint)
) with (fillfactor = 50);

-- From which address a session was begun.
alter table sessions add column address text collate "C";

-- Units that were sold (0013_units_sold.sql).
alter table stock add column sold bigint not null default 0;
update stock
   set sold = units_sold.units
  from units_sold
 where units_sold.shop_id = stock.shop_id and units_sold.sku = stock.sku;

drop index roots_attention_before;
