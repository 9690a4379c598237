//! Merchants' endpoints: made, changed, given new secrets, tried.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tollgate_core::breaker::Breaker;
use tollgate_core::id::{EndpointId, ShopId, encode};
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{AuditRecord, ENDPOINTS_MAX, EndpointRow, Page, Seek, Telling};

use super::access::text;
use super::{App, AppError, Caller};
use crate::ids;
use crate::trace;
use tollgate_outbound::calls::{Answer, Call, Outcome, SigningSecret, Trust, sign, target};

/// Secrets of one endpoint that sign: each is a signature in the header.
const SECRETS_MAX: usize = 5;

/// How often a change is repeated because another one was faster.
const TRIES_MAX: usize = 16;

/// Bytes of an endpoint's answer that are shown.
const SHOWN_BYTES_MAX: usize = 1024;

/// Over so long is counted how telling an endpoint ends.
const TOLD_SINCE: Span = Span::hours(24);

/// What a person has switched off says so.
const BY_HAND: &str = "it was switched off over the API";

/// An endpoint, and how it fares if it fails.
pub(crate) struct EndpointSeen {
    /// The endpoint.
    pub(crate) row: EndpointRow,
    /// How it fares.
    pub(crate) failing: Option<Breaker>,
    /// How telling it has ended over the last day.
    pub(crate) told: Telling,
}

/// An endpoint that is to be made.
pub(crate) struct NewEndpoint {
    /// Where it is.
    pub(crate) url: String,
    /// The kinds of entries it is notified of.
    pub(crate) events: Vec<String>,
    /// For people.
    pub(crate) description: String,
}

/// What is to be changed about an endpoint; the rest stays.
pub(crate) struct EndpointChange {
    /// Where it is.
    pub(crate) url: Option<String>,
    /// The kinds of entries it is notified of.
    pub(crate) events: Option<Vec<String>>,
    /// For people.
    pub(crate) description: Option<String>,
    /// Whether it is notified at all.
    pub(crate) enabled: Option<bool>,
}

/// Writes the message that tries an endpoint.
pub(crate) type WriteTest = fn(EndpointId, Timestamp) -> Vec<u8>;

/// What came of trying an endpoint.
pub(crate) struct Tested {
    /// How long it took.
    pub(crate) took: Duration,
    /// Its answer, or why there is none.
    pub(crate) answer: Result<Answer, String>,
}

impl App {
    /// A new endpoint; its secret is shown once.
    pub(crate) async fn create_endpoint(
        &self,
        caller: &Caller,
        wanted: NewEndpoint,
    ) -> Result<(EndpointRow, SecretString), AppError> {
        let shop = caller.shop();
        self.judge_url(&wanted.url)?;
        let first = Seek::first(u32::try_from(ENDPOINTS_MAX).unwrap_or(u32::MAX));
        let known = self.inner.store.endpoints(shop, first).await?.items;
        let events = filters(wanted.events);
        // A request that is repeated because its answer was lost: a second endpoint would get everything
        // twice, once under a secret that no one knows.
        let same = |row: &&EndpointRow| {
            row.url == wanted.url && row.events == events && row.disabled.is_none()
        };
        if let Some(row) = known.iter().find(same) {
            return Err(AppError::EndpointExists(row.id));
        }
        if ENDPOINTS_MAX <= known.len() {
            let most = ENDPOINTS_MAX;
            return Err(AppError::TooManyEndpoints { most });
        }
        let secret = SigningSecret::fresh().text();
        let now = self.now();
        let row = EndpointRow {
            shop,
            id: EndpointId::on(ids::root(), 0),
            url: wanted.url,
            events,
            description: wanted.description,
            secrets: vec![(secret.expose_secret().to_owned(), None)],
            unopened: None,
            created_at: now,
            updated_at: now,
            disabled: None,
        };
        let detail = vec![
            ("url", text(&row.url)),
            ("events", text(row.events.join(" "))),
        ];
        let record = caller.record(shop, "create_endpoint", row.id, detail);
        let store = &self.inner.store;
        store.put_endpoint(row.clone(), Some(record)).await?;
        Ok((row, secret))
    }

