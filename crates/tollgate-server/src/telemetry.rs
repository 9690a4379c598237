//! Traces for OpenTelemetry (docs/telemetry.md): spans of requests, of what the Gate decides for them and of effects,
//! sent by OTLP over HTTP. Off unless a collector is configured.
//!
//! A span is made by whoever does something and put into a bounded queue when it ends. Nobody waits for it: where the
//! queue is full it is dropped and counted. What is in a span is said here and at its few makers: words of our own,
//! names of the configuration and statuses. No path or query as it came, no body, no name of a customer.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use bytes::Bytes;
use prost::Message;
use secrecy::ExposeSecret;
use tokio::sync::{mpsc, watch};
use tollgate_outbound::SettingError;
use tollgate_outbound::calls::{Answer, Call, Client, Outcome, Trust};
use tollgate_store::{Checked, Level};

use crate::clock::machine_time;
use crate::config::Config;
use crate::metrics::SpanCounts;
use crate::otlp;
use crate::trace;

/// Spans of one request to the collector.
const BATCH_MAX: usize = 512;

/// How long spans wait for others.
const BATCH_EVERY: Duration = Duration::from_secs(1);

/// The pauses before a batch that the collector has not taken is sent again; after the last it is dropped.
const AGAIN_AFTER: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// How long the last of them may take when the server stops.
const LAST: Duration = Duration::from_secs(2);

/// Of a collector's answer so much is read.
const ANSWER_BYTES_MAX: usize = 4096;

/// Of its words so much is shown.
const SHOWN_LETTERS_MAX: usize = 200;

/// A failure is spoken of by doctor for so long.
const SPOKEN_OF: Duration = Duration::from_secs(3600);

/// What a span is to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanKind {
    /// Within this process.
    Internal,
    /// It answers a request.
    Server,
    /// It makes one.
    Client,
}

/// What is said of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attribute {
    Text(Cow<'static, str>),
    Integer(i64),
}

impl From<&'static str> for Attribute {
    fn from(text: &'static str) -> Attribute {
        Attribute::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Attribute {
        Attribute::Text(Cow::Owned(text))
    }
}

impl From<u16> for Attribute {
    fn from(integer: u16) -> Attribute {
        Attribute::Integer(integer.into())
    }
}

/// A span that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FinishedSpan {
    pub(crate) trace: [u8; 16],
    pub(crate) id: [u8; 8],
    pub(crate) parent: Option<[u8; 8]>,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    /// Nanoseconds since the Unix epoch, by this machine's clock.
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) attributes: Vec<(&'static str, Attribute)>,
    pub(crate) is_error: bool,
}

/// Where spans go; nowhere, where no collector is configured. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Telemetry(Option<Arc<Exporter>>);

struct Exporter {
    queue: mpsc::Sender<FinishedSpan>,
    /// Until the export begins.
    waiting: Mutex<Option<mpsc::Receiver<FinishedSpan>>>,
    client: Client,
    url: String,
    headers: HeaderMap,
    resource: Vec<(&'static str, String)>,
    sample_percent: u32,
    counts: SpanCounts,
    standing: Mutex<Standing>,
}

/// How the last exports went.
#[derive(Default)]
struct Standing {
    is_failing: bool,
    failed: Option<(Instant, String)>,
    dropped: Option<Instant>,
}

/// A span that goes on.
pub(crate) struct OpenSpan {
    exporter: Arc<Exporter>,
    trace: [u8; 16],
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    start_ns: u64,
    began: Instant,
    /// Which of our operations it turned out to be.
    route: OnceLock<Box<str>>,
    /// What else is said of it.
    noted: Mutex<Vec<(&'static str, Attribute)>>,
}

tokio::task_local! {
    /// The span that this task works for.
    static CURRENT: Arc<OpenSpan>;
}

/// The trace and the span that this task works for, if it is recorded.
pub(crate) fn current() -> Option<([u8; 16], [u8; 8])> {
    CURRENT.try_with(|span| (span.trace, span.id)).ok()
}

/// Says which operation the request of this task is; the first word counts.
pub(crate) fn note_route(route: &str) {
    let _ = CURRENT.try_with(|span| span.route.set(route.into()));
}

/// Says something more of the request of this task.
pub(crate) fn note(key: &'static str, value: impl FnOnce() -> Attribute) {
    let _ = CURRENT.try_with(|span| {
        let mut noted = span.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push((key, value()));
    });
}

/// Begins a span within the one of this task, if that is recorded.
pub(crate) fn child() -> Option<OpenSpan> {
    CURRENT.try_with(|span| span.child()).ok()
}

/// Works for a span.
pub(crate) async fn within<T>(span: Arc<OpenSpan>, work: impl Future<Output = T>) -> T {
    CURRENT.scope(span, work).await
}

impl OpenSpan {
    fn child(&self) -> OpenSpan {
        let began = Instant::now();
        let since = began.saturating_duration_since(self.began);
        OpenSpan {
            exporter: Arc::clone(&self.exporter),
            trace: self.trace,
            id: random(),
            parent: Some(self.id),
            start_ns: self.start_ns.saturating_add(nanos(since)),
            began,
            route: OnceLock::new(),
            noted: Mutex::default(),
        }
    }

