//! Writing the customer a mail. It is not repeated where it may have been taken: that is `unknown`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tollgate_core::command::Health;
use tollgate_core::effect::MailKind;
use tollgate_core::id::ReceiptId;
use tollgate_core::order::Root;

use super::{Acted, Context, Work};
use tollgate_outbound::mail::{self, Attachment, Letter, MailContext, MailLine, Sending};
use tollgate_receipt::{Locale, amount_text, extras};

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
    let about = context_of(context, work, &root, receipt);
    let letter = Letter {
        shop: context.shop_name(work.shop),
        key: &work.effect.key,
        kind: match kind {
            MailKind::Paid => mail::MailKind::Paid,
            MailKind::Receipt => mail::MailKind::Receipt,
            MailKind::Refunded => mail::MailKind::Refunded,
        },
        locale: order.customer.locale.as_deref().unwrap_or_default(),
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
        .and_then(|receipt| receipt.number);
    let bytes = context.store().receipt_pdf(work.shop, id).await;
    match (bytes, number) {
        (Ok(Some(bytes)), Some(number)) => Ok(Attachment {
            name: format!("{number}.pdf"),
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
    receipt: Option<ReceiptId>,
) -> MailContext {
    let order = root.order.as_ref().expect("the caller has seen the order");
    let locale = Locale::from_tag(order.customer.locale.as_deref().unwrap_or_default());
    let shown = |minor: i64| amount_text(locale, minor, order.currency);
    let receipt = root.receipts.iter().find(|known| Some(known.id) == receipt);
    let amount = match receipt.and_then(|receipt| receipt.money) {
        Some(money) => amount_text(locale, money.minor, money.currency),
        None => shown(order.total_minor),
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
    MailContext {
        shop: context.seller_name(work.shop).to_owned(),
        order: order.code.clone(),
        customer: order.customer.name.clone(),
        amount,
        currency: order.currency.to_string(),
        lines,
        receipt: receipt
            .and_then(|receipt| receipt.number)
            .map(|number| number.to_string()),
        link: None,
    }
}
