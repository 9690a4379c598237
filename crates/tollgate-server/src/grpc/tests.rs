//! Every code of REST has one of gRPC, enums have every word, and reflection has every file.

use std::collections::BTreeSet;

use prost_types::FileDescriptorSet;
use tollgate_core::capacity::{Late, Unit};
use tollgate_core::method::MethodKind;
use tollgate_core::order::OrderStatus;
use tollgate_core::payment::{OrderedBy, PaymentStatus, RefundProgress};
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::word::{Word, words};
use tollgate_proto::{Words, v1};
use tonic_types::StatusExt;

use super::*;
use crate::calendar::Day;
use crate::http::problem::CODES;
use tollgate_outbound::language::Language;

/// The codes of gRPC, each with those of REST that become it.
const TABLE: &str = "
    InvalidArgument     request_invalid idempotency_key_required idempotency_key_invalid body_unreadable
    InvalidArgument     content_type_unsupported idempotency_key_reused currency_unknown currency_mismatch
    InvalidArgument     amount_overflow total_negative lines_empty metadata_too_large https_wanted
    Unauthenticated     key_missing key_invalid session_invalid credentials_invalid ticket_invalid
    Unauthenticated     signature_invalid signature_missing timestamp_out_of_tolerance
    PermissionDenied    scope_missing csrf_failed address_not_allowed account_mismatch
    NotFound            not_found source_unknown
    Unimplemented       method_not_allowed
    AlreadyExists       already_exists
    ResourceExhausted   out_of_stock slot_full no_slot_with_room too_many_endpoints too_many_users
    ResourceExhausted   body_too_large
    Aborted             idempotency_in_progress
    FailedPrecondition  below_held below_booked in_use order_paid effect_state hold_not_active
    FailedPrecondition  refund_exceeds_captured restock_exceeds_sold slot_not_sold version_mismatch
    FailedPrecondition  sku_unknown slot_unknown calendar_unknown order_unknown larger_than_slot
    FailedPrecondition  refund_not_supported status_query_not_supported metadata_of_order not_manual
    FailedPrecondition  too_many_payments key_ended
    Unavailable         body_slow rate_limited sign_in_locked overloaded unavailable provider_unavailable
    Unavailable         outcome_unknown
    Internal            internal quarantined
    PermissionDenied    rank_missing
    ResourceExhausted   too_many_keys
    FailedPrecondition  former_secret_good last_admin first_user_exists
";

fn listed() -> Vec<(&'static str, &'static str)> {
    let lines = TABLE.lines().map(str::split_whitespace);
    lines
        .flat_map(|mut line| {
            let code = line.next().unwrap_or_default();
            line.map(move |rest| (rest, code))
        })
        .collect()
}

fn context() -> ResponseContext {
    ResponseContext {
        request_id: "req_1".into(),
        origin: None,
        language: Language::English,
    }
}

#[test]
fn every_code_of_rest_has_one_of_grpc() {
    let listed = listed();
    assert_eq!(listed.len(), CODES.len());
    for row in CODES {
        let expected = listed.iter().find(|(code, _)| *code == row.code);
        let (_, expected) = expected.unwrap_or_else(|| panic!("{} is not listed", row.code));
        let status = status::of_problem(&Problem::from(*row), &context());
        assert_eq!(format!("{:?}", status.code()), *expected, "{}", row.code);
        let details = status.get_error_details();
        let info = details.error_info().expect("every status has it");
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            (row.code, "tollgate")
        );
        assert_eq!(info.metadata["retryable"], row.retryable.to_string());
        // A caller that goes by RetryInfo repeats the same request.
        let wait = details.retry_info().and_then(|info| info.retry_delay);
        let millis = wait.map_or(0, |wait| wait.as_millis());
        assert_eq!(millis, u128::from(row.retry_after_ms), "{}", row.code);
        assert_eq!(details.request_info().expect("an id").request_id, "req_1");
    }
}

/// docs/grpc.md has the same table.
#[test]
fn the_page_says_which_code_becomes_which() {
    let page = include_str!("../../../../docs/grpc.md");
    for (code, expected) in listed() {
        let expected = expected.chars().fold(String::new(), |word, letter| {
            let joint = if letter.is_uppercase() && !word.is_empty() {
                "_"
            } else {
                ""
            };
            format!("{word}{joint}{}", letter.to_ascii_uppercase())
        });
        let row = format!("| `{expected}` |");
        let of = page.lines().find(|line| line.starts_with(&row));
        let of = of.unwrap_or_else(|| panic!("{expected} is not in the table"));
        assert!(
            of.contains(&format!("`{code}`")),
            "{code} is not with {expected}"
        );
    }
}

