//! What bodies are taken and refused, and what their fingerprints are.

use super::capacity::request::*;
use super::effects::request::*;
use super::endpoints::request::*;
use super::events::request::*;
use super::keys::request::*;
use super::orders::request::*;
use super::payments::request::*;
use super::session::request::*;
use super::stream::request::*;
use super::users::request::*;
use crate::http::body::*;
use crate::http::reply::List;

const ORDER: &str = r#"{"currency":"IDR","lines":[{"sku":"A","quantity":2,"unit_amount":5}]}"#;

fn order(text: &str) -> OrderBody {
    read(text.as_bytes()).unwrap_or_else(|problem| panic!("{text}: {problem:?}"))
}

fn pointers<T: Body>(text: &str) -> Vec<String> {
    let Err(problem) = read::<T>(text.as_bytes()) else {
        panic!("{text} was taken")
    };
    let context = crate::http::problem::ResponseContext {
        request_id: String::new(),
        origin: None,
        language: tollgate_outbound::language::Language::English,
    };
    let answer = problem.answer(&context);
    let document: serde_json::Value = serde_json::from_slice(&answer.body).expect("it is JSON");
    assert_eq!(document["code"], "request_invalid");
    let errors = document["errors"].as_array().expect("it is a list");
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap_or("?").to_owned())
        .collect()
}

#[test]
fn all_places_are_named_at_once() {
    let text = r#"{"currency":"IDR","shiping_amount":1,"discount_amount":-1,
            "lines":[{"sku":"A","quantity":0,"unit_amount":9007199254740992},
                     {"quantity":1.0,"unit_amount":5,"sku":"x ","colour":"red"}],
            "customer":{"name":3},"hold_seconds":5,"metadata":[],"slot":{"calendar":7}}"#;
    let mut found = pointers::<OrderBody>(text);
    found.sort();
    assert_eq!(
        found,
        [
            "/customer/name",
            "/discount_amount",
            "/hold_seconds",
            "/lines/0/quantity",
            "/lines/0/unit_amount",
            "/lines/1/colour",
            "/lines/1/quantity",
            "/lines/1/sku",
            "/metadata",
            "/shiping_amount",
            "/slot/calendar",
        ]
    );
}

#[test]
fn what_is_no_amount_is_refused_with_its_place() {
    for amount in [
        "-1",
        "1.0",
        "1e3",
        "\"5\"",
        "9007199254740992",
        "null",
        "true",
        "[1]",
    ] {
        let text = ORDER.replace(":5", &format!(":{amount}"));
        assert_eq!(
            pointers::<OrderBody>(&text),
            ["/lines/0/unit_amount"],
            "{amount}"
        );
    }
    for quantity in ["0", "-2", "1.5", "9007199254740992"] {
        let text = ORDER.replace(":2", &format!(":{quantity}"));
        assert_eq!(
            pointers::<OrderBody>(&text),
            ["/lines/0/quantity"],
            "{quantity}"
        );
    }
    order(&ORDER.replace(":5", ":9007199254740991"));
    order(&ORDER.replace(":5", ":0"));
}

#[test]
fn a_code_that_begins_like_an_id_is_refused() {
    for code in ["ord_1", "pay_x", "", " a", "é\u{202e}", ".."] {
        let code = serde_json::json!(code);
        let text = ORDER.replacen('{', &format!("{{\"code\":{code},"), 1);
        assert_eq!(pointers::<OrderBody>(&text), ["/code"], "{code}");
    }
}

