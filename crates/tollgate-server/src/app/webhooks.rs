//! Taking a provider's delivery: verified, de-duplicated, decided, on disk; then answered (I1).

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use tollgate_core::command::{Action, RawEvent, TakeEvent};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::event::Confirm;
use tollgate_core::id::{DeliveryId, EventId, ORDINAL_MAX};
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::Timestamp;
use tollgate_providers::{Covers, Item, ItemError, RejectCode, Rejection};
use tollgate_store::{Actor, Class, ErrorLevel, Origin, Rejected, Reply, Submission};

use super::unproved::{Kept, UnprovedBudget};
use super::{App, AppError, Deciding, WebhookSource};
use crate::content_encoding::{self, Undecodable};
use crate::decisions::Repeated;
use crate::errors::{By, ErrorKind, ErrorNote};
use crate::headers::{self, Form};
use crate::ids;

/// A delivery as it came.
pub(crate) struct Incoming<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a [u8])],
    /// The body; decoded, once it is taken.
    pub(crate) body: Bytes,
    /// The body as it was sent, where it was encoded.
    pub(crate) encoded: Option<Bytes>,
    /// Who really sent it.
    pub(crate) peer: Option<IpAddr>,
    /// What its sender calls the request.
    pub(crate) origin: Option<Arc<Origin>>,
    /// Who has it taken, where somebody has.
    pub(crate) by: Option<Actor>,
    /// When it came; a kept delivery is verified by this clock too.
    pub(crate) received_at: Timestamp,
}

/// A delivery that was taken.
#[derive(Debug)]
pub struct Taken {
    /// Its events in the order they stand in it.
    pub items: Vec<TakenItem>,
}

/// One event of a delivery.
#[derive(Debug)]
pub struct TakenItem {
    /// Its id, or the first's where it is a duplicate; none for an item that cannot be read.
    pub id: Option<EventId>,
    /// Its key at the source.
    pub key: String,
    /// What the provider calls it.
    pub kind: String,
    /// What happened to it.
    pub outcome: EventOutcome,
    /// Why it cannot be read.
    pub error: Option<ItemError>,
}

impl App {
    /// Takes a delivery, or keeps it as rejected and says why.
    pub(crate) async fn take_delivery(
        &self,
        webhook: &WebhookSource,
        incoming: Incoming<'_>,
    ) -> Result<Taken, AppError> {
        self.take(webhook, incoming, true).await
    }

    /// Takes a delivery; `keep` says whether it is kept if it is refused.
    pub(super) async fn take(
        &self,
        webhook: &WebhookSource,
        mut incoming: Incoming<'_>,
        keep: bool,
    ) -> Result<Taken, AppError> {
        let id = ids::delivery();
        let most = self.config().server.body_bytes_max;
        let verified = match content_encoding::decode(incoming.headers, &incoming.body, most) {
            Ok(decoded) => {
                if let Some(decoded) = decoded {
                    incoming.encoded = Some(std::mem::replace(&mut incoming.body, decoded.into()));
                }
                verify(webhook, &incoming)
            }
            Err(Undecodable::TooLarge) => {
                let reason = format!("its body is larger than {most} bytes, decoded");
                self.note_unread(webhook, "body_too_large", &reason);
                return Err(AppError::DeliveryTooLarge { most });
            }
            Err(Undecodable::Unreadable(detail)) => {
                let code = RejectCode::BodyUnreadable;
                Err(Verdict::Rejected(Rejection { code, detail }))
            }
        };
        let items = match verified {
            Ok(items) => items,
            Err(Verdict::Rejected(rejection)) => {
                return Err(self.refuse(webhook, id, &incoming, rejection, keep));
            }
            Err(Verdict::Panicked) => return Err(AppError::Internal),
        };
        let items_max = self
            .config()
            .server
            .delivery_items_max
            .min(usize::from(ORDINAL_MAX));
        if items_max < items.len() {
            let reason = format!("it holds {} events, {items_max} are taken", items.len());
            self.note_unread(webhook, "delivery_too_long", &reason);
            return Err(AppError::DeliveryTooLong {
                events: items.len(),
                most: items_max,
            });
        }
        if let Some(error) = nothing_readable(&items) {
            let rejection = rejection_of(error);
            return Err(self.refuse(webhook, id, &incoming, rejection, keep));
        }
        // One that is verified again came at another time, and is no flood of its provider's.
        if keep {
            webhook.pace.take(incoming.received_at)?;
        }
        if let Some(null) = &self.inner.null {
            return Ok((null.take)(id, items));
        }
        self.decide_items(webhook, id, incoming, items).await
    }

