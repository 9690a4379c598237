//! Receipts as they are printed: rendered, and read back by another program.

use std::process::Command;

use tollgate_core::effect::ReceiptKind;
use tollgate_core::method::MethodKind;
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_receipt::{
    Buyer, Fonts, Line, Locale, Logo, Look, Method, Paid, Percent, ReceiptDocument, Rendered,
    Running, Seller, TaxRate, method_text, render,
};

/// 2026-11-21T10:04:09Z
const ISSUED: i64 = 1_795_255_449_000;

const URL: &str = "https://shop.example/verify/R-2026-000042?t=8f14e45fceea167a";

/// A shop of a language, and what its receipts say of a line of 1500.00 and of forty.
struct Shop {
    locale: Locale,
    timezone: &'static str,
    currency: &'static str,
    seller: Seller,
    buyer: Buyer,
    item: &'static str,
    tax: &'static str,
    /// What every page has above its lines.
    head: &'static str,
    title: &'static str,
    date: &'static str,
    one: &'static str,
    forty: &'static str,
    page: fn(usize, usize) -> String,
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn shops() -> [Shop; 5] {
    [
        Shop {
            locale: Locale::Id,
            timezone: "Asia/Jakarta",
            currency: "IDR",
            seller: Seller {
                name: "Batik Nusantara".to_owned(),
                address: some("Jl. Malioboro No. 56\nYogyakarta 55271\nIndonesia"),
                tax_id: some("01.234.567.8-541.000"),
            },
            buyer: Buyer {
                name: some("Sari Wulandari"),
                email: some("sari.wulandari@contoh.example"),
                phone: some("+62 812-3456-7890"),
                ..Buyer::default()
            },
            item: "Kain batik tulis motif parang rusak, katun primisima, 2,5 meter",
            tax: "PPN",
            head: "Harga satuan",
            title: "Kuitansi",
            date: "21 November 2026, 17.04 WIB",
            one: "Rp 1.500",
            forty: "Rp 60.000",
            page: |page, pages| format!("Halaman {page} dari {pages}"),
        },
        Shop {
            locale: Locale::En,
            timezone: "Europe/London",
            currency: "USD",
            seller: Seller {
                name: "Harbour & Sons Ltd".to_owned(),
                address: some("12 Quay Street\nBristol BS1 4RW\nUnited Kingdom"),
                tax_id: some("GB 123 4567 89"),
            },
            buyer: Buyer {
                name: some("Zoë O’Connor"),
                email: some("zoe@mail.example"),
                phone: None,
                ..Buyer::default()
            },
            item: "Waxed canvas satchel, hand-stitched",
            tax: "VAT",
            head: "Unit price",
            title: "Receipt",
            date: "21 November 2026, 10:04 GMT",
            one: "$1,500.00",
            forty: "$60,000.00",
            page: |page, pages| format!("Page {page} of {pages}"),
        },
        Shop {
            locale: Locale::He,
            timezone: "Asia/Jerusalem",
            currency: "ILS",
            seller: Seller {
                name: "בית הקפה של נועה".to_owned(),
                address: some("רחוב דיזנגוף 50\nתל אביב-יפו 6433222"),
                tax_id: some("51-234567-8"),
            },
            buyer: Buyer {
                name: some("יעל כהן"),
                email: some("yael@mail.example"),
                phone: some("+972 50-123-4567"),
                ..Buyer::default()
            },
            item: "קפה טחון Arabica קלייה בהירה 250 גרם",
            tax: "מע״מ",
            head: "מחיר ליחידה",
            title: "קבלה",
            date: "21 בנובמבר 2026, 12:04 IST",
            one: "1,500.00 ₪",
            forty: "60,000.00 ₪",
            page: |page, pages| format!("עמוד {page} מתוך {pages}"),
        },
        Shop {
            locale: Locale::Hi,
            timezone: "Asia/Kolkata",
            currency: "INR",
            seller: Seller {
                name: "श्री लक्ष्मी वस्त्र भंडार".to_owned(),
                address: some("१२, चाँदनी चौक\nदिल्ली 110006"),
                tax_id: some("07AAAAA0000A1Z5"),
            },
            buyer: Buyer {
                name: some("प्रिया शर्मा"),
                email: some("priya@mail.example"),
                phone: some("+91 98765 43210"),
                ..Buyer::default()
            },
            item: "बनारसी रेशमी साड़ी, हाथ से बुनी हुई",
            tax: "GST",
            head: "इकाई मूल्य",
            title: "रसीद",
            date: "21 नवंबर 2026, 15:34 IST",
            one: "₹1,500.00",
            forty: "₹60,000.00",
            page: |page, pages| format!("पृष्ठ {page} / {pages}"),
        },
        Shop {
            locale: Locale::Ru,
            timezone: "Europe/Moscow",
            currency: "RUB",
            seller: Seller {
                name: "ООО «Ромашка»".to_owned(),
                address: some("ул. Тверская, д. 7\n125009, г. Москва"),
                tax_id: some("7701234567"),
            },
            buyer: Buyer {
                name: some("Ёлкина Щорса Въюновна"),
                email: some("elkina@mail.example"),
                phone: None,
                ..Buyer::default()
            },
            item: "Чай чёрный байховый, подарочная жестяная банка, 200 г",
            tax: "НДС",
            head: "Наименование",
            title: "Квитанция",
            date: "21 ноября 2026 г., 13:04 MSK",
            one: "1 500,00 ₽",
            forty: "60 000,00 ₽",
            page: |page, pages| format!("Страница {page} из {pages}"),
        },
    ]
}

impl Shop {
    /// A receipt over so many lines of 1500.00.
    fn receipt(&self, lines: usize) -> ReceiptDocument {
        let lines: Vec<Line> = (1..=lines)
            .map(|number| Line {
                sku: format!("SKU-{number:03}"),
                name: some(self.item),
                quantity: 3,
                unit_amount: 50_000,
                amount: 150_000,
            })
            .collect();
        let total = lines.iter().map(|line| line.amount).sum();
        let rate = TaxRate {
            name: self.tax.to_owned(),
            percent: Percent::parse("11").expect("it is one"),
        };
        let running = Running {
            total,
            before: 0,
            after: total,
        };
        ReceiptDocument {
            id: "rcp_01kaxyz".to_owned(),
            number: "R-2026-000042".to_owned(),
            kind: ReceiptKind::Sale,
            issued_at: Timestamp::from_millis(ISSUED),
            timezone: self.timezone.to_owned(),
            locale: self.locale,
            seller: self.seller.clone(),
            buyer: self.buyer.clone(),
            order_code: some("ORD-7781"),
            lines,
            discount_amount: 0,
            shipping_amount: 0,
            total_amount: total,
            currency: Currency::new(self.currency).expect("it is one"),
            taxes: running.taxes(&[rate]),
            fee_amount: 0,
            amount: total,
            payment: Paid {
                source: "midtrans".to_owned(),
                reference: "ORD-7781-1795255449".to_owned(),
                provider_payment_id: some("57d5293c-e65f-4a29-95e4-5959c3fa335b"),
                payment_id: "pay_01kaxyzpq7e4gr3d9v5m2n8t6w".to_owned(),
                method: Some(Method {
                    kind: MethodKind::VirtualAccount,
                    detail: some("BCA"),
                }),
            },
            verification_url: some(URL),
            original_number: None,
            fonts: Vec::new(),
            part: Some(running.part(0, 0)),
            reason: None,
            corrects: None,
            look: None,
        }
    }

