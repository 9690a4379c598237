//! The threads that render receipts. They have the lowest priority: a receipt is some milliseconds of
//! processor time, and webhooks and orders go before it. Where two processors are the two halves of one,
//! even that slows the others down, so while much is decided they rest between two receipts.

use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::oneshot;

use tollgate_receipt::{Fonts, Logo, ReceiptDocument, RenderError, Rendered, render};

/// How nice the threads are to all others.
const NICENESS: i32 = 19;

/// Commands a second from which on the writer counts as busy.
const BUSY_PER_SECOND: f64 = 300.0;

/// How much longer than its rendering a thread rests after a receipt while the writer is busy.
const REST_PARTS: u32 = 7;

/// How many commands were decided up to now.
pub(crate) type CommandCount = Arc<dyn Fn() -> u64 + Send + Sync>;

type Reply = oneshot::Sender<Result<Rendered, RenderError>>;

/// A receipt that waits for a thread, its shop's fonts and logo, and where the answer goes.
type Wanted = (Arc<ReceiptDocument>, Arc<Fonts>, Option<Logo>, Reply);

/// Renders receipts beside everything else.
pub(crate) struct Renderer {
    /// Always there but while it is dropped.
    wanted: Option<Sender<Wanted>>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Renderer {
    /// Waits for its threads: they use the store, which must not be opened again before they are gone.
    fn drop(&mut self) {
        self.wanted = None;
        for thread in self.threads.drain(..) {
            // A panic was logged where it was caught.
            let _ = thread.join();
        }
    }
}

impl Renderer {
    /// Starts a thread for every two processors.
    pub(crate) fn start(count: &CommandCount) -> Renderer {
        let (wanted, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let mut threads = Vec::new();
        for _ in 0..processors.div_ceil(2) {
            let waiting = Arc::clone(&waiting);
            let started = std::thread::Builder::new()
                .name("receipts".to_owned())
                .spawn({
                    let count = Arc::clone(count);
                    move || work(&waiting, &count)
                });
            match started {
                Ok(thread) => threads.push(thread),
                Err(error) => tracing::error!(%error, "failed to start a thread for receipts"),
            }
        }
        Renderer {
            wanted: Some(wanted),
            threads,
        }
    }

    /// Renders one. `None`: rendering has panicked, or no thread could be started.
    pub(crate) async fn render(
        &self,
        document: Arc<ReceiptDocument>,
        fonts: Arc<Fonts>,
        logo: Option<Logo>,
    ) -> Option<Result<Rendered, RenderError>> {
        let (reply_to, reply) = oneshot::channel();
        self.wanted
            .as_ref()?
            .send((document, fonts, logo, reply_to))
            .ok()?;
        reply.await.ok()
    }
}

fn work(waiting: &Mutex<Receiver<Wanted>>, count: &CommandCount) {
    // On Linux a thread has a niceness of its own; elsewhere it stays as it is.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "failed to lower the priority of a thread");
    }
    let mut seen = (Instant::now(), count());
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok((document, fonts, logo, reply_to)) = next else {
            return;
        };
        let begun = Instant::now();
        let rendered = std::panic::catch_unwind(AssertUnwindSafe(|| {
            render(&document, &fonts, logo.as_ref())
        }));
        let took = begun.elapsed();
        // A task that has lost its lease does not wait any more.
        match rendered {
            Ok(rendered) => drop(reply_to.send(rendered)),
            Err(_) => tracing::error!(receipt = document.id, "rendering a receipt has panicked"),
        }
        let now = (Instant::now(), count());
        let commands = now.1.saturating_sub(seen.1) as f64;
        if BUSY_PER_SECOND * (now.0 - seen.0).as_secs_f64() < commands {
            std::thread::sleep(took * REST_PARTS);
        }
        seen = now;
    }
}
