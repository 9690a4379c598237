//! The world of the stories: a real server on a temporary file, and those who call it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde_json::Value;
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_providers::{NotInProvider, Sample, SampleStatus, Source, Webhook};

use super::outside::Memory;
use super::storm::Timed;
use crate::load::client::{Client, ClientError};

/// Why a story could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoryError {
    /// The server did not answer as the story needs it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A webhook could not be made.
    #[error(transparent)]
    Webhook(#[from] NotInProvider),
    /// A part of it panicked.
    #[error("play the story: {0}")]
    Panicked(#[from] tokio::task::JoinError),
}

/// Those who call the server: the shop with its key, the providers with their secrets.
#[derive(Clone)]
pub struct World {
    /// The shop.
    pub client: Arc<Client>,
    /// The providers, as the server's configuration has them.
    pub sources: Arc<[Arc<Source>]>,
    /// What those outside remember.
    pub outside: Memory,
    /// Where the receipts of shop main are copied to.
    pub receipts: PathBuf,
}

/// What a story waits for comes within this, or never.
const PATIENCE: Duration = Duration::from_secs(20);

impl World {
    /// A webhook of a source, signed, as it goes over the wire.
    pub(super) fn webhook(
        &self,
        source: &str,
        status: SampleStatus,
        reference: &str,
        amount_minor: i64,
        currency: &str,
        id: &str,
    ) -> Result<Vec<u8>, StoryError> {
        let webhook = self.sample(source, status, reference, amount_minor, currency, id)?;
        Ok(self.request(source, &webhook))
    }

    /// A webhook of a source, signed.
    pub(super) fn sample(
        &self,
        source: &str,
        status: SampleStatus,
        reference: &str,
        amount_minor: i64,
        currency: &str,
        id: &str,
    ) -> Result<Webhook, StoryError> {
        let found = self.sources.iter().find(|known| known.name() == source);
        let found = found.ok_or_else(|| NotInProvider(format!("there is no source {source}")))?;
        let webhook = found.sample(&Sample {
            reference: reference.to_owned(),
            amount_minor,
            currency: Currency::new(currency)
                .ok_or_else(|| NotInProvider(format!("{currency} is no currency")))?,
            status,
            id: id.to_owned(),
            now: Timestamp::from_millis(jiff::Timestamp::now().as_millisecond()),
        })?;
        Ok(webhook)
    }

    /// A webhook as it goes over the wire.
    pub(super) fn request(&self, source: &str, webhook: &Webhook) -> Vec<u8> {
        let mut request = Vec::new();
        let path = format!("/webhooks/{source}");
        self.client
            .write_webhook(&mut request, &path, &webhook.headers, &webhook.body);
        request
    }

    /// Looks again and again until something is so, or patience ends; what was seen last, and how long it
    /// took. Nothing is promised by waiting: the caller checks the result.
    pub(super) async fn until(
        &self,
        path: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> Result<(Value, Duration), StoryError> {
        let begun = Instant::now();
        loop {
            let seen = self.client.get(path).await?;
            if is_so(&seen) || PATIENCE < begun.elapsed() {
                return Ok((seen, begun.elapsed()));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The request that creates an order; its code is its Idempotency-Key.
    pub(super) fn order(&self, code: &str, order: &Value) -> Vec<u8> {
        let mut request = Vec::new();
        let body = order.to_string();
        self.client.write(
            &mut request,
            "POST",
            "/v1/orders",
            Some(code),
            body.as_bytes(),
        );
        request
    }

    /// Sends one request and takes the time.
    pub(super) async fn timed(&self, path: &str, request: &[u8]) -> Result<Timed, StoryError> {
        let begun = Instant::now();
        let reply = self.client.pass(path, request).await?;
        Ok(Timed {
            reply,
            took: begun.elapsed(),
        })
    }

    /// Where the copy of an issued receipt is, once it is there or patience ends.
    pub(super) async fn copy_of(&self, receipt: &Value) -> Option<PathBuf> {
        let file = self.receipts.join(format!("{}.pdf", receipt.as_str()?));
        let begun = Instant::now();
        while !file.exists() {
            if PATIENCE < begun.elapsed() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Some(file)
    }

    /// The documents the shop's handler was handed, once there are so many or patience ends, and how many
    /// it handled at once at the most.
    pub(super) async fn handed(&self, count: usize) -> (Vec<Value>, usize) {
        let begun = Instant::now();
        loop {
            let (documents, at_once_max) = self.outside.documents();
            if count <= documents.len() || PATIENCE < begun.elapsed() {
                return (documents, at_once_max);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Noon of tomorrow, UTC.
    pub(super) fn tomorrow_noon(&self) -> jiff::Timestamp {
        let day = SignedDuration::from_hours(24);
        let days = jiff::Timestamp::now().as_second().div_euclid(day.as_secs()) + 1;
        let noon = SignedDuration::from_secs(days * day.as_secs()) + SignedDuration::from_hours(12);
        jiff::Timestamp::UNIX_EPOCH + noon
    }
}
