//! Views for a person with `sqlite3` or `psql`: ids as the API shows them, documents as columns.

use crate::db::Db;

/// A view: its name and what it selects. What the two databases say differently stands in braces, an
/// expression for each (`PLACES`); a path is that of a member in a JSON document.
struct View {
    name: &'static str,
    sql: &'static str,
}

/// Fills a place of a view with its arguments.
type Fill = fn(&[&str]) -> String;

/// What may stand in braces: its name, and the expression for SQLite and for PostgreSQL.
const PLACES: &[(&str, Fill, Fill)] = &[
    // An id of sixteen bytes as a TypeID: prefix, column.
    ("id", type_id, |arguments| {
        format!("type_id('{}', {})", arguments[0], arguments[1])
    }),
    // Milliseconds as a time in UTC: column.
    (
        "time",
        |arguments| utc(arguments[0]),
        |arguments| format!("utc_time({})", arguments[0]),
    ),
    // Bytes as a text, as far as they are one: column.
    (
        "text",
        |arguments| format!("cast({} as text)", arguments[0]),
        |arguments| format!("shown_text({})", arguments[0]),
    ),
    // A member's text: document, path.
    (
        "member",
        |arguments| format!("{} ->> '$.{}'", arguments[0], arguments[1]),
        |arguments| member(arguments, "#>>"),
    ),
    // A member's integer: document, path.
    (
        "integer",
        |arguments| format!("{} ->> '$.{}'", arguments[0], arguments[1]),
        |arguments| format!("cast({} as bigint)", member(arguments, "#>>")),
    ),
    // A member's milliseconds as a time in UTC: document, path.
    (
        "member_time",
        |arguments| utc(&format!("{} ->> '$.{}'", arguments[0], arguments[1])),
        |arguments| format!("utc_time(cast({} as bigint))", member(arguments, "#>>")),
    ),
    // A member as JSON: document, path.
    (
        "part",
        |arguments| format!("{} -> '$.{}'", arguments[0], arguments[1]),
        |arguments| member(arguments, "#>"),
    ),
    // The elements of an array, each a `value`: document, path, name. A path may be nothing.
    (
        "each",
        |arguments| match arguments {
            [document, "", name] => format!("json_each({document}) as {name}"),
            [document, path, name] => format!("json_each({document}, '$.{path}') as {name}"),
            _ => unreachable!("elements have a document, a path and a name"),
        },
        |arguments| {
            let array = member(arguments, "#>");
            format!("json_array_elements({array}) as {} (value)", arguments[2])
        },
    ),
    // An element's integer: element.
    (
        "element",
        |arguments| arguments[0].to_owned(),
        |arguments| format!("cast(cast({} as text) as bigint)", arguments[0]),
    ),
];

const VIEWS: &[View] = &[
    View {
        name: "v_orders",
        sql: "select {id:ord:id} as id, code, status, attention as open_attention,
                     {member:doc:order.currency} as currency,
                     {integer:doc:order.total} as total_minor,
                     (select cast(coalesce(sum({integer:value:captured}), 0) as bigint)
                        from {each:doc:payments:payment}) as captured_minor,
                     (select cast(coalesce(sum({integer:value:refunded}), 0) as bigint)
                        from {each:doc:payments:payment}) as refunded_minor,
                     {member:doc:order.customer.email} as email,
                     version, {time:created_at} as created_at, {time:updated_at} as updated_at,
                     {time:due_at} as due_at, doc
                from roots
               where kind = 'order'",
    },
    View {
        name: "v_payments",
        sql: "select {member:payment.value:id} as id,
                     case roots.kind when 'order' then {id:ord:roots.id} end as order_id,
                     {member:payment.value:source} as source,
                     {member:payment.value:reference} as reference,
                     {member:payment.value:status} as status,
                     {integer:payment.value:due} as due_minor,
                     {integer:payment.value:captured} as captured_minor,
                     {integer:payment.value:refunded} as refunded_minor,
                     {member:payment.value:currency} as currency,
                     {part:payment.value:facts} as facts
                from roots
               cross join {each:roots.doc:payments:payment}",
    },
    View {
        name: "v_holds",
        sql: "select {member:hold.value:id} as id,
                     case roots.kind when 'order' then {id:ord:roots.id} end as order_id,
                     {member:hold.value:state} as state,
                     {part:hold.value:lines} as lines,
                     {member:hold.value:slot.calendar} as calendar,
                     {member_time:hold.value:slot.starts_at} as starts_at,
                     {integer:hold.value:slot.units} as units,
                     {member_time:hold.value:expires_at} as expires_at
                from roots
               cross join {each:roots.doc:holds:hold}",
    },
    View {
        name: "v_attention",
        sql: "select {id:ord:roots.id} as root, roots.code,
                     {member:item.value:code} as attention,
                     {member:item.value:payment} as payment,
                     {member_time:item.value:at} as at,
                     {member_time:item.value:resolved_at} as resolved_at,
                     {member:item.value:note} as note
                from roots
               cross join {each:roots.doc:attention:item}",
    },
    View {
        name: "v_events",
        sql: "select {id:evt:id} as id, source, {member:said:key} as key, kind, outcome, state, reason,
                     {part:said:names} as names,
                     case when root is not null then {id:ord:root} end as root,
                     {time:received_at} as received_at, {time:due_at} as due_at,
                     {text:body} as body
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
        name: "v_receipts",
        sql: "select {id:rcp:id} as id, {member:document:number} as number, kind,
                     {time:issued_at} as issued_at,
                     {member:document:order_code} as order_code,
                     {member:document:payment.payment_id} as payment_id,
                     {member:document:payment.source} as source,
                     {member:document:payment.reference} as reference,
                     {member:document:seller.name} as seller,
                     {member:document:buyer.name} as buyer,
                     {member:document:currency} as currency,
                     {integer:document:amount} as amount_minor,
                     case kind when 'sale' then 1 else -1 end * {integer:document:amount}
                         as signed_minor,
                     case kind when 'sale' then 1 else -1 end
                         * (select cast(coalesce(sum({integer:value:amount}), 0) as bigint)
                              from {each:document:taxes:tax}) as signed_tax_minor,
                     {part:document:taxes} as taxes,
                     {member:document:original_number} as original_number
                from receipts",
    },
    View {
        name: "v_story",
        sql: "select {id:ord:roots.id} as root, roots.code, timeline.position,
                     {time:timeline.at} as at,
                     {member:entry.value:kind} as kind, entry.value as detail
                from roots
               cross join {each:roots.doc:story:named}
                join timeline
                  on timeline.shop_id = roots.shop_id
                 and timeline.position = {element:named.value}
               cross join {each:timeline.entries::entry}
               order by roots.id, timeline.position",
    },
    View {
        name: "v_rejected",
        sql: "select {id:dlv:id} as id, source, verdict, code, detail, peer, {time:at} as at,
                     {text:body} as body
                from deliveries",
    },
];

