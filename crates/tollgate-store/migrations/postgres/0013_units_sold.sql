-- Units that were sold, less those that refunds have brought back. They are counted before anybody is shut out and any
-- table is locked; what instances of an earlier version sell from here on until they are is not counted.
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