    /// A page of endpoints, each with how it fares.
    pub(crate) async fn endpoints(
        &self,
        shop: ShopId,
        seek: Seek<EndpointId>,
    ) -> Result<Page<EndpointSeen, EndpointId>, AppError> {
        let Page { items, next } = self.inner.store.endpoints(shop, seek).await?;
        let mut failing = self.failing(shop).await?;
        let told = self.told_lately(shop).await?;
        let seen = |row: EndpointRow| EndpointSeen {
            failing: failing.remove(&target_of(&row)),
            told: told.get(&row.id).copied().unwrap_or_default(),
            row,
        };
        Ok(Page {
            items: items.into_iter().map(seen).collect(),
            next,
        })
    }

    /// An endpoint, and how it fares.
    pub(crate) async fn endpoint(
        &self,
        shop: ShopId,
        id: EndpointId,
    ) -> Result<EndpointSeen, AppError> {
        let row = self.endpoint_row(shop, id).await?;
        self.endpoint_seen(row).await
    }

    /// An endpoint that was read, and how it fares.
    pub(crate) async fn endpoint_seen(&self, row: EndpointRow) -> Result<EndpointSeen, AppError> {
        let failing = self.failing(row.shop).await?.remove(&target_of(&row));
        let told = self.told_lately(row.shop).await?;
        let told = told.get(&row.id).copied().unwrap_or_default();
        Ok(EndpointSeen { row, failing, told })
    }

    async fn told_lately(&self, shop: ShopId) -> Result<BTreeMap<EndpointId, Telling>, AppError> {
        let since = self.now().plus(Span::millis(-TOLD_SINCE.as_millis()));
        Ok(self.inner.store.told_since(shop, since).await?)
    }

    /// Changes what is said of an endpoint. Enabling one forgets its earlier failures.
    pub(crate) async fn change_endpoint(
        &self,
        caller: &Caller,
        id: EndpointId,
        wanted: EndpointChange,
    ) -> Result<EndpointRow, AppError> {
        if let Some(url) = &wanted.url {
            self.judge_url(url)?;
        }
        let change = |row: &mut EndpointRow, now: Timestamp| {
            let EndpointChange {
                url,
                events,
                description,
                enabled,
            } = &wanted;
            if let Some(url) = url {
                row.url.clone_from(url);
            }
            if let Some(events) = events {
                row.events = filters(events.clone());
            }
            if let Some(description) = description {
                row.description.clone_from(description);
            }
            match (enabled, &row.disabled) {
                (Some(true), _) => row.disabled = None,
                (Some(false), None) => row.disabled = Some((now, BY_HAND.to_owned())),
                (Some(false), Some(_)) | (None, _) => {}
            }
        };
        let mut detail = Vec::new();
        if let Some(url) = &wanted.url {
            detail.push(("url", text(url)));
        }
        if let Some(events) = &wanted.events {
            detail.push(("events", text(events.join(" "))));
        }
        if let Some(enabled) = wanted.enabled {
            detail.push(("enabled", text(enabled)));
        }
        let record = caller.record(caller.shop(), "change_endpoint", id, detail);
        self.change_row(id, change, record).await
    }

    /// Deletes an endpoint; what is pending for it is given up.
    pub(crate) async fn delete_endpoint(
        &self,
        caller: &Caller,
        id: EndpointId,
    ) -> Result<(), AppError> {
        let shop = caller.shop();
        let row = self.endpoint_row(shop, id).await?;
        let record = caller.record(shop, "delete_endpoint", id, vec![("url", text(&row.url))]);
        let store = &self.inner.store;
        Ok(store.delete_endpoint(shop, id, Some(record)).await?)
    }

