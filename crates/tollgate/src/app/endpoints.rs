//! Merchants' endpoints: made, changed, given new secrets, tried.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tollgate_core::breaker::Breaker;
use tollgate_core::id::{EndpointId, ShopId, encode};
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{ENDPOINTS_MAX, EndpointRow, Page, Seek};

use super::{App, unreadable};
use crate::body::{EndpointBody, EndpointChangeBody, FilterWord};
use crate::error::{ALREADY_EXISTS, INTERNAL, NOT_FOUND, OVERLOADED, Problem, TOO_MANY_ENDPOINTS};
use crate::ids;
use crate::outgoing::{Answer, Call, Outcome, SigningSecret, Trust, sign, target};
use crate::time_text::rfc3339;

/// Secrets of one endpoint that sign: each is a signature in the header.
const SECRETS_MAX: usize = 5;

/// How often a change is made anew because somebody else was faster.
const TRIES_MAX: usize = 16;

/// Bytes of an endpoint's answer that are shown.
const SHOWN_BYTES_MAX: usize = 1024;

/// What a person has switched off says so.
const BY_HAND: &str = "it was switched off over the API";

/// An endpoint, and how it fares if it fails.
pub(crate) struct Seen {
    /// The endpoint.
    pub(crate) row: EndpointRow,
    /// How it fares.
    pub(crate) failing: Option<Breaker>,
}

/// What came of trying an endpoint.
pub(crate) struct Tested {
    /// How long it took.
    pub(crate) took: Duration,
    /// Its answer, or why there is none.
    pub(crate) answer: Result<Answer, String>,
}

impl App {
    /// A new endpoint; its secret is told once.
    pub(crate) async fn create_endpoint(
        &self,
        shop: ShopId,
        body: EndpointBody,
    ) -> Result<(EndpointRow, SecretString), Problem> {
        self.judge_url(body.url.as_str())?;
        let first = Seek::first(u32::try_from(ENDPOINTS_MAX).unwrap_or(u32::MAX));
        let known = self.inner.store.endpoints(shop, first).await;
        let known = known.map_err(unreadable)?.items;
        let events = filters(body.events);
        // A request that is repeated because its answer was lost: a second endpoint would be told everything
        // twice, under secrets of which one is nobody's.
        let same = |row: &&EndpointRow| {
            row.url == body.url.as_str() && row.events == events && row.disabled.is_none()
        };
        if let Some(row) = known.iter().find(same) {
            return Err(Problem::from(ALREADY_EXISTS).with("id", row.id.to_string()));
        }
        if ENDPOINTS_MAX <= known.len() {
            return Err(Problem::from(TOO_MANY_ENDPOINTS).with("endpoints_max", ENDPOINTS_MAX));
        }
        let secret = SigningSecret::fresh().text();
        let now = self.now();
        let row = EndpointRow {
            shop,
            id: EndpointId::on(ids::root(), 0),
            url: body.url.0,
            events,
            description: body.description.map_or_else(String::new, |text| text.0),
            secrets: vec![(secret.expose_secret().to_owned(), None)],
            created_at: now,
            updated_at: now,
            disabled: None,
        };
        self.inner.store.put_endpoint(row.clone()).await?;
        Ok((row, secret))
    }

    /// A page of endpoints, each with how it fares.
    pub(crate) async fn endpoints(
        &self,
        shop: ShopId,
        seek: Seek<EndpointId>,
    ) -> Result<Page<Seen, EndpointId>, Problem> {
        let page = self.inner.store.endpoints(shop, seek).await;
        let Page { items, next } = page.map_err(unreadable)?;
        let mut failing = self.failing(shop).await?;
        let seen = |row: EndpointRow| Seen {
            failing: failing.remove(&target_of(&row)),
            row,
        };
        Ok(Page {
            items: items.into_iter().map(seen).collect(),
            next,
        })
    }

    /// An endpoint, and how it fares.
    pub(crate) async fn endpoint(&self, shop: ShopId, endpoint: &str) -> Result<Seen, Problem> {
        let row = self.endpoint_row(shop, endpoint_id(endpoint)?).await?;
        let failing = self.failing(shop).await?.remove(&target_of(&row));
        Ok(Seen { row, failing })
    }

