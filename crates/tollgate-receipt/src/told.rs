//! What a receipt says below its total, in words, for mails that say the same.

use tollgate_core::effect::ReceiptKind;
use tollgate_core::money::Money;

use super::amounts;
use super::document::{Locale, Method};
use super::shares::Running;
use super::wording::{Words, method_text};

/// What is told of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it is for.
    pub kind: ReceiptKind,
    /// What it is over.
    pub money: Money,
    /// How it stands among the others.
    pub running: Running,
    /// How it was paid, where that is known.
    pub method: Option<Method>,
    /// Why it went back, where somebody has said so.
    pub reason: Option<String>,
}

impl Told {
    /// Each fact by its name on paper. What a receipt over all that there is to pay does not say is not told.
    pub fn in_words(&self, locale: Locale) -> Vec<(&'static str, String)> {
        let words = Words::of(locale);
        let shown = |minor| amounts::money(locale, minor, self.money.currency);
        let Running {
            total,
            before,
            after,
        } = self.running;
        let mut told = Vec::new();
        if self.kind == ReceiptKind::Sale && before != 0 {
            told.push((words.paid_before, shown(before)));
        }
        told.push((words.amount_of(self.kind), shown(self.money.minor)));
        match self.kind {
            ReceiptKind::Sale if after < total => {
                told.push((words.left, shown(total.saturating_sub(after.max(0)))));
            }
            ReceiptKind::Refund | ReceiptKind::Reversal if after != 0 => {
                told.push((words.remains, shown(after)));
            }
            ReceiptKind::Sale | ReceiptKind::Refund | ReceiptKind::Reversal => {}
        }
        if let Some(method) = &self.method {
            let text = method_text(locale, method.kind, method.detail.as_deref());
            told.push((words.paid_through, text));
        }
        if let Some(reason) = &self.reason {
            told.push((words.reason, reason.clone()));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use tollgate_core::money::Currency;

    use super::*;

    fn told(kind: ReceiptKind, before: i64, after: i64) -> Vec<(&'static str, String)> {
        Told {
            kind,
            money: Money {
                minor: (after - before).abs(),
                currency: Currency::new("IDR").expect("it is one"),
            },
            running: Running {
                total: 100_000,
                before,
                after,
            },
            method: None,
            reason: (kind == ReceiptKind::Refund).then(|| "torn".to_owned()),
        }
        .in_words(Locale::En)
    }

    #[test]
    fn what_is_told_is_what_paper_says() {
        let idr = |text: &str| format!("IDR\u{a0}{text}");
        assert_eq!(
            told(ReceiptKind::Sale, 0, 100_000),
            [("Amount paid", idr("1,000"))]
        );
        assert_eq!(
            told(ReceiptKind::Sale, 40_000, 70_000),
            [
                ("Paid before", idr("400")),
                ("Amount paid", idr("300")),
                ("Left to pay", idr("300")),
            ]
        );
        assert_eq!(
            told(ReceiptKind::Refund, 100_000, 75_000),
            [
                ("Amount refunded", idr("250")),
                ("Remains paid", idr("750")),
                ("Reason", "torn".to_owned()),
            ]
        );
        assert_eq!(
            told(ReceiptKind::Refund, 100_000, 0),
            [
                ("Amount refunded", idr("1,000")),
                ("Reason", "torn".to_owned())
            ]
        );
    }
}
