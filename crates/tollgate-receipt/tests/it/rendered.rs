//! Receipts as they are printed: rendered, and read back by another program.

use std::process::Command;

use tollgate_core::effect::ReceiptKind;
use tollgate_core::method::MethodKind;
use tollgate_receipt::{Buyer, Fonts, Line, Locale, method_text, render};

use super::paper::*;

#[test]
fn a_receipt_is_read_back_in_every_language() {
    for shop in shops() {
        let receipt = rendered(&shop.receipt(1));
        assert!(
            receipt.missing.is_empty(),
            "{:?} {:?}",
            shop.locale,
            receipt.missing
        );
        let pages = pages(&receipt.pdf);
        assert_eq!(pages.len(), 1, "{:?}", shop.locale);
        let text = &pages[0];
        let buyer = shop.buyer;
        for wanted in [
            shop.title,
            "R-2026-000042",
            &shop.seller.name,
            shop.seller.tax_id.as_deref().unwrap_or_default(),
            buyer.name.as_deref().unwrap_or_default(),
            buyer.email.as_deref().unwrap_or_default(),
            buyer.phone.as_deref().unwrap_or_default(),
            "ORD-7781",
            "SKU-001",
            shop.one,
            shop.tax,
            &method_text(shop.locale, MethodKind::VirtualAccount, Some("BCA")),
            "ORD-7781-1795255449",
            "57d5293c-e65f-4a29-95e4-5959c3fa335b",
            "pay_01kaxyzpq7e4gr3d9v5m2n8t6w",
            URL,
            &(shop.page)(1, 1),
        ] {
            says(text, wanted);
        }
        if shop.locale.is_right_to_left() {
            // Of two numbers and a name in a row pdftotext cannot know which was first.
            for word in shop.date.split(' ') {
                says(text, word.trim_end_matches(','));
            }
        } else {
            says(text, shop.date);
        }
        for line in shop
            .seller
            .address
            .iter()
            .flat_map(|address| address.lines())
        {
            says(text, line);
        }
        for word in shop.item.split_whitespace() {
            says(text, word);
        }
    }
}

#[test]
fn forty_lines_have_a_head_on_every_page_and_the_total_beside_a_line() {
    for shop in shops() {
        let receipt = rendered(&shop.receipt(40));
        let pages = pages(&receipt.pdf);
        assert!(
            (2..=5).contains(&pages.len()),
            "{:?}: {} pages",
            shop.locale,
            pages.len()
        );
        let mut lines = 0;
        for (index, text) in pages.iter().enumerate() {
            says(text, shop.head);
            says(text, "R-2026-000042");
            says(text, &(shop.page)(index + 1, pages.len()));
            // Each line once and whole, and on every page one at least.
            let here = text.matches("SKU-").count();
            assert!(0 < here, "{:?}: page {index}", shop.locale);
            lines += here;
        }
        assert_eq!(lines, 40, "{:?}", shop.locale);
        let last = pages.last().expect("there is one");
        says(last, "SKU-040");
        says(last, shop.forty);
        says(last, URL);
    }
}

#[test]
fn the_total_stands_beside_a_line_however_many_lines_there_are() {
    let shop = &shops()[1];
    for lines in 1..30 {
        let pages = pages(&rendered(&shop.receipt(lines)).pdf);
        let last = pages.last().expect("there is one");
        says(last, "Amount paid");
        says(last, &format!("SKU-{lines:03}"));
    }
}

#[test]
fn a_document_has_the_same_bytes_every_time() {
    for shop in shops() {
        let document = shop.receipt(3);
        let first = rendered(&document);
        // Another thread has nothing that was kept from before.
        let second = std::thread::scope(|scope| {
            scope
                .spawn(|| rendered(&document))
                .join()
                .expect("it can be rendered")
        });
        assert!(first == second, "{:?}", shop.locale);
        let mut other = document.clone();
        other.number = "R-2026-000043".to_owned();
        assert!(first.pdf != rendered(&other).pdf);
    }
}

#[test]
fn a_file_is_small_and_says_what_it_is() {
    let shops = shops();
    for shop in &shops {
        let receipt = rendered(&shop.receipt(1));
        assert!(
            receipt.pdf.len() < 100_000,
            "{:?}: {}",
            shop.locale,
            receipt.pdf.len()
        );
        let info = poppler_info(&receipt.pdf);
        says(&info, &format!("Title: {} R-2026-000042", shop.title));
        says(&info, &format!("Author: {}", shop.seller.name));
        says(&info, "CreationDate: Sat Nov 21 10:04:09 2026 UTC");
        says(&info, "Page size: 595.28 x 841.89 pts (A4)");
        let pdf = String::from_utf8_lossy(&receipt.pdf);
        let language = format!("/Lang({})", shop.locale.as_str());
        assert!(pdf.contains(&language), "{:?}", shop.locale);
    }
}

