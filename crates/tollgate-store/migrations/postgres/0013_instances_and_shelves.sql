-- Units that were sold, less those that refunds have brought back. They are counted before the table is locked, so that
-- instances of an earlier version beside this wait for moments only; what they sell until they end is not counted.
create temporary table units_sold on commit drop as
select shop_id, sku, greatest(0, cast(sum(units) as bigint)) as units
  from (select roots.shop_id, line.value ->> 0 as sku, cast(line.value ->> 1 as bigint) as units
          from roots,
               json_array_elements(cast(doc as json) -> 'holds') as hold,
               json_array_elements(hold.value -> 'lines') as line
         where hold.value ->> 'state' = 'consumed'
        union all
        select roots.shop_id, line.value ->> 0, -cast(line.value ->> 1 as bigint)
          from roots,
               json_array_elements(cast(doc as json) -> 'refunds') as refund,
               json_array_elements(refund.value -> 'restocked') as line) as moved
 group by shop_id, sku;
alter table stock add column sold bigint not null default 0;
update stock
   set sold = units_sold.units
  from units_sold
 where units_sold.shop_id = stock.shop_id and units_sold.sku = stock.sku;

-- From which address a session was begun.
alter table sessions add column address text collate "C";

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

-- The few events that wait for a payment, have waited in vain or are given up, in the order of lists.
create index events_waiting on events (shop_id, state, id)
 where state in ('parked', 'orphan', 'dead');

-- What waits for a person is listed by id, too.
drop index roots_attention;
create index roots_attention on roots (shop_id, id) where attention > 0;
