//! Issuing a receipt. The settle stores its file in the database: that row is the receipt, and is there
//! once. What stands in the folder is a copy.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tollgate_core::command::{Health, Settlement};
use tollgate_core::effect::{IssuedReceipt, Receipt};
use tollgate_core::id::{ReceiptId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::payment::Payment;
use tollgate_core::receipt_number::ReceiptNumber;
use tollgate_core::time::Timestamp;

use super::{Acted, Context, End, Work, standing};
use crate::config::MissingGlyphs;
use crate::paper;
use tollgate_receipt::{Buyer, Line, Method, Paid, ReceiptDocument, lacks};

/// Receipts that are looked at together when copies are made good.
const PAGE: u32 = 500;

/// Renders a receipt.
pub(super) async fn act(context: &Context, work: &Work, id: Option<ReceiptId>) -> Acted {
    let Some(id) = id else {
        return Acted::dead("it was decided by a version that did not number receipts");
    };
    let root = match context.store().root(work.shop, id.root()).await {
        Ok(Some(root)) => root,
        Ok(None) => return Acted::dead("its order is no longer kept"),
        Err(error) => return Acted::database(&error),
    };
    let Some(receipt) = root.receipts.iter().find(|receipt| receipt.id == id) else {
        return Acted::dead("its order knows of no such receipt");
    };
    if receipt.issued_at.is_some() {
        return Acted::done();
    }
    let token = fresh_token();
    let Some(document) = document_of(context, work.shop, &root, receipt, context.now(), &token)
    else {
        return Acted::dead("its payment is no longer known");
    };
    let document = Arc::new(document);
    let fonts = context.fonts(work.shop);
    let logo = context
        .shop_config(work.shop)
        .and_then(|shop| shop.receipts.logo.clone());
    let rendering = context
        .renderer()
        .render(Arc::clone(&document), Arc::clone(&fonts), logo);
    let rendered = match rendering.await {
        Some(Ok(rendered)) => rendered,
        Some(Err(error)) => return Acted::again(error.to_string(), Health::Unsaid),
        None => return Acted::again("rendering it has panicked", Health::Unsaid),
    };
    if !rendered.missing.is_empty() {
        let waits = context
            .shop_config(work.shop)
            .is_none_or(|shop| shop.receipts.missing_glyphs == MissingGlyphs::Wait);
        let lacks = lacks(rendered.missing);
        let reason = paper::waits_for_a_font(&lacks, &fonts);
        // Once for each receipt, however often it is tried.
        if !waits || work.effect.tries <= 1 {
            context.metrics().glyphs_missing.inc();
        }
        // The letters may be a customer's whole name: they stand in the effect's reason alone.
        let letters = paper::counted(&lacks);
        tracing::error!(receipt = %id, letters, "no font has some of a receipt's letters");
        if waits {
            return Acted::waiting(reason);
        }
    }
    let mut document = Arc::unwrap_or_clone(document);
    document.fonts = rendered.fonts;
    let document = serde_json::to_string(&document).expect("a receipt has string keys");
    let issued = IssuedReceipt {
        at: context.now(),
        document,
        sha256: Sha256::digest(&rendered.pdf).into(),
        pdf: rendered.pdf.into(),
        token,
    };
    let settlement = Settlement::Issued(issued);
    Acted::of(End::Settled(settlement), Health::Well)
}

/// The content of a receipt: what its order and payment say, and who sells. `None`: its payment is not
/// on the root.
fn document_of(
    context: &Context,
    shop: ShopId,
    root: &Root,
    receipt: &Receipt,
    issued_at: Timestamp,
    token: &str,
) -> Option<ReceiptDocument> {
    let config = context.shop_config(shop)?;
    let payment = root.payment(receipt.payment)?;
    let order = root.order.as_ref();
    let customer = order
        .map(|order| order.customer.clone())
        .unwrap_or_default();
    let locale = standing::locale_of(context, shop, root);
    // Without the fee, which is of nothing that was bought.
    let share = root.receipt_share(receipt);
    let running = standing::running(root, &share);
    let discount_amount = order.map_or(0, |order| order.discount_minor);
    let shipping_amount = order.map_or(0, |order| order.shipping_minor);
    Some(ReceiptDocument {
        id: receipt.id.to_string(),
        number: receipt.number.as_ref().map(ReceiptNumber::to_string)?,
        kind: receipt.kind,
        issued_at,
        timezone: config.timezone.clone(),
        locale,
        seller: config.receipts.seller.clone(),
        buyer: Buyer {
            name: customer.name,
            email: customer.email,
            phone: customer.phone,
            address: customer.address.as_deref().map(standing::lines),
            tax_id: customer.tax_id,
        },
        order_code: order.map(|order| order.code.clone()),
        lines: order.map_or_else(Vec::new, |order| {
            let lines = order.lines.iter().map(|line| Line {
                sku: line.sku.clone(),
                name: line.name.clone(),
                quantity: line.quantity,
                unit_amount: line.unit_minor,
                amount: line.quantity.saturating_mul(line.unit_minor),
            });
            lines.collect()
        }),
        discount_amount,
        shipping_amount,
        total_amount: running.total,
        currency: payment.currency(),
        taxes: running.taxes(&config.receipts.taxes),
        fee_amount: share.fee,
        amount: receipt.money.map_or(0, |money| money.minor),
        payment: Paid {
            source: payment.source.clone(),
            reference: payment.reference.clone(),
            provider_payment_id: transaction_of(payment, receipt),
            payment_id: payment.id.to_string(),
            method: payment.method_of(&receipt.object).map(Method::from),
        },
        verification_url: context.public_url().map(|url| format!("{url}/r/{token}")),
        original_number: standing::original(root, receipt)
            .and_then(|sale| sale.number.as_ref())
            .map(ReceiptNumber::to_string),
        // Which it is printed with is known afterwards.
        fonts: Vec::new(),
        part: Some(running.part(discount_amount, shipping_amount)),
        reason: standing::reason(root, receipt, locale),
        corrects: receipt.corrects,
        look: config.receipts.look.clone(),
    })
}

/// The provider's transaction that a receipt is for: its own object where that is a capture, else the
/// payment's.
fn transaction_of(payment: &Payment, receipt: &Receipt) -> Option<String> {
    let own = payment.fold().captures.contains_key(&receipt.object);
    let own = (own && receipt.object != payment.reference).then(|| receipt.object.clone());
    own.or_else(|| payment.provider_payment_id.clone())
}

/// 128 random bits as text, which cannot be guessed.
fn fresh_token() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    tollgate_core::id::encode(u128::from_be_bytes(bytes))
}