#[test]
fn a_refusal_has_its_members_and_places() {
    let problem = Problem::invalid(Vec::new())
        .with("held", 3)
        .with("id", "ord_1")
        .at("/lines/1/sku", "sku_unknown")
        .sticks();
    let status = status::of_problem(&problem, &context());
    let details = status.get_error_details();
    let known = &details.error_info().expect("it is there").metadata;
    assert_eq!(known["held"], "3");
    assert_eq!(known["id"], "ord_1");
    assert_eq!(known["new_key_required"], "true");
    let places = &details.bad_request().expect("it is there").field_violations;
    assert_eq!(places.len(), 1);
    let place = (places[0].field.as_str(), places[0].description.as_str());
    assert_eq!(place, ("lines[1].sku", "sku_unknown"));
}

fn check_words<Core: Word, Ours: Words>() {
    for word in words::<Core>() {
        let number = Ours::of(word).unwrap_or_else(|| panic!("{} lacks {word}", Ours::PREFIX));
        assert_eq!(Ours::word(number).as_deref(), Some(word));
        assert_ne!(number, 0);
    }
    assert_eq!((Ours::word(0), Ours::of("unspecified")), (None, None));
}

#[test]
fn an_enum_has_every_word_that_is_sent() {
    check_words::<OrderStatus, v1::OrderStatus>();
    check_words::<PaymentStatus, v1::PaymentStatus>();
    check_words::<RefundProgress, v1::RefundState>();
    check_words::<OrderedBy, v1::OrderedBy>();
    check_words::<MethodKind, v1::PaymentMethodKind>();
    check_words::<Unit, v1::CalendarUnit>();
    check_words::<Late, v1::LatePayment>();
    check_words::<Day, v1::Weekday>();
    check_words::<EventOutcome, v1::EventOutcome>();
    check_words::<EventState, v1::EventState>();
}

#[test]
fn the_descriptors_can_be_read() {
    let set = <FileDescriptorSet as prost::Message>::decode(DESCRIPTORS).expect("it is one");
    let names: Vec<&str> = set.file.iter().map(|file| file.name()).collect();
    assert!(names.contains(&"tollgate/v1/orders.proto"), "{names:?}");
    for builder in [
        tonic_reflection::server::Builder::configure(),
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET),
    ] {
        let builder = builder.register_encoded_file_descriptor_set(DESCRIPTORS);
        assert!(builder.build_v1().is_ok());
    }
    let alpha = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .build_v1alpha();
    assert!(alpha.is_ok());
    // Every method with one answer is a call that is known by its path.
    let methods = set.file.iter().flat_map(|file| {
        let services = file.service.iter();
        services.flat_map(|service| {
            let path = format!("/{}.{}", file.package(), service.name());
            service
                .method
                .iter()
                .map(move |method| (format!("{path}/{}", method.name()), method))
        })
    });
    let (streams, single): (Vec<_>, Vec<_>) =
        methods.partition(|(_, method)| method.server_streaming() || method.client_streaming());
    let single: BTreeSet<String> = single.into_iter().map(|(path, _)| path).collect();
    let calls: BTreeSet<String> = calls().map(Call::path).collect();
    assert_eq!(calls, single);
    assert!(streams.iter().all(|(path, _)| Grpc::goes_on(path)));
    // Health and the streams are about services that are declared.
    let declared: Vec<String> = set
        .file
        .iter()
        .flat_map(|file| file.service.iter().map(|one| (file.package(), one)))
        .map(|(package, service)| format!("{package}.{}", service.name()))
        .collect();
    assert_eq!(declared.len(), 4);
    assert!(declared.iter().all(|service| health::is_known(service)));
    assert!(!health::is_known("tollgate.v1.Nothing"));
    assert!(STREAMS[0].starts_with(&format!(
            "/{}/",
            declared
                .iter()
                .find(|one| one.ends_with("OrderService"))
                .expect("it is declared")
        )));
}
