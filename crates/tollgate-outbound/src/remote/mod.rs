//! A running Tollgate as its own commands and stories call it: over http or https, through the proxies that
//! the environment names, within time-outs, and with the certificates that the system trusts.

mod messages;
mod not_done;

pub use messages::{Message, Messages};
pub use not_done::{NotDone, refusal};

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Response, Url};
use serde_json::Value;
use url::Host;

use crate::SettingError;
use crate::calls::trusting;

/// How long a command waits for a connection, TLS included.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long a command waits for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// The most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Which requests are one and the same.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What is said as `User-Agent`.
const USER_AGENT: &str = concat!("tollgate/", env!("CARGO_PKG_VERSION"));

/// A server and the key to it.
#[derive(Debug, Clone)]
pub struct Server {
    url: Url,
    key: String,
    /// A PEM file with certificates to trust besides the system's.
    root_certificate: Option<PathBuf>,
    http: reqwest::Client,
}

impl Server {
    /// The server at a URL, which may have a path of its own in front of `/v1`.
    pub fn new(url: &str, key: String) -> Result<Server, String> {
        Server::trusting(url, key, None)
    }

    /// The same, with a PEM file of certificates to trust besides the system's.
    pub fn trusting(
        url: &str,
        key: String,
        root_certificate: Option<&Path>,
    ) -> Result<Server, String> {
        let url = server_url(url)?;
        Ok(Server {
            key,
            http: http(&url, Some(ANSWER_MAX), None, root_certificate)?,
            root_certificate: root_certificate.map(Path::to_owned),
            url,
        })
    }

    /// The same server, for answers that do not end: a silence of `silence_max` ends one.
    pub fn streaming(self, silence_max: Duration) -> Result<Server, String> {
        let root_certificate = self.root_certificate.as_deref();
        let http = http(&self.url, None, Some(silence_max), root_certificate)?;
        Ok(Server { http, ..self })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Sends a request; the answer's document, or what went wrong, in words.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let asked = self.ask(method, path, body, None).await;
        asked.map_err(|not_done| not_done.to_string())
    }

    /// Sends a request, with an Idempotency-Key where one is named; the answer's document, or why there is none.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        idempotency_key: Option<&str>,
    ) -> Result<Value, NotDone> {
        let failed = |why: String| NotDone::failed(method, path, self.url(), why);
        let mut request = self.request(
            Method::from_bytes(method.as_bytes()).expect("the methods are ours"),
            path,
        );
        if let Some(key) = idempotency_key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let response = request.send().await;
        let response = response.map_err(|error| NotDone {
            was_not_sent: error.is_connect(),
            ..failed(reason(&error))
        })?;
        let status = response.status();
        if let Some(to) = moved_to(&response) {
            let status = status.as_u16();
            return Err(failed(format!(
                "{status} it has moved to {to}; name that with --url"
            )));
        }
        if !is_of_tollgate(&response) {
            return Err(failed(stranger(&response)));
        }
        let text = body_of(response).await.map_err(failed)?;
        let document: Value = serde_json::from_slice(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(document);
        }
        let sent = body.unwrap_or(&Value::Null);
        let mut not_done = failed(format!("{} {}", status.as_u16(), refusal(&document, sent)));
        not_done.refuse(document, sent);
        Err(not_done)
    }

    /// Asks for an answer that comes bit by bit.
    pub async fn open(&self, path: &str, headers: HeaderMap) -> Result<Response, reqwest::Error> {
        self.request(Method::GET, path)
            .header(ACCEPT, "text/event-stream")
            .headers(headers)
            .send()
            .await
    }

    /// Asks for a document of this media type and hands on its bytes as they come. One that breaks off is an
    /// error, whatever was handed on of it.
    pub async fn download(
        &self,
        path: &str,
        wanted: &str,
        take: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<(), String> {
        let failed = |why: String| format!("call GET {path} at {}: {why}", self.url());
        let response = self.request(Method::GET, path).send().await;
        let mut response = response.map_err(|error| failed(reason(&error)))?;
        let status = response.status();
        if !status.is_success() && is_of_tollgate(&response) {
            let text = body_of(response).await.map_err(failed)?;
            let document: Value = serde_json::from_slice(&text).unwrap_or_default();
            let why = refusal(&document, &Value::Null);
            return Err(failed(format!("{} {why}", status.as_u16())));
        }
        if !status.is_success() || media(&response) != wanted {
            return Err(failed(stranger(&response)));
        }
        loop {
            match response.chunk().await {
                Ok(Some(part)) => {
                    take(&part).map_err(|error| format!("write what came: {error}"))?;
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    let why = reason(&error);
                    return Err(failed(format!("it broke off before its end: {why}")));
                }
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url()))
            .bearer_auth(&self.key)
    }
}