/// Where copies of a shop's receipts stand; `None`: nowhere.
fn folder(context: &Context, shop: ShopId) -> Option<PathBuf> {
    let directory = context.shop_config(shop)?.receipts.directory.clone()?;
    Some(directory.join(context.shop_name(shop)))
}

/// Copies an issued receipt into the folder. A failure is logged and made good at the next start: the
/// receipt itself is in the database.
pub(super) async fn copy(context: &Context, shop: ShopId, id: ReceiptId) {
    let Some(folder) = folder(context, shop) else {
        return;
    };
    let pdf = match context.store().receipt_pdf(shop, id).await {
        Ok(Some(pdf)) => pdf,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(receipt = %id, %error, "failed to read a receipt for its copy");
            return;
        }
    };
    let written = tokio::task::spawn_blocking(move || write_copy(&folder, id, &pdf)).await;
    if let Ok(Err(error)) = written {
        tracing::warn!(receipt = %id, %error, "failed to copy a receipt into its folder");
    }
}

/// Makes the folder where it is missing, for nobody else: customers' names and addresses are in it.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut making = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut making, 0o700);
    making.recursive(true).create(folder)
}

/// Writes a copy so that it is there as a whole or not at all.
fn write_copy(folder: &Path, id: ReceiptId, pdf: &[u8]) -> std::io::Result<()> {
    make_folder(folder)?;
    let temporary = folder.join(format!(".{id}.tmp"));
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(pdf)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&temporary, folder.join(format!("{id}.pdf")))?;
    std::fs::File::open(folder)?.sync_all()
}

/// At the start: removes what a crash has left half written, and copies what is missing.
pub(crate) async fn tend_copies(context: Context) {
    for shop in context.shops().to_vec() {
        let Some(folder) = folder(&context, shop) else {
            continue;
        };
        let mut after = ReceiptId::from_u128(0);
        if let Err(error) = sweep(&folder) {
            tracing::warn!(folder = %folder.display(), %error, "failed to tidy the receipts' folder");
            continue;
        }
        loop {
            let page = match context.store().receipts_after(shop, after, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%error, "failed to look for receipts without a copy");
                    break;
                }
            };
            let Some(last) = page.last() else { break };
            after = last.id;
            for row in &page {
                if !folder.join(format!("{}.pdf", row.id)).exists() {
                    copy(&context, shop, row.id).await;
                }
            }
        }
    }
}

/// Removes `.rcp_….tmp`.
fn sweep(folder: &Path) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".rcp_") && name.ends_with(".tmp") {
            std::fs::remove_file(folder.join(&*name))?;
        }
    }
    Ok(())
}
