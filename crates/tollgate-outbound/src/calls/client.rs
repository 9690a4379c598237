//! Makes one call and returns what came of it. No redirect is followed, no proxy asked, no cookie kept, and
//! no more of the answer read than was asked for.

use std::error::Error as _;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use tollgate_providers::HttpRequest;

use super::OutgoingSettings;
use super::answer::{Answer, BodyEnd, Exchange, NotSent, Outcome};
use super::certificates::read_certificates;
use super::networks::{Networks, Refusal, Trust};
use super::target::{BadTarget, target};
use crate::SettingError;

/// What is sent, and to whom.
#[derive(Clone)]
pub struct Call<'a> {
    /// Who named the target.
    pub trust: Trust,
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: &'a str,
    /// Headers; `Host`, `Content-Length` and `User-Agent` are written here.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How much of the answer's body is read.
    pub keep: usize,
    /// It has a connection of its own. A kept connection may be closed by the other side just as it is used
    /// again, and then it is unknown whether the call arrived: for calls that must not be repeated, such as
    /// refunds.
    pub alone: bool,
}

impl<'a> Call<'a> {
    /// A question or order to a provider, as `tollgate-providers` writes it; `keep` is
    /// [`OutgoingSettings::answer_bytes_max`].
    ///
    /// Fails on a header that cannot be sent; the message names it without its value.
    pub fn to_provider(request: &'a HttpRequest, keep: usize) -> Result<Call<'a>, NotSent> {
        let invalid = |what: &str| NotSent::Invalid(format!("{what} cannot be sent"));
        let mut headers = HeaderMap::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let wrong = || invalid(&format!("the header {name}"));
            let name: HeaderName = name.parse().map_err(|_| wrong())?;
            let mut value: HeaderValue = value.parse().map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        Ok(Call {
            trust: Trust::Operator,
            method: request.method.parse().map_err(|_| invalid("the method"))?,
            url: &request.url,
            headers,
            body: Bytes::copy_from_slice(&request.body),
            keep,
            alone: false,
        })
    }
}

impl<'a> Call<'a> {
    /// A message to a merchant's endpoint, under the headers of its signature.
    pub fn to_endpoint(url: &'a str, signature: HeaderMap, body: Bytes, keep: usize) -> Call<'a> {
        let mut headers = signature;
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        Call {
            trust: Trust::Api,
            method: Method::POST,
            url,
            headers,
            body,
            keep,
            alone: false,
        }
    }
}

/// The addresses of a name, looked up.
pub type Looking = Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>;

/// How names are looked up.
pub type Lookup = Arc<dyn Fn(&str) -> Looking + Send + Sync>;

/// Makes calls. Connections are kept for a short while, those to targets of the API apart from the others:
/// what the operator may reach is never lent to the holder of a key.
#[derive(Clone)]
pub struct Client {
    api: reqwest::Client,
    api_alone: reqwest::Client,
    operator: reqwest::Client,
    operator_alone: reqwest::Client,
    networks: Networks,
    timeout: Duration,
}

/// How long an idle connection is kept: less than any common server keeps its side of one.
const IDLE_MAX: Duration = Duration::from_secs(3);

/// Idle connections kept to one host.
const IDLE_PER_HOST_MAX: usize = 8;

/// What is said as `User-Agent`.
const USER_AGENT: &str = concat!("Tollgate/", env!("CARGO_PKG_VERSION"));

impl Client {
    /// A client that looks names up as the system does. Fails if the root certificate cannot be read.
    pub fn new(settings: &OutgoingSettings) -> Result<Client, SettingError> {
        let lookup: Lookup = Arc::new(|name| Box::pin(system_lookup(name.to_owned())));
        Client::with_lookup(settings, lookup)
    }

    /// A client that looks names up in its own way.
    pub fn with_lookup(
        settings: &OutgoingSettings,
        lookup: Lookup,
    ) -> Result<Client, SettingError> {
        let networks = Networks::new(settings.allow_networks.clone());
        let tls = trusting(settings.root_certificate.as_deref())?;
        let build = |guard: Option<&Networks>, idle_per_host: usize| {
            let resolver = Resolver {
                guard: guard.cloned(),
                lookup: lookup.clone(),
            };
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .dns_resolver(Arc::new(resolver))
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .user_agent(USER_AGENT)
                .connect_timeout(settings.connect_timeout)
                .timeout(settings.timeout)
                .pool_idle_timeout(IDLE_MAX)
                .pool_max_idle_per_host(idle_per_host)
                .build()
                .expect("nothing of this depends on the surroundings")
        };
        Ok(Client {
            api: build(Some(&networks), IDLE_PER_HOST_MAX),
            api_alone: build(Some(&networks), 0),
            operator: build(None, IDLE_PER_HOST_MAX),
            operator_alone: build(None, 0),
            timeout: settings.timeout,
            networks,
        })
    }

    /// The networks that targets of the API may be in.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    /// Makes one call. Takes at most [`OutgoingSettings::timeout`].
    pub async fn call(&self, call: Call<'_>) -> Exchange {
        let began = Instant::now();
        let outcome = self.outcome_of(call).await;
        Exchange {
            took: began.elapsed(),
            outcome,
        }
    }