/// A handler that is sent one request after the other, over connections that are kept.
pub struct Handler {
    url: Url,
    http: reqwest::Client,
}

impl Handler {
    /// The handler at this URL, with a PEM file of certificates to trust besides the system's.
    pub fn at(url: &str, root_certificate: Option<&Path>) -> Result<Handler, String> {
        let url = server_url(url)?;
        let http = http(&url, Some(ANSWER_MAX), None, root_certificate)?;
        Ok(Handler { url, http })
    }

    /// Sends JSON with these headers; the status it was answered with. What the answer says is read, for the
    /// connection to be kept, up to as much as an answer may be.
    pub async fn post(&self, headers: HeaderMap, body: String) -> Result<u16, String> {
        let request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .headers(headers)
            .body(body);
        let response = request.send().await.map_err(|error| reason(&error))?;
        let status = response.status().as_u16();
        body_of(response).await?;
        Ok(status)
    }
}

/// Sends bytes with these headers, as they are; the status and the answer.
pub async fn post(
    url: &Url,
    headers: &[(String, String)],
    body: &[u8],
    root_certificate: Option<&Path>,
) -> Result<(u16, Vec<u8>), String> {
    let mut sent = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let wrong = || format!("the header {name} cannot be sent");
        let name: HeaderName = name.parse().map_err(|_| wrong())?;
        sent.append(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    let request = http(url, Some(ANSWER_MAX), None, root_certificate)?
        .post(url.clone())
        .headers(sent)
        .body(body.to_vec());
    let response = request.send().await.map_err(|error| reason(&error))?;
    let status = response.status().as_u16();
    Ok((status, body_of(response).await?))
}

/// Whether the server takes requests that listens at an address of this machine. Its URL has the name that its
/// certificate is for; no proxy is asked, and no balancer.
pub async fn readiness(
    url: &str,
    at: SocketAddr,
    timeout: Duration,
    root_certificate: Option<&Path>,
) -> Result<(), String> {
    let url = server_url(url)?;
    let failed = |why: String| format!("call GET /readyz at {at}: {why}");
    let mut builder = builder(root_certificate)?.no_proxy().timeout(timeout);
    let mut ready = url.clone();
    ready.set_path("/readyz");
    if let Some(Host::Domain(name)) = url.host() {
        builder = builder.resolve(name, at);
    }
    // The name is looked up by the line above, the port is that of the URL.
    ready
        .set_port(Some(at.port()))
        .map_err(|()| failed("a URL without a port".to_owned()))?;
    let http = builder.build().map_err(|error| failed(reason(&error)))?;
    let response = http.get(ready).send().await;
    let response = response.map_err(|error| failed(reason(&error)))?;
    let status = response.status();
    if status.is_success() && is_of_tollgate(&response) {
        return Ok(());
    }
    if !is_of_tollgate(&response) {
        return Err(failed(stranger(&response)));
    }
    let text = body_of(response).await.map_err(failed)?;
    let document: Value = serde_json::from_slice(&text).unwrap_or_default();
    let why = refusal(&document, &Value::Null);
    Err(failed(format!("{} {why}", status.as_u16())))
}

/// A URL that can be called.
pub fn server_url(text: &str) -> Result<Url, String> {
    let wrong = |why: &str| format!("call {text}: {why}; a URL like https://pay.example is wanted");
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("only http and https can be called"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("call a URL with a password in it: keys are named with --key".to_owned());
    }
    Ok(url)
}

/// A client for one URL. Nothing is followed: what was meant for one server does not go to another.
fn http(
    url: &Url,
    answer_max: Option<Duration>,
    silence_max: Option<Duration>,
    root_certificate: Option<&Path>,
) -> Result<reqwest::Client, String> {
    let mut builder = builder(root_certificate)?;
    // A proxy knows its own loopback, not ours.
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    if let Some(max) = answer_max {
        builder = builder.timeout(max);
    }
    if let Some(max) = silence_max {
        builder = builder.read_timeout(max);
    }
    builder.build().map_err(|error| reason(&error))
}

/// What every client here has in common.
fn builder(root_certificate: Option<&Path>) -> Result<reqwest::ClientBuilder, String> {
    let trust = trusting(root_certificate).map_err(|error| {
        let SettingError { found, wanted, .. } = error;
        format!("trust {found}; {wanted} is wanted")
    })?;
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(trust)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_MAX))
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let ip: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
            ip.is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

