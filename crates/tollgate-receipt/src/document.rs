//! What a receipt says. It is frozen as JSON when the receipt is issued and answered by
//! `GET /v1/receipts/{id}`: the names of its members are a contract.
//!
//! Amounts are integers of minor units, times are RFC 3339 in UTC. A member that has nothing to say is
//! absent. An unknown member is refused: what was frozen by a later version is not half understood.

use serde::{Deserialize, Serialize};
use tollgate_core::effect::ReceiptKind;
use tollgate_core::method::{MethodKind, PaymentMethod};
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;

use super::taxes::Tax;

/// One receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptDocument {
    /// `rcp_…`
    pub id: String,
    /// What people call it: `R-2026-000042`.
    pub number: String,
    /// What it is for: `sale`, `refund` or `reversal`.
    #[serde(with = "kind")]
    pub kind: ReceiptKind,
    /// When it was issued.
    #[serde(with = "time")]
    pub issued_at: Timestamp,
    /// The IANA name of the shop's time zone, in which its dates are shown.
    pub timezone: String,
    /// The language it is in.
    pub locale: Locale,
    /// Who sells.
    pub seller: Seller,
    /// Who buys.
    pub buyer: Buyer,
    /// The merchant's own name of the order; a payment may have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_code: Option<String>,
    /// What was bought; nothing for a payment without an order.
    pub lines: Vec<Line>,
    /// Taken off the sum of the lines.
    pub discount_amount: i64,
    /// Added to the sum of the lines.
    pub shipping_amount: i64,
    /// What the order comes to, or the payment without one.
    pub total_amount: i64,
    /// The currency of every amount in it.
    #[serde(with = "currency")]
    pub currency: Currency,
    /// The taxes on the total.
    pub taxes: Vec<Tax>,
    /// What of the amount is a fee for the way of paying, on top of the total.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fee_amount: i64,
    /// What this receipt is over: what was paid; of a refund or reversal, what went back.
    pub amount: i64,
    /// How it was paid.
    pub payment: Paid,
    /// Where anyone can see that the receipt is genuine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_url: Option<String>,
    /// Of a refund or reversal: the number of the sale's receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_number: Option<String>,
    /// The fonts it was printed with besides those of the program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fonts: Vec<UsedFont>,
    /// How it stands among the receipts of its order. Those that the first version has frozen do not say, and
    /// are printed as they were then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// Of a refund: why, in the words of whoever ordered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The kind of receipt that it takes back, because there is less of it than was thought.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_kind")]
    pub corrects: Option<ReceiptKind>,
    /// How the shop's papers look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
}

/// A font that a receipt was printed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsedFont {
    /// The name of its family.
    pub name: String,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
}

/// How a receipt stands among those of its order. `lines - discount + shipping + beyond` is its amount
/// less its fee, and
/// all receipts of an order together, sales less refunds less reversals, have the order's of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What the receipts before it come to.
    pub before_amount: i64,
    /// What is still to be paid of the total after it.
    pub left_amount: i64,
    /// Its share of what the lines come to.
    pub lines_amount: i64,
    /// Its share of the discount.
    pub discount_amount: i64,
    /// Its share of the shipping.
    pub shipping_amount: i64,
    /// What of it is more than the total.
    pub beyond_amount: i64,
}

/// How the papers of a shop look.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The colour of the title and of what stands out: `#1b4b66`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// What stands below everything, in as many lines as it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    /// SHA-256 of the file of the logo. The picture itself stands in the receipt's file, which is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_sha256: Option<String>,
}

/// A fee that there is none of is not mentioned.
fn is_zero(minor: &i64) -> bool {
    *minor == 0
}

/// Who sells, as the configuration says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seller {
    /// The name in the letterhead.
    pub name: String,
    /// The address, in as many lines as it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The number by which the tax office knows the seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
}

/// Who buys, as far as the order says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address of mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The address, in as many lines as it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The number by which the tax office knows the buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
}

/// One line of what was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The merchant's name of the thing.
    pub sku: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many.
    pub quantity: i64,
    /// What one costs.
    pub unit_amount: i64,
    /// What all cost.
    pub amount: i64,
}

/// How it was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    /// The source, as it is configured here.
    pub source: String,
    /// The name under which the source knows the payment.
    pub reference: String,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_payment_id: Option<String>,
    /// `pay_…`
    pub payment_id: String,
    /// The way it was paid, where the source has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
}

/// A way to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// The way: `card`, `virtual_account`, …
    #[serde(with = "method_kind")]
    pub kind: MethodKind,
    /// Whose it is, or its last digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl From<&PaymentMethod> for Method {
    fn from(method: &PaymentMethod) -> Method {
        Method {
            kind: method.kind,
            detail: method.detail.clone(),
        }
    }
}