/// What the views on PostgreSQL are written with. Five bits of an id are a character, and two zeros
/// stand in front of its 128 bits; bytes that are no text are shown with escapes.
const FUNCTIONS: &str = "\
create or replace function type_id(prefix text, id bytea) returns text
    language sql immutable strict parallel safe
as $$
    select prefix || '_' || string_agg(
               substr('0123456789abcdefghjkmnpqrstvwxyz',
                      1 + cast(substring(bits from 1 + 5 * place for 5) as integer), 1),
               '' order by place)
      from (select b'00' || cast('x' || encode(id, 'hex') as bit(128)) as bits) as whole,
           generate_series(0, 25) as place
$$;
create or replace function utc_time(millis bigint) returns text
    language sql immutable strict parallel safe
as $$
    select to_char(timestamp 'epoch' + millis * interval '1 millisecond',
                   'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')
$$;
create or replace function shown_text(bytes bytea) returns text
    language plpgsql immutable strict
as $$
begin
    return convert_from(bytes, 'UTF8');
exception
    when character_not_in_repertoire or untranslatable_character then
        return encode(bytes, 'escape');
end
$$;
";

/// The names of all views.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    VIEWS.iter().map(|view| view.name)
}

/// Makes all views again.
pub(crate) fn sql(db: &Db) -> String {
    let mut sql = match db {
        Db::Sqlite(_) => String::new(),
        Db::Postgres(_) => FUNCTIONS.to_owned(),
    };
    for View { name, sql: select } in VIEWS {
        let select = fill(db, select);
        sql.push_str(&format!(
            "drop view if exists {name};\ncreate view {name} as\n{select};\n"
        ));
    }
    sql
}

/// Puts the expressions in the places of `{…}`.
fn fill(db: &Db, sql: &str) -> String {
    let mut filled = String::new();
    let mut rest = sql;
    while let Some((before, from)) = rest.split_once('{') {
        let (place, after) = from.split_once('}').expect("a place in a view is closed");
        let (name, arguments) = place.split_once(':').expect("a place has arguments");
        let arguments: Vec<&str> = arguments.split(':').collect();
        let (_, on_sqlite, on_postgres) = PLACES
            .iter()
            .find(|(known, _, _)| *known == name)
            .expect("a place in a view is one of these");
        filled.push_str(before);
        filled.push_str(&match db {
            Db::Sqlite(_) => on_sqlite(&arguments),
            Db::Postgres(_) => on_postgres(&arguments),
        });
        rest = after;
    }
    filled + rest
}

/// A member on PostgreSQL. As `json` a document keeps the text it was written as.
fn member(arguments: &[&str], operator: &str) -> String {
    let path = arguments[1].replace('.', ",");
    format!("cast({} as json) {operator} '{{{path}}}'", arguments[0])
}

fn utc(column: &str) -> String {
    format!("strftime('%Y-%m-%dT%H:%M:%fZ', ({column}) / 1000.0, 'unixepoch')")
}

/// Sixteen bytes as `prefix_` and 26 characters of five bits, the first of which has three.
///
/// Five bits lie in two neighbouring hexadecimal digits. Looking the digits up works in every SQLite
/// there is; reading hexadecimal numbers does not, and distributions ship old command lines.
fn type_id(arguments: &[&str]) -> String {
    let (prefix, column) = (arguments[0], arguments[1]);
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
            format!("select {} from (select ?1 as id)", type_id(&["ord", "id"])).into_boxed_str(),
        );
        let shown: Option<String> = db
            .one(sql, &[&raw.to_be_bytes()], |row| row.get(0))
            .expect("it runs");
        assert_eq!(shown, Some(id.to_string()));
    }
}
