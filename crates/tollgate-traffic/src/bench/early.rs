//! The bench `early`: a webhook, its payment 1 to 500 ms later, and the time until it is paid.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use super::requests::{code, mixed, reference};
use crate::load::client::Client;
use crate::load::connection::{Answer, Connection, ExchangeError, Target};
use crate::load::drive::{Load, Tally};
use crate::load::response::word_after;
use crate::load::script::Script;

/// The longest a payment follows its webhook.
const LEAD_MS_MAX: u64 = 500;
/// A payment that is not paid after this has failed.
const PAID_MAX: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(2);
const ANSWER_MAX: Duration = Duration::from_secs(30);

struct Shared {
    load: Load,
    client: Arc<Client>,
    webhooks: Arc<Script>,
    /// The number of the first webhook and its order.
    from: u64,
    next: Cell<usize>,
    start: Instant,
    tally: RefCell<Tally>,
}

/// Plays pairs on every connection; the tally's latencies are those from sending the payment to
/// knowing that it is paid, and its kinds are what the payment's own answer said.
///
/// `webhooks` are numbered from `from`, and their orders are there, without a payment. The ceiling
/// (`load.repeat`) pays nothing, so there its answer is all that is waited for.
pub(super) fn run(
    load: &Load,
    client: &Arc<Client>,
    webhooks: Arc<Script>,
    from: u64,
) -> std::io::Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(LocalSet::new().run_until(async {
        let shared = Rc::new(Shared {
            load: load.clone(),
            client: Arc::clone(client),
            webhooks,
            from,
            next: Cell::new(0),
            start: Instant::now(),
            tally: RefCell::default(),
        });
        let players: Vec<_> = (0..load.connections)
            .map(|number| {
                let target = load.targets[number % load.targets.len()];
                tokio::task::spawn_local(play(Rc::clone(&shared), target))
            })
            .collect();
        for player in players {
            player.await.map_err(std::io::Error::other)?;
        }
        let shared = Rc::into_inner(shared).expect("every task has ended");
        let ran_out = !load.repeat && shared.next.get() >= shared.webhooks.len();
        let mut tally = shared.tally.into_inner();
        tally.ran_out = ran_out;
        Ok(tally)
    }))
}

async fn play(shared: Rc<Shared>, target: Target) {
    let opened = Connection::open(target).await.map_err(ExchangeError::from);
    let ended = match opened {
        Ok(mut connection) => pairs(&shared, &mut connection).await,
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        shared.tally.borrow_mut().note_broken(&error);
    }
}

async fn pairs(shared: &Shared, connection: &mut Connection) -> Result<(), ExchangeError> {
    while shared.start.elapsed() < shared.load.length {
        let place = shared.next.get();
        shared.next.set(place + 1);
        let wrapped = if shared.load.repeat {
            place % shared.webhooks.len()
        } else {
            place
        };
        let Some(webhook) = shared.webhooks.get(wrapped) else {
            break;
        };
        let number = shared.from + wrapped as u64;
        let answer = connection.exchange_within(webhook, ANSWER_MAX).await?;
        if answer.status != 200 {
            shared
                .tally
                .borrow_mut()
                .note(answer, shared.load.word_prefix);
            continue;
        }
        let lead = 1 + mixed(number) % LEAD_MS_MAX;
        tokio::time::sleep(Duration::from_millis(lead)).await;
        let request = payment(&shared.client, number);
        let sent = Instant::now();
        let answer = connection.exchange_within(&request, ANSWER_MAX).await?;
        let id = word_after(answer.body, b"\"id\":\"")
            .unwrap_or_default()
            .to_vec();
        let paid = is_paid(&answer) || shared.load.repeat;
        shared
            .tally
            .borrow_mut()
            .note(answer, shared.load.word_prefix);
        if !paid {
            look_until_paid(shared, connection, &String::from_utf8_lossy(&id)).await?;
        }
        let done = Instant::now();
        let mut tally = shared.tally.borrow_mut();
        tally.latency.record(done - sent);
        tally.elapsed = done - shared.start;
    }
    Ok(())
}

/// Asks again and again, as a shop without this product would; gives up after [`PAID_MAX`].
async fn look_until_paid(
    shared: &Shared,
    connection: &mut Connection,
    id: &str,
) -> Result<(), ExchangeError> {
    let mut request = Vec::new();
    shared.client.write(
        &mut request,
        "GET",
        &format!("/v1/payments/{id}"),
        None,
        b"",
    );
    let begun = Instant::now();
    while begun.elapsed() < PAID_MAX {
        if is_paid(&connection.exchange_within(&request, ANSWER_MAX).await?) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Err(ExchangeError::TimedOut(PAID_MAX))
}

fn is_paid(answer: &Answer<'_>) -> bool {
    word_after(answer.body, b"\"status\":\"") == Some(b"paid")
}

/// Registers the payment of an order that is there.
fn payment(client: &Client, number: u64) -> Vec<u8> {
    let body = serde_json::json!({
        "order": code(number),
        "source": "bench",
        "reference": reference(number),
    });
    let mut request = Vec::new();
    let key = format!("payment-{number:012}");
    client.write(
        &mut request,
        "POST",
        "/v1/payments",
        Some(&key),
        body.to_string().as_bytes(),
    );
    request
}
