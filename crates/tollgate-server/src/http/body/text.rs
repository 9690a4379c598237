//! Texts that keep a rule. Each rule has a name, which is the `format` of its schema; so the schema of a
//! body leads back to the rules that judge it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use tollgate_core::id::{EffectId, HoldId, PREFIXES, SlotId};

/// What makes a text a good one.
pub(crate) trait Rule {
    /// Its name in schemas.
    const FORMAT: &'static str;
    /// What is wanted, for people.
    const WANTED: &'static str;
    /// Whether it is.
    fn allows(text: &str) -> bool;
    /// What a schema can say of it, for clients and those who make examples.
    fn keywords() -> Value;
}

/// A text that keeps a rule.
pub(crate) struct Text<R>(pub(crate) String, PhantomData<R>);

impl<R> Text<R> {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<R> Clone for Text<R> {
    fn clone(&self) -> Text<R> {
        Text(self.0.clone(), PhantomData)
    }
}

impl<R> fmt::Debug for Text<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<R> Serialize for Text<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, R: Rule> Deserialize<'de> for Text<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<R>(PhantomData<R>);

        impl<R: Rule> Visitor<'_> for Reader<R> {
            type Value = Text<R>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(R::WANTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<R>, E> {
                if R::allows(text) {
                    return Ok(Text(text.to_owned(), PhantomData));
                }
                Err(E::invalid_value(Unexpected::Other("this text"), &self))
            }
        }

        deserializer.deserialize_str(Reader(PhantomData))
    }
}

impl<R: Rule> JsonSchema for Text<R> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        R::FORMAT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "type": "string", "format": R::FORMAT });
        let Value::Object(keywords) = R::keywords() else {
            return schema;
        };
        for (name, value) in keywords {
            schema.insert(name, value);
        }
        schema
    }
}

/// Judges the text of a JSON value by the type that reads it.
pub(super) type Judge = fn(&str) -> Result<(), serde_json::Error>;

/// A judge by a type.
pub(super) fn judge<T: for<'de> Deserialize<'de>>(text: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<T>(text).map(drop)
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident as $rule:ident, $format:literal: $wanted:literal = $allows:expr, $keywords:tt;)*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            pub(crate) struct $rule;

            impl Rule for $rule {
                const FORMAT: &'static str = $format;
                const WANTED: &'static str = $wanted;

                fn allows(text: &str) -> bool {
                    let allows: fn(&str) -> bool = $allows;
                    allows(text)
                }

                fn keywords() -> Value {
                    serde_json::json!($keywords)
                }
            }

            $(#[$doc])*
            pub(crate) type $name = Text<$rule>;
        )*

        /// The rule of each format.
        pub(super) const TEXTS: &[(&str, Judge)] = &[$(($format, judge::<$name>)),*];
    };
}

rules! {
    /// The name of a sku, source or calendar.
    Name as NameRule, "name": "1 to 128 characters of A-Z a-z 0-9 . _ : + -" = is_name,
        { "pattern": NAME };
    /// The merchant's code of an order.
    OrderCode as OrderCodeRule, "order-code":
        "1 to 128 characters of A-Z a-z 0-9 . _ : + - that do not begin like an id" =
        |text| is_name(text) && !begins_like_an_id(text),
        { "pattern": NAME, "not": { "pattern": format!("^({})_", PREFIXES.join("|")) } };
    /// An order's id or code.
    OrderName as OrderNameRule, "order": "an order's id or code" = is_name,
        { "pattern": NAME };
    /// The name by which a source knows a payment.
    Reference as ReferenceRule, "reference": "1 to 255 bytes without control characters" =
        |text| (1..=255).contains(&text.len()) && !text.chars().any(char::is_control),
        { "pattern": NO_CONTROL, "minLength": 1, "maxLength": 255 };
    /// Something short for people.
    Short as ShortRule, "short-text": "1 to 200 characters without control characters" =
        |text| (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control),
        { "pattern": NO_CONTROL, "minLength": 1, "maxLength": 200 };
    /// Something short for people, or nothing.
    Maybe as MaybeRule, "short-text-or-empty": "up to 200 characters without control characters" =
        |text| text.chars().count() <= 200 && !text.chars().any(char::is_control),
        { "pattern": NO_CONTROL, "maxLength": 200 };
    /// Something longer for people.
    Note as NoteRule, "note": "up to 500 characters without NUL" =
        |text| text.chars().count() <= 500 && !text.contains('\0'),
        { "pattern": NO_NUL, "maxLength": 500 };
    /// Something longer for people, which has to be said.
    Statement as StatementRule, "statement": "1 to 500 characters without NUL" =
        |text| (1..=500).contains(&text.chars().count()) && !text.contains('\0'),
        { "pattern": NO_NUL, "minLength": 1, "maxLength": 500 };
    /// Three letters of ISO 4217; whether the standard knows them is asked later.
    CurrencyCode as CurrencyRule, "currency": "three letters" =
        |text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()),
        { "pattern": "^[A-Za-z]{3}$" };
    /// A hold's id.
    HoldName as HoldNameRule, "hold-id": "a hold's id" = |text| text.parse::<HoldId>().is_ok(),
        { "pattern": id_pattern(HoldId::PREFIX) };
    /// A slot's id.
    SlotName as SlotNameRule, "slot-id": "a slot's id" = |text| text.parse::<SlotId>().is_ok(),
        { "pattern": id_pattern(SlotId::PREFIX) };
    /// An effect's id.
    EffectName as EffectNameRule, "effect-id": "an effect's id" =
        |text| text.parse::<EffectId>().is_ok(), { "pattern": id_pattern(EffectId::PREFIX) };
    /// A time of day.
    TimeOfDay as TimeOfDayRule, "time-of-day": "a time of day as 09:30" =
        |text| has_form(text, "00:00") && text.parse::<jiff::civil::Time>().is_ok(),
        { "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" };
    /// A date.
    Date as DateRule, "date": "a date as 2026-12-25" =
        |text| has_form(text, "0000-00-00") && text.parse::<jiff::civil::Date>().is_ok(),
        { "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" };
    /// A time zone.
    TimeZoneName as TimeZoneRule, "time-zone": "a time zone as Europe/Moscow" =
        |text| text.len() <= 64 && jiff::tz::TimeZone::get(text).is_ok(), { "maxLength": 64 };
    /// The kinds of entries an endpoint wants.
    FilterWord as FilterRule, "event-filter": "a type as order.paid, a group as order.*, or *" =
        tollgate_core::timeline::is_filter, { "examples": ["order.paid", "order.*", "*"] };
    /// A URL; whether it is called is judged where it is used.
    UrlText as UrlRule, "http-url": "a URL of up to 2048 bytes" =
        |text| (1..=2048).contains(&text.len()) && !text.contains('\0'),
        { "pattern": NO_NUL, "minLength": 1, "maxLength": 2048 };
}

const NAME: &str = "^[A-Za-z0-9._:+-]{1,128}$";
const NO_CONTROL: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";
const NO_NUL: &str = "^[^\\u0000]*$";

/// An id of one kind: its prefix and 26 letters of Crockford's base 32.
fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$")
}

/// The text has digits where the form has them, and the form's own characters elsewhere.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                _ => byte == form,
            })
}

/// 1 to 128 characters of `[A-Za-z0-9._:+-]`.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:+-".contains(&byte))
}

/// The text begins with the prefix of an id.
pub(crate) fn begins_like_an_id(text: &str) -> bool {
    text.split_once('_')
        .is_some_and(|(prefix, _)| PREFIXES.contains(&prefix))
}
