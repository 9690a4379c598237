//! Receipts on the wire: for the shop, and for anyone who has its link.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use tollgate_core::effect::{Receipt, ReceiptKind};
use tollgate_core::id::{OrderId, PaymentId, ReceiptId};
use tollgate_core::money::Currency;
use tollgate_core::order::Root;
use tollgate_core::receipt_number::ReceiptNumber;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_receipt::{Locale, amount_label, amount_text, amount_text_in_full, date_text, title};
use tollgate_store::ReceiptRow;

use crate::http::body::OneOf;
use crate::http::fields::{Shown, TimeText};

/// A receipt, issued or not.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"id": "rcp_01kfjv7m00e008000000000001", "number": "R-2026-000042", "kind": "sale",
    "order_id": "ord_01kfjv7m00e008000000000000", "payment_id": "pay_01kfjv7m00e008000000000001", "amount": 15000000,
    "currency": "IDR", "state": "issued", "issued_at": "2026-01-22T10:01:01.000Z",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "pdf": "/v1/receipts/rcp_01kfjv7m00e008000000000001.pdf"}]))]
pub(crate) struct ReceiptView {
    /// The receipt's id.
    id: Shown<ReceiptId>,
    /// Its number, in the form that the shop has chosen.
    number: Option<Shown<ReceiptNumber>>,
    /// Whether money came or went back.
    kind: OneOf<ReceiptKind>,
    /// The order that it is about.
    order_id: Option<Shown<OrderId>>,
    /// The payment that it is about.
    payment_id: Shown<PaymentId>,
    /// What it is over, in minor units.
    amount: Option<i64>,
    /// Three letters of ISO 4217.
    currency: Option<String>,
    /// `pending` until its file is stored, then `issued`.
    state: &'static str,
    /// When it was issued.
    issued_at: Option<TimeText>,
    /// The SHA-256 of its file, in hexadecimal digits.
    sha256: Option<String>,
    /// Where its file is.
    pdf: Option<String>,
}

impl ReceiptView {
    /// A receipt of a root; `issued` is what was made of it.
    pub(crate) fn of(root: &Root, receipt: &Receipt, issued: Option<&ReceiptRow>) -> ReceiptView {
        ReceiptView {
            id: Shown(receipt.id),
            number: receipt.number.clone().map(Shown),
            kind: OneOf(receipt.kind),
            order_id: root.order_id().map(Shown),
            payment_id: Shown(receipt.payment),
            amount: receipt.money.map(|money| money.minor),
            currency: receipt.money.map(|money| money.currency.to_string()),
            state: match issued {
                Some(_) => "issued",
                None => "pending",
            },
            issued_at: issued.map(|row| TimeText(row.issued_at)),
            sha256: issued.map(|row| hex::encode(row.sha256)),
            pdf: issued.map(|row| format!("/v1/receipts/{}.pdf", row.id)),
        }
    }

    /// A receipt that was issued, by what was frozen of it.
    pub(crate) fn listed(row: &ReceiptRow) -> ReceiptView {
        let frozen: Value = serde_json::from_str(&row.document).unwrap_or_default();
        let root = row.id.root();
        ReceiptView {
            id: Shown(row.id),
            number: Some(Shown(ReceiptNumber {
                year: row.year,
                sequence: row.sequence,
                text: row.number.clone(),
            })),
            kind: OneOf(ReceiptKind::of(&row.kind).unwrap_or(ReceiptKind::Sale)),
            // Only an order has a code.
            order_id: frozen["order_code"]
                .is_string()
                .then(|| Shown(OrderId::on(root, 0))),
            payment_id: Shown(payment_of(&frozen, row)),
            amount: frozen["amount"].as_i64(),
            currency: frozen["currency"].as_str().map(str::to_owned),
            state: "issued",
            issued_at: Some(TimeText(row.issued_at)),
            sha256: Some(hex::encode(row.sha256)),
            pdf: Some(format!("/v1/receipts/{}.pdf", row.id)),
        }
    }

