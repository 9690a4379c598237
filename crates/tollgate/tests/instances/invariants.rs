//! What must hold in the database, whatever has happened to those who write to it. Each statement finds
//! what must not exist.

use crate::harness::Database;

/// What is wrong, and the statement that finds it.
const WRONG: &[(&str, &str)] = &[
    (
        "stock whose held is not the sum of the active holds, or is oversold (I6, B4)",
        "with sums as (
             select shop_id, line ->> 0 as sku, sum(cast(line ->> 1 as bigint)) as units
               from roots,
                    jsonb_array_elements(cast(doc as jsonb) -> 'holds') as hold,
                    jsonb_array_elements(hold -> 'lines') as line
              where hold ->> 'state' = 'active'
              group by 1, 2)
         select stock.sku, on_hand, held, coalesce(units, 0)
           from stock
           left join sums on sums.shop_id = stock.shop_id and sums.sku = stock.sku
          where held <> coalesce(units, 0) or held < 0 or on_hand < held",
    ),
    (
        "slots whose counters are not the sums of their holds, or are overbooked (I6)",
        "with sums as (
             select shop_id, hold -> 'slot' ->> 'calendar' as calendar,
                    cast(hold -> 'slot' ->> 'starts_at' as bigint) as starts_at,
                    sum(case hold ->> 'state' when 'active' then
                        cast(hold -> 'slot' ->> 'units' as bigint) else 0 end) as held,
                    sum(case hold ->> 'state' when 'consumed' then
                        cast(hold -> 'slot' ->> 'units' as bigint) else 0 end) as sold
               from roots, jsonb_array_elements(cast(doc as jsonb) -> 'holds') as hold
              where jsonb_typeof(hold -> 'slot') = 'object'
              group by 1, 2, 3)
         select slots.calendar, slots.starts_at, capacity, slots.held, sums.held, slots.sold, sums.sold
           from slots
           left join sums on sums.shop_id = slots.shop_id and sums.calendar = slots.calendar
                         and sums.starts_at = slots.starts_at
          where slots.held <> coalesce(sums.held, 0) or slots.sold <> coalesce(sums.sold, 0)
             or capacity < slots.held + slots.sold",
    ),
    (
        "keys of events that are taken twice (I2)",
        "select shop_id, hash from event_keys group by 1, 2 having 1 < count(*)",
    ),
    (
        "events that are there twice (I2)",
        "select shop_id, source, cast(said as jsonb) ->> 'key' as key
           from events
          where cast(said as jsonb) ->> 'key' <> ''
          group by 1, 2, 3 having 1 < count(*)",
    ),
    (
        "effects that are decided twice (I4)",
        "select shop_id, key from effects group by 1, 2 having 1 < count(*)",
    ),
    (
        "orders that are there twice",
        "select shop_id, code from roots where kind = 'order' group by 1, 2 having 1 < count(*)",
    ),
    (
        "payments that are there twice",
        "select shop_id, payment ->> 'source', payment ->> 'reference'
           from roots, jsonb_array_elements(cast(doc as jsonb) -> 'payments') as payment
          group by 1, 2, 3 having 1 < count(*)",
    ),
    (
        "answers under one key that are there twice (K7)",
        "select shop_id, hash from idempotency group by 1, 2 having 1 < count(*)",
    ),
    (
        "positions of the feed that are given out twice",
        "select shop_id, position from timeline group by 1, 2 having 1 < count(*)",
    ),
    (
        "feeds whose head is not their last position",
        "select shop_heads.shop_id, shop_heads.position, last
           from shop_heads
           join (select shop_id, max(position) as last from timeline group by 1) as feeds
             on feeds.shop_id = shop_heads.shop_id
          where shop_heads.position <> last",
    ),
    (
        "events that wait at a name whose payment is known (A1)",
        "select events.shop_id, names.name
           from events
           join names on names.shop_id = events.shop_id and names.source = events.source
            and names.name in (select jsonb_array_elements_text(cast(said as jsonb) -> 'names'))
          where state = 'parked' and payment is not null",
    ),
];

/// Nothing of that exists.
#[track_caller]
pub(crate) fn check(database: &Database) {
    for (what, statement) in WRONG {
        assert_eq!(database.ask(statement), "", "{what}");
    }
}
