//! Schemas and what reads bodies say the same.

use std::collections::BTreeSet;

use regex_lite::Regex;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::text::TEXTS;
use super::*;

/// Texts that one rule or another takes or refuses.
const TEXTS_TRIED: &[&str] = &[
    "",
    "A",
    "a b",
    "A:1+x-y._",
    "é",
    "e\u{301}",
    "SHIRT/M #2",
    " a",
    "a ",
    "a\u{a0}b",
    "\u{a0}",
    ".",
    "..",
    "a\u{200b}b",
    "\u{3164}",
    "a\u{202e}b",
    "\u{915}\u{94d}\u{200d}\u{937}",
    "\n",
    "\u{2028}",
    " ",
    "two\r\nlines",
    "tab\there",
    "nul\0",
    "del\u{7f}",
    "\u{85}",
    "ord_1",
    "ordinary_1",
    "IDR",
    "idr",
    "ID",
    "09:30",
    "9:30",
    "T0930",
    "09+01",
    "24:00",
    "2026-12-25",
    "2026-1-25",
    "+020261225",
    "20261225  ",
    "hld_01j5h5q2rsfzk9n8x0t3q4w5e6",
    "slt_01j5h5q2rsfzk9n8x0t3q4w5e6",
    "eff_01j5h5q2rsfzk9n8x0t3q4w5e6",
    "hld_01j5h5q2rsfzk9n8x0t3q4w5el",
    "hld_81j5h5q2rsfzk9n8x0t3q4w5e6",
    "line\nfeed",
    "https://shop.example/hook",
    "https://k\u{f6}ln.example/hook",
];

/// Whether a schema's keywords allow a text.
fn keywords_allow(schema: &Value, text: &str) -> bool {
    let length = text.chars().count() as u64;
    let matches = |pattern: &Value| {
        pattern.as_str().is_none_or(|pattern| {
            let pattern = Regex::new(pattern).expect("it is a pattern");
            pattern.is_match(text)
        })
    };
    schema["minLength"]
        .as_u64()
        .is_none_or(|least| least <= length)
        && schema["maxLength"]
            .as_u64()
            .is_none_or(|most| length <= most)
        && matches(&schema["pattern"])
        && (schema["not"].is_null() || !matches(&schema["not"]["pattern"]))
}

/// A rule and the schema that documents it, over texts of each kind and of lengths around their bounds.
fn check_rule<R: Rule>() {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let schema = Text::<R>::json_schema(&mut generator).to_value();
    let long =
        [128, 129, 200, 201, 255, 256, 500, 501, 2048, 2049].map(|length| "x".repeat(length));
    let tried = TEXTS_TRIED.iter().copied();
    for text in tried.chain(long.iter().map(String::as_str)) {
        if R::allows(&R::kept(text)) {
            assert!(keywords_allow(&schema, text), "{}: {text:?}", R::FORMAT);
        }
    }
}

/// What a rule takes its schema allows: a client that validates by the schema refuses no valid text.
#[test]
fn a_schema_allows_what_its_rule_takes() {
    check_rule::<NameRule>();
    check_rule::<CatalogueNameRule>();
    check_rule::<OrderCodeRule>();
    check_rule::<OrderNameRule>();
    check_rule::<ReferenceRule>();
    check_rule::<ShortRule>();
    check_rule::<TitleRule>();
    check_rule::<ParticularRule>();
    check_rule::<MaybeRule>();
    check_rule::<NoteRule>();
    check_rule::<StatementRule>();
    check_rule::<CurrencyRule>();
    check_rule::<HoldNameRule>();
    check_rule::<SlotNameRule>();
    check_rule::<EffectNameRule>();
    check_rule::<TimeOfDayRule>();
    check_rule::<DateRule>();
    check_rule::<TimeZoneRule>();
    check_rule::<FilterRule>();
    check_rule::<UrlRule>();
}

/// Rules without a pattern are looser in their schema; those with one are not.
#[test]
fn a_pattern_refuses_what_its_rule_refuses() {
    fn check<R: Rule>() {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        let schema = Text::<R>::json_schema(&mut generator).to_value();
        for text in TEXTS_TRIED {
            let allowed = keywords_allow(&schema, text);
            assert_eq!(
                allowed,
                R::allows(&R::kept(text)),
                "{}: {text:?}",
                R::FORMAT
            );
        }
    }
    check::<NameRule>();
    check::<CatalogueNameRule>();
    check::<OrderCodeRule>();
    check::<OrderNameRule>();
    check::<ReferenceRule>();
    check::<ShortRule>();
    check::<TitleRule>();
    check::<ParticularRule>();
    check::<MaybeRule>();
    check::<NoteRule>();
    check::<StatementRule>();
    check::<CurrencyRule>();
    check::<HoldNameRule>();
    check::<SlotNameRule>();
    check::<EffectNameRule>();
    check::<TimeOfDayRule>();
    check::<UrlRule>();
}

