//! How a receipt stands among the others of its root, and in which language its customer is written to: what
//! papers and mails have in common.

use tollgate_core::ReceiptShare;
use tollgate_core::effect::{Receipt, ReceiptKind};
use tollgate_core::id::ShopId;
use tollgate_core::order::Root;
use tollgate_core::payment::OrderedBy;
use tollgate_receipt::{Locale, Running, cannot_be_fulfilled};

use super::Context;

/// The language of a root's customer; the shop's where the customer has none.
pub(super) fn locale_of(context: &Context, shop: ShopId, root: &Root) -> Locale {
    let customers = root.order.as_ref();
    let customers = customers.and_then(|order| order.customer.locale.as_deref());
    match customers.filter(|tag| !tag.trim().is_empty()) {
        Some(tag) => Locale::from_tag(tag),
        None => context
            .shop_config(shop)
            .map_or(Locale::En, |shop| shop.locale),
    }
}

/// What the root's receipts come to before one with this share, and with it, of what there is to pay.
pub(super) fn running(root: &Root, share: &ReceiptShare) -> Running {
    Running {
        total: root.ledger().due,
        before: share.bought_before,
        after: share.bought_after,
    }
}

/// The receipt of the sale whose money went back: that of the same capture where it is one's, else the
/// payment's first.
pub(super) fn original<'r>(root: &'r Root, receipt: &Receipt) -> Option<&'r Receipt> {
    if receipt.kind == ReceiptKind::Sale {
        return None;
    }
    let sales = || {
        root.receipts.iter().filter(|sale| {
            let is_sale = sale.kind == ReceiptKind::Sale && sale.corrects.is_none();
            is_sale && sale.payment == receipt.payment
        })
    };
    let same = sales().find(|sale| sale.object == receipt.object);
    same.or_else(|| sales().next())
}

/// Why money was given back: the words of whoever ordered the refund that the receipt is for.
pub(super) fn reason(root: &Root, receipt: &Receipt, locale: Locale) -> Option<String> {
    if receipt.kind != ReceiptKind::Refund {
        return None;
    }
    let is_it = |id: String| receipt.object == id || receipt.object.ends_with(&format!(":{id}"));
    let refund = root
        .refunds
        .iter()
        .find(|refund| is_it(refund.id.to_string()))?;
    let reason = match refund.ordered_by {
        OrderedBy::Merchant => one_line(&refund.reason),
        OrderedBy::Tollgate => cannot_be_fulfilled(locale).to_owned(),
    };
    (!reason.is_empty()).then_some(reason)
}

fn one_line(text: &str) -> String {
    let breaks = |letter: char| letter.is_control() || letter.is_whitespace();
    let words: Vec<&str> = text.split(breaks).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// A text of several lines without other control characters.
pub(super) fn lines(text: &str) -> String {
    let lines = text.lines().map(one_line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}
