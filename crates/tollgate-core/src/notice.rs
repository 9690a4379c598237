//! Notices: the entries of the timeline that the world may see, in the live stream and at merchants'
//! endpoints.

/// The public types, and the topic of the live stream each belongs to.
pub const PUBLIC: &[(&str, Topic)] = &[
    ("order.created", Topic::Orders),
    ("order.paid", Topic::Orders),
    ("order.partially_paid", Topic::Orders),
    ("order.completed", Topic::Orders),
    ("order.expired", Topic::Orders),
    ("order.cancelled", Topic::Orders),
    ("order.refunded", Topic::Orders),
    ("order.attention", Topic::Orders),
    ("payment.authorized", Topic::Payments),
    ("payment.paid", Topic::Payments),
    ("payment.failed", Topic::Payments),
    ("payment.expired", Topic::Payments),
    ("payment.cancelled", Topic::Payments),
    ("payment.refunded", Topic::Payments),
    ("payment.charged_back", Topic::Payments),
    ("hold.expired", Topic::Orders),
    ("stock.low", Topic::Alerts),
    ("slot.full", Topic::Alerts),
    ("receipt.issued", Topic::Effects),
    ("event.orphaned", Topic::Events),
];

/// Types that only the live stream shows: for the merchant's own people, not for other systems.
pub const INTERNAL: &[(&str, Topic)] = &[
    ("event.attention", Topic::Events),
    ("effect.dead", Topic::Effects),
    ("effect.unknown", Topic::Effects),
    ("endpoint.disabled", Topic::Alerts),
];

/// A topic of the live stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Orders and holds.
    Orders,
    /// Payments.
    Payments,
    /// Events.
    Events,
    /// Effects and receipts.
    Effects,
    /// What a person should look at.
    Alerts,
}

impl Topic {
    /// All of them, with the words of the API.
    pub const ALL: &[(Topic, &str)] = &[
        (Topic::Orders, "orders"),
        (Topic::Payments, "payments"),
        (Topic::Events, "events"),
        (Topic::Effects, "effects"),
        (Topic::Alerts, "alerts"),
    ];
}

/// The topic of a public type; `None` if the world does not see it.
pub fn public_topic(kind: &str) -> Option<Topic> {
    topic_in(PUBLIC, kind)
}

/// The topics under which the live stream shows a type: its own, and alerts for what a person should
/// look at.
pub fn topics(kind: &str) -> Vec<Topic> {
    let own = topic_in(PUBLIC, kind).or_else(|| topic_in(INTERNAL, kind));
    let mut topics: Vec<Topic> = own.into_iter().collect();
    let alarming = matches!(
        kind,
        "order.attention"
            | "event.attention"
            | "event.orphaned"
            | "effect.dead"
            | "effect.unknown"
            | "payment.charged_back"
    );
    if alarming {
        topics.push(Topic::Alerts);
    }
    topics
}

fn topic_in(table: &[(&str, Topic)], kind: &str) -> Option<Topic> {
    table
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, topic)| *topic)
}

/// Whether one of an endpoint's filters takes a type: the type itself, a group (`order.*`) or `*`.
pub fn takes(filters: &[String], kind: &str) -> bool {
    filters.iter().any(|filter| match filter.strip_suffix('*') {
        Some("") => true,
        Some(group) => group.ends_with('.') && kind.starts_with(group),
        None => filter == kind,
    })
}

/// Whether a filter can ever take something.
pub fn is_filter(filter: &str) -> bool {
    PUBLIC
        .iter()
        .any(|(kind, _)| takes(std::slice::from_ref(&filter.to_owned()), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(list: &[&str]) -> Vec<String> {
        list.iter().map(|filter| (*filter).to_owned()).collect()
    }

    #[test]
    fn a_filter_is_a_type_a_group_or_everything() {
        let order = filters(&["order.*"]);
        assert!(takes(&order, "order.paid"));
        assert!(!takes(&order, "payment.paid"));
        assert!(takes(&filters(&["*"]), "stock.low"));
        assert!(takes(&filters(&["stock.low", "order.paid"]), "order.paid"));
        assert!(!takes(&filters(&["order.paid"]), "order.paid_twice"));
        assert!(!takes(&filters(&["ord*"]), "order.paid"));
        assert!(!takes(&[], "order.paid"));
    }

    #[test]
    fn a_filter_that_takes_nothing_is_none() {
        for good in ["*", "order.*", "receipt.issued"] {
            assert!(is_filter(good), "{good}");
        }
        for bad in ["", "orders.*", "order.payd", "ord*", "effect.dead"] {
            assert!(!is_filter(bad), "{bad}");
        }
    }

    #[test]
    fn no_type_stands_twice() {
        let mut kinds: Vec<&str> = PUBLIC
            .iter()
            .chain(INTERNAL)
            .map(|(kind, _)| *kind)
            .collect();
        let count = kinds.len();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
    }
}