    /// Which operation it was.
    pub(crate) fn route(&self) -> Option<&str> {
        self.route.get().map(AsRef::as_ref)
    }

    /// Ends it.
    pub(crate) fn end(
        &self,
        name: String,
        kind: SpanKind,
        is_error: bool,
        mut attributes: Vec<(&'static str, Attribute)>,
    ) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        attributes.append(&mut noted);
        drop(noted);
        self.exporter.put(FinishedSpan {
            trace: self.trace,
            id: self.id,
            parent: self.parent,
            name,
            kind,
            start_ns: self.start_ns,
            end_ns: self.start_ns.saturating_add(nanos(self.began.elapsed())),
            attributes,
            is_error,
        });
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// As many random bytes; not all of them noughts.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes[0] |= 1;
    bytes
}

impl Telemetry {
    /// What is configured.
    pub(crate) fn open(
        config: &Config,
        instance: &str,
        counts: &SpanCounts,
    ) -> Result<Telemetry, SettingError> {
        let settings = &config.telemetry;
        let Some(url) = &settings.otlp_url else {
            return Ok(Telemetry(None));
        };
        let mut calls = config.outgoing.calls();
        calls.timeout = settings.timeout;
        calls.connect_timeout = calls.connect_timeout.min(settings.timeout);
        let (queue, waiting) = mpsc::channel(settings.queue_spans_max);
        Ok(Telemetry(Some(Arc::new(Exporter {
            queue,
            waiting: Mutex::new(Some(waiting)),
            client: Client::new(&calls)?,
            url: format!("{}/v1/traces", url.trim_end_matches('/')),
            headers: headers_of(config),
            resource: vec![
                ("service.name", settings.service_name.clone()),
                ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
                ("service.instance.id", instance.to_owned()),
            ],
            sample_percent: settings.sample_percent,
            counts: counts.clone(),
            standing: Mutex::default(),
        }))))
    }

    /// Begins the span of a request, if it is recorded: as its caller says, or by chance where it says nothing.
    pub(crate) fn request(&self, headers: &HeaderMap) -> Option<Arc<OpenSpan>> {
        let exporter = self.0.as_ref()?;
        match trace::parent(headers) {
            Some(parent) if !parent.is_sampled => None,
            Some(parent) => Some(exporter.begin(parent.trace, Some(parent.span))),
            None => exporter.by_chance(),
        }
    }

    /// Begins the span of an effect: in the trace of the request that it goes back to, if that is recorded.
    pub(crate) fn effect(&self, origin: Option<&tollgate_store::Origin>) -> Option<Arc<OpenSpan>> {
        let exporter = self.0.as_ref()?;
        let Some(trace) = origin.and_then(|origin| origin.trace_id.as_deref()) else {
            return exporter.by_chance();
        };
        if origin.is_some_and(|origin| origin.unsampled) {
            return None;
        }
        let mut id = [0; 16];
        hex::decode_to_slice(trace, &mut id).ok()?;
        Some(exporter.begin(id, None))
    }