    /// With all that was frozen when it was issued. What both say is as it was frozen.
    pub(crate) fn whole(&self, issued: Option<&ReceiptRow>) -> Map<String, Value> {
        let written = serde_json::to_value(self).expect("texts and numbers can be written");
        let mut members = match written {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let frozen = issued.map(|row| serde_json::from_str::<Map<String, Value>>(&row.document));
        match frozen {
            Some(Ok(frozen)) => members.extend(frozen),
            Some(Err(error)) => {
                tracing::error!(receipt = %self.id.0, %error, "a receipt's document cannot be read");
            }
            None => {}
        }
        members
    }
}

/// What anyone may see who has a receipt's link; nothing of the customer.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"number": "R-2026-000042", "kind": "sale", "amount": 15000000, "currency": "IDR",
    "date": "2026-01-22", "seller": {"name": "Zaver Batik"}}]))]
pub(crate) struct PublicReceipt {
    /// Its number.
    number: String,
    /// Whether money came or went back.
    kind: String,
    /// What it is over, in minor units.
    amount: Option<i64>,
    /// Three letters of ISO 4217.
    currency: Option<String>,
    /// The day on which it was issued, by the clocks of the shop.
    date: String,
    /// Who sold: `name`, `address`, `tax_id`, as far as they are known.
    seller: Map<String, Value>,
    /// As the paper has them.
    #[serde(skip)]
    printed: Printed,
}

/// What the paper says in the form of its language.
#[derive(Debug, PartialEq)]
struct Printed {
    locale: Locale,
    title: &'static str,
    date: String,
    /// What it is over, by its name.
    amount: Option<(&'static str, String)>,
}

impl Printed {
    fn of(row: &ReceiptRow, frozen: &Value) -> Printed {
        let word = |name: &str| frozen[name].as_str().unwrap_or_default();
        let locale = Locale::from_tag(word("locale"));
        let kind = ReceiptKind::of(&row.kind).unwrap_or(ReceiptKind::Sale);
        // As the first version wrote them, which had no parts.
        let write = match frozen["part"].is_object() {
            true => amount_text,
            false => amount_text_in_full,
        };
        let amount = frozen["amount"]
            .as_i64()
            .zip(Currency::new(word("currency")));
        let amount = amount
            .map(|(minor, currency)| (amount_label(locale, kind), write(locale, minor, currency)));
        Printed {
            locale,
            title: title(locale, kind),
            date: date_text(
                locale,
                frozen["timezone"].as_str().unwrap_or("UTC"),
                row.issued_at,
            ),
            amount,
        }
    }
}

impl PublicReceipt {
    /// The public part of what was frozen.
    pub(crate) fn of(row: &ReceiptRow) -> PublicReceipt {
        let frozen: Value = serde_json::from_str(&row.document).unwrap_or_default();
        let word = |name: &str| frozen[name].as_str().map(str::to_owned);
        let mut seller = Map::new();
        for name in ["name", "address", "tax_id"] {
            if let Some(said) = frozen["seller"][name].as_str() {
                seller.insert(name.to_owned(), said.into());
            }
        }
        PublicReceipt {
            number: row.number.clone(),
            kind: row.kind.clone(),
            amount: frozen["amount"].as_i64(),
            currency: word("currency"),
            date: date(row.issued_at, frozen["timezone"].as_str().unwrap_or("UTC")),
            seller,
            printed: Printed::of(row, &frozen),
        }
    }

