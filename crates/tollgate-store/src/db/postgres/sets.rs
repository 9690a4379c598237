//! Statements over sets, derived from those for one key or row.
//!
//! A statement has one text, for one row. PostgreSQL is asked once for many: the values become arrays,
//! one for each of the statement's values, and every `?1` the column `c1` of a row of them. What the
//! arrays hold the server itself says, when the statement for one row is prepared.

use tokio_postgres::types::Type;

/// How a statement is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// As it is.
    One,
    /// A select, for many keys; each row ends with the ordinal of its key.
    Find,
    /// An insert, update or delete, for many rows.
    Write,
}

/// The text for many rows; `None` where the text for one is wanted.
pub(super) fn text(sql: &str, form: Form, types: &[Type]) -> Option<String> {
    match form {
        Form::One => None,
        Form::Find => Some(find(sql, types)),
        Form::Write => Some(write(sql, types)),
    }
}

/// The text with PostgreSQL's placeholders.
pub(super) fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

/// The text with columns of `each` for its placeholders.
fn over_rows(sql: &str) -> String {
    sql.replace('?', "each.c")
}

fn find(sql: &str, types: &[Type]) -> String {
    format!(
        "select found.*, each.n\n  from {arrays} with ordinality as each ({columns}, n),\n       \
         lateral (\n{select}\n) as found",
        arrays = arrays(types),
        columns = columns(types),
        select = over_rows(sql),
    )
}

fn write(sql: &str, types: &[Type]) -> String {
    let joins = if sql.starts_with("delete") {
        "using"
    } else {
        "from"
    };
    let rows = format!("{joins} {} as each ({})", arrays(types), columns(types));
    if let Some((into, rest)) = sql.split_once("values (") {
        let end = closing(rest);
        let (values, conflict) = (&rest[..end], &rest[end + 1..]);
        return format!("{into}select {} {rows}{conflict}", over_rows(values));
    }
    let (set, condition) = sql
        .split_once("where ")
        .expect("a statement that writes one row has values or a condition");
    format!("{}{rows} where {}", over_rows(set), over_rows(condition))
}

/// Where the parenthesis closes that was opened just before.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return at,
            ')' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn arrays(types: &[Type]) -> String {
    let arrays: Vec<String> = types
        .iter()
        .enumerate()
        .map(|(place, ty)| format!("${}::{}[]", place + 1, ty.name()))
        .collect();
    format!("unnest({})", arrays.join(", "))
}

fn columns(types: &[Type]) -> String {
    let columns: Vec<String> = (1..=types.len())
        .map(|number| format!("c{number}"))
        .collect();
    columns.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_select_is_asked_for_each_key() {
        let sql = "select a from t where shop_id = ?1 and b >= ?2 order by b limit ?3";
        let text = text(sql, Form::Find, &[Type::INT8, Type::BYTEA, Type::INT8]);
        assert_eq!(
            plain(&text.expect("it is another")),
            "select found.*, each.n from unnest($1::int8[], $2::bytea[], $3::int8[]) with ordinality \
             as each (c1, c2, c3, n), lateral ( select a from t where shop_id = each.c1 and \
             b >= each.c2 order by b limit each.c3 ) as found"
        );
    }

    #[test]
    fn an_insert_takes_its_values_from_the_rows() {
        let sql =
            "insert into t (a, b, c) values (?1, 'x', coalesce(?2, 0)) on conflict do nothing";
        let text = text(sql, Form::Write, &[Type::INT8, Type::TEXT]);
        assert_eq!(
            plain(&text.expect("it is another")),
            "insert into t (a, b, c) select each.c1, 'x', coalesce(each.c2, 0) from \
             unnest($1::int8[], $2::text[]) as each (c1, c2) on conflict do nothing"
        );
    }

    #[test]
    fn a_delete_finds_its_rows_by_the_keys() {
        let sql = "delete from t where shop_id = ?1 and a = ?2";
        let text = text(sql, Form::Write, &[Type::INT8, Type::TEXT]);
        assert_eq!(
            plain(&text.expect("it is another")),
            "delete from t using unnest($1::int8[], $2::text[]) as each (c1, c2) \
             where shop_id = each.c1 and a = each.c2"
        );
    }

    #[test]
    fn an_update_finds_its_rows_by_the_keys() {
        let sql = "update t set a = ?2 where shop_id = ?1";
        let text = text(sql, Form::Write, &[Type::INT8, Type::TEXT]);
        assert_eq!(
            plain(&text.expect("it is another")),
            "update t set a = each.c2 from unnest($1::int8[], $2::text[]) as each (c1, c2) \
             where shop_id = each.c1"
        );
    }
}