    /// Gives an endpoint a new secret, shown once. The previous one still signs for a while.
    pub(crate) async fn rotate_endpoint(
        &self,
        caller: &Caller,
        id: EndpointId,
    ) -> Result<(EndpointRow, SecretString), AppError> {
        let secret = SigningSecret::fresh().text();
        let overlap = self.config().outgoing.secret_overlap;
        let change = |row: &mut EndpointRow, now: Timestamp| {
            // What could not be opened signs no more.
            row.unopened = None;
            rotate(&mut row.secrets, secret.expose_secret(), now, overlap);
        };
        let record = caller.record(caller.shop(), "rotate_endpoint", id, Vec::new());
        let row = self.change_row(id, change, record).await?;
        Ok((row, secret))
    }

    /// Sends an endpoint a signed body now. It is no effect: nothing of it is kept but who has done it.
    pub(crate) async fn test_endpoint(
        &self,
        caller: &Caller,
        id: EndpointId,
        write: WriteTest,
    ) -> Result<Tested, AppError> {
        let shop = caller.shop();
        let row = self.endpoint_row(shop, id).await?;
        if let Some(unopened) = &row.unopened {
            return Ok(Tested {
                took: Duration::ZERO,
                answer: Err(format!("its secrets cannot be opened: {unopened}")),
            });
        }
        let record = caller.record(shop, "test_endpoint", id, vec![("url", text(&row.url))]);
        self.inner.store.record(record).await?;
        let now = self.now();
        let secrets = live_secrets(&row, now)?;
        let message = write(id, now);
        let key = format!("test:{id}:{}", encode(ids::root().as_u128()));
        let signature = sign(&secrets, &key, now, &message);
        let mut call = Call::to_endpoint(&row.url, signature, message.into(), SHOWN_BYTES_MAX);
        if let Some(origin) = caller.origin() {
            trace::hand_on(&origin, &mut call.headers);
        }
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
    fn judge_url(&self, url: &str) -> Result<(), AppError> {
        match target(url, Trust::Api, self.client().networks()) {
            Ok(_) => Ok(()),
            Err(bad) => Err(AppError::UrlRefused(bad.to_string())),
        }
    }

    async fn endpoint_row(&self, shop: ShopId, id: EndpointId) -> Result<EndpointRow, AppError> {
        let row = self.inner.store.endpoint(shop, id).await?;
        row.ok_or(AppError::NotFound)
    }

    /// Changes an endpoint as it stands; when another change was faster, as it stands then, so that no
    /// secret that was shown is lost.
    async fn change_row(
        &self,
        id: EndpointId,
        change: impl Fn(&mut EndpointRow, Timestamp),
        record: AuditRecord,
    ) -> Result<EndpointRow, AppError> {
        let shop = record.shop;
        for _ in 0..TRIES_MAX {
            let mut row = self.endpoint_row(shop, id).await?;
            let (read_at, now) = (row.updated_at, self.now());
            change(&mut row, now);
            row.updated_at = now.max(read_at.plus(Span::millis(1)));
            if self
                .inner
                .store
                .change_endpoint(row.clone(), read_at, Some(record.clone()))
                .await?
            {
                return Ok(row);
            }
        }
        Err(AppError::Contended)
    }

    async fn failing(&self, shop: ShopId) -> Result<BTreeMap<String, Breaker>, AppError> {
        let failing = self.inner.store.failing_targets(shop).await?;
        Ok(failing.into_iter().collect())
    }
}

/// The secrets that sign now, the newest first.
fn live_secrets(row: &EndpointRow, now: Timestamp) -> Result<Vec<SigningSecret>, AppError> {
    let live = row.secrets.iter().filter(|(_, until)| is_live(*until, now));
    live.map(|(secret, _)| SigningSecret::parse(secret))
        .collect::<Result<_, _>>()
        .map_err(|error| {
            tracing::error!(endpoint = %row.id, %error, "a signing secret cannot be read");
            AppError::Internal
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

/// The target of an endpoint's notifications.
fn target_of(row: &EndpointRow) -> String {
    format!("notify:{}", row.id)
}

/// Each filter once.
fn filters(words: Vec<String>) -> Vec<String> {
    let mut filters = Vec::with_capacity(words.len());
    for word in words {
        if !filters.contains(&word) {
            filters.push(word);
        }
    }
    filters
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