    async fn outcome_of(&self, call: Call<'_>) -> Outcome {
        let url = match target(call.url, call.trust, &self.networks) {
            Ok(url) => url,
            Err(BadTarget::Refused(refusal)) => return Outcome::NotSent(NotSent::Refused(refusal)),
            Err(error) => return Outcome::NotSent(NotSent::Invalid(error.to_string())),
        };
        let client = match (call.trust, call.alone) {
            (Trust::Api, false) => &self.api,
            (Trust::Api, true) => &self.api_alone,
            (Trust::Operator, false) => &self.operator,
            (Trust::Operator, true) => &self.operator_alone,
        };
        let request = client
            .request(call.method, url)
            .headers(call.headers)
            .body(call.body);
        match request.send().await {
            Ok(response) => Outcome::Answered(self.read(response, call.keep).await),
            Err(error) => self.failure(&error),
        }
    }

    /// Reads at most `keep` bytes of the body; with the status there is an answer, whatever becomes
    /// of the rest.
    async fn read(&self, mut response: reqwest::Response, keep: usize) -> Answer {
        let mut body = Vec::new();
        let end = loop {
            match response.chunk().await {
                Ok(None) => break BodyEnd::Whole,
                Ok(Some(chunk)) if body.len() + chunk.len() <= keep => {
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(chunk)) => {
                    body.extend_from_slice(&chunk[..keep - body.len()]);
                    break BodyEnd::Cut;
                }
                Err(error) => break BodyEnd::Lost(self.reason(&error)),
            }
        };
        Answer {
            status: response.status(),
            version: response.version(),
            headers: std::mem::take(response.headers_mut()),
            body,
            end,
        }
    }

    /// Whether anything may have reached the target. Until a connection stands, TLS included, nothing has;
    /// after that it is unknown.
    fn failure(&self, error: &reqwest::Error) -> Outcome {
        let reason = self.reason(error);
        if let Some(refusal) = find::<Refusal>(error) {
            return Outcome::NotSent(NotSent::Refused(*refusal));
        }
        if error.is_dns() {
            return Outcome::NotSent(NotSent::Name(reason));
        }
        if error.is_connect() {
            return Outcome::NotSent(match is_tls(error) {
                true => NotSent::Tls(reason),
                false => NotSent::Connect(reason),
            });
        }
        if error.is_builder() {
            return Outcome::NotSent(NotSent::Invalid(reason));
        }
        Outcome::Unclear(reason)
    }

    /// The innermost reason; the outer ones say only that it was a call, and hold the URL, which may
    /// be a secret.
    fn reason(&self, error: &reqwest::Error) -> String {
        match (error.is_timeout(), error.is_connect()) {
            (true, true) => "it took too long".to_owned(),
            (true, false) => format!("no answer within {} ms", self.timeout.as_millis()),
            (false, _) => match sources(error).last() {
                Some(source) => source.to_string(),
                None => "the request cannot be written".to_owned(),
            },
        }
    }
}

async fn system_lookup(name: String) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

/// TLS that trusts the certificates of the system and those of a file, and encrypts with ring.
pub fn trusting(root_certificate: Option<&Path>) -> Result<rustls::ClientConfig, SettingError> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if let Some(path) = root_certificate {
        roots.add_parsable_certificates(read_certificates("outgoing.root_certificate", path)?);
    }
    if roots.is_empty() {
        tracing::warn!(
            "the system has no root certificates, so no https: target can be called; install \
             ca-certificates, or name a file in [outgoing] root_certificate"
        );
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Looks names up, and gives of their addresses only those that may be called. What it gives is what
/// is connected to: there is no second look-up that could be answered otherwise.
struct Resolver {
    guard: Option<Networks>,
    lookup: Lookup,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = (self.lookup)(name.as_str());
        let guard = self.guard.clone();
        Box::pin(async move {
            let mut found = looking.await?;
            let mut refusal = None;
            if let Some(networks) = guard {
                found.retain(|address| match networks.check(address.ip()) {
                    Ok(()) => true,
                    Err(refused) => {
                        refusal = Some(refused);
                        false
                    }
                });
            }
            match (found.is_empty(), refusal) {
                (false, _) => Ok(Box::new(found.into_iter()) as Addrs),
                (true, Some(refusal)) => Err(refusal.into()),
                (true, None) => Err("it has no address".into()),
            }
        })
    }
}

type Source<'a> = &'a (dyn std::error::Error + 'static);

fn sources(error: &reqwest::Error) -> impl Iterator<Item = Source<'_>> {
    fn next<'a>(error: &Source<'a>) -> Option<Source<'a>> {
        let error: Source<'a> = *error;
        error.source()
    }
    std::iter::successors(error.source(), next)
}

fn find<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    sources(error).find_map(|source| source.downcast_ref())
}

fn is_tls(error: &reqwest::Error) -> bool {
    sources(error).any(holds_tls)
}

/// What is inside an I/O error is not one of its sources, and they stand in each other.
fn holds_tls(error: Source<'_>) -> bool {
    let inside = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    match inside {
        Some(inside) => holds_tls(inside),
        None => error.is::<rustls::Error>(),
    }
}
