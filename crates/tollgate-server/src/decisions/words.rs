//! What lines say. Nothing personal stands in them: customers' names, addresses and numbers, and what people have
//! typed as a reason or a note, are in the timeline.

use tollgate_core::command::Action;
use tollgate_core::decision::{Entry, Refusal};
use tollgate_core::effect::StoredEffect;
use tollgate_core::id::EventId;
use tollgate_core::snapshot::StoredEvent;
use tollgate_core::time::Span;
use tollgate_core::timeline::{Audience, EntryKind};
use tollgate_core::word::Word;
use tollgate_store::Observed;

use super::Repeated;
use super::kind::Kind;
use super::line::Line;
use super::naming::{event_words, name_of, reference_of, root_of, said_event, stale_words, stored};
use super::said::Said;
use super::spelling::{grouped, shortened, span_words};

/// The line of an entry.
pub(super) fn entry(observed: &Observed<'_>, entry: &Entry) -> Line {
    let said = Said::of(observed, entry);
    let event = entry.event.and_then(|id| Some((id, stored(observed, id)?)));
    let text = |name: &str| said.text(name).map(str::to_owned);
    let from_event = |of: fn(&StoredEvent) -> Option<&str>| {
        let (_, stored) = event?;
        of(stored).map(str::to_owned)
    };
    let source = text("source").or_else(|| from_event(|stored| Some(&stored.source)));
    let reference = text("reference").or_else(|| from_event(reference_of));
    let reason = match entry.kind.audience() {
        // What is given up: why, in the words of somebody outside.
        Audience::Staff if entry.event.is_none() => text("reason").map(|why| shortened(&why)),
        _ if is_coded(entry.kind) => text("code").or_else(|| text("reason")),
        Audience::Public | Audience::Staff | Audience::Timeline => None,
    };
    Line {
        source,
        reference,
        order: said.order_code().map(str::to_owned),
        event: entry.event.map(|id| id.to_string()),
        reason,
        ..base(observed, Kind::Entry(entry.kind), said.sentence())
    }
}

/// It names a reason of ours.
fn is_coded(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::OrderAttention
            | EntryKind::AttentionEnded
            | EntryKind::AttentionResolved
            | EntryKind::EventStale
            | EntryKind::EventAttention
    )
}

/// An event that was early is applied now.
pub(super) fn waited(observed: &Observed<'_>, id: EventId, early: Span) -> Line {
    let root = stored(observed, id).and_then(|stored| stored.root);
    let to = match root.and_then(|id| root_of(observed, id)) {
        Some(root) => format!(" to {}", name_of(root)),
        None => String::new(),
    };
    let words = format!(
        "{} was early by {}, applied now{to}",
        event_words(observed, id),
        span_words(early)
    );
    Line {
        order: root
            .and_then(|id| root_of(observed, id))
            .and_then(|root| Some(root.order.as_ref()?.code.clone())),
        ..of_event(observed, Kind::Waited, id, words)
    }
}

/// An event that came before.
pub(super) fn duplicate(observed: &Observed<'_>, kind: Kind, first: EventId) -> Line {
    let Action::TakeEvent(taken) = observed.action else {
        return base(observed, kind, format!("event duplicate of {first}"));
    };
    let reference = taken.event.names.iter().find(|name| !name.is_empty());
    let which = match kind == Kind::AtOnce {
        true => ", which came at the same time and won",
        false => "",
    };
    let words = format!(
        "{} duplicate of {first}{which}",
        said_event(
            &taken.source,
            &taken.event.kind,
            reference.map(String::as_str)
        )
    );
    Line {
        source: Some(taken.source.clone()),
        reference: reference.cloned(),
        event: Some(first.to_string()),
        ..base(observed, kind, words)
    }
}

/// An event that was known to be settled before it came to the Gate.
pub(super) fn repeated(repeated: &Repeated<'_>) -> Line {
    let Repeated {
        shop: _,
        shop_name,
        source,
        kind,
        reference,
        first,
        origin,
    } = repeated;
    let words = format!(
        "{} duplicate of {first}",
        said_event(source, kind, *reference)
    );
    Line {
        kind: Kind::Duplicate.word(),
        level: Kind::Duplicate.level(),
        words,
        shop: (*shop_name).to_owned(),
        source: Some((*source).to_owned()),
        reference: reference.map(str::to_owned),
        order: None,
        event: Some(first.to_string()),
        reason: None,
        request_id: origin
            .and_then(|origin| origin.request_id.as_deref())
            .map(str::to_owned),
        trace_id: origin
            .and_then(|origin| origin.trace_id.as_deref())
            .map(str::to_owned),
        took: None,
        count: None,
    }
}

