//! The body of a request for a ticket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tollgate_core::timeline::Topic;

use crate::app::TopicSet;
use crate::http::body::{Body, List, OneOf, none};

/// `POST /v1/stream/tickets`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"topics": ["orders", "payments"]}]))]
pub(crate) struct TicketBody {
    /// What the stream is about; everything if absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) topics: Option<List<OneOf<Topic>, 1, 5>>,
}

impl TicketBody {
    /// What the stream is about; without topics, all of them.
    pub(crate) fn wanted(&self) -> TopicSet {
        match &self.topics {
            Some(topics) => TopicSet::of(topics.iter().map(|topic| topic.0)),
            None => TopicSet::ALL,
        }
    }
}

impl Body for TicketBody {}
