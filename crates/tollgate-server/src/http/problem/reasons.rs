//! What each refusal of the core and each error of the use cases is to a caller.

use std::fmt::Write as _;

use tollgate_core::command::Unknown;
use tollgate_core::decision::{Existing, Refusal};
use tollgate_core::word::Word;
use tollgate_store::SubmitError;

use super::codes::*;
use super::{Pointer, Problem};
use crate::app::AppError;
use crate::time_text::rfc3339;

/// What the database said goes to the log, not to the caller.
fn not_stored(error: &SubmitError) -> Problem {
    let mut problem: Problem = match error {
        SubmitError::Overloaded { .. } => Problem::from(OVERLOADED).told_apart("queue_full"),
        SubmitError::Unavailable { .. } => Problem::from(UNAVAILABLE).told_apart("no_writes"),
        SubmitError::Closing => Problem::from(UNAVAILABLE).told_apart("closing"),
        SubmitError::OutcomeUnknown { .. } => OUTCOME_UNKNOWN.into(),
        SubmitError::Quarantined => QUARANTINED.into(),
    };
    problem.0.cause = Some(format!("failed to {error}"));
    problem
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Problem {
        match error {
            AppError::Refused(refusal) => refused(&refusal, &[]),
            AppError::NotFound => NOT_FOUND.into(),
            AppError::ReceiptPending => Problem::from(NOT_FOUND)
                .detail("The receipt is pending: its file is there once it is issued."),
            AppError::SourceUnknown => SOURCE_UNKNOWN.into(),
            AppError::KeyMissing => KEY_MISSING.into(),
            AppError::KeyUnknown => KEY_INVALID.into(),
            // Whoever has the key may know.
            AppError::KeyExpired => Problem::from(KEY_INVALID)
                .detail("The API key, or the former secret of one, has expired; make a new one."),
            AppError::KeyEnded => KEY_ENDED.into(),
            AppError::RankMissing => RANK_MISSING.into(),
            AppError::LastAdmin => LAST_ADMIN.into(),
            AppError::FormerSecret { until } => {
                Problem::from(FORMER_SECRET_GOOD).with("former_ends_at", rfc3339(until))
            }
            AppError::TooManyKeys { most } => Problem::from(TOO_MANY_KEYS).with("keys_max", most),
            AppError::SessionUnknown => SESSION_INVALID.into(),
            AppError::WelcomeUnknown => Problem::from(TICKET_INVALID).detail(
                "The link was used, is older than a day, or is another start's or instance's. A server says a new \
                 one when it starts as long as there is no user; `tollgate users create` makes one, too.",
            ),
            AppError::FirstUserExists => FIRST_USER_EXISTS.into(),
            AppError::CredentialsWrong => CREDENTIALS_INVALID.into(),
            AppError::SignInLocked { wait } => Problem::from(SIGN_IN_LOCKED).retry_after(wait),
            AppError::UserExists(id) => Problem::from(ALREADY_EXISTS).with("id", id.to_string()),
            AppError::TooManyUsers { most } => {
                Problem::from(TOO_MANY_USERS).with("users_max", most)
            }
            AppError::Unfit { pointer, why } => Problem::invalid_at(pointer, why),
            AppError::KeyReused => Problem::from(IDEMPOTENCY_KEY_REUSED).sticks(),
            AppError::CannotRefund => REFUND_NOT_SUPPORTED.into(),
            AppError::CannotAsk => STATUS_QUERY_NOT_SUPPORTED.into(),
            AppError::ProviderUnavailable(why) => Problem::from(PROVIDER_UNAVAILABLE).detail(why),
            AppError::EndpointExists(id) => {
                Problem::from(ALREADY_EXISTS).with("id", id.to_string())
            }
            AppError::TooManyEndpoints { most } => {
                Problem::from(TOO_MANY_ENDPOINTS).with("endpoints_max", most)
            }
            AppError::UrlRefused(why) => Problem::invalid_at("/url", why),
            AppError::TooManySlots { .. } => Problem::invalid_at("/days_ahead", error.to_string()),
            AppError::ShopUnknown => Problem::invalid_at("/shop", "there is no such shop"),
            AppError::ForeignShop => Problem::invalid_at(
                "/shop",
                "only the key of the configuration and admins of shop main manage other shops",
            ),
            AppError::TooOften { wait } => Problem::from(RATE_LIMITED).retry_after(wait),
            AppError::KeyTooFast(allowance) => {
                Problem::from(RATE_LIMITED).retry_after(allowance.after)
            }
            AppError::SourceTooFast { wait } => Problem::from(OVERLOADED)
                .detail(error.to_string())
                .retry_after(wait)
                .told_apart("source"),
            AppError::TooManyUnproved { wait } => Problem::from(OVERLOADED)
                .detail(error.to_string())
                .retry_after(wait)
                .told_apart("unproved"),
            AppError::DeliveryRefused {
                code,
                detail,
                delivery,
            } => Problem::from(code_of(code)).detail(detail).about(delivery),
            AppError::DeliveryTooLong { .. } | AppError::DeliveryTooLarge { .. } => {
                Problem::from(BODY_TOO_LARGE).detail(error.to_string())
            }
            AppError::TicketUnknown => TICKET_INVALID.into(),
            AppError::TooManyListeners => {
                let problem = Problem::from(OVERLOADED).detail(error.to_string());
                problem.told_apart("listeners")
            }
            AppError::TooManyTickets => {
                let problem = Problem::from(OVERLOADED).detail(error.to_string());
                problem.told_apart("tickets")
            }
            AppError::Contended => Problem::from(OVERLOADED).told_apart("contended"),
            AppError::NotStored(error) => not_stored(&error),
            AppError::Unavailable => UNAVAILABLE.into(),
            AppError::OutcomeUnknown => OUTCOME_UNKNOWN.into(),
            AppError::Internal => INTERNAL.into(),
        }
    }
}