    /// Sends what comes until it is stopped; then what there still is, once.
    pub(crate) async fn export(self, mut stop: watch::Receiver<bool>) {
        let Some(exporter) = self.0 else { return };
        let waiting = exporter.waiting.lock();
        let Some(mut spans) = waiting.unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let mut batch = Vec::new();
        tokio::select! {
            () = exporter.send_what_comes(&mut spans, &mut batch) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        while let Ok(span) = spans.try_recv() {
            batch.push(span);
        }
        // A collector that hangs keeps nobody from stopping.
        let last = exporter.send_last(&mut batch);
        if tokio::time::timeout(LAST, last).await.is_err() {
            tracing::debug!("the last spans are not sent: the collector took too long");
        }
    }

    /// How exporting goes, for doctor; `None` where there is none.
    pub(crate) fn check(&self) -> Option<Checked> {
        let exporter = self.0.as_ref()?;
        let standing = exporter.standing();
        let mut seen = Vec::new();
        let lately = |at: &Instant| at.elapsed() < SPOKEN_OF;
        match &standing.failed {
            Some((at, why)) if standing.is_failing || lately(at) => {
                let seconds = at.elapsed().as_secs();
                seen.push(format!("{seconds} s ago the collector failed: {why}"));
            }
            Some(_) | None => {}
        }
        if standing.dropped.as_ref().is_some_and(lately) {
            let counted = "tollgate_telemetry_spans_dropped_total counts them";
            seen.push(format!("spans were dropped in the last hour: {counted}"));
        }
        Some(checked(seen))
    }
}

/// The check, with what was seen that is not well.
fn checked(seen: Vec<String>) -> Checked {
    let mend = "see that [telemetry] otlp_url leads to an OTLP/HTTP receiver and that it keeps up; requests are \
                answered all the same";
    let is_well = seen.is_empty();
    Checked {
        name: "telemetry",
        about: "the collector takes spans",
        level: if is_well { Level::Ok } else { Level::Warn },
        seen,
        more: 0,
        fix: if is_well {
            String::new()
        } else {
            mend.to_owned()
        },
    }
}

/// Asks a configured collector whether it takes spans, by sending it none.
pub async fn telemetry_check(config: &Config) -> Option<Checked> {
    config.telemetry.otlp_url.as_ref()?;
    let said = match Telemetry::open(config, "doctor", &SpanCounts::default()) {
        Ok(Telemetry(Some(exporter))) => exporter.try_once(&[]).await.map_err(|failed| failed.why),
        Ok(Telemetry(None)) => return None,
        Err(error) => Err(error.to_string()),
    };
    let seen = said
        .err()
        .map(|why| format!("the collector does not take spans: {why}"));
    Some(checked(seen.into_iter().collect()))
}

/// Why the collector has not taken a batch.
struct Failed {
    why: String,
    /// It may take it later.
    again: bool,
}

impl Exporter {
    fn by_chance(self: &Arc<Self>) -> Option<Arc<OpenSpan>> {
        let [one, two, ..] = random::<3>();
        let chance = u32::from(u16::from_be_bytes([two, one])) * 100 / 65_536;
        (chance < self.sample_percent).then(|| self.begin(random(), None))
    }

    fn begin(self: &Arc<Self>, trace: [u8; 16], parent: Option<[u8; 8]>) -> Arc<OpenSpan> {
        let ms = u64::try_from(machine_time().as_millis()).unwrap_or(0);
        Arc::new(OpenSpan {
            exporter: Arc::clone(self),
            trace,
            id: random(),
            parent,
            start_ns: ms.saturating_mul(1_000_000),
            began: Instant::now(),
            route: OnceLock::new(),
            noted: Mutex::default(),
        })
    }

    fn put(&self, span: FinishedSpan) {
        if self.queue.try_send(span).is_err() {
            self.drop_spans(1, "queue_full");
        }
    }

    fn drop_spans(&self, count: u64, reason: &'static str) {
        self.counts.dropped(reason).inc_by(count);
        self.standing().dropped = Some(Instant::now());
    }