fn poppler_info(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("receipt.pdf");
    std::fs::write(&path, pdf).expect("there is room");
    let output = Command::new("pdfinfo")
        .env("TZ", "UTC")
        .arg(&path)
        .output()
        .expect("poppler-utils is installed (scripts/test does so)");
    plain(&String::from_utf8_lossy(&output.stdout))
}

#[test]
fn a_letter_that_no_font_has_is_reported() {
    let mut document = shops()[0].receipt(1);
    document.lines[0].name = some("Teh 漢方 \u{13000} spesial");
    let receipt = rendered(&document);
    assert_eq!(receipt.missing, ['方', '漢', '\u{13000}']);
    says(&pages(&receipt.pdf)[0], "spesial");
}

#[test]
fn names_of_any_script_are_printed_in_any_language() {
    for shop in shops() {
        let mut document = shop.receipt(1);
        let names = ["Ёлка", "שלום עולם", "हिन्दी", "مرحبا", "Ἀθῆναι", "Ceļš"];
        document.lines = names
            .iter()
            .map(|name| Line {
                name: some(name),
                ..document.lines[0].clone()
            })
            .collect();
        let receipt = rendered(&document);
        assert!(
            receipt.missing.is_empty(),
            "{:?} {:?}",
            shop.locale,
            receipt.missing
        );
        let text = &pages(&receipt.pdf)[0];
        for name in names {
            says(text, name);
        }
    }
}

#[test]
fn a_discount_shipping_and_taxes_explain_the_total() {
    let document = shops()[0].part(ReceiptKind::Sale, 0, 270_000);
    let text = &pages(&rendered(&document).pdf)[0];
    for wanted in [
        "Subtotal Rp 3.000",
        "Diskon \u{2212}Rp 500",
        "Ongkos kirim Rp 200",
        "Total Rp 2.700",
        // 2700 * 11 / 111 = 267.567…
        "Termasuk PPN 11% Rp 267,57",
        "Jumlah dibayar Rp 2.700",
    ] {
        says(&in_rows(&document), wanted);
    }
    // It is over all of it: nothing was paid before, nothing is left, and no share is a part of it.
    for absent in ["Dibayar sebelumnya", "Sisa", "Dari jumlah ini", "pesanan"] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
}

#[test]
fn a_buyer_has_an_address_and_a_tax_id() {
    for shop in shops() {
        let mut document = shop.receipt(1);
        document.buyer.address = some("Jl. Kaliurang 7\n\nSleman 55281");
        document.buyer.tax_id = some("09.876.543.2-101.000");
        let text = &pages(&rendered(&document).pdf)[0];
        for wanted in ["Jl. Kaliurang 7", "Sleman 55281", "09.876.543.2-101.000"] {
            says(text, wanted);
        }
    }
}

/// A fee that was paid on top explains why more was paid than the total.
#[test]
fn a_fee_stands_between_the_total_and_what_was_paid() {
    for shop in shops() {
        let mut document = shop.receipt(1);
        document.fee_amount = 4440;
        document.amount = document.total_amount + 4440;
        let text = pages(&rendered(&document).pdf).concat();
        let word = match document.locale {
            Locale::Id => "Biaya pembayaran",
            Locale::En => "Payment fee",
            Locale::Ru => "Комиссия за оплату",
            // Letters of these are printed as glyphs in another order.
            Locale::He | Locale::Hi => continue,
        };
        says(&text, word);
        document.fee_amount = 0;
        let without = pages(&rendered(&document).pdf).concat();
        assert!(!plain(&without).contains(&plain(word)), "{without}");
    }
}

#[test]
fn a_refund_and_a_reversal_name_the_receipt_they_undo() {
    for (kind, title, label) in [
        (ReceiptKind::Refund, "Refund receipt", "Amount refunded"),
        (ReceiptKind::Reversal, "Payment reversal", "Amount reversed"),
    ] {
        let mut document = shops()[1].receipt(1);
        document.kind = kind;
        document.number = "R-2026-000050".to_owned();
        document.original_number = some("R-2026-000042");
        document.amount = 12_345;
        let text = &pages(&rendered(&document).pdf)[0];
        for wanted in [title, label, "Original receipt", "R-2026-000042", "$123.45"] {
            says(text, wanted);
        }
    }
}