/// There is no such currency.
fn currency_unknown() -> Problem {
    Problem::from(CURRENCY_UNKNOWN).at("/currency", "currency_unknown")
}

/// There is no currency of this code.
pub(crate) fn no_such_currency(code: &str) -> Problem {
    currency_unknown().found_at(&[("/currency", code.to_owned())])
}

/// A refusal as a problem. `skus` are the skus of the request's lines in order, for pointers.
pub(crate) fn refused(refusal: &Refusal, skus: &[String]) -> Problem {
    let pointers = |problem: Problem, sku: &str, code: &'static str| {
        let lines = skus.iter().enumerate().filter(|(_, line)| *line == sku);
        lines.fold(problem, |problem, (index, _)| {
            problem.at(format!("/lines/{index}/sku"), code)
        })
    };
    let waiting = |problem: Problem, waits: bool| match waits {
        true => problem.with("payment_waiting", true),
        false => problem,
    };
    match refusal {
        Refusal::NotFound => NOT_FOUND.into(),
        Refusal::AlreadyExists(existing) => {
            let id = match existing {
                Existing::Order(id) => id.to_string(),
                Existing::Payment(id) => id.to_string(),
            };
            Problem::from(ALREADY_EXISTS).with("id", id)
        }
        Refusal::OutOfStock {
            skus: short,
            payment_waiting,
        } => {
            let mut list = Vec::with_capacity(short.len());
            let mut detail = String::from("there is not enough of ");
            let mut problem = Problem::from(OUT_OF_STOCK);
            for (index, (sku, available, requested)) in short.iter().enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                let _ = write!(detail, "{comma}{sku} ({available} of {requested})");
                list.push(serde_json::json!({
                    "sku": sku, "available": available, "requested": requested,
                }));
                problem = pointers(problem, sku, "out_of_stock");
            }
            waiting(problem.detail(detail).with("skus", list), *payment_waiting)
        }
        Refusal::SlotFull { payment_waiting } => waiting(
            Problem::from(SLOT_FULL).at("/slot", "slot_full"),
            *payment_waiting,
        ),
        Refusal::NoSlotWithRoom { payment_waiting } => {
            let problem = Problem::from(NO_SLOT_WITH_ROOM).at("/slot", "no_slot_with_room");
            waiting(problem, *payment_waiting)
        }
        Refusal::LargerThanSlot => Problem::from(LARGER_THAN_SLOT).at("/slot", "larger_than_slot"),
        Refusal::BelowHeld { held } => Problem::from(BELOW_HELD).with("held", *held),
        Refusal::Several(refusals) => several(refusals),
        Refusal::StockHeld { held } => Problem::from(IN_USE).with("held", *held),
        Refusal::CalendarBooked { starts_at, booked } => Problem::from(IN_USE)
            .with("starts_at", rfc3339(*starts_at))
            .with("booked", *booked),
        Refusal::MetadataTooLarge => {
            Problem::from(METADATA_TOO_LARGE).at("/metadata", "metadata_too_large")
        }
        Refusal::MetadataOfOrder => {
            Problem::from(METADATA_OF_ORDER).at("/metadata", "metadata_of_order")
        }
        Refusal::BelowBooked { starts_at, booked } => Problem::from(BELOW_BOOKED)
            .with("starts_at", rfc3339(*starts_at))
            .with("booked", *booked),
        Refusal::VersionMismatch { version } => {
            Problem::from(VERSION_MISMATCH).with("version", *version)
        }
        Refusal::OrderPaid => ORDER_PAID.into(),
        Refusal::HoldNotActive => Problem::from(HOLD_NOT_ACTIVE).at("/hold", "hold_not_active"),
        Refusal::RefundExceedsCaptured { refundable_minor } => {
            Problem::from(REFUND_EXCEEDS_CAPTURED).with("refundable_amount", *refundable_minor)
        }
        Refusal::RestockExceedsSold { sku, left } => Problem::from(RESTOCK_EXCEEDS_SOLD)
            .with("sku", sku.as_str())
            .with("left", *left)
            .at("/restock", "restock_exceeds_sold"),
        Refusal::SlotNotSold => Problem::from(SLOT_NOT_SOLD).at("/release_slot", "slot_not_sold"),
        Refusal::Unknown(Unknown::Lines) => Problem::from(LINES_EMPTY).at("/lines", "lines_empty"),
        Refusal::Unknown(Unknown::Currency) => currency_unknown(),
        Refusal::Unknown(Unknown::Source) => {
            // An order names it within its payment, and has lines; a payment has none.
            let pointer = match skus {
                [] => "/source",
                [..] => "/payment/source",
            };
            Problem::from(SOURCE_UNKNOWN).at(pointer, "source_unknown")
        }
        Refusal::Unknown(Unknown::Order) => {
            Problem::from(ORDER_UNKNOWN).at("/order", "order_unknown")
        }
        Refusal::SkuUnknown(sku) => pointers(
            Problem::from(SKU_UNKNOWN).with("sku", sku.as_str()),
            sku,
            "sku_unknown",
        ),
        Refusal::CalendarUnknown(calendar) => Problem::from(CALENDAR_UNKNOWN)
            .with("calendar", calendar.as_str())
            .at("/slot/calendar", "calendar_unknown"),
        Refusal::SlotUnknown => Problem::from(SLOT_UNKNOWN).at("/slot/slot_id", "slot_unknown"),
        Refusal::OrderUnknown => Problem::from(ORDER_UNKNOWN).at("/order", "order_unknown"),
        Refusal::TotalNegative => {
            Problem::from(TOTAL_NEGATIVE).at("/discount_amount", "total_negative")
        }
        Refusal::AmountOverflow => Problem::from(AMOUNT_OVERFLOW).at("", "amount_overflow"),
        Refusal::CurrencyMismatch => {
            Problem::from(CURRENCY_MISMATCH).at("/currency", "currency_mismatch")
        }
        Refusal::NotManual => NOT_MANUAL.into(),
        Refusal::TooManyPayments => TOO_MANY_PAYMENTS.into(),
        Refusal::EffectState(state) => Problem::from(EFFECT_STATE).with("state", state.word()),
        // Only workers get it, and they need no document.
        Refusal::LeaseLost => INTERNAL.into(),
    }
}

