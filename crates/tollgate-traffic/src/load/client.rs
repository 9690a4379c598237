//! Speaks to the API as a shop or a provider would: JSON over a few kept connections.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::calls;
use super::connection::{Connection, ExchangeError, Target, write_request};

/// A caller of one server with one key.
pub struct Client {
    target: Target,
    host: String,
    authorization: String,
    idle: Mutex<Vec<Connection>>,
}

/// An answer of the API.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// The JSON document; `null` where the body is empty.
    pub(crate) body: Value,
}

/// Why the API could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// No answer.
    #[error("ask {path}: {source}")]
    Exchange {
        /// Where.
        path: String,
        /// Why.
        source: ExchangeError,
    },
    /// The answer is no JSON.
    #[error("read the answer of {path}: {source}")]
    NotJson {
        /// Where.
        path: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Another status than the one the caller cannot go on without.
    #[error("{path} answered {status} instead of {wanted}: {body}")]
    Status {
        /// Where.
        path: String,
        /// What came.
        status: u16,
        /// What was wanted.
        wanted: u16,
        /// The body.
        body: Value,
    },
}

const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Connections kept for later.
const IDLE_MAX: usize = 64;

impl Client {
    /// A caller of the server at `target` with an API key.
    pub fn new(target: Target, key: &str) -> Client {
        Client {
            target,
            host: target.address().to_string(),
            authorization: format!("Bearer {key}"),
            idle: Mutex::default(),
        }
    }

    /// The server.
    pub fn target(&self) -> Target {
        self.target
    }

    /// Writes a request of the API. `idempotency` is the Idempotency-Key.
    pub(crate) fn write(
        &self,
        out: &mut Vec<u8>,
        method: &str,
        path: &str,
        idempotency: Option<&str>,
        body: &[u8],
    ) {
        let headers = [
            Some(("authorization", self.authorization.as_str())),
            (!body.is_empty()).then_some(("content-type", "application/json")),
            idempotency.map(|key| ("idempotency-key", key)),
        ];
        write_request(
            out,
            method,
            path,
            &self.host,
            headers.into_iter().flatten(),
            body,
        );
    }

    /// Writes a call of gRPC, `/package.Service/Method`.
    pub(crate) fn write_call(
        &self,
        out: &mut Vec<u8>,
        path: &str,
        idempotency: &str,
        message: &impl prost::Message,
    ) {
        let same = [("authorization", self.authorization.as_str())];
        let own = [("idempotency-key", idempotency)];
        calls::write_call(out, path, &self.host, &same, &own, message);
    }

    /// Writes a request of a provider, which has no key.
    pub(crate) fn write_webhook(
        &self,
        out: &mut Vec<u8>,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        write_request(out, "POST", path, &self.host, headers, body);
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, ClientError> {
        let reply = self.call("GET", path, None, &Value::Null).await?;
        wanted(path, reply, 200)
    }

    /// Puts something that must be taken.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        let reply = self.call("PUT", path, None, body).await?;
        wanted(path, reply, 200)
    }

    /// Creates something that must be taken.
    pub(crate) async fn create(
        &self,
        path: &str,
        idempotency: &str,
        body: &Value,
    ) -> Result<Value, ClientError> {
        let reply = self.call("POST", path, Some(idempotency), body).await?;
        wanted(path, reply, 201)
    }

    /// Every item of a list, page after page.
    pub(crate) async fn list(&self, path: &str) -> Result<Vec<Value>, ClientError> {
        let mut items = Vec::new();
        self.count(path, &mut |item| items.push(item.clone()))
            .await?;
        Ok(items)
    }

    /// How many items a list has; `visit` sees each of them.
    pub(crate) async fn count(
        &self,
        path: &str,
        visit: &mut (dyn FnMut(&Value) + Send),
    ) -> Result<u64, ClientError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut count = 0;
        let mut cursor: Option<String> = None;
        loop {
            let page = match &cursor {
                None => format!("{path}{joint}limit=200"),
                Some(cursor) => format!("{path}{joint}limit=200&cursor={cursor}"),
            };
            let page = self.get(&page).await?;
            let data = page["data"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            data.iter().for_each(&mut *visit);
            count += data.len() as u64;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(count),
            }
        }
    }

    /// One call, whatever it answers.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        idempotency: Option<&str>,
        body: &Value,
    ) -> Result<Reply, ClientError> {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut request = Vec::new();
        self.write(&mut request, method, path, idempotency, text.as_bytes());
        self.pass(path, &request).await
    }

    /// One request as it was written before. It must be safe to send it twice.
    pub(crate) async fn pass(&self, path: &str, request: &[u8]) -> Result<Reply, ClientError> {
        let because = |source| ClientError::Exchange {
            path: path.to_owned(),
            source,
        };
        let kept = self
            .idle
            .lock()
            .expect("nothing panics while it is held")
            .pop();
        if let Some(mut connection) = kept {
            // The server may have closed it meanwhile; then a fresh one shows what is wrong.
            if let Ok(answer) = connection.exchange_within(request, ANSWER_MAX).await {
                let reply = read(path, answer.status, answer.body);
                self.keep(connection);
                return reply;
            }
        }
        let mut connection = Connection::open(self.target)
            .await
            .map_err(|error| because(error.into()))?;
        let answer = connection
            .exchange_within(request, ANSWER_MAX)
            .await
            .map_err(because)?;
        let reply = read(path, answer.status, answer.body);
        self.keep(connection);
        reply
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().expect("nothing panics while it is held");
        if connection.is_open() && idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}

/// Reads an answer's body.
pub(crate) fn read(path: &str, status: u16, body: &[u8]) -> Result<Reply, ClientError> {
    if body.is_empty() {
        return Ok(Reply {
            status,
            body: Value::Null,
        });
    }
    match serde_json::from_slice(body) {
        Ok(body) => Ok(Reply { status, body }),
        Err(source) => Err(ClientError::NotJson {
            path: path.to_owned(),
            source,
        }),
    }
}

fn wanted(path: &str, reply: Reply, wanted: u16) -> Result<Value, ClientError> {
    let Reply { status, body } = reply;
    if status == wanted {
        Ok(body)
    } else {
        Err(ClientError::Status {
            path: path.to_owned(),
            status,
            wanted,
            body,
        })
    }
}