    /// A small page of it.
    pub(crate) fn page(&self) -> String {
        let words = Words::of(self.printed.locale.as_str());
        let mut rows = vec![
            (words.number, self.number.clone()),
            (words.date, self.printed.date.clone()),
        ];
        rows.extend(self.printed.amount.clone());
        for (name, label) in [
            ("name", words.seller),
            ("address", ""),
            ("tax_id", words.tax_id),
        ] {
            if let Some(said) = self.seller.get(name).and_then(Value::as_str) {
                rows.push((label, said.to_owned()));
            }
        }
        let rows: String = rows
            .iter()
            .map(|(label, said)| {
                // What is said may be of another direction than the page.
                let said = escape(said);
                format!("<dt>{label}</dt><dd><bdi>{said}</bdi></dd>\n")
            })
            .collect();
        page(
            words,
            self.printed.title,
            &format!("<dl>\n{rows}</dl>\n<p>{}</p>", words.genuine),
        )
    }
}

/// The page that says that there is no such receipt.
pub(crate) fn no_receipt_page(language: &str) -> String {
    let words = Words::of(language);
    page(words, words.unknown, "")
}

/// The style of these pages.
pub(crate) const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 28rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
dt { color: GrayText; font-size: .85rem; }
dd { margin: 0 0 .75rem; white-space: pre-line; overflow-wrap: anywhere; }
";

fn page(words: &Words, title: &str, content: &str) -> String {
    let Words { lang, dir, .. } = words;
    format!(
        "<!doctype html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"/r/style.css\">\n</head>\n<body>\n<h1>{title}</h1>\n\
         {content}\n</body>\n</html>\n"
    )
}

/// A text as it stands in HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// The payment that a receipt is for.
fn payment_of(frozen: &Value, row: &ReceiptRow) -> PaymentId {
    let said = frozen
        .pointer("/payment/payment_id")
        .and_then(Value::as_str);
    let said = said.and_then(|id| id.parse().ok());
    said.unwrap_or_else(|| PaymentId::on(row.id.root(), 1))
}

/// The day in a time zone.
fn date(at: Timestamp, zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    at.to_zoned(zone).date().to_string()
}

/// What the pages say in one language.
struct Words {
    lang: &'static str,
    dir: &'static str,
    number: &'static str,
    date: &'static str,
    seller: &'static str,
    tax_id: &'static str,
    genuine: &'static str,
    unknown: &'static str,
}

impl Words {
    /// The words of a language; English where we know none.
    fn of(language: &str) -> &'static Words {
        let found = WORDS.iter().find(|words| words.lang == language);
        found.unwrap_or(&WORDS[0])
    }
}