    async fn decide_items(
        &self,
        webhook: &WebhookSource,
        delivery: DeliveryId,
        incoming: Incoming<'_>,
        items: Vec<Item>,
    ) -> Result<Taken, AppError> {
        let WebhookSource { shop, source, .. } = webhook;
        // What was signed is kept, with what says how it is read.
        let signed = incoming.encoded.as_ref();
        let signed = signed.filter(|_| source.signs_encoded() && items.len() == 1);
        let form = match (&incoming.encoded, signed) {
            (Some(_), None) => Form::Decoded,
            (Some(_), Some(_)) | (None, _) => Form::AsSent,
        };
        let headers = self.kept_headers(webhook, &incoming, form);
        let mut taken = Vec::with_capacity(items.len());
        let mut submissions = Vec::with_capacity(items.len());
        let alone = items.len() == 1;
        for (ordinal, Item { event, bytes, .. }) in items.into_iter().enumerate() {
            let ordinal = u16::try_from(ordinal).expect("the number of items was checked");
            let event = match event {
                Ok(event) => event,
                Err(error) => {
                    let part = incoming.body.slice(bytes);
                    let (kept, rejection) = (ids::delivery(), rejection_of(&error));
                    let likely =
                        self.note_refusal(webhook, &incoming.delivery(webhook), kept, &rejection);
                    self.keep(webhook, kept, &incoming, &rejection, likely, Some(part));
                    self.note_item(webhook, kept, &rejection);
                    taken.push(TakenItem {
                        id: None,
                        key: String::new(),
                        kind: String::new(),
                        outcome: EventOutcome::Rejected,
                        error: Some(error),
                    });
                    continue;
                }
            };
            let mut item = TakenItem {
                id: None,
                key: event.key.clone(),
                kind: event.kind.clone(),
                outcome: EventOutcome::Duplicate,
                error: None,
            };
            // I2: what is settled needs no second decision, and a reader can prove it.
            if !event.key.is_empty() {
                item.id = self
                    .inner
                    .store
                    .settled_event(*shop, source.name(), &event.key);
            }
            if let Some(first) = item.id {
                self.inner.instance.decisions().repeated(&Repeated {
                    shop: *shop,
                    shop_name: self.shop_name(*shop),
                    source: source.name(),
                    kind: &event.kind,
                    reference: event
                        .names
                        .iter()
                        .map(String::as_str)
                        .find(|name| !name.is_empty()),
                    first,
                    origin: incoming.origin.as_deref(),
                });
            }
            if item.id.is_none() {
                let said = match alone && bytes == (0..incoming.body.len()) {
                    true => incoming.body.to_vec(),
                    false => incoming.body.get(bytes).unwrap_or(&incoming.body).to_vec(),
                };
                let forwards = webhook.forwards(&event.kind, &said);
                let policy = source.policy_for(&event);
                let body = signed.map_or(said, |signed| signed.to_vec());
                let whole = RawEvent {
                    body,
                    headers: headers.clone(),
                };
                let is_unproved =
                    policy.confirm == Confirm::Before && source.covers() == Covers::Nothing;
                let kept = match is_unproved {
                    true => {
                        let bytes = whole.body.len() + whole.headers.len();
                        webhook.unproved.take(bytes, self.now())
                    }
                    false => Kept::Whole,
                };
                let raw = match kept {
                    Kept::Whole => whole,
                    Kept::WithoutBytes | Kept::IfKnown => RawEvent {
                        body: Vec::new(),
                        headers: "[]".to_owned(),
                    },
                };
                let size = raw.body.len() + raw.headers.len() + 512;
                let take = TakeEvent {
                    id: EventId::on(delivery.root(), ordinal),
                    source: source.name().to_owned(),
                    policy,
                    forwards,
                    event,
                    received_at: incoming.received_at,
                    only_if_known: kept == Kept::IfKnown,
                    raw,
                };
                let action = Action::TakeEvent(take);
                let submission = Submission {
                    by: incoming.by.clone(),
                    ..Submission::new(*shop, action, Class::Money)
                };
                let submission = submission.caused_by(incoming.origin.clone()).of_bytes(size);
                submissions.push(submission);
            }
            taken.push(item);
        }
        if !submissions.is_empty() {
            self.submit_items(&mut taken, submissions).await?;
        }
        for item in &taken {
            webhook.counts.of(item.outcome).inc();
        }
        Ok(Taken { items: taken })
    }

    /// Decides what no reader could settle, and notes what happened to each.
    async fn submit_items(
        &self,
        taken: &mut [TakenItem],
        mut submissions: Vec<Submission>,
    ) -> Result<(), AppError> {
        let wait = self.config().server.webhook_timeout;
        let deciding = submissions
            .first()
            .and_then(|first| Deciding::begin(first, submissions.len()));
        let open = taken
            .iter_mut()
            .filter(|item| item.id.is_none() && item.error.is_none());
        let replies = async {
            match submissions.len() {
                1 => {
                    let submission = submissions.pop().expect("there is one");
                    vec![self.inner.store.submit(submission).await]
                }
                _ => self.inner.store.submit_all(submissions).await,
            }
        };
        let replies = tokio::time::timeout(wait, replies).await;
        let is_decided = replies
            .as_ref()
            .is_ok_and(|all| all.iter().all(Result::is_ok));
        Deciding::end(deciding, is_decided);
        let replies = replies.map_err(|_| AppError::OutcomeUnknown)?;
        for (item, reply) in open.zip(replies) {
            match reply? {
                Reply::Decided {
                    outcome: Outcome::Event { id, outcome, .. },
                    ..
                } => {
                    item.id = Some(id);
                    item.outcome = outcome;
                }
                Reply::Decided {
                    outcome: Outcome::Refused(Refusal::NotFound),
                    ..
                } => {
                    let wait = UnprovedBudget::next_hour(self.now());
                    return Err(AppError::TooManyUnproved { wait });
                }
                other => {
                    tracing::error!(reply = ?other, "an event was answered as something else");
                    return Err(AppError::Internal);
                }
            }
        }
        Ok(())
    }

