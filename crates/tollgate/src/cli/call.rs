//! Calls of commands to the running server: one request, one answer, plain HTTP/1.1.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a command waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// A server and the key to it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) url: String,
    pub(super) key: String,
}

impl Server {
    /// Sends a request; the answer's document, or what went wrong, in words.
    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let told = |why: String| format!("call {method} {path} at {}: {why}", self.url);
        match tokio::time::timeout(PATIENCE, self.talk(method, path, body)).await {
            Err(_) => Err(told("no answer came".to_owned())),
            Ok(Err(why)) => Err(told(why)),
            Ok(Ok((status, text))) => {
                let document: Value = serde_json::from_slice(&text).unwrap_or_default();
                if (200..300).contains(&status) {
                    return Ok(document);
                }
                let why = refusal(&document, body.unwrap_or(&Value::Null));
                Err(told(format!("{status} {why}")))
            }
        }
    }

    /// The host of the URL, and where it listens.
    pub(super) fn place(&self) -> Result<(&str, String), String> {
        let host = self
            .url
            .strip_prefix("http://")
            .ok_or("only http:// URLs can be called")?;
        let host = host.trim_end_matches('/');
        let has_port = host
            .rsplit(']')
            .next()
            .is_some_and(|rest| rest.contains(':'));
        let address = match has_port {
            true => host.to_owned(),
            false => format!("{host}:80"),
        };
        Ok((host, address))
    }

    async fn talk(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Vec<u8>), String> {
        let (host, address) = self.place()?;
        let mut stream = TcpStream::connect(&address)
            .await
            .map_err(|error| error.to_string())?;
        let body = body.map_or_else(String::new, Value::to_string);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.key,
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .await
            .map_err(|error| error.to_string())?;
        let mut answer = Vec::new();
        let mut limited = stream.take(ANSWER_BYTES_MAX);
        limited
            .read_to_end(&mut answer)
            .await
            .map_err(|error| error.to_string())?;
        read_answer(&answer).ok_or_else(|| "the answer is not HTTP".to_owned())
    }
}

/// A problem document in words: the code, the detail, and every place of the request that is wrong
/// with what was sent there.
pub(super) fn refusal(document: &Value, sent: &Value) -> String {
    let code = document["code"].as_str().unwrap_or("no code");
    let mut text = format!(
        "{code}: {}",
        document["detail"].as_str().unwrap_or_default()
    );
    for error in document["errors"].as_array().into_iter().flatten() {
        let pointer = error["pointer"].as_str().unwrap_or_default();
        let found = match sent.pointer(pointer) {
            Some(Value::String(found)) => format!(" {found:?}"),
            Some(_) | None => String::new(),
        };
        let why = match error["detail"].as_str() {
            Some(why) if !why.is_empty() => why,
            Some(_) | None => error["code"].as_str().unwrap_or("invalid"),
        };
        text.push_str(&format!("; {pointer}{found}: {why}"));
    }
    text
}

fn read_answer(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer[end + 4..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_names_every_place_and_what_was_sent_there() {
        let document = json!({
            "code": "request_invalid",
            "detail": "Something is wrong.",
            "errors": [
                { "pointer": "/shop", "code": "invalid", "detail": "there is no such shop" },
                { "pointer": "/scopes/0", "code": "invalid" },
            ],
        });
        assert_eq!(
            refusal(&document, &json!({ "shop": "tea" })),
            "request_invalid: Something is wrong.; /shop \"tea\": there is no such shop; \
             /scopes/0: invalid"
        );
        assert_eq!(refusal(&Value::Null, &Value::Null), "no code: ");
    }
}