    fn standing(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what comes, in batches, until nothing can come any more. `batch` has what is not sent yet.
    async fn send_what_comes(
        &self,
        spans: &mut mpsc::Receiver<FinishedSpan>,
        batch: &mut Vec<FinishedSpan>,
    ) {
        while spans.recv_many(batch, BATCH_MAX).await != 0 {
            let more = async {
                while batch.len() < BATCH_MAX {
                    let room = BATCH_MAX - batch.len();
                    if spans.recv_many(batch, room).await == 0 {
                        break;
                    }
                }
            };
            let _ = tokio::time::timeout(BATCH_EVERY, more).await;
            self.send(batch, &AGAIN_AFTER).await;
            batch.clear();
        }
    }

    /// Sends what there still is, once.
    async fn send_last(&self, spans: &mut Vec<FinishedSpan>) {
        while !spans.is_empty() {
            let count = spans.len().min(BATCH_MAX);
            let batch: Vec<FinishedSpan> = spans.drain(..count).collect();
            self.send(&batch, &[]).await;
        }
    }

    /// Sends a batch, again after each of these pauses if it may be taken then.
    async fn send(&self, batch: &[FinishedSpan], pauses: &[Duration]) {
        let count = batch.len() as u64;
        let mut pauses = pauses.iter();
        loop {
            let failed = match self.try_once(batch).await {
                Ok(rejected) => {
                    let taken = count.saturating_sub(rejected);
                    self.counts.exported.inc_by(taken);
                    if 0 < rejected {
                        self.drop_spans(rejected, "rejected");
                    }
                    return self.note(None);
                }
                Err(failed) => failed,
            };
            let again = failed.again;
            self.note(Some(failed.why));
            match pauses.next().filter(|_| again) {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => {
                    let why = if again { "unreachable" } else { "rejected" };
                    return self.drop_spans(count, why);
                }
            }
        }
    }

    /// Keeps how it went; the first failure is said, and the first success after it.
    fn note(&self, failed: Option<String>) {
        let mut standing = self.standing();
        let was_failing = std::mem::replace(&mut standing.is_failing, failed.is_some());
        match failed {
            Some(why) => {
                if !was_failing {
                    tracing::warn!(
                        why,
                        "the collector does not take spans; they are dropped and counted"
                    );
                }
                standing.failed = Some((Instant::now(), why));
            }
            None if was_failing => tracing::info!("the collector takes spans again"),
            None => {}
        }
    }

    /// How many of a batch were rejected by a collector that has taken the rest.
    async fn try_once(&self, batch: &[FinishedSpan]) -> Result<u64, Failed> {
        let request = otlp::request(&self.resource, batch.iter().cloned());
        let call = Call {
            trust: Trust::Operator,
            method: Method::POST,
            url: &self.url,
            headers: self.headers.clone(),
            body: Bytes::from(request.encode_to_vec()),
            keep: ANSWER_BYTES_MAX,
            alone: false,
        };
        match self.client.call(call).await.outcome {
            Outcome::Answered(answer) => judge(&answer),
            Outcome::NotSent(why) => Err(Failed {
                why: why.to_string(),
                again: true,
            }),
            Outcome::Unclear(why) => Err(Failed { why, again: true }),
        }
    }
}

/// By the specification of OTLP/HTTP: four statuses are tried again, all others but 2xx never.
fn judge(answer: &Answer) -> Result<u64, Failed> {
    if !answer.status.is_success() {
        return Err(Failed {
            why: format!("it answered {}", answer.status),
            again: matches!(
                answer.status,
                StatusCode::TOO_MANY_REQUESTS
                    | StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT
            ),
        });
    }
    let response = otlp::ExportResponse::decode(answer.body.as_slice()).unwrap_or_default();
    let Some(partial) = response.partial_success else {
        return Ok(0);
    };
    let rejected = u64::try_from(partial.rejected_spans).unwrap_or(0);
    if 0 < rejected {
        let said: String = partial
            .error_message
            .chars()
            .take(SHOWN_LETTERS_MAX)
            .collect();
        tracing::warn!(rejected, said, "the collector has rejected spans");
    }
    Ok(rejected)
}

fn headers_of(config: &Config) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let protobuf = HeaderValue::from_static("application/x-protobuf");
    headers.insert(header::CONTENT_TYPE, protobuf);
    for (name, value) in &config.telemetry.headers {
        if let Ok(mut value) = HeaderValue::from_str(value.expose_secret()) {
            value.set_sensitive(true);
            headers.insert(name.clone(), value);
        }
    }
    headers
}
