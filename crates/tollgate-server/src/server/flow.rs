//! The bytes of a connection. A write that the other side does not take for too long ends it: it holds the answer
//! in memory, and its place.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::running::{Run, Running};

/// A connection whose writes wait for so long at the most.
pub(super) struct Flow<S> {
    stream: S,
    patience: Duration,
    running: Running,
    pieces: Pieces,
    /// The write that waits, and until when.
    stuck: Option<(Pin<Box<Sleep>>, Run)>,
}

/// How what is sent is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pieces {
    /// Several pieces may go out in one write, as they lie in memory.
    AsTheyAre,
    /// They are copied behind each other. h2 flushes after each piece of a body from 256 bytes on that it need not copy,
    /// and after each from 1024 bytes on here: so many answers to calls on one connection go out in one write.
    Joined,
}

impl<S> Flow<S> {
    pub(super) fn new(stream: S, patience: Duration, running: Running, pieces: Pieces) -> Flow<S> {
        Flow {
            stream,
            patience,
            running,
            pieces,
            stuck: None,
        }
    }

    /// The outcome of a write, or that it has waited for too long.
    fn bounded<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let (until, _) = self.stuck.get_or_insert_with(|| {
            let until = tokio::time::sleep(self.patience);
            (Box::pin(until), self.running.begin())
        });
        until.as_mut().poll(context).map(|()| {
            let said = "the other side does not read what it is sent";
            Err(io::Error::new(io::ErrorKind::TimedOut, said))
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Flow<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Flow<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.bounded(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.pieces == Pieces::AsTheyAre && self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.bounded(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.bounded(shut, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const PATIENCE: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn who_takes_nothing_is_waited_for_and_then_given_up() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let running = Running::new();
        let mut flow = Flow::new(ours, PATIENCE, running.clone(), Pieces::AsTheyAre);
        let mut piece = [0; 4];
        let (sent, read) = tokio::join!(flow.write_all(&[1; 8]), theirs.read_exact(&mut piece));
        assert!(sent.is_ok() && read.is_ok(), "what is read is sent");
        let began = Instant::now();
        let error = flow.write_all(&[1; 8]).await.expect_err("there is no room");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(PATIENCE <= began.elapsed(), "it was given up early");
        drop(flow);
        // What waited to be written runs no more.
        running.rests_for(Duration::ZERO).await;
    }
}
