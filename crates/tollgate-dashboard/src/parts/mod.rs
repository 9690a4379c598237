//! What pages are put together from: amounts, times, badges, tables, forms, charts.

pub(crate) mod chart;
mod form;
mod many;
mod typed;

pub(crate) use form::{ActionForm, Field, Input};
pub(crate) use many::{Counted, Many};
pub(crate) use typed::{minor_of, typed};

use maud::{Markup, html};
use tollgate_core::money::Currency;
use tollgate_receipt::{Locale, amount_text};

use crate::visit::Visit;
use crate::words::common::{COPIED, COPY, FIRST_PAGE, NEXT_PAGE, NOTHING};
use crate::words::sets::{Shown, Tone, shown};
use crate::words::{Text, common};

/// An amount of minor units in the form of its currency and the page's language.
pub(crate) fn amount(locale: Locale, minor: i64, currency: &str) -> Markup {
    html! { bdi.amount { (amount_in(locale, minor, currency)) } }
}

/// The same as text, for what stands within a sentence.
pub(crate) fn amount_in(locale: Locale, minor: i64, currency: &str) -> String {
    match Currency::new(currency) {
        Some(currency) => amount_text(locale, minor, currency),
        None => format!("{minor} {currency}"),
    }
}

/// A whole number with the separators of the language.
pub(crate) fn number(locale: Locale, value: u64) -> String {
    let digits = value.to_string();
    let separator = match locale {
        Locale::En | Locale::He | Locale::Hi => ',',
        Locale::Id => '.',
        Locale::Ru => '\u{a0}',
    };
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        // In India it is thousands, then pairs: 12,34,567.
        let left = digits.len() - index;
        let is_break = match locale {
            Locale::Hi => left == 3 || (3 < left && left % 2 == 1),
            Locale::En | Locale::He | Locale::Id | Locale::Ru => left.is_multiple_of(3),
        };
        if index != 0 && is_break {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// A point in time out of a document of the API. It stands in UTC; the script writes it in the viewer's zone.
pub(crate) fn time(rfc3339: &str) -> Markup {
    let plain = match (rfc3339.get(..10), rfc3339.get(11..19)) {
        (Some(day), Some(clock)) => format!("{day} {clock} UTC"),
        _ => rfc3339.to_owned(),
    };
    html! { time datetime=(rfc3339) { (plain) } }
}

/// The same where it may be absent.
pub(crate) fn time_or(visit: &Visit<'_>, rfc3339: Option<&str>, absent: Text) -> Markup {
    match rfc3339 {
        Some(text) => time(text),
        None => html! { span.quiet { (visit.say(absent)) } },
    }
}

/// A word with the colour of how it stands.
pub(crate) fn toned(text: &str, tone: Tone) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (text) } }
}

/// A member of a closed set, as people read it.
pub(crate) fn badge<W: Shown>(visit: &Visit<'_>, word: &str) -> Markup {
    match shown::<W>(word) {
        Some((text, tone)) => toned(visit.say(text), tone),
        None => html! { span.badge.quiet { bdi { (word) } } },
    }
}

/// What somebody else wrote: a name, a reference, a sku. It stands in its own direction and cannot turn what is
/// around it.
pub(crate) fn foreign(text: &str) -> Markup {
    html! { bdi.foreign { (text) } }
}

/// The same within a sentence of ours, which is text and has no element for it: set apart by marks, without those that
/// would end them or turn the rest of the sentence.
pub(crate) fn isolated(text: &str) -> String {
    let turns = |one: &char| matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = text.chars().filter(|one| !turns(one)).collect();
    format!("\u{2068}{plain}\u{2069}")
}

/// What is read by machines and copied by people.
pub(crate) fn code(text: &str) -> Markup {
    html! { code dir="ltr" { (text) } }
}

/// A command or an address with a button that copies it.
pub(crate) fn copyable(visit: &Visit<'_>, text: &str) -> Markup {
    html! {
        div.copyable {
            pre dir="ltr" { code { (text) } }
            button.plain type="button" data-copy=(text) data-copied=(visit.say(COPIED)) { (visit.say(COPY)) }
        }
    }
}

/// A secret that was made just now, on the page that answers its making: it is shown this once.
pub(crate) fn shown_once(visit: &Visit<'_>, secret: &str) -> Markup {
    html! {
        p.notice role="status" { b { (visit.say(common::SHOWN_ONCE)) } }
        (copyable(visit, secret))
    }
}

/// What machines wrote, as it is: a body, headers. JSON is indented.
pub(crate) fn raw(text: &str) -> Markup {
    let indented = serde_json::from_str::<serde_json::Value>(text)
        .ok()
        .filter(|value| value.is_object() || value.is_array())
        .and_then(|value| serde_json::to_string_pretty(&value).ok());
    html! { pre.raw dir="ltr" { code { (indented.as_deref().unwrap_or(text)) } } }
}

/// Terms with what they are.
pub(crate) fn facts(rows: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts {
            @for (term, value) in rows {
                div { dt { (term) } dd { (value) } }
            }
        }
    }
}

