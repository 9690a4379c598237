//! What stands below the lines: the total and how it comes about, what this receipt is over, how it was
//! paid, and where it can be checked. It stays together on one page.

use super::amounts;
use super::code;
use super::document::ReceiptDocument;
use super::sheet::{BODY, Block, Column, Ink, Pen};
use super::text::{Flow, Side, Style};
use super::wording::Words;

/// The payment has room for a provider's UUID beside its label; the rest is for the sums.
const GUTTER: f32 = 22.0;
const PAYMENT: Column = Column {
    x: BODY.x,
    width: BODY.width * 0.52,
};
const SUMS: Column = Column {
    x: PAYMENT.x + PAYMENT.width + GUTTER,
    width: BODY.width - PAYMENT.width - GUTTER,
};

const LABEL: Style = Style::plain(8.5).in_ink(Ink::QUIET);
const VALUE: Style = Style::plain(8.5);
const TITLE: Style = Style::plain(8.0).bold().in_ink(Ink::QUIET);
const SUM: Style = Style::plain(9.5);
const TOTAL: Style = Style::plain(11.0).bold();
const OVER: Style = Style::plain(12.0).bold().in_ink(Ink::ACCENT);

/// Between a label and what it labels.
const GAP: f32 = 10.0;
/// Around what stands out.
const INSET: f32 = 8.0;
/// The side of the code.
const CODE: f32 = 76.0;

/// Everything below the lines.
pub(super) fn closing(pen: &mut Pen, document: &ReceiptDocument, words: &Words) -> Block {
    let mut block = Block::default();
    let bottom =
        sums(pen, &mut block, document, words).max(payment(pen, &mut block, document, words));
    if let Some(url) = &document.verification_url {
        verification(pen, &mut block, bottom + 22.0, url, words);
    }
    block
}

/// A label with what it labels, one below the other; says where they end.
pub(super) fn facts(
    pen: &mut Pen,
    block: &mut Block,
    column: Column,
    mut y: f32,
    facts: &[(&str, &str)],
) -> f32 {
    let labels: Vec<_> = facts
        .iter()
        .map(|(label, _)| pen.set(label, LABEL, Flow::Language))
        .collect();
    let width = labels.iter().map(|label| label.width()).fold(0.0, f32::max);
    let width = width.min(column.width / 2.0);
    let (left, right) = split(column, width);
    for (label, (_, value)) in labels.into_iter().zip(facts) {
        let bottom = pen.put(block, left, y, Side::Start, label);
        y = bottom.max(pen.quote(block, right, y, value, VALUE)) + 1.5;
    }
    y
}

fn sums(pen: &mut Pen, block: &mut Block, document: &ReceiptDocument, words: &Words) -> f32 {
    let money = |minor| amounts::money(document.locale, minor, document.currency);
    let mut y = 0.0;
    if document.discount_amount != 0 || document.shipping_amount != 0 {
        let sum = document
            .lines
            .iter()
            .fold(0, |sum: i64, line| sum.saturating_add(line.amount));
        y = entry(pen, block, SUMS, y, words.subtotal, &money(sum), SUM);
        if document.discount_amount != 0 {
            let off = money(document.discount_amount.saturating_neg());
            y = entry(pen, block, SUMS, y, words.discount, &off, SUM);
        }
        if document.shipping_amount != 0 {
            let added = money(document.shipping_amount);
            y = entry(pen, block, SUMS, y, words.shipping, &added, SUM);
        }
        pen.rule(block, SUMS, y + 3.0);
        y += 7.0;
    }
    let total = money(document.total_amount);
    y = entry(pen, block, SUMS, y, words.total, &total, TOTAL);
    for tax in &document.taxes {
        let percent = amounts::percent(document.locale, tax.percent);
        let label = words.tax(&format!("{} {percent}", tax.name), tax.included);
        y = entry(pen, block, SUMS, y, &label, &money(tax.amount), LABEL);
    }
    if document.fee_amount != 0 {
        let fee = money(document.fee_amount);
        y = entry(pen, block, SUMS, y, words.fee, &fee, SUM);
    }
    y += 8.0;
    let inner = Column {
        x: SUMS.x + INSET,
        width: SUMS.width - 2.0 * INSET,
    };
    // Measured first: what lies below has to be printed first.
    let label = words.amount_of(document.kind);
    let amount = money(document.amount);
    let bottom = entry(
        pen,
        &mut Block::default(),
        inner,
        y + INSET,
        label,
        &amount,
        OVER,
    ) + INSET;
    pen.fill(block, SUMS, y, bottom - y, Ink::TINT);
    entry(pen, block, inner, y + INSET, label, &amount, OVER);
    bottom
}

/// A label at the start of a column and an amount at its end; says where they end.
fn entry(
    pen: &mut Pen,
    block: &mut Block,
    column: Column,
    y: f32,
    label: &str,
    amount: &str,
    style: Style,
) -> f32 {
    let amount = pen.set(amount, style, Flow::Own);
    let width = amount.width().min(column.width * 0.7);
    let (left, right) = split(column, column.width - width - GAP);
    let bottom = pen.put(block, right, y, Side::End, amount);
    bottom.max(pen.words(block, left, y, label, style))
}

fn payment(pen: &mut Pen, block: &mut Block, document: &ReceiptDocument, words: &Words) -> f32 {
    let paid = &document.payment;
    let mut found = vec![
        (words.paid_through, paid.source.as_str()),
        (words.reference, paid.reference.as_str()),
    ];
    if let Some(id) = &paid.provider_payment_id {
        found.push((words.transaction, id));
    }
    found.push((words.payment_id, &paid.payment_id));
    let y = pen.words(block, PAYMENT, 0.0, words.payment, TITLE) + 3.0;
    facts(pen, block, PAYMENT, y, &found)
}

/// The code and, for those without a camera, the address in letters.
fn verification(pen: &mut Pen, block: &mut Block, y: f32, url: &str, words: &Words) {
    let (square, beside) = split(BODY, CODE);
    let beside = Column {
        x: beside.x + 4.0,
        width: beside.width - 4.0,
    };
    let dark = code::dark(url, pen.frame(square, y, CODE));
    let has_code = dark.is_some();
    let caption = if has_code { beside } else { BODY };
    if let Some(dark) = dark {
        pen.fill_frames(block, dark, Ink::BLACK);
        let bottom = pen.words(block, caption, y + CODE / 2.0 - 18.0, words.verify, SUM);
        pen.quote(block, caption, bottom + 1.0, url, LABEL);
    } else {
        pen.quote(block, caption, y, url, LABEL);
    }
    // Only what a reader of PDF may follow without a thought.
    if url.starts_with("https://") || url.starts_with("http://") {
        let height = block.height - y;
        pen.link(block, BODY, y, height, url);
    }
}

/// The first so many points of a column, and the rest behind a gap.
fn split(column: Column, width: f32) -> (Column, Column) {
    (
        Column { x: column.x, width },
        Column {
            x: column.x + width + GAP,
            width: column.width - width - GAP,
        },
    )
}
