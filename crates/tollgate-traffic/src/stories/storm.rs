//! Sends many requests at the same moment, each on a connection of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::load::client::{self, Client, ClientError, Reply};
use crate::load::connection::{Connection, ExchangeError};

/// An answer and the time it took.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Timed {
    /// What came back.
    pub(super) reply: Reply,
    /// From sending to having it whole.
    pub(super) took: Duration,
}

/// Answers in the order of their requests.
#[derive(Debug, Clone)]
pub(super) struct Storm {
    /// What came back.
    pub(super) answers: Vec<Timed>,
    /// From the first request to the last answer.
    pub(super) took: Duration,
}

impl Storm {
    /// Requests a second.
    pub(super) fn per_second(&self) -> f64 {
        self.answers.len() as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// How long each took.
    pub(super) fn times(&self) -> Vec<Duration> {
        self.answers.iter().map(|answer| answer.took).collect()
    }
}

const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Connects for every request first, then sends them all; one that is not answered is an error,
/// because a story counts every answer.
pub(super) async fn at_once(
    client: &Client,
    path: &str,
    requests: Vec<Vec<u8>>,
) -> Result<Storm, ClientError> {
    let count = requests.len();
    let barrier = Arc::new(Barrier::new(count));
    let mut tasks = JoinSet::new();
    for (index, request) in requests.into_iter().enumerate() {
        let (barrier, target) = (Arc::clone(&barrier), client.target());
        tasks.spawn(async move {
            let opened = Connection::open(target).await;
            barrier.wait().await;
            let begun = Instant::now();
            let mut connection = opened?;
            let answer = connection.exchange_within(&request, ANSWER_MAX).await?;
            let (status, body) = (answer.status, answer.body.to_vec());
            Ok::<_, ExchangeError>((index, begun, Instant::now(), status, body))
        });
    }
    let because = |source: ExchangeError| ClientError::Exchange {
        path: path.to_owned(),
        source,
    };
    let mut answers: Vec<Option<Timed>> = vec![None; count];
    let mut span: Option<(Instant, Instant)> = None;
    while let Some(done) = tasks.join_next().await {
        let done =
            done.map_err(|error| because(ExchangeError::Io(std::io::Error::other(error))))?;
        let (index, begun, ended, status, body) = done.map_err(because)?;
        let (first, last) = span.unwrap_or((begun, ended));
        span = Some((first.min(begun), last.max(ended)));
        let reply = client::read(path, status, &body)?;
        answers[index] = Some(Timed {
            reply,
            took: ended - begun,
        });
    }
    Ok(Storm {
        answers: answers.into_iter().flatten().collect(),
        took: span.map_or(Duration::ZERO, |(first, last)| last - first),
    })
}
