//! The committed code is what the .proto files say. `scripts/proto` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use prost_build::Config;
use protox::Compiler;
use protox::prost_reflect::prost::Message;
use protox::prost_reflect::{Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind};

const FILES: [&str; 4] = ["capacity", "events", "orders", "payments"];

/// Fields that JSON calls otherwise.
const RENAMED: &[(&str, &str)] = &[
    ("detail_json", "detail"),
    ("headers_json", "headers"),
    ("metadata_json", "metadata"),
];

/// The lists of pages, which JSON calls `data`, and the fields they are.
const LISTS: &[(&str, &str)] = &[
    ("ListOrdersResponse", "orders"),
    ("OrderTimeline", "entries"),
    ("ListPaymentsResponse", "payments"),
    ("ListRefundsResponse", "refunds"),
    ("ListStockResponse", "stock"),
    ("ListCalendarsResponse", "calendars"),
    ("PutSlotsResponse", "slots"),
    ("ListSlotsResponse", "slots"),
    ("ListEventsResponse", "events"),
];

/// What is written by hand and has no document.
const WITHOUT_JSON: &[&str] = &[
    "WatchOrdersResponse",
    "OrderChange",
    "WatchReset",
    "WatchHeartbeat",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What serde has to know of a field.
fn attributes(field: &FieldDescriptor) -> Vec<String> {
    let mut known = Vec::new();
    let name = field.name();
    let message = field.parent_message().name().to_owned();
    if LISTS.contains(&(message.as_str(), name)) {
        known.push("rename = \"data\"".to_owned());
    }
    if let Some((_, json)) = RENAMED.iter().find(|(field, _)| *field == name) {
        known.push(format!("rename = \"{json}\""));
        known.push("with = \"crate::json_text\"".to_owned());
    }
    match field.kind() {
        Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp" => {
            known.push("with = \"crate::time\"".to_owned());
        }
        Kind::Enum(of) => {
            let way = match (field.is_list(), field.supports_presence()) {
                (true, _) => "_all",
                (false, true) => "_some",
                (false, false) => "",
            };
            for (verb, side) in [("write", "serialize_with"), ("read", "deserialize_with")] {
                let of = of.name();
                known.push(format!("{side} = \"crate::word::{verb}{way}::<{of}, _>\""));
            }
        }
        _ => {}
    }
    // An empty list of what is sent has to stand there where REST requires it, so that it is refused as empty.
    let is_required = matches!(
        (message.as_str(), name),
        ("CreateOrderRequest", "lines") | ("PutSlotsRequest", "slots") | ("WeeklyHours", "days")
    );
    match field.cardinality() {
        Cardinality::Repeated if is_required => {}
        Cardinality::Repeated => known.push("skip_serializing_if = \"Vec::is_empty\"".to_owned()),
        _ if field.supports_presence() => {
            known.push("skip_serializing_if = \"Option::is_none\"".to_owned());
        }
        _ => {}
    }
    known
}

/// How the words of an enum are found.
fn words(of: &EnumDescriptor) -> String {
    let mut first = of.values().map(|value| value.name().to_owned());
    let first = first.next().expect("an enum has values");
    let prefix = first
        .strip_suffix("UNSPECIFIED")
        .expect("the first value is the unspecified one");
    let name = of.name();
    format!(
        "impl crate::word::Words for {name} {{\n    \
             const PREFIX: &'static str = \"{prefix}\";\n\n    \
             fn name(number: i32) -> Option<&'static str> {{\n        \
                 {name}::try_from(number).ok().map(|value| value.as_str_name())\n    \
             }}\n\n    \
             fn number(name: &str) -> Option<i32> {{\n        \
                 {name}::from_str_name(name).map(|value| value as i32)\n    \
             }}\n\
         }}\n"
    )
}

/// The files of `src/generated`.
fn generate() -> BTreeMap<&'static str, Vec<u8>> {
    let proto = root().join("proto");
    let mut compiler = Compiler::new([&proto]).expect("the folder is there");
    compiler.include_imports(true).include_source_info(true);
    for file in FILES {
        let path = proto.join(format!("tollgate/v1/{file}.proto"));
        compiler.open_file(path).expect("it is right");
    }
    let descriptors = compiler.encode_file_descriptor_set();
    let pool = DescriptorPool::decode(descriptors.as_slice()).expect("they were just written");
    let ours = |name: &str| name.starts_with("tollgate.v1.");
    let mut config = Config::new();
    for message in pool.all_messages().filter(|one| ours(one.full_name())) {
        if WITHOUT_JSON.contains(&message.name()) {
            continue;
        }
        let path = format!(".{}", message.full_name());
        config.type_attribute(&path, "#[derive(serde::Serialize, serde::Deserialize)]");
        config.type_attribute(&path, "#[serde(default)]");
        for field in message.fields() {
            let known = attributes(&field);
            if !known.is_empty() {
                let path = format!(".{}", field.full_name());
                config.field_attribute(path, format!("#[serde({})]", known.join(", ")));
            }
        }
    }
    let folder = tempfile::tempdir().expect("there is room");
    let set = Message::decode(descriptors.as_slice()).expect("they were just written");
    tonic_prost_build::configure()
        .build_transport(false)
        .out_dir(folder.path())
        .compile_fds_with_config(set, config)
        .expect("it can be written");
    let code = folder.path().join("tollgate.v1.rs");
    let mut code = std::fs::read_to_string(code).expect("it was written");
    for of in pool.all_enums().filter(|one| ours(one.full_name())) {
        let _ = write!(code, "{}", words(&of));
    }
    BTreeMap::from([
        ("tollgate.v1.rs", code.into_bytes()),
        ("descriptors.bin", descriptors),
    ])
}

#[test]
fn the_committed_code_is_what_the_proto_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated");
    for (name, written) in generate() {
        let path = folder.join(name);
        if std::env::var_os("TOLLGATE_WRITE_PROTO").is_some() {
            std::fs::write(&path, &written).expect("it can be written");
        }
        let kept = std::fs::read(&path).unwrap_or_default();
        assert!(
            kept == written,
            "src/generated/{name} is old: run scripts/proto"
        );
    }
}

/// Every file is compiled, and every message, field, service and method says what it is.
#[test]
fn everything_is_commented() {
    let proto = root().join("proto/tollgate/v1");
    let mut found: Vec<String> = std::fs::read_dir(&proto)
        .expect("it is there")
        .map(|entry| entry.expect("it can be read").path())
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into())
        .collect();
    found.sort();
    assert_eq!(found, FILES);
    for file in FILES {
        let text = std::fs::read_to_string(proto.join(format!("{file}.proto"))).expect("a text");
        let mut before = "";
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            let declares = ["message ", "enum ", "service ", "rpc ", "oneof "];
            let is_declared = declares.iter().any(|word| line.starts_with(word))
                || line.contains(" = ") && line.ends_with(';') && !line.starts_with("syntax");
            assert!(
                !is_declared || before.starts_with("// "),
                "{file}.proto:{}: without a comment",
                at + 1
            );
            before = line;
        }
    }
}