    /// Changes what is said of an endpoint. Enabling one begins anew with it, whatever it failed before.
    pub(crate) async fn change_endpoint(
        &self,
        shop: ShopId,
        endpoint: &str,
        body: EndpointChangeBody,
    ) -> Result<EndpointRow, Problem> {
        let id = endpoint_id(endpoint)?;
        if let Some(url) = &body.url {
            self.judge_url(url.as_str())?;
        }
        let change = |row: &mut EndpointRow, now: Timestamp| {
            let EndpointChangeBody {
                description,
                enabled,
                events,
                url,
            } = &body;
            if let Some(url) = url {
                row.url = url.as_str().to_owned();
            }
            if let Some(events) = events {
                row.events = filters(events.clone());
            }
            if let Some(description) = description {
                row.description = description.as_str().to_owned();
            }
            match (enabled, &row.disabled) {
                (Some(true), _) => row.disabled = None,
                (Some(false), None) => row.disabled = Some((now, BY_HAND.to_owned())),
                (Some(false), Some(_)) | (None, _) => {}
            }
        };
        self.change_row(shop, id, change).await
    }

    /// Deletes an endpoint; what is pending for it is given up.
    pub(crate) async fn delete_endpoint(
        &self,
        shop: ShopId,
        endpoint: &str,
    ) -> Result<(), Problem> {
        let id = endpoint_id(endpoint)?;
        self.endpoint_row(shop, id).await?;
        Ok(self.inner.store.delete_endpoint(shop, id).await?)
    }

    /// Gives an endpoint a new secret, told once. The one before signs along for a while.
    pub(crate) async fn rotate_endpoint(
        &self,
        shop: ShopId,
        endpoint: &str,
    ) -> Result<(EndpointRow, SecretString), Problem> {
        let id = endpoint_id(endpoint)?;
        let secret = SigningSecret::fresh().text();
        let overlap = self.inner.config.outgoing.secret_overlap;
        let change = |row: &mut EndpointRow, now: Timestamp| {
            rotate(&mut row.secrets, secret.expose_secret(), now, overlap);
        };
        let row = self.change_row(shop, id, change).await?;
        Ok((row, secret))
    }

    /// Sends an endpoint a signed body now. It is no effect: nothing of it is kept.
    pub(crate) async fn test_endpoint(
        &self,
        shop: ShopId,
        endpoint: &str,
    ) -> Result<Tested, Problem> {
        let row = self.endpoint_row(shop, endpoint_id(endpoint)?).await?;
        let now = self.now();
        let secrets = live_secrets(&row, now)?;
        let body = json!({
            "type": "endpoint.test",
            "timestamp": rfc3339(now),
            // Before everything that the feed has said or will say.
            "position": 0,
            "data": { "endpoint_id": row.id.to_string() },
        })
        .to_string();
        let key = format!("test:{}:{}", row.id, encode(ids::root().as_u128()));
        let mut headers = sign(&secrets, &key, now, body.as_bytes());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        let call = Call {
            trust: Trust::Api,
            method: Method::POST,
            url: &row.url,
            headers,
            body: body.into(),
            keep: SHOWN_BYTES_MAX,
            alone: false,
        };
        let exchange = self.client().call(call).await;
        Ok(Tested {
            took: exchange.took,
            answer: match exchange.outcome {
                Outcome::Answered(answer) => Ok(answer),
                Outcome::NotSent(why) => Err(why.to_string()),
                Outcome::Unclear(why) => Err(why),
            },
        })
    }

    /// Refuses a URL that is never called.
    fn judge_url(&self, url: &str) -> Result<(), Problem> {
        match target(url, Trust::Api, self.client().networks()) {
            Ok(_) => Ok(()),
            Err(bad) => Err(Problem::invalid_at("/url", bad.to_string())),
        }
    }

    async fn endpoint_row(&self, shop: ShopId, id: EndpointId) -> Result<EndpointRow, Problem> {
        let row = self.inner.store.endpoint(shop, id).await;
        row.map_err(unreadable)?.ok_or_else(|| NOT_FOUND.into())
    }

