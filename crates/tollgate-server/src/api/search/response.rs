//! What a search has found, as it is shown.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::id::{decode, encode};
use tollgate_store::{Found, Hit, SearchPlace};

/// Something that was found.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"kind": "customer", "id": "ord_01kfjv7m00e008000000000001",
    "title": "Budi Santoso · A-1", "matched": "customer.name", "order_id": "ord_01kfjv7m00e008000000000001"}]))]
pub(in crate::api) struct HitView {
    /// `order`, `payment`, `event`, `receipt` or `customer`.
    kind: &'static str,
    /// Its id; of a customer, the id of an order of theirs.
    id: String,
    /// What a person knows it by.
    title: String,
    /// The member that matched.
    matched: &'static str,
    /// The id of the order it belongs to.
    order_id: Option<String>,
}

impl HitView {
    pub(in crate::api) fn of(hit: Hit) -> HitView {
        let (kind, id) = match hit.found {
            Found::Order(id) => ("order", id.to_string()),
            Found::Payment(id) => ("payment", id.to_string()),
            Found::Event(id) => ("event", id.to_string()),
            Found::Receipt(id) => ("receipt", id.to_string()),
            Found::Customer(id) => ("customer", id.to_string()),
        };
        HitView {
            kind,
            id,
            title: hit.title,
            matched: hit.matched,
            order_id: hit.order.map(|order| order.to_string()),
        }
    }
}

/// A cursor at a place of a search.
pub(super) fn cursor(place: &SearchPlace) -> String {
    let SearchPlace {
        walk,
        way,
        text,
        id,
    } = place;
    URL_SAFE_NO_PAD.encode(format!("{walk}.{way}.{}.{text}", encode(*id)))
}

/// The place of a cursor.
pub(super) fn read_cursor(cursor: &str) -> Option<SearchPlace> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let mut parts = text.splitn(4, '.');
    let (walk, way, id) = (parts.next()?, parts.next()?, parts.next()?);
    let text = parts.next()?;
    (!text.contains('\0')).then_some(SearchPlace {
        walk: walk.parse().ok()?,
        way: way.parse().ok()?,
        text: text.to_owned(),
        id: decode(id)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        let place = SearchPlace {
            walk: 7,
            way: 2,
            text: "a.b.\u{10ffff}".to_owned(),
            id: u128::MAX,
        };
        assert_eq!(read_cursor(&cursor(&place)), Some(place));
        let odd = |text: &str| read_cursor(&URL_SAFE_NO_PAD.encode(text));
        for text in ["", "1.2.3", "1.2.x.y", "-1.0.00000000000000000000000000."] {
            assert_eq!(odd(text), None, "{text}");
        }
        assert_eq!(odd("0.0.00000000000000000000000000.a\0"), None);
        assert_eq!(read_cursor("%"), None);
    }
}
