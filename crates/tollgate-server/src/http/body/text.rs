//! Texts that keep a rule. Each rule has a name, which is the `format` of its schema; so the schema of a
//! body leads back to the rules that judge it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use tollgate_core::id::{EffectId, HoldId, PREFIXES, SlotId};
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;
use tollgate_providers::spelling::{breaks_the_line, composed, one_spelling};

/// What makes a text a good one.
pub(crate) trait Rule {
    /// Its name in schemas.
    const FORMAT: &'static str;
    /// What is wanted, for people.
    const WANTED: &'static str;
    /// A refusal may show the text.
    const IS_SHOWN: bool;
    /// The text in the form in which it is judged and kept.
    fn kept(text: &str) -> Cow<'_, str>;
    /// Whether it is a good one, in that form.
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

impl<R: Rule> fmt::Debug for Text<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match R::IS_SHOWN {
            true => self.0.fmt(f),
            false => f.write_str("…"),
        }
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
                let kept = R::kept(text);
                if R::allows(&kept) {
                    return Ok(Text(kept.into_owned(), PhantomData));
                }
                let found = match R::IS_SHOWN {
                    true => shown(text),
                    false => "this text".to_owned(),
                };
                Err(E::invalid_value(Unexpected::Other(&found), &self))
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
    ($(
        $(#[$doc:meta])*
        $name:ident as $rule:ident $(in $form:ident)?, $format:literal $($unshown:ident)?: $wanted:literal =
            $allows:expr, $keywords:tt;
    )*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            pub(crate) struct $rule;

            impl Rule for $rule {
                const FORMAT: &'static str = $format;
                const WANTED: &'static str = $wanted;
                const IS_SHOWN: bool = rules!(@is_shown $($unshown)?);

                fn kept(text: &str) -> Cow<'_, str> {
                    rules!(@kept text $($form)?)
                }

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
    (@is_shown) => { true };
    (@is_shown unshown) => { false };
    (@kept $text:ident) => { Cow::Borrowed($text) };
    (@kept $text:ident $form:ident) => { $form($text) };
}

rules! {
    /// The name of a source or shop, as the configuration has it.
    Name as NameRule, "name": "1 to 128 characters of A-Z a-z 0-9 . _ : + -" = is_name,
        { "pattern": NAME };
    /// A sku or a calendar's name, as the merchant's catalogue has it.
    CatalogueName as CatalogueNameRule in one_spelling, "catalogue-name":
        "1 to 128 characters without control or invisible ones, and without spaces at the ends" =
        is_catalogue_name, { "pattern": CATALOGUE, "not": { "type": "string", "pattern": DOTS }, "maxLength": COMPOSED_OF_MAX, "anyOf": [{ "maxLength": 128 }, { "pattern": COMPOSING }] };
    /// The merchant's code of an order.
    OrderCode as OrderCodeRule in one_spelling, "order-code":
        "1 to 128 characters without control or invisible ones, and without spaces at the ends, that do \
         not begin like an id" =
        |text| is_catalogue_name(text) && !begins_like_an_id(text),
        { "pattern": CATALOGUE, "not": { "type": "string", "pattern": format!("^({})_|{DOTS}", PREFIXES.join("|")) },
          "maxLength": COMPOSED_OF_MAX, "anyOf": [{ "maxLength": 128 }, { "pattern": COMPOSING }] };
    /// An order's id or code.
    OrderName as OrderNameRule in one_spelling, "order": "an order's id or code" = is_catalogue_name,
        { "pattern": CATALOGUE, "not": { "type": "string", "pattern": DOTS }, "maxLength": COMPOSED_OF_MAX, "anyOf": [{ "maxLength": 128 }, { "pattern": COMPOSING }] };
    /// The name by which a source knows a payment.
    Reference as ReferenceRule, "reference": "1 to 255 bytes without control characters" =
        |text| (1..=255).contains(&text.len()) && !text.chars().any(char::is_control),
        { "pattern": NO_CONTROL, "minLength": 1, "maxLength": 255 };
    /// Something short for people.
    Short as ShortRule, "short-text": "1 to 200 characters without control characters" =
        |text| (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control),
        { "pattern": NO_CONTROL, "minLength": 1, "maxLength": 200 };
    /// What people call a thing.
    Title as TitleRule in one_line, "title":
        "1 to 500 characters without control ones, but line breaks, which become spaces" =
        |text| (1..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control),
        { "pattern": SAYS_SOMETHING };
    /// A name, a mail address, a telephone number, as the customer gave it, or nothing.
    Particular as ParticularRule in one_line, "particular":
        "up to 500 characters without control ones, but line breaks, which become spaces" =
        |text| text.chars().count() <= 500 && !text.chars().any(char::is_control),
        { "pattern": NO_CONTROL_BUT_BREAKS };
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
        tollgate_core::timeline::is_filter, { "enum": filter_words() };
    /// A mail address, in small letters.
    MailAddress as MailAddressRule in small_letters, "email": "a mail address of up to 254 bytes" = is_mail_address,
        { "pattern": "^[^\\s@]{1,64}@[^\\s@]{1,128}$" };
    /// A new password.
    Password as PasswordRule in composed, "new-password" unshown:
        "12 to 128 characters without control ones" =
        |text| (12..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control),
        { "pattern": NO_CONTROL, "minLength": 12, "maxLength": 128 };
    /// A password as it was typed.
    TypedPassword as TypedPasswordRule in composed, "password" unshown: "1 to 250 characters" =
        |text| (1..=250).contains(&text.chars().count()), { "minLength": 1, "maxLength": 250 };
    /// The ticket of a link.
    WelcomeTicket as WelcomeTicketRule, "ticket" unshown: "1 to 100 characters" =
        |text| (1..=100).contains(&text.chars().count()), { "minLength": 1, "maxLength": 100 };
    /// A URL; whether it is called is judged where it is used.
    UrlText as UrlRule, "http-url" unshown: "a URL of up to 2048 bytes" =
        |text| (1..=2048).contains(&text.len()) && !text.contains('\0'),
        { "pattern": NO_NUL, "minLength": 1, "maxLength": 2048 };
}

const NAME: &str = "^[A-Za-z0-9._:+-]{1,128}$";
/// No control or invisible letters, and neither begins nor ends with a space.
const CATALOGUE: &str = "^[^ \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069\\u3164\\ufeff\\uffa0]\
    ([^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069\\u3164\\ufeff\\uffa0]*\
    [^ \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069\\u3164\\ufeff\\uffa0])?$";
/// Names that no path can have: what reads a URL takes them for folders.
const DOTS: &str = "^\\.{1,2}$";
/// The most characters that a catalogue's name may be typed in: no letter is composed of more than four.
const COMPOSED_OF_MAX: usize = 4 * 128;
/// What a letter may be composed with; without any of these a name has as many characters as it is typed in.
const COMPOSING: &str = "[\\u0300-\\u036f\\u0591-\\u05c7\\u0610-\\u06ed\\u0900-\\u0dff\\u0f71-\\u0fbc\\u102e\\u1100-\\u11ff\\u1b35\\u3099\\u309a\\ufb1e]";
const SAYS_SOMETHING: &str = "^[^\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u0084\\u0086-\\u009f]*[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029][^\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u0084\\u0086-\\u009f]*$";
const NO_CONTROL_BUT_BREAKS: &str =
    "^[^\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u0084\\u0086-\\u009f]*$";
const NO_CONTROL: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";
const NO_NUL: &str = "^[^\\u0000]*$";

/// Every filter that takes something: kinds, groups, and all.
fn filter_words() -> Vec<String> {
    let public = EntryKind::ALL.iter().filter(|kind| kind.is_public());
    let kinds = public.map(|kind| kind.word());
    let groups = kinds.clone().filter_map(|kind| kind.split_once('.'));
    let groups: BTreeSet<String> = groups.map(|(group, _)| format!("{group}.*")).collect();
    let all = std::iter::once("*".to_owned());
    all.chain(groups).chain(kinds.map(str::to_owned)).collect()
}

/// An id of one kind: its prefix and 26 letters of Crockford's base 32.
pub(crate) fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$")
}

/// A mail address as it is compared.
fn small_letters(text: &str) -> Cow<'_, str> {
    Cow::Owned(composed(text.trim()).to_lowercase())
}

