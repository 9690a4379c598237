//! `tollgate orders why`: what happened to an order, as a person would tell it.

use serde_json::Value;

use crate::cli::columns::{money, time, zone};
use crate::cli::listing::{plain, word};

/// How it stands, what happened, day by day, and what it waits for.
pub(super) fn told(document: &Value) -> String {
    let mut text = format!("{}\n", stands(&document["order"]));
    let mut day = String::new();
    for entry in document["timeline"].as_array().into_iter().flatten() {
        let at = time(&entry["at"]);
        let (on, clock) = at.split_once(' ').unwrap_or((at.as_str(), ""));
        if on != day {
            text.push_str(&format!("\n{on} ({})\n", zone()));
            on.clone_into(&mut day);
        }
        let summary = said(&entry["summary"], "            ");
        text.push_str(&format!("  {clock}  {summary}{}\n", by_whom(entry)));
    }
    let waits = document["waits_for"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    match waits {
        [] => text.push_str("\nIt waits for nothing.\n"),
        waits => {
            text.push_str("\nIt waits for this:\n");
            for wait in waits {
                text.push_str(&format!("  - {}\n", said(&wait["summary"], "    ")));
                if let Some(effect) = wait["effect_id"].as_str() {
                    let effect = plain(effect);
                    text.push_str(&format!(
                        "    `tollgate effects retry {effect}` tries it now\n"
                    ));
                }
            }
        }
    }
    text
}

/// How it stands, in a sentence.
fn stands(order: &Value) -> String {
    let of = |name: &str| money(&order[name], &order["currency"]);
    let has = |name: &str| order[name].as_i64().is_some_and(|minor| minor != 0);
    let status = word(&order["status"]).replace('_', " ");
    let mut said = format!(
        "Order {} is {status}: {} in all",
        word(&order["code"]),
        of("total_amount")
    );
    if has("captured_amount") {
        said.push_str(&format!(", {} captured", of("captured_amount")));
    }
    if has("refunded_amount") {
        said.push_str(&format!(", {} given back", of("refunded_amount")));
    }
    let codes = super::attention(order);
    match codes.is_empty() {
        true => format!("{said}."),
        false => format!("{said}. A person has to look at it: {codes}."),
    }
}

/// Who did it, where it was a person or a program of the shop and the sentence does not say so itself.
fn by_whom(entry: &Value) -> String {
    let (by, name) = (&entry["by"], word(&entry["by"]["name"]));
    let is_said = word(&entry["summary"]).contains(&name);
    match by["who"].as_str() {
        Some("key") if !is_said => format!(" (by key {name})"),
        Some("user") if !is_said => format!(" (by {name})"),
        Some(_) | None => String::new(),
    }
}

/// A sentence with its times by the clock of this terminal. What goes over several lines is further in than its
/// first.
fn said(summary: &Value, further_in: &str) -> String {
    let summary = word(summary);
    let words = summary.split_inclusive([' ', '\n']).map(|word| {
        // `2026-01-22T10:00:00.000Z;` ends with its Z.
        let end = word.find('Z').map_or(0, |end| end + 1);
        let (begin, rest) = word.split_at(end);
        match begin.parse::<jiff::Timestamp>() {
            Ok(_) => time(&begin.into()) + rest,
            Err(_) => word.to_owned(),
        }
    });
    let text: String = words.collect();
    text.replace('\n', &format!("\n{further_in}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_is_told_day_by_day_with_what_it_waits_for() {
        // The times are such that every zone has them on days of their own.
        let document = json!({
            "order": {
                "code": "A-1", "status": "partially_paid", "total_amount": 15_000_000,
                "captured_amount": 5_000_000, "refunded_amount": 0, "currency": "IDR",
                "attention": ["overpaid"],
            },
            "timeline": [
                { "at": "2026-01-22T10:00:00.000Z", "summary": "order made", "by": { "who": "key", "name": "till" } },
                { "at": "2026-01-22T10:00:00.000Z", "summary": "by till, until 2026-01-22T10:00:00.000Z; Zulu",
                  "by": { "who": "key", "name": "till" } },
                { "at": "2026-01-24T10:00:00.000Z", "summary": "paid\u{1b}[2J\nin part", "by": { "who": "provider" } },
            ],
            "waits_for": [{ "summary": "IDR 100,000 is due", "effect_id": "eff_1" }],
        });
        let told = told(&document);
        let begin = "Order A-1 is partially paid: IDR 150,000 in all, IDR 50,000 captured. A person has \
                     to look at it: overpaid.\n\n2026-01-2";
        assert!(told.starts_with(begin), "{told}");
        for part in [
            "  order made (by key till)\n",
            ":00; Zulu\n\n2026-01-2",
            "  paid\\u{1b}[2J\n            in part\n",
            "\nIt waits for this:\n  - IDR 100,000 is due\n    `tollgate effects retry eff_1` tries it now\n",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        let quiet = super::told(&json!({ "order": {}, "timeline": [], "waits_for": [] }));
        assert!(quiet.ends_with("\nIt waits for nothing.\n"), "{quiet}");
    }
}