/// Whether an answer is one of ours by its form: documents and problems are JSON, and where there is nothing
/// to say there is nothing.
pub fn is_of_tollgate(response: &Response) -> bool {
    let status = response.status();
    match media(response) {
        "application/json" | "text/event-stream" => status.is_success(),
        "application/problem+json" => !status.is_success(),
        _ => status == reqwest::StatusCode::NO_CONTENT,
    }
}

/// Whether an answer is a live stream.
pub fn is_stream(response: &Response) -> bool {
    media(response) == "text/event-stream"
}

/// What is said of an answer that is none of ours.
pub fn stranger(response: &Response) -> String {
    let what = match media(response) {
        "" => "no Content-Type",
        media => media,
    };
    format!(
        "{} with {what}, as no Tollgate answers: another program listens there, or a proxy answers for it; \
         name the right address with --url",
        response.status().as_u16()
    )
}

fn media(response: &Response) -> &str {
    let value = response.headers().get(CONTENT_TYPE);
    let value = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn moved_to(response: &Response) -> Option<String> {
    let location = response.headers().get(LOCATION)?;
    let is_moved = response.status().is_redirection();
    is_moved.then(|| String::from_utf8_lossy(location.as_bytes()).into_owned())
}

async fn body_of(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| reason(&error))? {
        body.extend_from_slice(&part);
        if ANSWER_BYTES_MAX < body.len() {
            return Err(format!(
                "the answer is longer than {ANSWER_BYTES_MAX} bytes"
            ));
        }
    }
    Ok(body)
}

/// What went wrong, down to its cause. A URL is not in it: callers name the place.
pub fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return match error.is_connect() {
            true => "no connection within 10 s".to_owned(),
            false => "no answer came in time".to_owned(),
        };
    }
    let mut source = error.source();
    let mut text = None;
    while let Some(error) = source {
        text = Some(error.to_string());
        source = error.source();
    }
    let text = text.unwrap_or_else(|| error.to_string());
    // What the libraries call it does not say what to do.
    let hint = if text.contains("InvalidContentType") {
        "; it does not speak TLS there, so the URL may have to begin with http:"
    } else if text.contains("invalid HTTP") {
        "; it does not speak HTTP there: another program listens, or the URL has to begin with https:"
    } else if text.contains("UnknownIssuer") {
        "; name the certificate of its authority with --root-certificate"
    } else {
        ""
    };
    format!("{text}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_called() {
        for (text, called) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://pay.example/", "https://pay.example"),
            ("https://example/pay", "https://example/pay"),
            ("http://[::1]:9", "http://[::1]:9"),
        ] {
            let server = Server::new(text, "k".to_owned()).expect(text);
            assert_eq!(server.url(), called);
        }
        for wrong in [
            "",
            "127.0.0.1:80",
            "ftp://x",
            "pay.example",
            "http://",
            "http://a:b@c",
        ] {
            let why = server_url(wrong).expect_err(wrong);
            assert!(!why.contains("a:b"), "{why}");
        }
    }

    #[test]
    fn no_proxy_is_asked_for_this_machine() {
        for (url, is_here) in [
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://localhost", true),
            ("https://pay.example", false),
            ("http://192.0.2.7", false),
        ] {
            let url = Url::parse(url).expect("the table holds URLs");
            assert_eq!(is_loopback(&url), is_here, "{url}");
        }
    }
}
