//! Stock: the merchant says how much there is.

use crate::capacity::Stock;
use crate::decision::{Detail, Outcome, Refusal};
use crate::money::API_INTEGER_MAX;
use crate::timeline::EntryKind;

use super::draft::{Draft, Reply, Step, refused, text};
use super::room;

/// The merchant says how much there is. The version moves only if that differs.
pub(super) fn put(
    draft: &mut Draft,
    sku: &str,
    on_hand: i64,
    if_version: Option<i64>,
    low_at: Option<i64>,
) -> Step<Reply> {
    let known = draft.stock(sku)?.cloned();
    let version = known.as_ref().map_or(0, |stock| stock.version);
    if if_version.is_some_and(|wanted| wanted != version) {
        return refused(Refusal::VersionMismatch { version });
    }
    let held = known.as_ref().map_or(0, |stock| stock.held);
    if on_hand < held {
        return refused(Refusal::BelowHeld { held });
    }

    // From here it must succeed.
    let is_new = known.is_none();
    let before = known.unwrap_or(Stock {
        sku: sku.to_owned(),
        on_hand,
        held: 0,
        version: 0,
        low_at: None,
    });
    let moved = is_new || before.on_hand != on_hand;
    let after = Stock {
        on_hand,
        version: if moved {
            version.saturating_add(1)
        } else {
            version
        },
        low_at: low_at.or(before.low_at),
        ..before.clone()
    };
    if moved {
        let detail = vec![("sku", text(sku)), ("on_hand", Detail::Integer(on_hand))];
        draft.entry(EntryKind::StockPut, None, None, detail);
        room::record_low(draft, &after, before.available());
    }
    draft.put_stock(after.clone());
    Ok(Reply::Plain(Outcome::Stock(after)))
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
