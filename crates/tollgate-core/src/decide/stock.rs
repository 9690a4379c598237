//! Stock: the merchant says how much there is.

use crate::capacity::Stock;
use crate::command::NewStock;
use crate::decision::{Detail, Outcome, Refusal};
use crate::money::API_INTEGER_MAX;
use crate::timeline::EntryKind;

use super::draft::{Draft, Reply, Step, refused, text};
use super::room;

/// The merchant says how much there is. The version moves only if that differs.
pub(super) fn put(draft: &mut Draft, wanted: &NewStock) -> Step<Reply> {
    if let Some(refusal) = why_not(draft, wanted)? {
        return refused(refusal);
    }
    let stock = set(draft, wanted)?;
    Ok(Reply::Plain(Outcome::Stock(stock)))
}

/// The same of several skus, all of it or nothing.
pub(super) fn put_all(draft: &mut Draft, wanted: &[NewStock]) -> Step<Reply> {
    let mut refusals = Vec::new();
    for (place, wanted) in wanted.iter().enumerate() {
        refusals.extend(why_not(draft, wanted)?.map(|refusal| (place, refusal)));
    }
    if !refusals.is_empty() {
        return refused(Refusal::Several(refusals));
    }
    let stocks = wanted.iter().map(|wanted| set(draft, wanted));
    let stocks = stocks.collect::<Step<Vec<Stock>>>()?;
    Ok(Reply::Plain(Outcome::Stocks(stocks)))
}

/// Why there cannot be so much.
fn why_not(draft: &Draft, wanted: &NewStock) -> Step<Option<Refusal>> {
    let known = draft.stock(&wanted.sku)?;
    let (version, held) = known.map_or((0, 0), |stock| (stock.version, stock.held));
    Ok(match wanted.if_version {
        Some(wanted) if wanted != version => Some(Refusal::VersionMismatch { version }),
        _ if wanted.on_hand < held => Some(Refusal::BelowHeld { held }),
        _ => None,
    })
}

/// Lets there be so much.
fn set(draft: &mut Draft, wanted: &NewStock) -> Step<Stock> {
    let NewStock {
        sku,
        on_hand,
        low_at,
        ..
    } = wanted;
    let known = draft.stock(sku)?.cloned();
    let is_new = known.is_none();
    let before = known.unwrap_or(Stock {
        sku: sku.clone(),
        on_hand: 0,
        held: 0,
        sold: 0,
        version: 0,
        low_at: None,
    });
    let moved = is_new || before.on_hand != *on_hand;
    let after = Stock {
        on_hand: *on_hand,
        version: before.version.saturating_add(i64::from(moved)),
        low_at: low_at.or(before.low_at),
        ..before.clone()
    };
    if moved {
        let detail = vec![
            ("sku", text(sku.as_str())),
            (
                "delta",
                Detail::Integer(on_hand.saturating_sub(before.on_hand)),
            ),
            ("on_hand", Detail::Integer(*on_hand)),
        ];
        draft.entry(EntryKind::StockPut, None, None, detail);
        // What is new has not fallen.
        let available = if is_new { *on_hand } else { before.available() };
        room::record_low(draft, &after, available);
    }
    draft.put_stock(after.clone());
    Ok(after)
}

/// The merchant stocks a sku no more. What holds have of it is still wanted; what was sold of it comes back to
/// no shelf, and a late payment finds none.
pub(super) fn remove(draft: &mut Draft, sku: &str) -> Step<Reply> {
    let Some(known) = draft.stock(sku)? else {
        return refused(Refusal::NotFound);
    };
    let (held, on_hand) = (known.held, known.on_hand);
    if 0 < held {
        return refused(Refusal::StockHeld { held });
    }

    // From here it must succeed.
    draft.remove_stock(sku);
    let detail = vec![
        ("sku", text(sku)),
        ("delta", Detail::Integer(on_hand.saturating_neg())),
        ("on_hand", Detail::Integer(0)),
    ];
    draft.entry(EntryKind::StockRemoved, None, None, detail);
    Ok(Reply::Plain(Outcome::Done))
}

/// The merchant corrects how much there is.
pub(super) fn adjust(draft: &mut Draft, sku: &str, delta: i64, reason: &str) -> Step<Reply> {
    let Some(before) = draft.stock(sku)?.cloned() else {
        return refused(Refusal::NotFound);
    };
    let Some(on_hand) = before.on_hand.checked_add(delta) else {
        return refused(Refusal::AmountOverflow);
    };
    if API_INTEGER_MAX < on_hand {
        return refused(Refusal::AmountOverflow);
    }
    if on_hand < before.held {
        return refused(Refusal::BelowHeld { held: before.held });
    }

    // From here it must succeed.
    let mut after = Stock {
        on_hand,
        ..before.clone()
    };
    if delta != 0 {
        after.version = before.version.saturating_add(1);
        let detail = vec![
            ("sku", text(sku)),
            ("delta", Detail::Integer(delta)),
            ("on_hand", Detail::Integer(on_hand)),
            ("reason", text(reason)),
        ];
        draft.entry(EntryKind::StockAdjusted, None, None, detail);
        room::record_low(draft, &after, before.available());
    }
    draft.put_stock(after.clone());
    Ok(Reply::Plain(Outcome::Stock(after)))
}
