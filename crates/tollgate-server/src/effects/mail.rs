//! Writing the customer a mail. It is not repeated where it may have been taken: that is `unknown`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tollgate_core::command::Health;
use tollgate_core::effect::{MailKind, Receipt};
use tollgate_core::id::ReceiptId;
use tollgate_core::order::Root;
use tollgate_core::receipt_number::ReceiptNumber;

use super::{Acted, Context, Work, standing};
use tollgate_outbound::mail::{self, Attachment, Letter, MailContext, MailFact, MailLine, Sending};
use tollgate_receipt::{Locale, Method, Told, amount_text, extras};

/// Sends one mail.
pub(super) async fn act(
    context: &Context,
    work: &Work,
    kind: MailKind,
    receipt: Option<ReceiptId>,
) -> Acted {
    let Some(mailer) = context.mailer(work.shop) else {
        return Acted::dead("mail is no longer configured for its shop");
    };
    let root = match work.effect.root {
        Some(id) => context.store().root(work.shop, id).await,
        None => return Acted::dead("it belongs to no order"),
    };
    let root = match root {
        Ok(Some(root)) => root,
        Ok(None) => return Acted::dead("its order is no longer kept"),
        Err(error) => return Acted::database(&error),
    };
    let Some(order) = &root.order else {
        return Acted::dead("it belongs to no order");
    };
    let Some(to) = order.customer.email.as_deref() else {
        return Acted::dead("the customer has no address");
    };
    let attachment = match receipt {
        Some(id) => match attachment(context, work, &root, id).await {
            Ok(attachment) => Some(attachment),
            Err(acted) => return acted,
        },
        None => None,
    };
    let locale = standing::locale_of(context, work.shop, &root);
    let about = context_of(context, work, &root, (kind, receipt), locale);
    let letter = Letter {
        shop: context.shop_name(work.shop),
        key: &work.effect.key,
        kind: match kind {
            MailKind::Paid => mail::MailKind::Paid,
            MailKind::Receipt => mail::MailKind::Receipt,
            MailKind::Refunded => mail::MailKind::Refunded,
        },
        locale: locale.as_str(),
        to,
        date: decided_at(&root, receipt),
        context: &about,
        attachment: attachment.as_ref(),
    };
    // Nothing has left yet: what cannot be written, for whatever reason, was surely not sent.
    let message = match catch_unwind(AssertUnwindSafe(|| mailer.compose(&letter))) {
        Ok(Ok(message)) => message,
        Ok(Err(error)) => return Acted::dead(error.to_string()),
        Err(_) => return Acted::dead("writing the mail has panicked; the log says where"),
    };
    match mailer.send(&message).await {
        Sending::Sent { reply } => Acted::done().answered(250, reply),
        Sending::NotSent {
            error,
            permanent: true,
        } => Acted::dead(error),
        Sending::NotSent {
            error,
            permanent: false,
        } => Acted::again(error, Health::Failing),
        Sending::Unclear { error } => Acted::unknown(error),
    }
}

/// The receipt's file.
async fn attachment(
    context: &Context,
    work: &Work,
    root: &Root,
    id: ReceiptId,
) -> Result<Attachment, Acted> {
    let number = root
        .receipts
        .iter()
        .find(|receipt| receipt.id == id)
        .and_then(|receipt| receipt.number.as_ref());
    let bytes = context.store().receipt_pdf(work.shop, id).await;
    match (bytes, number) {
        (Ok(Some(bytes)), Some(number)) => Ok(Attachment {
            name: number.file_name(),
            content_type: "application/pdf".to_owned(),
            bytes,
        }),
        (Ok(_), _) => Err(Acted::dead("its receipt is no longer kept")),
        (Err(error), _) => Err(Acted::database(&error)),
    }
}

/// The same at every try: when what it reports happened.
fn decided_at(root: &Root, receipt: Option<ReceiptId>) -> tollgate_core::time::Timestamp {
    let issued = root
        .receipts
        .iter()
        .find(|known| Some(known.id) == receipt)
        .and_then(|known| known.issued_at);
    let paid = root.payments.iter().map(|payment| payment.updated_at).max();
    issued.or(paid).unwrap_or(root.created_at)
}

fn context_of(
    context: &Context,
    work: &Work,
    root: &Root,
    (kind, receipt): (MailKind, Option<ReceiptId>),
    locale: Locale,
) -> MailContext {
    let order = root.order.as_ref().expect("the caller has seen the order");
    let shown = |minor: i64| amount_text(locale, minor, order.currency);
    let receipt = root.receipts.iter().find(|known| Some(known.id) == receipt);
    let running = receipt.map(|receipt| standing::running(root, &root.receipt_share(receipt)));
    let amount = match (kind, receipt.and_then(|receipt| receipt.money), running) {
        // It speaks of all that has come for the order, and not of the last part.
        (MailKind::Paid, _, Some(running)) => shown(running.after),
        (_, Some(money), _) => amount_text(locale, money.minor, money.currency),
        (_, None, _) => shown(order.total_minor),
    };
    let mut lines: Vec<MailLine> = order
        .lines
        .iter()
        .map(|line| MailLine {
            name: line.name.clone().unwrap_or_else(|| line.sku.clone()),
            quantity: Some(line.quantity),
            amount: shown(line.quantity.saturating_mul(line.unit_minor)),
        })
        .collect();
    let (discount, shipping) = extras(locale);
    let rest = [
        (discount, order.discount_minor.saturating_neg()),
        (shipping, order.shipping_minor),
    ];
    for (name, minor) in rest.into_iter().filter(|(_, minor)| *minor != 0) {
        lines.push(MailLine {
            name: name.to_owned(),
            quantity: None,
            amount: shown(minor),
        });
    }
    let shop = context.shop_config(work.shop);
    MailContext {
        shop: context.seller_name(work.shop).to_owned(),
        order: order.code.clone(),
        customer: order.customer.name.clone(),
        amount,
        currency: order.currency.to_string(),
        lines,
        total: shown(order.total_minor),
        facts: receipt.map_or_else(Vec::new, |receipt| facts(root, receipt, locale)),
        receipt: receipt
            .and_then(|receipt| receipt.number.as_ref())
            .map(ReceiptNumber::to_string),
        link: None,
        footer: shop.and_then(|shop| shop.receipts.look.as_ref()?.footer.clone()),
    }
}

/// What a receipt says below its total, by the names and in the words that it says it.
fn facts(root: &Root, receipt: &Receipt, locale: Locale) -> Vec<MailFact> {
    let Some(money) = receipt.money else {
        return Vec::new();
    };
    let payment = root.payment(receipt.payment);
    let method = payment.and_then(|payment| payment.method_of(&receipt.object));
    let told = Told {
        kind: receipt.kind,
        money,
        running: standing::running(root, &root.receipt_share(receipt)),
        method: method.map(Method::from),
        reason: standing::reason(root, receipt, locale),
    };
    let facts = told.in_words(locale).into_iter();
    facts
        .map(|(name, value)| MailFact {
            name: name.to_owned(),
            value,
        })
        .collect()
}