#[test]
fn a_payment_without_an_order_has_no_table() {
    for shop in shops() {
        let mut document = shop.receipt(1);
        document.lines.clear();
        document.order_code = None;
        document.buyer = Buyer::default();
        document.verification_url = None;
        let pages = pages(&rendered(&document).pdf);
        assert_eq!(pages.len(), 1);
        says(&pages[0], shop.one);
        assert!(!pages[0].contains(&plain(shop.head)), "{:?}", shop.locale);
    }
}

#[test]
fn the_longest_texts_and_largest_amounts_stay_on_the_page() {
    for shop in shops() {
        let mut document = shop.receipt(1);
        let large = (1 << 53) - 1;
        let long = "W".repeat(200);
        document.seller.name = long.clone();
        document.buyer.name = Some(long.clone());
        document.buyer.email = Some(format!("{}@{}", &long[..64], &long[..180]));
        document.order_code = Some(long[..128].to_owned());
        document.payment.reference = long[..128].to_owned();
        document.lines[0] = Line {
            sku: long[..128].to_owned(),
            name: Some(long.clone()),
            quantity: large,
            unit_amount: large,
            amount: large,
        };
        document.lines = vec![document.lines[0].clone(); 12];
        document.total_amount = large;
        document.amount = large;
        let pdf = rendered(&document).pdf;
        // Every word of the page and where it is.
        let boxes = String::from_utf8(poppler("pdftotext", &["-bbox"], &pdf)).expect("it is text");
        let mut words = 0;
        for word in boxes.lines().filter(|line| line.contains("<word ")) {
            let number = |name: &str| -> f32 {
                let from = word.find(name).expect("a word has it") + name.len() + 2;
                let rest = &word[from..];
                rest[..rest.find('"').expect("it is closed")]
                    .parse()
                    .expect("it is a number")
            };
            assert!(47.0 < number("xMin") && number("xMax") < 549.0, "{word}");
            assert!(20.0 < number("yMin") && number("yMax") < 830.0, "{word}");
            words += 1;
        }
        assert!(100 < words, "{:?}", shop.locale);
    }
}

#[test]
fn the_code_on_the_paper_is_the_address() {
    for shop in [&shops()[1], &shops()[2]] {
        let pdf = rendered(&shop.receipt(1)).pdf;
        // Four dots a point, one byte a dot.
        let image = poppler("pdftoppm", &["-r", "288", "-gray", "-singlefile"], &pdf);
        let (width, dots) = gray(&image);
        // Nothing else on the page is as black.
        let black: Vec<(usize, usize)> = (0..dots.len())
            .filter(|dot| dots[*dot] < 8)
            .map(|dot| (dot % width, dot / width))
            .collect();
        let left = black
            .iter()
            .map(|(x, _)| *x)
            .min()
            .expect("there is a code");
        let right = black
            .iter()
            .map(|(x, _)| *x)
            .max()
            .expect("there is a code")
            + 1;
        let top = black
            .iter()
            .map(|(_, y)| *y)
            .min()
            .expect("there is a code");
        let code = qrcode::QrCode::new(URL).expect("it fits");
        let module = (right - left) as f64 / code.width() as f64;
        let at = |index: usize| ((index as f64 + 0.5) * module) as usize;
        for (index, color) in code.to_colors().into_iter().enumerate() {
            let (column, row) = (index % code.width(), index / code.width());
            let dot = dots[(top + at(row)) * width + left + at(column)];
            assert_eq!(dot < 128, color == qrcode::Color::Dark, "{column} {row}");
        }
    }
}

/// The width and the dots of a portable graymap.
fn gray(image: &[u8]) -> (usize, &[u8]) {
    let mut rest = image;
    let mut word = || {
        let end = rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .expect("a head has four words");
        let word = std::str::from_utf8(&rest[..end]).expect("it is ASCII");
        rest = &rest[end + 1..];
        word
    };
    assert_eq!(word(), "P5");
    let width = word().parse().expect("it is a number");
    word();
    word();
    (width, rest)
}

#[test]
fn an_unknown_time_zone_is_an_error() {
    let mut document = shops()[0].receipt(1);
    document.timezone = "Asia/Atlantis".to_owned();
    let error = render(&document, &Fonts::built_in(), None)
        .expect_err("there is none")
        .to_string();
    assert!(error.contains("Asia/Atlantis"), "{error}");
}
