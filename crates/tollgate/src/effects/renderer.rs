//! The threads that render receipts. They have the lowest priority: a receipt is some milliseconds of
//! processor time, and webhooks and orders go before it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::receipt::{ReceiptDocument, RenderError, Rendered, render};

/// How nice the threads are to all others.
const NICENESS: i32 = 19;

type Reply = oneshot::Sender<Result<Rendered, RenderError>>;

/// Renders receipts beside everything else. Threads end when it is dropped.
pub(crate) struct Renderer {
    wanted: Sender<(Arc<ReceiptDocument>, Reply)>,
}

impl Renderer {
    /// Starts a thread for every two processors.
    pub(crate) fn start() -> Renderer {
        let (wanted, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..processors.div_ceil(2) {
            let waiting = Arc::clone(&waiting);
            let started = std::thread::Builder::new()
                .name("receipts".to_owned())
                .spawn(move || work(&waiting));
            if let Err(error) = started {
                tracing::error!(%error, "failed to start a thread for receipts");
            }
        }
        Renderer { wanted }
    }

    /// Renders one. `None`: rendering has panicked, or no thread could be started.
    pub(crate) async fn render(
        &self,
        document: Arc<ReceiptDocument>,
    ) -> Option<Result<Rendered, RenderError>> {
        let (reply_to, reply) = oneshot::channel();
        self.wanted.send((document, reply_to)).ok()?;
        reply.await.ok()
    }
}

fn work(waiting: &Mutex<Receiver<(Arc<ReceiptDocument>, Reply)>>) {
    // On Linux a thread has a niceness of its own; elsewhere it stays as it is.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "failed to lower the priority of a thread");
    }
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok((document, reply_to)) = next else {
            return;
        };
        let rendered = std::panic::catch_unwind(|| render(&document));
        // Whoever has lost his lease does not wait any more.
        match rendered {
            Ok(rendered) => drop(reply_to.send(rendered)),
            Err(_) => tracing::error!(receipt = document.id, "rendering a receipt has panicked"),
        }
    }
}
