//! The bodies of requests about merchants' endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::{EndpointChange, NewEndpoint};
use crate::http::body::{Body, FilterWord, List, Note, UrlText, none};

/// The most filters of an endpoint.
const FILTERS_MAX: usize = 50;

/// What an endpoint wants to be message of.
type Filters = List<FilterWord, 1, FILTERS_MAX>;

/// `POST /v1/endpoints`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"url": "https://shop.example/hook", "events": ["order.*", "stock.low"], "description": "the shop"}]))]
pub(crate) struct EndpointBody {
    /// What it is, for people.
    #[serde(skip_serializing_if = "none")]
    pub(crate) description: Option<Note>,
    /// Types (`order.paid`), groups (`order.*`) or `*`.
    pub(crate) events: Filters,
    /// Where it is called: `http` or `https`.
    pub(crate) url: UrlText,
}

impl EndpointBody {
    /// The endpoint that is wanted.
    pub(crate) fn wanted(self) -> NewEndpoint {
        NewEndpoint {
            url: self.url.0,
            events: words(self.events),
            description: self.description.map_or_else(String::new, |text| text.0),
        }
    }
}

fn words(filters: Filters) -> Vec<String> {
    filters.into_iter().map(|word| word.0).collect()
}

impl Body for EndpointBody {}

/// `PATCH /v1/endpoints/{id}`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"enabled": true}]))]
pub(crate) struct EndpointChangeBody {
    /// What it is, for people.
    #[serde(skip_serializing_if = "none")]
    pub(crate) description: Option<Note>,
    /// `false` switches it off, `true` on again.
    #[serde(skip_serializing_if = "none")]
    pub(crate) enabled: Option<bool>,
    /// Types (`order.paid`), groups (`order.*`) or `*`.
    #[serde(skip_serializing_if = "none")]
    pub(crate) events: Option<Filters>,
    /// Where it is called: `http` or `https`.
    #[serde(skip_serializing_if = "none")]
    pub(crate) url: Option<UrlText>,
}

impl EndpointChangeBody {
    /// What is to be changed.
    pub(crate) fn wanted(self) -> EndpointChange {
        EndpointChange {
            url: self.url.map(|url| url.0),
            events: self.events.map(words),
            description: self.description.map(|text| text.0),
            enabled: self.enabled,
        }
    }
}

impl Body for EndpointChangeBody {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::read;

    fn pointers<T: Body>(text: &str) -> Vec<String> {
        let Err(problem) = read::<T>(text.as_bytes()) else {
            panic!("{text} was taken")
        };
        let message = format!("{problem:?}");
        let places = message.split('"').skip(1).step_by(2);
        places.map(str::to_owned).collect()
    }

    #[test]
    fn what_is_wrong_with_an_endpoint_is_named() {
        let text = r#"{"url":"","events":["order.*","orders.*","effect.dead"],"secret":"x"}"#;
        let mut found = pointers::<EndpointBody>(text);
        found.sort();
        assert_eq!(found, ["/events/1", "/events/2", "/secret", "/url"]);
        let none = r#"{"url":"https://shop.example/","events":[]}"#;
        assert_eq!(pointers::<EndpointBody>(none), ["/events"]);
        assert_eq!(
            pointers::<EndpointChangeBody>(r#"{"events":[]}"#),
            ["/events"]
        );
        assert!(read::<EndpointChangeBody>(b"{}").is_ok());
    }
}