#[test]
fn missing_members_and_no_json_are_reported() {
    let mut missing = pointers::<OrderBody>("{}");
    missing.sort();
    assert_eq!(missing, ["/currency", "/lines"]);
    assert_eq!(pointers::<OrderBody>("[1"), [""]);
    assert_eq!(pointers::<OrderBody>("[]"), [""]);
    assert_eq!(
        pointers::<OrderBody>(r#"{"currency":"IDR","currency":"IDR","lines":[]}"#),
        ["/currency"]
    );
    let twice = ORDER.replace(":5", r#":5,"sku":"B""#);
    assert_eq!(pointers::<OrderBody>(&twice), ["/lines/0/sku"]);
    let huge = ORDER.replace(":5", ":1e400");
    assert_eq!(pointers::<OrderBody>(&huge), ["/lines/0/unit_amount"]);
    assert_eq!(pointers::<ReasonlessBody>(r#"{"x":1}"#), ["/x"]);
}

#[test]
fn the_fingerprint_knows_no_order_of_members_and_no_defaults() {
    let fingerprint_of = |text: &str| fingerprint(&[], &order(text));
    let plain = fingerprint_of(ORDER);
    for same in [
        r#"{"lines":[{"unit_amount":5,"quantity":2,"sku":"A"}],"currency":"IDR"}"#,
        r#"{"currency":"IDR","discount_amount":0,"shipping_amount":0,"hold_seconds":900,
                "metadata":{},"customer":{},"slot":null,
                "lines":[{"sku":"\u0041","quantity":2,"unit_amount":5,"stocked":true}]}"#,
    ] {
        assert_eq!(fingerprint_of(same), plain, "{same}");
    }
    let with = |metadata: &str| {
        fingerprint_of(&ORDER.replacen('{', &format!("{{\"metadata\":{metadata},"), 1))
    };
    assert_eq!(with(r#"{"a":1,"b":2}"#), with(r#"{ "b":2, "a":1 }"#));
    assert_ne!(with(r#"{"a":1}"#), with(r#"{"a":2}"#));
    assert_ne!(with(r#"{"a":1}"#), plain);
    assert_ne!(fingerprint_of(&ORDER.replace(":5", ":6")), plain);
    assert_ne!(fingerprint(&["ab", "c"], &0), fingerprint(&["a", "bc"], &0));
}

#[test]
fn metadata_that_has_no_tree_is_refused_and_what_only_looks_so_is_taken() {
    let with = |metadata: &str| ORDER.replacen('{', &format!("{{\"metadata\":{metadata},"), 1);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for metadata in [
        r#"{"a":1e400}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":"\u0000"}"#,
        r#"{"\u0000":1}"#,
        r#"{"a":[{"b":"x\u0000"}]}"#,
        "[]",
        &deep,
    ] {
        assert_eq!(
            pointers::<OrderBody>(&with(metadata)),
            ["/metadata"],
            "{metadata}"
        );
    }
    for metadata in [
        r#"{"a":"\\u0000"}"#,
        r#"{"a":"{}"}"#,
        r#"{"a":"\ud83d\ude00"}"#,
    ] {
        assert_ne!(
            fingerprint(&[], &order(&with(metadata))),
            fingerprint(&[], &order(ORDER)),
            "{metadata}"
        );
    }
}

#[test]
fn nothing_may_stand_for_a_default() {
    let hold = read::<HoldBody>(br#"{"lines":null,"slot":{"calendar":"k","units":1}}"#);
    assert!(hold.is_ok(), "{hold:?}");
    let calendar = br#"{"unit":"orders","capacity":1,"closed":null,"weekly":null}"#;
    assert!(read::<CalendarBody>(calendar).is_ok());
    assert!(read::<ReplayBody>(br#"{"filter":{},"dry_run":null}"#).is_ok());
}

#[test]
fn parts_that_do_not_go_together_are_named_with_everything_else() {
    let text = r#"{"currency":"IDR","hold":"hld_1","lines":[{"sku":"A","quantity":1}],
            "slot":{"slot_id":"x","calendar":"k"}}"#;
    let mut found = pointers::<OrderBody>(text);
    found.sort();
    let all = ["/hold", "/lines/0/unit_amount", "/slot", "/slot/slot_id"];
    assert_eq!(found, all);
    let slot = ORDER.replacen('{', r#"{"slot":{},"#, 1);
    assert_eq!(pointers::<OrderBody>(&slot), ["/slot"]);
    let many = vec![r#"{"sku":"A","quantity":1,"unit_amount":5}"#; 201].join(",");
    let many = format!(r#"{{"currency":"IDR","slot":{{}},"lines":[{many}]}}"#);
    assert_eq!(pointers::<OrderBody>(&many), ["/lines", "/slot"]);
    assert_eq!(pointers::<HoldBody>("{}"), [""]);
    let alone = r#"{"source":"s","reference":"r","expires_at":"soon"}"#;
    let mut found = pointers::<PaymentBody>(alone);
    found.sort();
    assert_eq!(found, ["/amount", "/currency", "/expires_at"]);
    let of_order = r#"{"source":"s","reference":"r","order":"A","metadata":{}}"#;
    assert_eq!(pointers::<PaymentBody>(of_order), ["/metadata"]);
    let filter = r#"{"filter":{"state":"x","outcome":"y"},"per_second":0}"#;
    let mut found = pointers::<ReplayBody>(filter);
    found.sort();
    assert_eq!(found, ["/filter/outcome", "/filter/state", "/per_second"]);
}

#[test]
fn an_order_too_large_to_be_answered_is_refused() {
    let line =
        |name: &str| format!(r#"{{"sku":"A","name":"{name}","quantity":1,"unit_amount":5}}"#);
    let lines = |count: usize, name: &str| {
        let lines = vec![line(name); count].join(",");
        format!(r#"{{"currency":"IDR","lines":[{lines}]}}"#)
    };
    order(&lines(200, &"n".repeat(100)));
    assert_eq!(
        pointers::<OrderBody>(&lines(200, &"é".repeat(200))),
        ["/lines"]
    );
    assert_eq!(
        pointers::<OrderBody>(&lines(200, &"\\\\".repeat(150))),
        ["/lines"]
    );
}

#[test]
fn an_empty_text_about_the_customer_is_none() {
    let with = ORDER.replacen('{', r#"{"customer":{"name":"","phone":""},"#, 1);
    assert_eq!(
        fingerprint(&[], &order(&with)),
        fingerprint(&[], &order(ORDER))
    );
    let customer = CustomerBody::customer(order(&with).customer);
    assert_eq!(customer, tollgate_core::order::Customer::default());
}

/// Reads a body, and says what is wrong with it.
type Reads = fn(&[u8]) -> Result<(), String>;

/// Every body there is, by its schema as places are looked for in it, and who reads it.
fn bodies() -> Vec<(&'static str, serde_json::Value, Reads)> {
    fn taken<T: Body>(bytes: &[u8]) -> Result<(), String> {
        read::<T>(bytes)
            .map(drop)
            .map_err(|problem| format!("{problem:?}"))
    }
    fn schema<T: Body>() -> serde_json::Value {
        let mut settings = schemars::generate::SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        let schema = settings.into_generator().into_root_schema_for::<T>();
        schema.to_value()
    }
    macro_rules! bodies {
        ($($body:ty,)*) => { vec![$((stringify!($body), schema::<$body>(), taken::<$body> as Reads)),*] };
    }
    bodies![
        ReasonlessBody,
        OrderBody,
        OrderChangeBody,
        ResolveBody,
        PaymentBody,
        PaymentChangeBody,
        CaptureBody,
        RefundBody,
        StockBody,
        StocksBody,
        AdjustBody,
        HoldBody,
        CalendarBody,
        SlotsBody,
        SettleBody,
        RetryBody,
        EndpointBody,
        EndpointChangeBody,
        ReplayBody,
        KeyBody,
        KeyChangeBody,
        RotateBody,
        UserBody,
        FirstUserBody,
        UserChangeBody,
        PasswordBody,
        SignInBody,
        TicketBody,
    ]
}

/// A leaf without a check would accept anything until it is read.
#[test]
fn every_member_of_a_body_has_a_judge() {
    fn check(schema: &serde_json::Value, at: &str) {
        let schema = without_null(schema);
        if schema["additionalProperties"] == serde_json::Value::Bool(false) {
            for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                check(member, &format!("{at}/{name}"));
            }
        } else if let Some(items) = schema.get("items") {
            assert!(schema["maxItems"].is_u64(), "{at} has no bound");
            check(items, &format!("{at}/*"));
        } else {
            assert!(has_judge(schema), "nothing checks {at}: {schema}");
        }
    }
    let bodies = bodies();
    for (name, schema, _) in &bodies {
        check(schema, name);
    }
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let nouns = std::fs::read_dir(source.join("api")).expect("it is a folder");
    let requests = nouns.map(|noun| noun.expect("it is there").path().join("request.rs"));
    let declared: usize = requests
        .chain([source.join("http/body/mod.rs")])
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .map(|text| text.matches("impl Body for ").count())
        .sum();
    assert_eq!(declared, bodies.len(), "a body is not looked at here");
}

/// The API's description shows them to everybody.
#[test]
fn the_example_of_a_body_is_taken() {
    for (name, schema, taken) in bodies() {
        let example = &schema["examples"][0];
        if name != "ReasonlessBody" {
            assert!(example.is_object(), "{name} has no example");
            assert_eq!(taken(example.to_string().as_bytes()), Ok(()), "{name}");
        }
    }
}

/// What goes together by nobody's count is told with its place, and not only that it does not.
#[test]
fn what_does_not_go_together_has_a_place() {
    let twice = r#"{"slots":[{"starts_at":"2026-01-22T10:00:00Z","ends_at":"2026-01-22T11:00:00Z"},
                             {"starts_at":"2026-01-22T10:00:00Z","ends_at":"2026-01-22T11:00:00Z"}]}"#;
    assert_eq!(pointers::<SlotsBody>(twice), ["/slots/1/starts_at"]);
    let late =
        r#"{"slots":[{"starts_at":"2026-01-22T10:00:00Z","ends_at":"2026-03-22T11:00:00Z"}]}"#;
    assert_eq!(pointers::<SlotsBody>(late), ["/slots/0/ends_at"]);
    let hours = r#"{"unit":"orders","capacity":1,"weekly":[{"days":["mon"],"opens":"09:00","closes":"10:00"}]}"#;
    assert_eq!(pointers::<CalendarBody>(hours), ["/slot_minutes"]);
    let slot = r#"{"slot":{"calendar":"k","slot_id":"slt_01j5h5q2rsfzk9n8x0t3q4w5e6","units":1}}"#;
    assert_eq!(pointers::<HoldBody>(slot), ["/slot"]);
}

/// docs/api.md: a refund names up to 200 skus that came back.
#[test]
fn lists_have_the_lengths_that_are_documented() {
    let refund = |count: usize| {
        let lines = vec![r#"{"sku":"A","quantity":1}"#; count].join(",");
        format!(r#"{{"amount":1,"restock":[{lines}]}}"#)
    };
    assert!(read::<RefundBody>(refund(200).as_bytes()).is_ok());
    assert_eq!(pointers::<RefundBody>(&refund(201)), ["/restock"]);
    assert_eq!(
        pointers::<KeyBody>(r#"{"name":"n","scopes":[]}"#),
        ["/scopes"]
    );
}

/// Every view can be described as it is written: each of its members by something, and what is always there
/// as required.
#[test]
fn every_view_has_a_schema() {
    fn schema<T: schemars::JsonSchema>() -> serde_json::Value {
        let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
        settings
            .into_generator()
            .into_root_schema_for::<T>()
            .to_value()
    }
    macro_rules! schemas {
        ($($view:ty,)*) => { [$((stringify!($view), schema::<$view>())),*] };
    }
    let views = schemas![
        List<super::orders::OrderView<'_>>,
        super::payments::PaymentView<'_>,
        super::payments::checked::CheckedView<'_>,
        super::payments::response::RefundView<'_>,
        super::capacity::HoldView<'_>,
        super::capacity::response::StockView<'_>,
        super::capacity::response::AdjustmentView<'_>,
        super::capacity::response::CalendarView<'_>,
        super::capacity::response::SlotView,
        super::events::response::EventView<'_>,
        super::events::response::DeliveryView<'_>,
        super::events::response::ReplayView,
        super::effects::response::EffectView<'_>,
        super::effects::response::RetriedView,
        super::endpoints::response::EndpointView<'_>,
        super::endpoints::response::EndpointTestView<'_>,
        super::keys::response::KeyView<'_>,
        super::errors::response::RecordedErrorView<'_>,
        super::errors::response::ErrorStatsView<'_>,
        super::stats::response::StatsView<'_>,
        super::sources::response::SourceView<'_>,
        super::users::response::UserView<'_>,
        super::session::response::SessionView<'_>,
        super::audit::response::AuditView<'_>,
        super::receipts::response::ReceiptView,
        super::receipts::response::PublicReceipt,
        super::search::response::HitView,
        super::orders::TimelineView<'_>,
        crate::report::ReportView<'_>,
    ];
    for (name, schema) in &views {
        let members = schema["properties"].as_object();
        let members = members.unwrap_or_else(|| panic!("{name} has members: {schema}"));
        assert!(!members.is_empty(), "{name}");
        for (member, described) in members {
            let is_described = described.as_object().is_some_and(|words| !words.is_empty());
            assert!(
                is_described || described == true,
                "{name}.{member}: {described}"
            );
        }
        assert!(
            schema["required"].is_array(),
            "{name} has something that is always there"
        );
    }
    // Members that are left out where they have nothing to say are not required.
    let (_, event) = &views[9];
    let required = event["required"].to_string();
    assert!(
        required.contains("\"due_at\"") && !required.contains("\"body\""),
        "{required}"
    );
}