    /// A receipt over two lines of 1500.00 less 500.00 with 200.00 for shipping, of which so much was paid
    /// before, and after.
    fn part(&self, kind: ReceiptKind, before: i64, after: i64) -> ReceiptDocument {
        let mut document = self.receipt(2);
        document.discount_amount = 50_000;
        document.shipping_amount = 20_000;
        document.total_amount = 270_000;
        let running = Running {
            total: 270_000,
            before,
            after,
        };
        let rate = TaxRate {
            name: self.tax.to_owned(),
            percent: Percent::parse("11").expect("it is one"),
        };
        document.kind = kind;
        document.amount = (after - before).abs();
        document.taxes = running.taxes(&[rate]);
        document.part = Some(running.part(50_000, 20_000));
        document
    }
}

/// A receipt over one line of this name, in Indonesian.
pub(crate) fn receipt_of(name: &str) -> ReceiptDocument {
    let mut document = shops()[0].receipt(1);
    document.lines[0].name = some(name);
    document
}

fn rendered(document: &ReceiptDocument) -> Rendered {
    render(document, &Fonts::built_in(), None).expect("it can be rendered")
}

/// Runs a program of poppler-utils over a file and returns what it writes.
pub(crate) fn poppler(program: &str, arguments: &[&str], pdf: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("receipt.pdf");
    std::fs::write(&path, pdf).expect("there is room");
    let output = Command::new(program)
        .args(arguments)
        .arg(&path)
        .args(if program == "pdftotext" {
            &["-"][..]
        } else {
            &[]
        })
        .output()
        .expect("poppler-utils is installed (scripts/test does so)");
    assert!(output.status.success(), "{program}: {output:?}");
    let warnings = String::from_utf8_lossy(&output.stderr);
    assert_eq!(warnings, "", "{program} finds nothing wrong with the file");
    output.stdout
}

/// The text of each page, as a reader copies it. Spaces are one space, and marks that only steer the
/// direction are left out.
pub(crate) fn pages(pdf: &[u8]) -> Vec<String> {
    let text =
        String::from_utf8(poppler("pdftotext", &["-enc", "UTF-8"], pdf)).expect("it is text");
    let mut pages: Vec<String> = text.split('\u{c}').map(plain).collect();
    assert_eq!(pages.pop().as_deref(), Some(""), "every page ends");
    pages
}

fn plain(text: &str) -> String {
    let steers = |letter: &char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text: String = text.chars().filter(|letter| !steers(letter)).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where both directions meet, pdftotext guesses the spaces from where the words stand; there only the
/// letters count.
#[track_caller]
pub(crate) fn says(text: &str, wanted: &str) {
    let (mut found, mut sought) = (text.to_owned(), plain(wanted));
    if sought.contains(|letter| matches!(letter, '\u{590}'..='\u{5ff}' | '₪')) {
        found.retain(|letter| letter != ' ');
        sought.retain(|letter| letter != ' ');
    }
    assert!(found.contains(&sought), "{wanted:?} is not in {text:?}");
}

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

/// The text of the first page as it stands in rows.
fn in_rows(document: &ReceiptDocument) -> String {
    let pdf = rendered(document).pdf;
    let text = poppler("pdftotext", &["-enc", "UTF-8", "-layout"], &pdf);
    plain(&String::from_utf8(text).expect("it is text"))
}

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

#[test]
fn a_shop_has_its_colour_and_its_last_word() {
    let mut document = shops()[1].receipt(40);
    document.look = Some(Look {
        colour: some("#a01c30"),
        footer: some("Returns within 30 days.\nCompany no. 01234567"),
        logo_sha256: None,
    });
    let pdf = rendered(&document).pdf;
    let pages = pages(&pdf);
    let last = pages.last().expect("there is one");
    says(last, "Returns within 30 days. Company no. 01234567");
    assert!(!pages[0].contains("Returns"), "once, at the end");
    // The edge of the first page is of the colour: one dot a point, three bytes a dot.
    let image = poppler("pdftoppm", &["-r", "72", "-f", "1", "-singlefile"], &pdf);
    let head = image
        .windows(4)
        .position(|four| four == b"255\n")
        .expect("it is a pixmap");
    assert_eq!(image[head + 4..head + 7], [0xa0, 0x1c, 0x30]);
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
    let error = render(&document, &Fonts::built_in(), None).expect_err("there is none");
    let error = error.to_string();
    assert!(error.contains("Asia/Atlantis"), "{error}");
}

/// A red square of 4 dots: a PNG that is written here byte by byte.
fn red_square() -> Vec<u8> {
    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut sum = !0u32;
        for byte in kind.iter().chain(data) {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = (sum >> 1) ^ (0xedb8_8320 * (sum & 1));
            }
        }
        let length = u32::try_from(data.len())
            .expect("it is short")
            .to_be_bytes();
        [&length[..], kind, data, &(!sum).to_be_bytes()].concat()
    }
    // Two rows of a filter byte and two dots, in a stored block of zlib's.
    let rows = [0, 0xe0, 0x10, 0x10, 0xe0, 0x10, 0x10].repeat(2);
    let (mut low, mut high) = (1u32, 0u32);
    for byte in &rows {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let length = u16::try_from(rows.len()).expect("it is short");
    let stored = [
        &[0x78, 0x01, 0x01][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        &rows,
        &((high << 16) | low).to_be_bytes(),
    ]
    .concat();
    let head = [
        &2u32.to_be_bytes()[..],
        &2u32.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &head),
        chunk(b"IDAT", &stored),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

#[test]
fn a_logo_stands_where_the_paper_is_read_first() {
    let logo = Logo::read(red_square()).expect("it is a picture");
    for (shop, x) in [(&shops()[1], 60), (&shops()[2], 595 - 60)] {
        let document = shop.receipt(1);
        let rendered =
            render(&document, &Fonts::built_in(), Some(&logo)).expect("it can be rendered");
        let image = poppler("pdftoppm", &["-r", "72", "-singlefile"], &rendered.pdf);
        let head = image
            .windows(4)
            .position(|four| four == b"255\n")
            .expect("it is a pixmap");
        let at = head + 4 + 3 * (60 * 596 + x);
        assert_eq!(image[at..at + 3], [0xe0, 0x10, 0x10], "{:?}", shop.locale);
        assert_eq!(
            rendered,
            render(&document, &Fonts::built_in(), Some(&logo)).expect("it can be rendered")
        );
    }
}

#[test]
fn what_is_no_logo_is_refused_before_a_receipt_needs_it() {
    let mut broken = red_square();
    let middle = broken.len() - 30;
    broken[middle] ^= 0x55;
    let mut large = red_square();
    // The width stands behind the signature and the chunk's head.
    large[16..20].copy_from_slice(&4000u32.to_be_bytes());
    for (bytes, found) in [
        (b"GIF89a".to_vec(), "neither a PNG nor a JPEG"),
        (Vec::new(), "neither a PNG nor a JPEG"),
        (
            b"\xff\xd8\xff\xe0".to_vec(),
            "a picture that cannot be read",
        ),
        (broken, "a picture that cannot be"),
        (large, "a picture that cannot be"),
        (vec![0; 200 * 1024 + 1], "204801 bytes"),
    ] {
        let error = Logo::read(bytes).expect_err(found);
        assert!(error.starts_with(found), "{error}");
    }
}
