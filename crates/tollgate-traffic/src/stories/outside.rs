//! The outside of the stories: a CardCom and a PhonePe that can be asked, and the shop's own handler of
//! documents. Each only answers and remembers; what they are asked and handed is the server's doing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The outside, on one loopback address.
pub struct Outside {
    /// Where they are.
    pub address: SocketAddr,
    /// What they remember.
    pub memory: Memory,
    serving: JoinHandle<()>,
}

/// What those outside remember.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    inner: Arc<Mutex<Remembered>>,
}

#[derive(Debug, Default)]
struct Remembered {
    /// CardCom's payments by LowProfileId, as it answers them.
    card_payments: BTreeMap<String, Value>,
    /// How often each was asked about.
    card_questions: BTreeMap<String, usize>,
    /// PhonePe's payments by reference, as it answers them.
    phone_payments: BTreeMap<String, Value>,
    /// The documents in the order in which they were handed over.
    documents: Vec<Value>,
    /// Documents that are being handled, and the most there were at once.
    handling: usize,
    handling_max: usize,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// CardCom has charged a card; its report says so as well, unsigned.
    pub(super) fn card_was_charged(&self, payment: Value) {
        let id = payment["LowProfileId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        self.lock().card_payments.insert(id, payment);
    }

    /// How often CardCom was asked about a payment.
    pub(super) fn card_questions(&self, id: &str) -> usize {
        self.lock().card_questions.get(id).copied().unwrap_or(0)
    }

    /// PhonePe has taken money.
    pub(super) fn phone_was_paid(&self, reference: &str, answer: Value) {
        let payments = &mut self.lock().phone_payments;
        payments.insert(reference.to_owned(), answer);
    }

    /// The documents that were handed over, in order, and how many were handled at once at the most.
    pub(super) fn documents(&self) -> (Vec<Value>, usize) {
        let remembered = self.lock();
        (remembered.documents.clone(), remembered.handling_max)
    }
}

impl Outside {
    /// Begins to answer.
    pub async fn open() -> std::io::Result<Outside> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let memory = Memory::default();
        let router = Router::new()
            .route("/api/v11/LowProfile/GetLpResult", post(card_result))
            .route("/pg/v1/status/{merchant}/{reference}", get(phone_status))
            .route("/documents", post(document))
            .with_state(memory.clone());
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "those outside do not answer any more");
            }
        });
        Ok(Outside {
            address,
            memory,
            serving,
        })
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// CardCom: the result of a payment by its LowProfileId.
async fn card_result(State(memory): State<Memory>, body: String) -> (StatusCode, String) {
    let asked: Value = serde_json::from_str(&body).unwrap_or_default();
    let id = asked["LowProfileId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut remembered = memory.lock();
    *remembered.card_questions.entry(id.clone()).or_default() += 1;
    let found = remembered.card_payments.get(&id).cloned();
    let unknown = || json!({ "ResponseCode": 5, "Description": "no such LowProfileId" });
    (StatusCode::OK, found.unwrap_or_else(unknown).to_string())
}

/// PhonePe: the status of a payment by its reference.
async fn phone_status(
    State(memory): State<Memory>,
    Path((_, reference)): Path<(String, String)>,
) -> (StatusCode, String) {
    let found = memory.lock().phone_payments.get(&reference).cloned();
    let unknown = || json!({ "success": false, "code": "TRANSACTION_NOT_FOUND" });
    (StatusCode::OK, found.unwrap_or_else(unknown).to_string())
}

/// The shop's handler: notes a document.
async fn document(State(memory): State<Memory>, body: String) -> StatusCode {
    {
        let mut remembered = memory.lock();
        remembered.handling += 1;
        remembered.handling_max = remembered.handling_max.max(remembered.handling);
    }
    // Other requests that are on their way may come in now.
    tokio::task::yield_now().await;
    let mut remembered = memory.lock();
    remembered.handling -= 1;
    match serde_json::from_str(&body) {
        Ok(document) => {
            remembered.documents.push(document);
            StatusCode::NO_CONTENT
        }
        Err(_) => StatusCode::BAD_REQUEST,
    }
}
