//! Many skus at once, pasted as a spreadsheet copies them: what changes is shown, then all of it is put in one commit
//! or none.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Stock, Stocks, change, texts, units};
use crate::failure::Failure;
use crate::parts::{ActionForm, Field, Input, foreign, number, table};
use crate::reply::{Page, Response, done};
use crate::visit::Visit;
use crate::words::{Text, common};

/// The most lines that the API puts in one commit.
const LINES_MAX: usize = 1_000;

/// How many pages of stock are read to say what changes.
const PAGES_MAX: usize = 5;

/// A line that somebody has pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    sku: String,
    on_hand: i64,
    low_at: Option<i64>,
}

/// The form in which a list is pasted.
pub(super) async fn ask(visit: &Visit<'_>) -> Result<Page, Failure> {
    Ok(page(visit, html! {}, ""))
}

fn page(visit: &Visit<'_>, above: Markup, list: &str) -> Page {
    let field = Field::new("list", visit.say(texts::LIST), Input::Lines)
        .holding(list)
        .required();
    Page {
        title: visit.say(texts::PASTE).to_owned(),
        here: "/stock",
        topics: "",
        body: html! {
            (above)
            p { (visit.say(texts::PASTE_ABOUT)) }
            form.paste method="post" action="/stock-paste" {
                (field.markup(visit))
                button type="submit" { (visit.say(texts::PREVIEW)) }
            }
            p { a href="/stock" { (visit.say(common::BACK)) } }
        },
    }
}

/// What the list changes; nothing is changed by it yet.
pub(super) async fn preview(visit: &Visit<'_>) -> Result<Page, Failure> {
    let list = visit.form.get("list").unwrap_or_default();
    let lines = match read(visit, list) {
        Ok(lines) => lines,
        Err(wrong) => {
            let above = html! {
                div.problem role="alert" { ul { @for line in &wrong { li { bdi { (line) } } } } }
            };
            return Ok(page(visit, above, list));
        }
    };
    let (stock, is_whole) = present(visit).await?;
    let mut form = ActionForm::new("/stock-paste/put", texts::PUT_ALL);
    let (mut changed, mut new) = (0u64, 0u64);
    let mut rows = Vec::with_capacity(lines.len());
    for line in &lines {
        let now = stock.get(line.sku.as_str());
        let is_as_it_is = now.is_some_and(|now| {
            now.on_hand == line.on_hand && (line.low_at.is_none() || now.low_at == line.low_at)
        });
        rows.push(row(visit, line, now, is_as_it_is, is_whole));
        if is_as_it_is {
            continue;
        }
        match now {
            Some(_) => changed += 1,
            None => new += 1,
        }
        // A sku that was never put has version 0; of one that was not looked at nothing is known.
        let version = match now {
            Some(now) => Some(now.version),
            None => is_whole.then_some(0),
        };
        form = form.hidden("item", packed(line, version));
    }
    let heads = [
        texts::SKU,
        texts::NOW,
        texts::THEN,
        texts::DELTA,
        texts::LOW_AT,
    ];
    let heads = heads.map(|head| visit.say(head));
    let counts = [changed, new].map(|count| number(visit.locale, count));
    let about = texts::PUT_ALL_ABOUT.with(visit.locale, &[&counts[0], &counts[1]]);
    let form = form.about(about);
    let above = html! {
        @if !is_whole { p.notice { (visit.say(texts::NOT_COMPARED)) } }
        @match changed + new {
            0 => p.notice { (visit.say(texts::NOTHING_CHANGES)) },
            _ => div.actions { (form.markup(visit)) },
        }
        (table(visit, &heads, &rows))
    };
    Ok(page(visit, above, list))
}

fn row(
    visit: &Visit<'_>,
    line: &Line,
    now: Option<&Stock>,
    is_as_it_is: bool,
    is_whole: bool,
) -> Vec<Markup> {
    vec![
        foreign(&line.sku),
        match now {
            Some(now) => html! { (units(visit, now.on_hand)) },
            None if is_whole => html! { span.badge.open { (visit.say(texts::IS_NEW)) } },
            None => html! { span.quiet { (visit.say(common::NOT_KNOWN)) } },
        },
        html! { (units(visit, line.on_hand)) },
        match now {
            Some(_) if is_as_it_is => html! { span.quiet { (visit.say(texts::UNCHANGED)) } },
            Some(now) => change(visit, line.on_hand.saturating_sub(now.on_hand)),
            None => html! {},
        },
        html! {
            @if let Some(low_at) = line.low_at.or_else(|| now.and_then(|now| now.low_at)) {
                (units(visit, low_at))
            }
        },
    ]
}

/// A line as it goes along unseen, short, for there may be many: sku, how many, low mark, version, between tabs.
fn packed(line: &Line, version: Option<i64>) -> String {
    let maybe = |number: Option<i64>| number.map(|number| number.to_string());
    let [low_at, version] = [line.low_at, version].map(|number| maybe(number).unwrap_or_default());
    format!("{}\t{}\t{low_at}\t{version}", line.sku, line.on_hand)
}