    /// Changes an endpoint as it stands; when somebody else was faster, as it stands then, so that no
    /// secret that was told is lost.
    async fn change_row(
        &self,
        shop: ShopId,
        id: EndpointId,
        change: impl Fn(&mut EndpointRow, Timestamp),
    ) -> Result<EndpointRow, Problem> {
        for _ in 0..TRIES_MAX {
            let mut row = self.endpoint_row(shop, id).await?;
            let (read_at, now) = (row.updated_at, self.now());
            change(&mut row, now);
            row.updated_at = now.max(read_at.plus(Span::millis(1)));
            if self
                .inner
                .store
                .change_endpoint(row.clone(), read_at)
                .await?
            {
                return Ok(row);
            }
        }
        Err(OVERLOADED.into())
    }

    async fn failing(&self, shop: ShopId) -> Result<BTreeMap<String, Breaker>, Problem> {
        let failing = self.inner.store.failing_targets(shop).await;
        Ok(failing.map_err(unreadable)?.into_iter().collect())
    }
}

/// The secrets that sign now, the newest first.
fn live_secrets(row: &EndpointRow, now: Timestamp) -> Result<Vec<SigningSecret>, Problem> {
    let live = row.secrets.iter().filter(|(_, until)| is_live(*until, now));
    live.map(|(secret, _)| SigningSecret::parse(secret))
        .collect::<Result<_, _>>()
        .map_err(|error| {
            tracing::error!(endpoint = %row.id, %error, "a signing secret cannot be read");
            INTERNAL.into()
        })
}

fn is_live(until: Option<Timestamp>, now: Timestamp) -> bool {
    until.is_none_or(|until| now < until)
}

/// A new secret before the others; the newest of those is good for a while, the older ones as long as
/// they were.
fn rotate(
    secrets: &mut Vec<(String, Option<Timestamp>)>,
    fresh: &str,
    now: Timestamp,
    overlap: Span,
) {
    for (_, until) in secrets.iter_mut().filter(|(_, until)| until.is_none()) {
        *until = Some(now.plus(overlap));
    }
    secrets.retain(|(_, until)| is_live(*until, now));
    secrets.insert(0, (fresh.to_owned(), None));
    secrets.truncate(SECRETS_MAX);
}

/// Whom notices for an endpoint are addressed to.
fn target_of(row: &EndpointRow) -> String {
    format!("notify:{}", row.id)
}

fn filters(words: Vec<FilterWord>) -> Vec<String> {
    let mut filters = Vec::with_capacity(words.len());
    for word in words {
        if !filters.contains(&word.0) {
            filters.push(word.0);
        }
    }
    filters
}

fn endpoint_id(text: &str) -> Result<EndpointId, Problem> {
    text.parse().map_err(|_| NOT_FOUND.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_secret_signs_along_for_a_while_and_then_no_more() {
        let at = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
        let overlap = Span::hours(24);
        let mut secrets = vec![("a".to_owned(), None)];
        rotate(&mut secrets, "b", at(0), overlap);
        rotate(&mut secrets, "c", at(12), overlap);
        let expected = [("c", None), ("b", Some(at(36))), ("a", Some(at(24)))];
        let read: Vec<_> = secrets
            .iter()
            .map(|(s, until)| (s.as_str(), *until))
            .collect();
        assert_eq!(read, expected);
        rotate(&mut secrets, "d", at(24), overlap);
        let names: Vec<&str> = secrets.iter().map(|(secret, _)| secret.as_str()).collect();
        assert_eq!(names, ["d", "c", "b"], "the oldest has ended");
        rotate(&mut secrets, "e", at(25), Span::hours(0));
        let names: Vec<&str> = secrets.iter().map(|(secret, _)| secret.as_str()).collect();
        assert_eq!(names, ["e", "c", "b"], "without an overlap it ends at once");
        for number in 0..10 {
            rotate(&mut secrets, &number.to_string(), at(26), overlap);
        }
        assert_eq!(secrets.len(), SECRETS_MAX);
        assert_eq!(secrets[0], ("9".to_owned(), None));
    }
}