/// What could not be done of several things: the first one's problem, with the places of all and what each lacks.
fn several(refusals: &[(usize, Refusal)]) -> Problem {
    let mut problem: Problem = match refusals.first() {
        Some((_, first)) => refused(first, &[]),
        None => INTERNAL.into(),
    };
    for (place, refusal) in refusals {
        let one = refused(refusal, &[]);
        let lacks: Vec<String> = one
            .0
            .members
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        problem.0.errors.push(Pointer {
            pointer: format!("/items/{place}"),
            code: one.code().code,
            detail: lacks.join(", "),
        });
    }
    problem.0.members.clear();
    problem
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tollgate_outbound::language::Language;

    use super::*;
    use crate::http::problem::ResponseContext;

    #[test]
    fn a_document_has_every_member() {
        let refusal = Refusal::OutOfStock {
            skus: vec![("a".into(), 1, 3)],
            payment_waiting: true,
        };
        let problem = refused(&refusal, &["b".into(), "a".into()]).sticks();
        let context = |language| ResponseContext {
            request_id: "req_1".into(),
            origin: None,
            language,
        };
        let read = |language| -> Value {
            serde_json::from_slice(&problem.answer(&context(language)).body).expect("it is JSON")
        };
        assert_eq!(
            read(Language::English),
            serde_json::json!({
                "type": "/docs/errors#out_of_stock", "title": "Not enough in stock",
                "status": 409, "detail": "there is not enough of a (1 of 3)",
                "code": "out_of_stock", "retryable": false, "retry_after_ms": null,
                "new_key_required": true, "request_id": "req_1",
                "errors": [{"pointer": "/lines/1/sku", "code": "out_of_stock"}],
                "skus": [{"sku": "a", "available": 1, "requested": 3}], "payment_waiting": true,
            })
        );
        assert_eq!(read(Language::Russian)["detail"], OUT_OF_STOCK.details[4]);
    }
}