const WORDS: [Words; 5] = [
    Words {
        lang: "en",
        dir: "ltr",
        number: "Number",
        date: "Date",
        seller: "Seller",
        tax_id: "Tax number",
        genuine: "This receipt was issued here.",
        unknown: "There is no such receipt",
    },
    Words {
        lang: "id",
        dir: "ltr",
        number: "Nomor",
        date: "Tanggal",
        seller: "Penjual",
        tax_id: "NPWP",
        genuine: "Kuitansi ini diterbitkan di sini.",
        unknown: "Kuitansi ini tidak ada",
    },
    Words {
        lang: "hi",
        dir: "ltr",
        number: "संख्या",
        date: "दिनांक",
        seller: "विक्रेता",
        tax_id: "कर पहचान संख्या",
        genuine: "यह रसीद यहीं जारी की गई थी।",
        unknown: "ऐसी कोई रसीद नहीं है",
    },
    Words {
        lang: "he",
        dir: "rtl",
        number: "מספר",
        date: "תאריך",
        seller: "המוכר",
        tax_id: "מספר עוסק",
        genuine: "קבלה זו הונפקה כאן.",
        unknown: "אין קבלה כזו",
    },
    Words {
        lang: "ru",
        dir: "ltr",
        number: "Номер",
        date: "Дата",
        seller: "Продавец",
        tax_id: "ИНН",
        genuine: "Эта квитанция выдана здесь.",
        unknown: "Такой квитанции нет",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn row(document: &str) -> ReceiptRow {
        ReceiptRow {
            shop: tollgate_core::id::ShopId(1),
            id: ReceiptId::from_u128(1 << 20),
            year: 2026,
            sequence: 42,
            kind: "sale".to_owned(),
            // Half past seven in the evening of the 21st in UTC.
            issued_at: Timestamp::from_millis(1_769_023_800_000),
            token: "t".to_owned(),
            sha256: [0; 32],
            document: document.to_owned(),
            number: "INV/2026/000042".to_owned(),
        }
    }

    const DOCUMENT: &str = r#"{"amount":15000000,"currency":"IDR","timezone":"Asia/Kolkata",
        "locale":"he","seller":{"name":"<b>Tom & \"Co\"</b>","address":"1 Road\nTown"},
        "buyer":{"name":"Dewi","email":"dewi@example.com"}}"#;

    #[test]
    fn anybody_sees_the_receipt_and_nothing_of_the_customer() {
        let seen = PublicReceipt::of(&row(DOCUMENT));
        let written = serde_json::to_value(&seen).expect("it can be written");
        assert_eq!(
            written,
            serde_json::json!({
                "number": "INV/2026/000042", "kind": "sale", "amount": 15000000, "currency": "IDR",
                "date": "2026-01-22",
                "seller": {"name": "<b>Tom & \"Co\"</b>", "address": "1 Road\nTown"},
            })
        );
        let page = seen.page();
        for part in [
            "<html lang=\"he\" dir=\"rtl\">",
            "<bdi>INV/2026/000042</bdi>",
            "<h1>קבלה</h1>",
            // The 22nd in Kolkata, as the paper has it.
            "<dt>תאריך</dt><dd><bdi>22 בינואר 2026, 01:00 IST</bdi></dd>",
            "<dt>הסכום ששולם</dt><dd><bdi>\u{200f}150,000.00\u{a0}\u{200f}IDR</bdi></dd>",
            "&lt;b&gt;Tom &amp; &quot;Co&quot;&lt;/b&gt;",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("Dewi") && !page.contains("dewi"), "{page}");
        assert!(
            !page.contains("style=") && !page.contains("<script"),
            "{page}"
        );
    }

    /// One that says how it stands is printed as papers are now; one of the first version as it was.
    #[test]
    fn the_page_has_the_form_of_its_paper() {
        let mut document: Value = serde_json::from_str(DOCUMENT).expect("it is JSON");
        document["locale"] = "id".into();
        let mut of_refund = row(&document.to_string());
        of_refund.kind = "refund".to_owned();
        let page = PublicReceipt::of(&of_refund).page();
        let amount = "<dt>Jumlah dikembalikan</dt><dd><bdi>Rp\u{a0}150.000,00</bdi></dd>";
        assert!(page.contains(amount), "{page}");
        assert!(page.contains("<h1>Bukti Pengembalian Dana</h1>"), "{page}");
        document["part"] = serde_json::json!({});
        let page = PublicReceipt::of(&row(&document.to_string())).page();
        let amount = "<dt>Jumlah dibayar</dt><dd><bdi>Rp\u{a0}150.000</bdi></dd>";
        assert!(page.contains(amount), "{page}");
    }

    #[test]
    fn every_language_of_receipts_has_its_words() {
        for language in ["en", "id", "hi", "he", "ru"] {
            assert_eq!(Words::of(language).lang, language);
        }
        for language in tollgate_outbound::language::LANGUAGES {
            let Words {
                lang,
                dir,
                number,
                date,
                seller,
                tax_id,
                genuine,
                unknown,
            } = Words::of(language.tag());
            let expected = if *lang == "he" { "rtl" } else { "ltr" };
            assert_eq!((*lang, *dir), (language.tag(), expected));
            for text in [number, date, seller, tax_id, genuine, unknown] {
                assert!(
                    crate::http::problem::is_of(language, text),
                    "{lang}: {text}"
                );
            }
        }
        assert_eq!(Words::of("fr").lang, "en");
    }
}