    /// Refuses a delivery as a whole; `keep` says whether it is kept and noted.
    fn refuse(
        &self,
        webhook: &WebhookSource,
        id: DeliveryId,
        incoming: &Incoming<'_>,
        rejection: Rejection,
        keep: bool,
    ) -> AppError {
        webhook.counts.refused.inc();
        if keep {
            let likely = self.note_refusal(webhook, &incoming.delivery(webhook), id, &rejection);
            self.keep(webhook, id, incoming, &rejection, likely, None);
        }
        let Rejection { code, detail } = rejection;
        let code = code.as_str();
        AppError::DeliveryRefused {
            code,
            detail,
            delivery: keep.then_some(id),
        }
    }

    /// Counts an event that cannot be read, of a delivery whose others are taken.
    fn note_item(&self, webhook: &WebhookSource, kept: DeliveryId, rejection: &Rejection) {
        let kind = ErrorKind {
            shop: webhook.shop,
            level: ErrorLevel::Warn,
            code: rejection.code.as_str(),
            cause: "item",
            operation: "POST /webhooks/{source}".to_owned(),
            source: Some(webhook.source.name().to_owned()),
            by: By::Ourselves,
            status: 200,
        };
        self.note_error(ErrorNote {
            kind,
            request_id: None,
            about: Some(kept.to_string()),
            detail: rejection.detail.clone(),
        });
    }

    /// Keeps what was refused, so that it can be verified again. Never waits. The sender is not answered the
    /// likely cause: it is about our configuration.
    fn keep(
        &self,
        webhook: &WebhookSource,
        delivery: DeliveryId,
        incoming: &Incoming<'_>,
        rejection: &Rejection,
        likely: Option<String>,
        part: Option<Bytes>,
    ) {
        let WebhookSource { shop, source, .. } = webhook;
        let store = &self.inner.store;
        if !store.has_room_for_rejected(*shop, source.name(), incoming.received_at) {
            return;
        }
        let detail = match likely {
            Some(likely) => format!("{}; likely: {likely}", rejection.detail),
            None => rejection.detail.clone(),
        };
        // As a whole it is kept as it came, so that it can be verified again.
        let (form, body) = match (&part, &incoming.encoded) {
            (Some(part), Some(_)) => (Form::Decoded, part),
            (Some(part), None) => (Form::AsSent, part),
            (None, encoded) => (Form::AsSent, encoded.as_ref().unwrap_or(&incoming.body)),
        };
        store.keep_rejected(Rejected {
            shop: *shop,
            delivery,
            source: source.name().to_owned(),
            at: incoming.received_at,
            code: rejection.code.as_str().to_owned(),
            detail,
            peer: incoming.peer,
            headers: self.kept_headers(webhook, incoming, form),
            body: body.to_vec(),
        });
    }

    /// The headers of a delivery, as they are kept beside its body in this form.
    fn kept_headers(&self, webhook: &WebhookSource, incoming: &Incoming<'_>, form: Form) -> String {
        headers::keep(
            (incoming.method, incoming.path, incoming.query),
            incoming.headers,
            form,
            webhook.source.provider().secret_headers,
            &self.inner.redactor,
        )
    }
}

enum Verdict {
    Rejected(Rejection),
    Panicked,
}

/// Verification comes before anything else. It does not panic (I7); should it, the delivery is
/// refused as an error of ours and the provider sends it again.
fn verify(webhook: &WebhookSource, incoming: &Incoming<'_>) -> Result<Vec<Item>, Verdict> {
    let delivery = incoming.delivery(webhook);
    match catch_unwind(AssertUnwindSafe(|| webhook.source.verify(&delivery))) {
        Ok(verified) => verified.map_err(Verdict::Rejected),
        Err(_) => {
            tracing::error!(
                source = webhook.source.name(),
                "verifying a delivery has panicked"
            );
            Err(Verdict::Panicked)
        }
    }
}

/// An item's refusal, as that of a delivery.
fn rejection_of(error: &ItemError) -> Rejection {
    Rejection {
        code: error.code,
        detail: error.detail.clone(),
    }
}

/// Why a delivery of which nothing can be read is refused as a whole: its first item's reason.
fn nothing_readable(items: &[Item]) -> Option<&ItemError> {
    let mut errors = items.iter().map(|item| item.event.as_ref().err());
    let first = errors.next()??;
    errors.all(|error| error.is_some()).then_some(first)
}
