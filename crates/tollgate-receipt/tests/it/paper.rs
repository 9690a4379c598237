//! Shops of every language with their receipts, and another program that reads what is printed of them.

use std::process::Command;

use tollgate_core::effect::ReceiptKind;
use tollgate_core::method::MethodKind;
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_receipt::{
    Buyer, Fonts, Line, Locale, Method, Paid, Percent, ReceiptDocument, Rendered, Running, Seller,
    TaxRate, render,
};

/// 2026-11-21T10:04:09Z
pub(crate) const ISSUED: i64 = 1_795_255_449_000;

pub(crate) const URL: &str = "https://shop.example/verify/R-2026-000042?t=8f14e45fceea167a";

/// A shop of a language, and what its receipts say of a line of 1500.00 and of forty.
pub(crate) struct Shop {
    pub(crate) locale: Locale,
    pub(crate) timezone: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) seller: Seller,
    pub(crate) buyer: Buyer,
    pub(crate) item: &'static str,
    pub(crate) tax: &'static str,
    /// What every page has above its lines.
    pub(crate) head: &'static str,
    pub(crate) title: &'static str,
    pub(crate) date: &'static str,
    pub(crate) one: &'static str,
    pub(crate) forty: &'static str,
    pub(crate) page: fn(usize, usize) -> String,
}

pub(crate) fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(crate) fn shops() -> [Shop; 5] {
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
    pub(crate) fn receipt(&self, lines: usize) -> ReceiptDocument {
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
    pub(crate) fn part(&self, kind: ReceiptKind, before: i64, after: i64) -> ReceiptDocument {
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

pub(crate) fn rendered(document: &ReceiptDocument) -> Rendered {
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

pub(crate) fn plain(text: &str) -> String {
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

/// The text of the first page as it stands in rows.
pub(crate) fn in_rows(document: &ReceiptDocument) -> String {
    let pdf = rendered(document).pdf;
    let text = poppler("pdftotext", &["-enc", "UTF-8", "-layout"], &pdf);
    plain(&String::from_utf8(text).expect("it is text"))
}
