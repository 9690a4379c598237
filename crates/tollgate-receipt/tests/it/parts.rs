//! Receipts over a part of an order: what was paid before, what is left, and their share of everything.

use tollgate_core::effect::ReceiptKind;

use super::paper::{in_rows, pages, rendered, says, shops, some};

#[test]
fn a_part_payment_says_what_was_paid_before_what_is_left_and_its_share_of_everything() {
    let document = shops()[0].part(ReceiptKind::Sale, 90_000, 180_000);
    let text = in_rows(&document);
    for wanted in [
        "Total pesanan Rp 2.700",
        "Dibayar sebelumnya Rp 900",
        "Jumlah dibayar Rp 900",
        "Sisa yang harus dibayar Rp 900",
        "Dari jumlah ini",
        // A third of 500.00 is 166.67, and of 200.00 66.67; running totals leave a middle third 166.66 and
        // 66.66. What is left of 900.00 is the lines': 900.00 + 166.66 - 66.66.
        "Barang atau jasa Rp 1.000",
        "Diskon \u{2212}Rp 166,66",
        "Ongkos kirim Rp 66,66",
        // Up to two thirds 178.38, up to one 89.19.
        "Termasuk PPN 11% Rp 89,19",
    ] {
        says(&text, wanted);
    }
    assert_eq!(text.matches("Termasuk PPN").count(), 1, "one tax: its own");
}

#[test]
fn a_part_that_goes_back_says_what_remains_and_why_it_went() {
    let mut document = shops()[1].part(ReceiptKind::Refund, 270_000, 202_500);
    document.number = "R-2026-000050".to_owned();
    document.original_number = some("R-2026-000042");
    document.reason = some("The strap was torn");
    let text = in_rows(&document);
    for wanted in [
        "Original receipt R-2026-000042",
        "Reason The strap was torn",
        "Total of the order $2,700.00",
        "Paid before $2,700.00",
        "Amount refunded $675.00",
        "Remains paid $2,025.00",
        "Items $750.00",
        "Discount \u{2212}$125.00",
        "Shipping $50.00",
        // 267.57 - 200.68
        "Including VAT 11% $66.89",
    ] {
        says(&text, wanted);
    }
}

#[test]
fn what_is_beyond_the_total_and_what_is_corrected_is_told() {
    let mut document = shops()[1].part(ReceiptKind::Sale, 200_000, 300_000);
    document.corrects = Some(ReceiptKind::Refund);
    let text = in_rows(&document);
    for wanted in [
        "Corrects Refund receipt",
        "Amount paid $1,000.00",
        "Left to pay $0.00",
        "Beyond the order’s total $300.00",
    ] {
        says(&text, wanted);
    }
}

#[test]
fn parts_are_told_in_every_language() {
    for shop in shops() {
        for (kind, before, after) in [
            (ReceiptKind::Sale, 90_000, 180_000),
            (ReceiptKind::Refund, 270_000, 180_000),
            (ReceiptKind::Reversal, 180_000, 90_000),
        ] {
            let receipt = rendered(&shop.part(kind, before, after));
            assert!(receipt.missing.is_empty(), "{:?}", shop.locale);
            assert_eq!(pages(&receipt.pdf).len(), 1, "{:?}", shop.locale);
        }
    }
}