/// An event of which no entry says what it has come to.
pub(super) fn event(observed: &Observed<'_>, kind: Kind, id: EventId) -> Line {
    let reason = stored(observed, id).and_then(|stored| stored.reason);
    let reason = reason.map(Word::word);
    let what = if kind == Kind::Early {
        " early: it waits for its payment".to_owned()
    } else if kind == Kind::Entry(EntryKind::EventStale) {
        stale_words(reason)
    } else if kind == Kind::Entry(EntryKind::EventQueued) {
        " waits for the provider's answer".to_owned()
    } else {
        " kept: it concerns no payment".to_owned()
    };
    let words = format!("{}{what}", event_words(observed, id));
    Line {
        reason: reason.map(str::to_owned),
        ..of_event(observed, kind, id, words)
    }
}

/// What was refused for want of goods or room.
pub(super) fn refusal(observed: &Observed<'_>, kind: Kind, refusal: &Refusal) -> Line {
    let order = if let Action::CreateOrder(wanted) = observed.action {
        Some(wanted.code.as_str())
    } else {
        None
    };
    let of_order = order.map_or_else(|| "hold".to_owned(), |code| format!("order {code}"));
    let (reason, cause, money_waits) = if let Refusal::OutOfStock {
        skus,
        payment_waiting,
    } = refusal
    {
        let each = skus
            .iter()
            .map(|(sku, available, wanted)| format!("{sku} ({available} left, {wanted} wanted)"));
        let skus: Vec<String> = each.collect();
        let cause = format!("out of stock: {}", skus.join(", "));
        ("out_of_stock", cause, *payment_waiting)
    } else if let Refusal::SlotFull { payment_waiting } = refusal {
        ("slot_full", "the slot is full".to_owned(), *payment_waiting)
    } else if let Refusal::NoSlotWithRoom { payment_waiting } = refusal {
        let cause = "no slot has room".to_owned();
        ("no_slot_with_room", cause, *payment_waiting)
    } else {
        ("larger_than_slot", "larger than any slot".to_owned(), false)
    };
    let waits = match money_waits {
        true => "; its money has come and waits",
        false => "",
    };
    Line {
        order: order.map(str::to_owned),
        reason: Some(reason.to_owned()),
        ..base(
            observed,
            kind,
            format!("{of_order} refused: {cause}{waits}"),
        )
    }
}

/// What an attempt at an effect has come to.
pub(super) fn effect(observed: &Observed<'_>, kind: Kind, effect: &StoredEffect) -> Line {
    let root = effect.root.and_then(|id| root_of(observed, id));
    let has_failed = kind == Kind::EffectFailed;
    let reason = effect
        .reason
        .as_deref()
        .filter(|_| has_failed)
        .map(shortened);
    let end = match (has_failed, effect.due_at) {
        (true, Some(at)) => {
            let pause = Span::millis(at.as_millis().saturating_sub(observed.now.as_millis()));
            let why = reason
                .as_ref()
                .map_or_else(String::new, |reason| format!(": {reason}"));
            format!("failed, tried again in {}{why}", span_words(pause))
        }
        (true, None) => "failed, tried again in its turn".to_owned(),
        (false, _) => "done".to_owned(),
    };
    let of_order = root.map_or_else(String::new, |root| format!(" of {}", name_of(root)));
    Line {
        order: root.and_then(|root| Some(root.order.as_ref()?.code.clone())),
        reason,
        ..base(
            observed,
            kind,
            format!("effect {}{of_order} {end}", effect.key),
        )
    }
}

/// Those of a crowd that have no line of their own.
pub(super) fn crowd(shop: &str, kind: Kind, count: u64) -> Line {
    Line {
        kind: kind.word(),
        level: kind.level(),
        words: format!(
            "and {} more of {}",
            grouped(&count.to_string()),
            kind.word()
        ),
        shop: shop.to_owned(),
        source: None,
        reference: None,
        order: None,
        event: None,
        reason: None,
        request_id: None,
        trace_id: None,
        took: None,
        count: Some(count),
    }
}

fn base(observed: &Observed<'_>, kind: Kind, words: String) -> Line {
    let origin = observed.origin;
    let request = origin.and_then(|origin| origin.request_id.as_deref());
    let request = request.or(observed.by.and_then(|by| by.request.as_deref()));
    Line {
        kind: kind.word(),
        level: kind.level(),
        words,
        shop: observed.shop_name.to_owned(),
        source: None,
        reference: None,
        order: None,
        event: None,
        reason: None,
        request_id: request.map(str::to_owned),
        trace_id: origin
            .and_then(|origin| origin.trace_id.as_deref())
            .map(str::to_owned),
        took: Some(observed.took),
        count: None,
    }
}

fn of_event(observed: &Observed<'_>, kind: Kind, id: EventId, words: String) -> Line {
    let known = stored(observed, id);
    Line {
        source: known.map(|stored| stored.source.clone()),
        reference: known.and_then(reference_of).map(str::to_owned),
        event: Some(id.to_string()),
        ..base(observed, kind, words)
    }
}
