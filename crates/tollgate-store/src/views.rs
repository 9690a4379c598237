//! Views for a person with `sqlite3`: ids as the API shows them, documents as columns.

/// A view: its name, what it selects from and its columns, where `{id:prefix:column}` stands for an
/// id of sixteen bytes written as a TypeID and `{time:column}` for a time written in UTC.
struct View {
    name: &'static str,
    sql: &'static str,
}

const VIEWS: &[View] = &[
    View {
        name: "v_orders",
        sql: "select {id:ord:id} as id, code, status, attention as open_attention,
                     doc ->> '$.order.currency' as currency,
                     doc ->> '$.order.total' as total_minor,
                     (select coalesce(sum(value ->> '$.captured'), 0)
                        from json_each(doc, '$.payments')) as captured_minor,
                     (select coalesce(sum(value ->> '$.refunded'), 0)
                        from json_each(doc, '$.payments')) as refunded_minor,
                     doc ->> '$.order.customer.email' as email,
                     version, {time:created_at} as created_at, {time:updated_at} as updated_at,
                     {time:due_at} as due_at, doc
                from roots
               where kind = 'order'",
    },
    View {
        name: "v_payments",
        sql: "select payment.value ->> '$.id' as id,
                     case roots.kind when 'order' then {id:ord:roots.id} end as order_id,
                     payment.value ->> '$.source' as source,
                     payment.value ->> '$.reference' as reference,
                     payment.value ->> '$.status' as status,
                     payment.value ->> '$.due' as due_minor,
                     payment.value ->> '$.captured' as captured_minor,
                     payment.value ->> '$.refunded' as refunded_minor,
                     payment.value ->> '$.currency' as currency,
                     payment.value -> '$.facts' as facts
                from roots, json_each(roots.doc, '$.payments') as payment",
    },
    View {
        name: "v_holds",
        sql: "select hold.value ->> '$.id' as id,
                     case roots.kind when 'order' then {id:ord:roots.id} end as order_id,
                     hold.value ->> '$.state' as state,
                     hold.value -> '$.lines' as lines,
                     hold.value ->> '$.slot.calendar' as calendar,
                     {time:hold.value ->> '$.slot.starts_at'} as starts_at,
                     hold.value ->> '$.slot.units' as units,
                     {time:hold.value ->> '$.expires_at'} as expires_at
                from roots, json_each(roots.doc, '$.holds') as hold",
    },
    View {
        name: "v_attention",
        sql: "select {id:ord:roots.id} as root, roots.code,
                     item.value ->> '$.code' as attention,
                     item.value ->> '$.payment' as payment,
                     {time:item.value ->> '$.at'} as at,
                     {time:item.value ->> '$.resolved_at'} as resolved_at,
                     item.value ->> '$.note' as note
                from roots, json_each(roots.doc, '$.attention') as item",
    },
    View {
        name: "v_events",
        sql: "select {id:evt:id} as id, source, said ->> '$.key' as key, kind, outcome, state, reason,
                     said -> '$.names' as names,
                     case when root is not null then {id:ord:root} end as root,
                     {time:received_at} as received_at, {time:due_at} as due_at,
                     cast(body as text) as body
                from events",
    },
    View {
        name: "v_names",
        sql: "select source, name,
                     case when payment is not null then {id:pay:payment} end as payment,
                     length(parked) / 16 as parked, question
                from names",
    },
    View {
        name: "v_slots",
        sql: "select {id:slt:id} as id, calendar, {time:starts_at} as starts_at,
                     {time:ends_at} as ends_at, {time:visible_at} as visible_at,
                     capacity, held, sold, capacity - held - sold as available
                from slots",
    },
    View {
        name: "v_effects",
        sql: "select {id:eff:id} as id, key, kind, state,
                     case when root is not null then {id:ord:root} end as root,
                     {time:due_at} as due_at, {time:created_at} as created_at, content
                from effects",
    },
    View {
        name: "v_story",
        sql: "select {id:ord:roots.id} as root, roots.code, timeline.position,
                     {time:timeline.at} as at,
                     entry.value ->> '$.kind' as kind, entry.value as detail
                from roots
                join json_each(roots.doc, '$.story') as told
                join timeline
                  on timeline.shop_id = roots.shop_id and timeline.position = told.value
                join json_each(timeline.entries) as entry
               order by roots.id, timeline.position",
    },
    View {
        name: "v_rejected",
        sql: "select {id:dlv:id} as id, source, verdict, code, detail, peer, {time:at} as at,
                     cast(body as text) as body
                from deliveries",
    },
];

/// Makes all views anew.
pub(crate) fn sql() -> String {
    VIEWS
        .iter()
        .map(|view| {
            format!(
                "drop view if exists {0};\ncreate view {0} as\n{1};\n",
                view.name,
                fill(view.sql)
            )
        })
        .collect()
}

/// Puts the expressions in the places of `{…}`.
fn fill(sql: &str) -> String {
    let mut filled = String::new();
    let mut rest = sql;
    while let Some((before, from)) = rest.split_once('{') {
        let (place, after) = from.split_once('}').expect("a place in a view is closed");
        filled.push_str(before);
        filled.push_str(&match place.split_once(':') {
            Some(("time", column)) => time(column),
            Some(("id", prefix_and_column)) => {
                let (prefix, column) = prefix_and_column
                    .split_once(':')
                    .expect("an id has prefix and column");
                type_id(prefix, column)
            }
            _ => unreachable!("a place in a view is a time or an id"),
        });
        rest = after;
    }
    filled + rest
}

fn time(column: &str) -> String {
    format!("strftime('%Y-%m-%dT%H:%M:%fZ', ({column}) / 1000.0, 'unixepoch')")
}

/// Sixteen bytes as `prefix_` and 26 characters of five bits, the first of which has three.
///
/// Five bits lie in two neighbouring hexadecimal digits. Looking the digits up works in every SQLite
/// there is; reading hexadecimal numbers does not, and distributions ship old command lines.
fn type_id(prefix: &str, column: &str) -> String {
    let mut text = format!("'{prefix}_'");
    for character in 0..26 {
        // The id has 128 bits, its text 130: two zeros stand in front.
        let bit = 5 * character - 2;
        let digit = (bit.max(0) / 4).min(30);
        let shift = 8 - 5 - (bit - 4 * digit);
        let pair = format!(
            "((instr('0123456789ABCDEF', substr(hex({column}), {}, 1)) - 1) * 16 + \
             instr('0123456789ABCDEF', substr(hex({column}), {}, 1)) - 1)",
            digit + 1,
            digit + 2,
        );
        text.push_str(&format!(
            " || substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + ({pair} >> {shift} & 31), 1)"
        ));
    }
    format!("({text})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, Sqlite};

    #[test]
    fn an_id_in_a_view_reads_as_in_the_api() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let db = Sqlite::open_writer(&folder.path().join("ids.db"), false).expect("it opens");
        let db = Db::Sqlite(db);
        let raw: u128 = 0x0190_1234_5678_7abc_9def_0123_4567_89ab;
        let id = tollgate_core::id::OrderId::from_u128(raw);
        let sql: &str = Box::leak(
            format!("select {} from (select ?1 as id)", type_id("ord", "id")).into_boxed_str(),
        );
        let shown: Option<String> = db
            .one(sql, &[&raw.to_be_bytes()], |row| row.get(0))
            .expect("it runs");
        assert_eq!(shown, Some(id.to_string()));
    }
}