/// Something before and behind an `@`; whether mail arrives there nobody asks.
fn is_mail_address(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || c == '@')
    };
    let parts = text.split_once('@');
    text.len() <= 254 && parts.is_some_and(|(user, host)| is_part(user) && is_part(host))
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
fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:+-".contains(&byte))
}

/// 1 to 128 characters that can be seen, with no space at the ends, in their one spelling. What a path cannot
/// name is none.
fn is_catalogue_name(text: &str) -> bool {
    let is_inner = |letter: char| !letter.is_control() && !is_invisible(letter);
    (1..=128).contains(&text.chars().count())
        && text.chars().all(is_inner)
        && text.trim() == text
        && !matches!(text, "." | "..")
}

/// A letter that shows nothing and says nothing. Joiners are none of them: scripts are written with them.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
    )
}

/// A sku or calendar as a path or a query names it, in its one spelling.
pub(crate) fn catalogue_name(text: &str) -> Option<String> {
    let kept = CatalogueNameRule::kept(text);
    CatalogueNameRule::allows(&kept).then(|| kept.into_owned())
}

/// An order's code as a path or a query names it, in its one spelling.
pub(crate) fn order_code(text: &str) -> Option<String> {
    let kept = OrderCodeRule::kept(text);
    OrderCodeRule::allows(&kept).then(|| kept.into_owned())
}

/// Line breaks become spaces.
fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(breaks_the_line) {
        return Cow::Borrowed(text);
    }
    let lines = text.split(breaks_the_line).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    Cow::Owned(lines.join(" "))
}

/// A text as a refusal shows it: cut to what is read at a glance, what cannot be seen written out.
pub(crate) fn shown(text: &str) -> String {
    const LETTERS_MAX: usize = 60;
    let length = text.chars().count();
    if length <= LETTERS_MAX {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(LETTERS_MAX).collect();
    format!("{head:?}… ({length} characters)")
}

/// The text begins with the prefix of an id.
fn begins_like_an_id(text: &str) -> bool {
    text.split_once('_')
        .is_some_and(|(prefix, _)| PREFIXES.contains(&prefix))
}