/// A table; where it has no rows it says so. On narrow screens each row is a card, its cells named by the heads.
pub(crate) fn table(visit: &Visit<'_>, heads: &[&str], rows: &[Vec<Markup>]) -> Markup {
    if rows.is_empty() {
        return html! { p.empty { (visit.say(NOTHING)) } };
    }
    html! {
        div.table-holder {
            table {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (head, cell) in heads.iter().zip(row) {
                                td data-head=(head) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The way to the next page of a list, and back to the first.
pub(crate) fn pager(visit: &Visit<'_>, next_cursor: Option<&str>) -> Markup {
    let is_first = visit.query.get("cursor").is_none();
    if is_first && next_cursor.is_none() {
        return html! {};
    }
    let to = |cursor: Option<&str>| format!("?{}", visit.query.with("cursor", cursor));
    html! {
        nav.pager aria-label=(visit.say(NEXT_PAGE)) {
            @if !is_first { a href=(to(None)) { (visit.say(FIRST_PAGE)) } }
            @if let Some(cursor) = next_cursor { a rel="next" href=(to(Some(cursor))) { (visit.say(NEXT_PAGE)) } }
        }
    }
}

/// Tabs that choose a value of a parameter: its name, then each value with what people read and perhaps how many
/// there are. An empty value is all of them.
pub(crate) fn tabs(
    visit: &Visit<'_>,
    parameter: &str,
    tabs: &[(&str, &str, Option<String>)],
) -> Markup {
    let chosen = visit.query.get(parameter).unwrap_or_default();
    html! {
        nav.tabs {
            @for (value, text, count) in tabs {
                @let wanted = (!value.is_empty()).then_some(*value);
                @let query = crate::asked::Fields::read(visit.query.with("cursor", None).as_bytes());
                a href={ "?" (query.with(parameter, wanted)) } aria-current=[(*value == chosen).then_some("page")] {
                    (text)
                    @if let Some(count) = count { " " span.count { (count) } }
                }
            }
        }
    }
}

/// The form above a list: fields that become the query. What else narrows the list, as the tab that is chosen, stays;
/// the list begins anew.
pub(crate) fn filters(visit: &Visit<'_>, fields: &[Field<'_>]) -> Markup {
    let is_own = |name: &str| name == "cursor" || fields.iter().any(|field| field.name == name);
    html! {
        form.filters method="get" action=(visit.path) {
            @for (name, value) in visit.query.filled().filter(|(name, _)| !is_own(name)) {
                input type="hidden" name=(name) value=(value);
            }
            @for field in fields { (field.markup(visit)) }
            button type="submit" { (visit.say(common::FILTER)) }
        }
    }
}

/// A section of a page with its heading.
pub(crate) fn section(title: &str, body: Markup) -> Markup {
    html! { section { h2 { (title) } (body) } }
}

/// A figure with what it counts.
pub(crate) fn figure(label: &str, value: Markup, href: Option<&str>, tone: Tone) -> Markup {
    html! {
        div class={ "figure " (tone.class()) } {
            @match href {
                Some(href) => { a href=(href) { span.value { (value) } span.label { (label) } } }
                None => { span.value { (value) } span.label { (label) } }
            }
        }
    }
}

/// A part of a path, percent-encoded.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_the_form_of_the_language() {
        for (locale, value, text) in [
            (Locale::En, 0, "0"),
            (Locale::En, 999, "999"),
            (Locale::En, 1_234_567, "1,234,567"),
            (Locale::Id, 1_000, "1.000"),
            (Locale::Hi, 1_234_567, "12,34,567"),
            (Locale::Ru, 12_345, "12\u{a0}345"),
        ] {
            assert_eq!(number(locale, value), text);
        }
    }

    #[test]
    fn what_narrows_a_list_beside_its_filters_stays() {
        use crate::fixture::{Fixture, text};
        let none = r#"{"data":[],"next_cursor":null}"#;
        for (list, tab) in [
            ("payments", "status=paid"),
            ("events", "state=orphan"),
            ("effects", "state=dead"),
            ("receipts", "kind=refund"),
            ("deliveries", "verdict=refused"),
        ] {
            let shop = Fixture::of("operator").with(&format!("GET /v1/{list}"), 200, none);
            let page = text(shop.get(&format!(
                "/{list}?{tab}&reference=R-1&cursor=abc&x=%22%3E%3Cb%3E&empty="
            )));
            let form = page.split("<form class=\"filters\"").nth(1);
            let form = form.and_then(|form| form.split("</form>").next());
            let form = form.unwrap_or_else(|| panic!("{list} has filters: {page}"));
            let (name, value) = tab.split_once('=').expect("a name and a value");
            let hidden = |name: &str, value: &str| {
                form.contains(&format!(
                    "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"
                ))
            };
            assert!(hidden(name, value), "{list}: {form}");
            assert!(hidden("x", "&quot;&gt;&lt;b&gt;"), "{list}: {form}");
            assert!(!form.contains("name=\"cursor\""), "{list}: {form}");
            assert!(!form.contains("name=\"empty\""), "{list}: {form}");
            // What a field of the form is about stands in it, and once.
            assert_eq!(
                form.matches("name=\"reference\"").count(),
                1,
                "{list}: {form}"
            );
        }
    }

    #[test]
    fn what_strangers_wrote_stands_as_text() {
        let shown = foreign("<script>alert(1)</script>\u{202e}").into_string();
        assert!(shown.contains("&lt;script&gt;"), "{shown}");
        assert!(shown.starts_with("<bdi"), "{shown}");
        assert_eq!(encoded("SHIRT/M #2"), "SHIRT%2FM%20%232");
        let within = isolated("Dewi\u{2069}\u{202e}iweD");
        assert_eq!(within, "\u{2068}DewiiweD\u{2069}");
    }
}
