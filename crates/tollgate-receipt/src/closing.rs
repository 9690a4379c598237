//! What stands below the lines: the total and how it comes about, what this receipt is over, how it was
//! paid, and where it can be checked. It stays together on one page.

use tollgate_core::effect::ReceiptKind;

use super::amounts;
use super::code;
use super::document::{Part, ReceiptDocument};
use super::sheet::{BODY, Block, Column, Ink, Pen};
use super::text::{Flow, Side, Style};
use super::wording::{Words, method_text};

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
const OVER: Style = Style::plain(12.0).bold();

/// Between a label and what it labels.
const GAP: f32 = 10.0;
/// Around what stands out.
const INSET: f32 = 8.0;
/// The side of the code.
const CODE: f32 = 76.0;

/// Everything below the lines.
pub(super) fn closing(pen: &mut Pen, document: &ReceiptDocument, words: &Words) -> Block {
    let mut block = Block::default();
    let sums = sums(pen, &mut block, document, words);
    let mut bottom = sums.max(payment(pen, &mut block, document, words));
    if let Some(url) = &document.verification_url {
        verification(pen, &mut block, bottom + 22.0, url, words);
        bottom = block.height;
    }
    let footer = document
        .look
        .as_ref()
        .and_then(|look| look.footer.as_deref());
    let mut y = bottom + 16.0;
    for line in footer.into_iter().flat_map(str::lines) {
        y = pen.quote(&mut block, BODY, y, line, LABEL);
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

/// The total and how it comes about; what this receipt is over, and what of the total that is.
fn sums(pen: &mut Pen, block: &mut Block, document: &ReceiptDocument, words: &Words) -> f32 {
    let money = |minor| amounts::of(document, minor);
    let part = document
        .part
        .as_ref()
        .filter(|part| !is_whole(document, part));
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
    let label = match part {
        Some(_) if document.order_code.is_some() => words.order_total,
        Some(_) | None => words.total,
    };
    let total = money(document.total_amount);
    y = entry(pen, block, SUMS, y, label, &total, TOTAL);
    match part {
        None => y = taxes(pen, block, y, document, words),
        Some(part) if part.before_amount != 0 => {
            let before = money(part.before_amount);
            y = entry(pen, block, SUMS, y, words.paid_before, &before, SUM);
        }
        Some(_) => {}
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
    let over = OVER.in_ink(pen.accent());
    let label = words.amount_of(document.kind);
    let amount = money(document.amount);
    let bottom = entry(
        pen,
        &mut Block::default(),
        inner,
        y + INSET,
        label,
        &amount,
        over,
    ) + INSET;
    let tint = pen.tint();
    pen.fill(block, SUMS, y, bottom - y, tint);
    entry(pen, block, inner, y + INSET, label, &amount, over);
    match part {
        Some(part) => made_of(pen, block, bottom, document, (part, words)),
        None => bottom,
    }
}

/// What is left or remains after a receipt over a part, and what its own amount is made of.
fn made_of(
    pen: &mut Pen,
    block: &mut Block,
    mut y: f32,
    document: &ReceiptDocument,
    (part, words): (&Part, &Words),
) -> f32 {
    let money = |minor| amounts::of(document, minor);
    y += 6.0;
    let (label, minor) = match document.kind {
        ReceiptKind::Sale => (words.left, part.left_amount),
        ReceiptKind::Refund | ReceiptKind::Reversal => {
            let remains = part.before_amount.saturating_sub(document.amount);
            (words.remains, remains)
        }
    };
    y = entry(pen, block, SUMS, y, label, &money(minor), SUM);
    let is_split =
        part.discount_amount != 0 || part.shipping_amount != 0 || part.beyond_amount != 0;
    if !is_split && document.taxes.is_empty() {
        return y;
    }
    y = pen.words(block, SUMS, y + 6.0, words.of_this, TITLE);
    if is_split {
        for (label, minor) in [
            (words.goods, part.lines_amount),
            (words.discount, part.discount_amount.saturating_neg()),
            (words.shipping, part.shipping_amount),
            (words.beyond, part.beyond_amount),
        ] {
            if minor != 0 {
                y = entry(pen, block, SUMS, y, label, &money(minor), LABEL);
            }
        }
    }
    taxes(pen, block, y, document, words)
}

/// It is over all that there is to pay, or gives all of it back: its amount is the total.
fn is_whole(document: &ReceiptDocument, part: &Part) -> bool {
    let whole_before = match document.kind {
        ReceiptKind::Sale => 0,
        ReceiptKind::Refund | ReceiptKind::Reversal => document.total_amount,
    };
    part.before_amount == whole_before && document.amount == document.total_amount
}

fn taxes(
    pen: &mut Pen,
    block: &mut Block,
    mut y: f32,
    document: &ReceiptDocument,
    words: &Words,
) -> f32 {
    for tax in &document.taxes {
        let percent = amounts::percent(document.locale, tax.percent);
        let label = words.tax(&format!("{} {percent}", tax.name), tax.included);
        let amount = amounts::of(document, tax.amount);
        y = entry(pen, block, SUMS, y, &label, &amount, LABEL);
    }
    y
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
    // The first version has named the source, which no customer knows.
    let through = match (&paid.method, &document.part) {
        (Some(method), _) => {
            let detail = method.detail.as_deref();
            Some(method_text(document.locale, method.kind, detail))
        }
        (None, Some(_)) => None,
        (None, None) => Some(paid.source.clone()),
    };
    let mut found = Vec::new();
    if let Some(through) = &through {
        found.push((words.paid_through, through.as_str()));
    }
    found.push((words.reference, paid.reference.as_str()));
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