/// What is asked of the API for such a line. Of what cannot be read it says what is missing.
fn unpacked(text: &str) -> Value {
    let mut parts = text.split('\t');
    let sku = parts.next().unwrap_or_default();
    let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
    let (on_hand, low_at, version) = (number(), number(), number());
    json!({ "sku": sku, "on_hand": on_hand, "low_at": low_at, "version": version })
}

/// The stock by its skus, and whether that is all there is.
async fn present(visit: &Visit<'_>) -> Result<(BTreeMap<String, Stock>, bool), Failure> {
    let mut stock = BTreeMap::new();
    let mut path = "/v1/stock?limit=200".to_owned();
    for _ in 0..PAGES_MAX {
        let page: Stocks = visit.get(path).await?;
        stock.extend(page.data.into_iter().map(|one| (one.sku.clone(), one)));
        let Some(cursor) = page.next_cursor else {
            return Ok((stock, true));
        };
        path = format!("/v1/stock?limit=200&cursor={cursor}");
    }
    Ok((stock, false))
}

/// The lines of a list, or what is wrong with each that cannot be read.
fn read(visit: &Visit<'_>, list: &str) -> Result<Vec<Line>, Vec<String>> {
    let pasted = list.lines().zip(1u64..);
    let pasted: Vec<_> = pasted.filter(|(text, _)| !text.trim().is_empty()).collect();
    if LINES_MAX < pasted.len() {
        let [found, most] = [pasted.len(), LINES_MAX].map(|count| count.to_string());
        return Err(vec![texts::TOO_MANY.with(visit.locale, &[&found, &most])]);
    }
    let mut seen = BTreeSet::new();
    let (mut lines, mut wrong) = (Vec::with_capacity(pasted.len()), Vec::new());
    for (text, number) in pasted {
        let said = |why: Text| {
            let beginning: String = text.trim().chars().take(60).collect();
            why.with(visit.locale, &[&number.to_string(), &beginning])
        };
        match line(text) {
            None => wrong.push(said(texts::UNREADABLE)),
            Some(line) if !seen.insert(line.sku.clone()) => wrong.push(said(texts::TWICE)),
            Some(line) => lines.push(line),
        }
    }
    match wrong.is_empty() {
        true => Ok(lines),
        false => Err(wrong),
    }
}

/// A line: a sku, how many, and perhaps the low mark, between tabs, semicolons or commas. A sku may have commas and
/// semicolons in it, so the numbers are read from the end.
fn line(text: &str) -> Option<Line> {
    let text = text.trim();
    let separator = ['\t', ';', ',']
        .into_iter()
        .find(|sign| text.contains(*sign))?;
    let whole = |text: &str| {
        let text = text.trim();
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (before, last) = text.rsplit_once(separator)?;
    let last = whole(last)?;
    let in_the_middle = before
        .rsplit_once(separator)
        .and_then(|(sku, middle)| Some((sku, whole(middle)?)));
    let (sku, on_hand, low_at) = match in_the_middle {
        Some((sku, on_hand)) => (sku, on_hand, Some(last)),
        None => (before, last, None),
    };
    let sku = sku.trim();
    let sku = sku
        .strip_prefix('"')
        .and_then(|sku| sku.strip_suffix('"'))
        .unwrap_or(sku);
    (!sku.is_empty()).then(|| Line {
        sku: sku.to_owned(),
        on_hand,
        low_at,
    })
}

/// All that was shown is put, if it still is as it was shown.
pub(super) async fn put(visit: &Visit<'_>) -> Result<Response, Failure> {
    let items: Vec<Value> = visit.form.all("item").map(unpacked).collect();
    visit
        .send("PUT", "/v1/stock", Some(json!({ "items": items })))
        .await?;
    Ok(done("/stock", texts::DONE_PUT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_spreadsheets_copy_it() {
        for (text, read) in [
            ("BATIK-M\t10", Some(("BATIK-M", 10, None))),
            ("BATIK-M\t10\t3", Some(("BATIK-M", 10, Some(3)))),
            ("BATIK-M, 10", Some(("BATIK-M", 10, None))),
            ("BATIK-M;10;0", Some(("BATIK-M", 10, Some(0)))),
            ("Tea, green\t7", Some(("Tea, green", 7, None))),
            ("Tea, green, 7", Some(("Tea, green", 7, None))),
            ("\"SHIRT/M #2\",1,2", Some(("SHIRT/M #2", 1, Some(2)))),
            ("BATIK-M", None),
            ("BATIK-M 10", None),
            ("BATIK-M,-1", None),
            ("BATIK-M,1.5", None),
            (",10", None),
            ("BATIK-M,99999999999999999999", None),
        ] {
            let found = line(text);
            let found = found.as_ref();
            assert_eq!(
                found.map(|line| (line.sku.as_str(), line.on_hand, line.low_at)),
                read,
                "{text}"
            );
        }
    }
}