/// A language that receipts are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// Indonesian.
    Id,
    /// English; also for an unknown language.
    En,
    /// Hebrew, from right to left.
    He,
    /// Hindi.
    Hi,
    /// Russian.
    Ru,
}

impl Locale {
    /// Every language.
    pub const ALL: [Locale; 5] = [Locale::Id, Locale::En, Locale::He, Locale::Hi, Locale::Ru];

    /// The language nearest to a BCP 47 tag (`id-ID`, `he`); English where there is none.
    pub fn from_tag(tag: &str) -> Locale {
        Locale::of_tag(tag).unwrap_or(Locale::En)
    }

    /// The language of a BCP 47 tag, if it is one that receipts are written in.
    pub fn of_tag(tag: &str) -> Option<Locale> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        match language.trim().to_ascii_lowercase().as_str() {
            // ISO 639 called Indonesian and Hebrew `in` and `iw`; old systems still do.
            "id" | "in" => Some(Locale::Id),
            "en" => Some(Locale::En),
            "he" | "iw" => Some(Locale::He),
            "hi" => Some(Locale::Hi),
            "ru" => Some(Locale::Ru),
            _ => None,
        }
    }

    /// Its tag, as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Locale::Id => "id",
            Locale::En => "en",
            Locale::He => "he",
            Locale::Hi => "hi",
            Locale::Ru => "ru",
        }
    }

    /// Whether it is written from right to left.
    pub fn is_right_to_left(self) -> bool {
        match self {
            Locale::He => true,
            Locale::Id | Locale::En | Locale::Hi | Locale::Ru => false,
        }
    }
}

mod kind {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use tollgate_core::effect::ReceiptKind;
    use tollgate_core::word::Word;

    pub(super) fn serialize<S: Serializer>(
        kind: &ReceiptKind,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.word())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ReceiptKind, D::Error> {
        let found = String::deserialize(deserializer)?;
        ReceiptKind::of(&found).ok_or_else(|| D::Error::custom("expected sale, refund or reversal"))
    }
}

/// Of a member that may be absent; one that is there is a kind.
mod maybe_kind {
    use serde::{Deserializer, Serializer};
    use tollgate_core::effect::ReceiptKind;

