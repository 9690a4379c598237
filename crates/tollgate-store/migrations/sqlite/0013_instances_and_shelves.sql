-- Units that were sold, less those that refunds have brought back.
alter table stock add column sold integer not null default 0;
with moved (shop_id, sku, units) as (
    select roots.shop_id, line.value ->> 0, line.value ->> 1
      from roots, json_each(roots.doc, '$.holds') as hold, json_each(hold.value, '$.lines') as line
     where hold.value ->> '$.state' = 'consumed'
    union all
    select roots.shop_id, line.value ->> 0, -(line.value ->> 1)
      from roots, json_each(roots.doc, '$.refunds') as refund,
           json_each(refund.value, '$.restocked') as line
), sums (shop_id, sku, units) as (
    select shop_id, sku, sum(units)
      from moved
     group by shop_id, sku
)
update stock
   set sold = max(0, sums.units)
  from sums
 where sums.shop_id = stock.shop_id and sums.sku = stock.sku;

-- From which address a session was begun.
alter table sessions add column address text;

-- Processes that have this database, each a row that it writes again every few seconds: under shop main. not_ready says
-- why it takes no requests, and is null while it does.
create table instances (
    shop_id integer not null,
    id blob not null check (length(id) = 16),
    name text not null,
    role text not null,
    version text not null,
    started_at integer not null,
    seen_at integer not null,
    not_ready text,
    primary key (shop_id, id)
) strict, without rowid;

-- How telling merchants' endpoints ends, added up by quarters of an hour.
create table endpoint_figures (
    shop_id integer not null,
    at integer not null,
    endpoint blob not null check (length(endpoint) = 16),
    delivered integer not null,
    given_up integer not null,
    primary key (shop_id, at, endpoint)
) strict, without rowid;

-- The few events that wait for a payment, have waited in vain or are given up, in the order of lists.
create index events_waiting on events (shop_id, state, id)
 where state in ('parked', 'orphan', 'dead');

-- What waits for a person is listed by id, too.
drop index roots_attention;
create index roots_attention on roots (shop_id, id) where attention > 0;
