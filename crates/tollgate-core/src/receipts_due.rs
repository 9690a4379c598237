//! Which receipts a payment's ledger still asks for.
//!
//! A receipt is over the difference between what the ledger said before and what it says now, so all of a
//! root's receipts together say what its ledger says: sales less refunds less reversals is captured less
//! refunded less lost disputes.

use std::collections::BTreeMap;

use crate::effect::{Receipt, ReceiptKind};
use crate::payment::Fold;

/// A receipt to be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReceiptDue {
    /// Sale, refund or reversal.
    pub(crate) kind: ReceiptKind,
    /// The object it is for; empty where the provider gave one figure for several.
    pub(crate) object: String,
    /// Over how much.
    pub(crate) minor: i64,
    /// It takes back what was issued as this kind.
    pub(crate) corrects: Option<ReceiptKind>,
}

const KINDS: [ReceiptKind; 3] = [
    ReceiptKind::Sale,
    ReceiptKind::Refund,
    ReceiptKind::Reversal,
];

/// The kind of receipt that takes back one of this kind.
fn opposite(kind: ReceiptKind) -> ReceiptKind {
    match kind {
        ReceiptKind::Sale => ReceiptKind::Reversal,
        ReceiptKind::Refund | ReceiptKind::Reversal => ReceiptKind::Sale,
    }
}

/// The receipts that lead from one state of a payment to the next.
///
/// Receipts of each kind are over what its sum has grown, object by object; growth of one object that others
/// make up for is no growth. Where the sum has shrunk, a correcting receipt takes the difference back.
pub(crate) fn between(before: &Fold, after: &Fold) -> Vec<ReceiptDue> {
    let (was, is) = (before.receipts_due(), after.receipts_due());
    let mut due = Vec::new();
    for kind in KINDS {
        let changes = changes(kind, &was, &is);
        let growth = sum(&changes);
        let (due_kind, corrects) = match growth < 0 {
            true => (opposite(kind), Some(kind)),
            false => (kind, None),
        };
        let mut left = growth.unsigned_abs();
        for (object, change) in changes {
            let is_along = (change < 0) == (growth < 0);
            let minor = change.unsigned_abs().min(left);
            if !is_along || minor == 0 {
                continue;
            }
            left -= minor;
            due.push(ReceiptDue {
                kind: due_kind,
                object: object.to_owned(),
                minor: i64::try_from(minor).unwrap_or(i64::MAX),
                corrects,
            });
        }
    }
    due
}

/// The receipts that are missing, or too many, for a payment whose receipts do not say what its ledger
/// says.
pub(crate) fn missing(fold: &Fold, receipts: &[&Receipt]) -> Vec<ReceiptDue> {
    let wanted = fold.receipts_due();
    let mut due = Vec::new();
    for kind in KINDS {
        let of_kind = wanted.iter().filter(|((of, _), _)| *of == kind);
        let wanted = of_kind.fold(0, |sum, (_, minor)| i64::saturating_add(sum, *minor));
        let sum = |passes: &dyn Fn(&Receipt) -> bool| {
            let chosen = receipts.iter().filter(|receipt| passes(receipt));
            chosen.fold(0, |sum, receipt| {
                i64::saturating_add(sum, receipt.money.map_or(0, |money| money.minor))
            })
        };
        let issued = sum(&|receipt| receipt.kind == kind && receipt.corrects.is_none());
        let corrected = sum(&|receipt| receipt.corrects == Some(kind));
        let lack = wanted.saturating_sub(issued.saturating_sub(corrected));
        if lack != 0 {
            due.push(ReceiptDue {
                kind: if lack < 0 { opposite(kind) } else { kind },
                object: String::new(),
                minor: lack.saturating_abs(),
                corrects: (lack < 0).then_some(kind),
            });
        }
    }
    due
}

/// How the amount of each object has changed; a figure for several at once comes last.
fn changes<'f>(
    kind: ReceiptKind,
    was: &BTreeMap<(ReceiptKind, &'f str), i64>,
    is: &BTreeMap<(ReceiptKind, &'f str), i64>,
) -> Vec<(&'f str, i64)> {
    let objects = was.keys().chain(is.keys()).filter(|(of, _)| *of == kind);
    let objects: std::collections::BTreeSet<&str> = objects.map(|(_, object)| *object).collect();
    let minor = |amounts: &BTreeMap<(ReceiptKind, &'f str), i64>, object| {
        amounts.get(&(kind, object)).copied().unwrap_or(0)
    };
    let mut changes: Vec<(&str, i64)> = objects
        .into_iter()
        .map(|object| (object, minor(is, object).saturating_sub(minor(was, object))))
        .collect();
    changes.sort_by_key(|(object, _)| object.is_empty());
    changes
}

fn sum(changes: &[(&str, i64)]) -> i64 {
    changes
        .iter()
        .fold(0, |sum, (_, change)| i64::saturating_add(sum, *change))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(
        rows: &[(ReceiptKind, &'static str, i64)],
    ) -> BTreeMap<(ReceiptKind, &'static str), i64> {
        rows.iter()
            .map(|(kind, object, minor)| ((*kind, *object), *minor))
            .collect()
    }

    #[test]
    fn growth_that_others_make_up_for_is_no_growth() {
        let was = amounts(&[(ReceiptKind::Refund, "", 30)]);
        let is = amounts(&[
            (ReceiptKind::Refund, "r1", 30),
            (ReceiptKind::Refund, "", 0),
        ]);
        let changes = changes(ReceiptKind::Refund, &was, &is);
        assert_eq!(changes, vec![("r1", 30), ("", -30)]);
        assert_eq!(sum(&changes), 0);
    }
}