    pub(super) fn serialize<S: Serializer>(
        kind: &Option<ReceiptKind>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match kind {
            Some(kind) => super::kind::serialize(kind, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<ReceiptKind>, D::Error> {
        super::kind::deserialize(deserializer).map(Some)
    }
}

mod method_kind {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use tollgate_core::method::MethodKind;
    use tollgate_core::word::Word;

    pub(super) fn serialize<S: Serializer>(
        kind: &MethodKind,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.word())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<MethodKind, D::Error> {
        let found = String::deserialize(deserializer)?;
        MethodKind::of(&found).ok_or_else(|| D::Error::custom("expected a way to pay as card"))
    }
}

mod time {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use tollgate_core::time::Timestamp;

    pub(super) fn serialize<S: Serializer>(
        time: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let time = jiff::Timestamp::from_millisecond(time.as_millis());
        serializer.collect_str(&time.unwrap_or(jiff::Timestamp::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: Result<jiff::Timestamp, _> = text.parse();
        time.map(|time| Timestamp::from_millis(time.as_millisecond()))
            .map_err(|_| D::Error::custom("expected a time as 2026-01-22T10:00:00Z"))
    }
}

mod currency {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use tollgate_core::money::Currency;

    pub(super) fn serialize<S: Serializer>(
        currency: &Currency,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(currency.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Currency, D::Error> {
        let code = String::deserialize(deserializer)?;
        Currency::new(&code).ok_or_else(|| D::Error::custom("expected a currency as IDR"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every member, as it stands in databases.
    const EVERY: &str = r##"{"id":"rcp_1","number":"INV/2026/000042","kind":"refund","issued_at":"2026-11-21T10:00:00Z","timezone":"Asia/Jakarta","locale":"id","seller":{"name":"Batik"},"buyer":{"name":"Sari","address":"Jl. 2","tax_id":"02.3"},"lines":[],"discount_amount":0,"shipping_amount":0,"total_amount":950,"currency":"IDR","taxes":[],"amount":300,"payment":{"source":"midtrans","reference":"A-1-1","payment_id":"pay_1","method":{"kind":"virtual_account","detail":"BCA"}},"fonts":[{"name":"Noto Sans Thai","sha256":"0a"}],"part":{"before_amount":950,"left_amount":300,"lines_amount":316,"discount_amount":32,"shipping_amount":16,"beyond_amount":0},"reason":"torn","corrects":"reversal","look":{"colour":"#1b4b66","footer":"Terima kasih","logo_sha256":"00ff"}}"##;

    /// Every member of the first version, as it stands in databases.
    const WHOLE: &str = r#"{"id":"rcp_1","number":"R-2026-000042","kind":"refund","issued_at":"2026-11-21T10:00:00Z","timezone":"Asia/Jakarta","locale":"id","seller":{"name":"Batik","address":"Jl. Malioboro 1","tax_id":"01.2"},"buyer":{"name":"Sari","email":"s@shop.example","phone":"+62"},"order_code":"A-1","lines":[{"sku":"k","name":"Kain","quantity":2,"unit_amount":500,"amount":1000}],"discount_amount":100,"shipping_amount":50,"total_amount":950,"currency":"IDR","taxes":[{"name":"PPN","percent":"11","included":true,"amount":94}],"amount":950,"payment":{"source":"midtrans","reference":"A-1-1","provider_payment_id":"t-1","payment_id":"pay_1"},"verification_url":"https://shop.example/r/1","original_number":"R-2026-000041"}"#;

    #[test]
    fn what_was_frozen_is_read_and_written_unchanged() {
        let document: ReceiptDocument = serde_json::from_str(WHOLE).expect("it is a receipt");
        assert_eq!(
            serde_json::to_string(&document).expect("it can be written"),
            WHOLE
        );
    }

    #[test]
    fn what_later_versions_have_added_is_read_and_written_unchanged() {
        let document: ReceiptDocument = serde_json::from_str(EVERY).expect("it is a receipt");
        let again = serde_json::to_string(&document).expect("it can be written");
        assert_eq!(again, EVERY);
        for (from, to) in [
            ("virtual_account", "barter"),
            (r#""corrects":"reversal""#, r#""corrects":"gift""#),
            (r#""left_amount":300,"#, ""),
        ] {
            let text = EVERY.replacen(from, to, 1);
            assert_ne!(text, EVERY);
            serde_json::from_str::<ReceiptDocument>(&text).expect_err(to);
        }
    }

    #[test]
    fn what_has_nothing_to_say_is_absent() {
        let mut document: ReceiptDocument = serde_json::from_str(WHOLE).expect("it is a receipt");
        document.buyer = Buyer::default();
        document.order_code = None;
        document.verification_url = None;
        document.original_number = None;
        document.fonts = Vec::new();
        let text = serde_json::to_string(&document).expect("it can be written");
        assert!(text.contains(r#""buyer":{}"#), "{text}");
        assert!(!text.contains("null") && !text.contains("fonts"), "{text}");
        assert_eq!(
            serde_json::from_str::<ReceiptDocument>(&text).expect("it is a receipt"),
            document
        );
    }

    #[test]
    fn a_fee_is_mentioned_where_there_is_one() {
        let mut document: ReceiptDocument = serde_json::from_str(WHOLE).expect("it is a receipt");
        assert_eq!(document.fee_amount, 0);
        document.fee_amount = 5;
        let text = serde_json::to_string(&document).expect("it can be written");
        assert!(text.contains(r#""fee_amount":5,"amount":950"#), "{text}");
        let read: ReceiptDocument = serde_json::from_str(&text).expect("it is a receipt");
        assert_eq!(read, document);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (from, to) in [
            (r#""number""#, r#""nombre":1,"number""#),
            (r#""sku""#, r#""colour":"red","sku""#),
            ("refund", "gift"),
            ("2026-11-21T10:00:00Z", "2026-11-21"),
            (r#""locale":"id""#, r#""locale":"tlh""#),
            ("IDR", "rupiah"),
            (r#""percent":"11""#, r#""percent":"eleven""#),
        ] {
            let text = WHOLE.replacen(from, to, 1);
            assert_ne!(text, WHOLE);
            serde_json::from_str::<ReceiptDocument>(&text).expect_err(to);
        }
    }

    #[test]
    fn a_tag_finds_its_language() {
        for (tag, locale) in [
            ("id", Locale::Id),
            ("id-ID", Locale::Id),
            ("in", Locale::Id),
            ("en-GB", Locale::En),
            ("he-IL", Locale::He),
            ("iw", Locale::He),
            ("HI_in", Locale::Hi),
            ("ru-RU", Locale::Ru),
            ("fr", Locale::En),
            ("idx", Locale::En),
            ("", Locale::En),
        ] {
            assert_eq!(Locale::from_tag(tag), locale, "{tag}");
        }
        for locale in Locale::ALL {
            assert_eq!(Locale::from_tag(locale.as_str()), locale);
        }
    }
}