/// A refused value is shown as it came: short, and with what cannot be seen written out. A URL is not: it may
/// have a password in it.
#[test]
fn a_refusal_shows_the_value_and_the_bound() {
    let refused = |judge: Result<(), String>| judge.expect_err("it is refused");
    fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<(), String> {
        let json = serde_json::to_string(text).expect("a text");
        let read = serde_json::from_str::<T>(&json).map(drop);
        read.map_err(|error| error.to_string())
    }
    let hidden = refused(read::<CatalogueName>("a\u{200b}b"));
    assert!(
        hidden.contains(r#""a\u{200b}b", expected 1 to 128"#),
        "{hidden}"
    );
    let long = refused(read::<Title>(&"n".repeat(612)));
    let cut = format!("{:?}… (612 characters), expected 1 to 500", "n".repeat(60));
    assert!(long.contains(&cut), "{long}");
    let time = refused(read::<Time>("tomorrow at line 3"));
    assert!(
        time.contains(r#""tomorrow at line 3", expected a time"#),
        "{time}"
    );
    let url = refused(read::<UrlText>(&format!(
        "https://u:secret@h/{}",
        "x".repeat(2048)
    )));
    assert!(!url.contains("secret"), "{url}");
}

#[test]
fn a_text_is_kept_in_one_spelling_and_in_one_line() {
    let sku = |text: &str| catalogue_name(text);
    assert_eq!(sku("cafe\u{301}/2 #b"), Some("caf\u{e9}/2 #b".to_owned()));
    assert_eq!(
        sku(&"\u{1112}\u{1161}\u{11ab}".repeat(128)),
        Some("\u{d55c}".repeat(128))
    );
    assert_eq!(sku(&"\u{d55c}".repeat(129)), None);
    assert_eq!(order_code("ord_1"), None);
    assert_eq!(order_code("Заказ №7"), Some("Заказ №7".to_owned()));
    let title: Title = serde_json::from_str(r#""Shirt,\r\n  blue\tL\n""#).expect("it is one");
    assert_eq!(title.as_str(), "Shirt, blue L");
}

/// A struct is no list, at any depth: otherwise the order of members would be a part of the API.
#[test]
fn a_list_is_no_object() {
    assert_eq!(
        refused("[1]"),
        [(
            String::new(),
            "invalid",
            "found a list, expected an object".to_owned()
        )]
    );
    for text in [
        r#"[1,null,null]"#,
        r#"{"amount":1,"rows":[["2026-01-22T10:00:00Z"]]}"#,
    ] {
        assert!(read::<Sample>(text.as_bytes()).is_err(), "{text}");
    }
    let row = r#"{"amount":1,"rows":[["2026-01-22T10:00:00Z"]]}"#;
    assert_eq!(
        refused(row),
        [(
            "/rows/0".to_owned(),
            "invalid",
            "found a list, expected an object".to_owned()
        )]
    );
    assert!(read::<Sample>(br#"{"amount":1,"rows":[{"at":"2026-01-22T10:00:00Z"}]}"#).is_ok());
}

#[test]
fn a_format_names_one_rule() {
    let formats: BTreeSet<&str> = TEXTS.iter().map(|(format, _)| *format).collect();
    assert_eq!(formats.len(), TEXTS.len());
    assert!(!formats.contains(metadata::FORMAT) && !formats.contains(time::FORMAT));
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Sample {
    amount: Amount,
    name: Option<Name>,
    rows: Option<List<Row, 1, 2>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Row {
    at: Time,
}

impl Body for Sample {}

fn refused(text: &str) -> Vec<(String, &'static str, String)> {
    let errors = places::wrong_places::<Sample>(text);
    let refused = errors.into_iter();
    refused
        .map(|error| (error.pointer, error.code, error.detail))
        .collect()
}

#[test]
fn every_place_is_reported_with_what_is_wanted_there() {
    assert_eq!(refused(r#"{"amount":1,"name":null,"rows":null}"#), []);
    let wanted = "a whole number from 0 to 9007199254740991";
    assert_eq!(
        refused(r#"{"amount":1.0,"name":"x y","rows":[{},{"at":1},{}],"a/b":1,"name":"y"}"#),
        [
            ("/a~1b", "unknown_member", String::new()),
            ("/name", "invalid", "it stands twice".to_owned()),
            (
                "/amount",
                "invalid",
                format!("invalid type: floating point `1.0`, expected {wanted}")
            ),
            (
                "/name",
                "invalid",
                format!("invalid value: \"x y\", expected {}", NameRule::WANTED)
            ),
            (
                "/rows",
                "invalid",
                "found 3 elements, expected 1 to 2".to_owned()
            ),
            ("/rows/0/at", "missing", String::new()),
            (
                "/rows/1/at",
                "invalid",
                format!(
                    "invalid type: integer `1`, expected {}",
                    crate::time_text::WANTED
                )
            ),
            ("/rows/2/at", "missing", String::new()),
        ]
        .map(|(pointer, code, detail)| (pointer.to_owned(), code, detail))
    );
}

/// What a schema of a body says is what clients are given of it.
#[test]
fn a_schema_has_the_members_their_bounds_and_what_must_be_there() {
    let settings = SchemaSettings::draft2020_12();
    let schema = settings.into_generator().into_root_schema_for::<Sample>();
    let schema = schema.to_value();
    assert_eq!(schema["required"], json!(["amount"]));
    assert_eq!(
        schema["properties"]["amount"],
        json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": 9_007_199_254_740_991_i64 })
    );
    assert_eq!(schema["properties"]["rows"]["maxItems"], 2);
    assert_eq!(schema["additionalProperties"], false);
}
