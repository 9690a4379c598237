//! What the program logs while a test runs it in its own process.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::dispatcher::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};

/// What is logged on this thread while this is kept.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Takes what is logged on this thread until the guard is dropped.
    pub(crate) fn keep(&self) -> DefaultGuard {
        several_subscribers();
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    /// How many lines of a level say this.
    pub(crate) fn count(&self, level: &str, text: &str) -> usize {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let logged = String::from_utf8_lossy(&bytes);
        let lines = logged.lines();
        lines
            .filter(|line| line.contains(level) && line.contains(text))
            .count()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps a second subscriber for as long as the process lives.
///
/// While there is only one, a place that logs asks the subscriber of the thread that comes by first whether
/// anything listens, and remembers it for all threads: a test beside ours, which listens to nothing, would
/// switch our lines off.
fn several_subscribers() {
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(NoSubscriber::new()));
}
