//! `[telemetry]`: where spans go, and how many.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use secrecy::SecretString;

use super::error::ConfigError;
use super::typed::{Typed, shape};

/// How traces are exported.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// The collector, without `/v1/traces`; `None`: no spans are made.
    pub otlp_url: Option<String>,
    /// What is sent along to it.
    pub headers: Vec<(HeaderName, SecretString)>,
    /// What we are called there.
    pub service_name: String,
    /// Of requests whose caller says nothing so many are recorded.
    pub sample_percent: u32,
    /// Spans that may wait.
    pub queue_spans_max: usize,
    /// For one request to the collector.
    pub timeout: Duration,
}

/// Headers that may be sent along.
const HEADERS_MAX: usize = 16;

impl Typed<'_> {
    pub(super) fn telemetry(&self) -> Result<Telemetry, ConfigError> {
        Ok(Telemetry {
            otlp_url: self.otlp_url()?,
            headers: self.otlp_headers()?,
            service_name: match self.line("telemetry.service_name")? {
                "" => {
                    let key = "telemetry.service_name";
                    return Err(self.wrong(key, "an empty text", "a name"));
                }
                name => name.to_owned(),
            },
            sample_percent: self.integer("telemetry.sample_percent", 0, 100)? as u32,
            queue_spans_max: self.size("telemetry.queue_spans_max", 64, 1_000_000)?,
            timeout: self.span("telemetry.timeout_ms", 100, 60_000)?,
        })
    }

    fn otlp_url(&self) -> Result<Option<String>, ConfigError> {
        let key = "telemetry.otlp_url";
        let text = self.text(key)?;
        if text.is_empty() {
            return Ok(None);
        }
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let is_good = rest.is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|byte| byte.is_ascii_graphic())
                && !rest.contains(['?', '#', '@'])
                && !rest.trim_end_matches('/').ends_with("/v1/traces")
        });
        match is_good {
            true => Ok(Some(text.to_owned())),
            false => {
                // It may hold a password, so it is not repeated.
                let found = match text.contains('@') {
                    true => "a text with @, as of a user and a password",
                    false => "another text",
                };
                let wanted = "the collector's http or https URL for OTLP, as http://127.0.0.1:4318, without user, \
                              query and /v1/traces";
                Err(self.wrong(key, found, wanted))
            }
        }
    }

    fn otlp_headers(&self) -> Result<Vec<(HeaderName, SecretString)>, ConfigError> {
        let key = "telemetry.headers";
        let wanted = "a list of texts as \"authorization=env:OTLP_AUTHORIZATION\"";
        let list = self.list(key, wanted)?;
        if HEADERS_MAX < list.len() {
            let found = format!("{} headers", list.len());
            return Err(self.wrong(key, found, format!("at most {HEADERS_MAX}")));
        }
        let read = |(place, value): (usize, &toml::Value)| {
            let place = format!("{key}[{place}]");
            let wrong = |found: &str| ConfigError::key(&place, found, wanted);
            let text = value.as_str().ok_or_else(|| wrong(shape(value)))?;
            // What stands behind the sign may be a secret, so it is not repeated.
            let (name, typed) = text
                .split_once('=')
                .ok_or_else(|| wrong("a text without ="))?;
            let name: HeaderName = name
                .trim()
                .parse()
                .map_err(|_| wrong("a name that no header has"))?;
            let secret = self.secret(&place, typed)?;
            if HeaderValue::from_str(&secret).is_err() {
                return Err(wrong("a secret that no header can have"));
            }
            Ok((name, SecretString::from(secret)))
        };
        list.iter().enumerate().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn a_password_in_the_collectors_url_is_not_repeated() {
        for url in [
            "https://otel:hunter2@collector",
            "ftp://hunter2",
            "http://a?token=hunter2",
        ] {
            let text = format!("[telemetry]\notlp_url = {url:?}\n");
            let error = Config::from_toml_str(&text).expect_err("it is refused");
            let said = format!("{error} {error:?}");
            assert!(said.contains("telemetry.otlp_url"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
