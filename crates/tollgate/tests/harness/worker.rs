//! A process that does effects and takes no requests (`serve --role worker`), on a database that others
//! take the requests for.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::home::Home;
use super::starting::serving;

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What it says when it begins.
const BEGUN: &str = "doing effects";

/// A running worker. Killed when it is dropped.
pub(crate) struct Worker {
    child: Child,
    output: Mutex<Receiver<String>>,
}

impl Worker {
    /// Writes the home's configuration, starts a worker on it and waits until it works.
    #[track_caller]
    pub(crate) fn start(home: &Home) -> Worker {
        let worker = Worker::begin(home);
        let begun = Instant::now();
        let mut said = Vec::new();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let line = worker.output().recv_timeout(left);
            match line {
                Ok(line) if line.starts_with(BEGUN) => return worker,
                Ok(line) => said.push(line),
                Err(error) => panic!("it does no effects ({error}):\n{}", said.join("\n")),
            }
        }
    }

    /// The same without waiting: it may be killed while it comes up.
    #[track_caller]
    pub(crate) fn begin(home: &Home) -> Worker {
        let mut child = serving(home)
            .args(["--role", "worker"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be started");
        let stderr = child.stderr.take().expect("it was asked for");
        let (to, output) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = to.send(line);
            }
        });
        Worker {
            child,
            output: Mutex::new(output),
        }
    }

    fn output(&self) -> std::sync::MutexGuard<'_, Receiver<String>> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It has not ended by itself.
    #[track_caller]
    pub(crate) fn assert_runs(&mut self) {
        let ended = self.child.try_wait().expect("it is our child");
        assert_eq!(ended, None, "it still runs");
    }

    /// Ends it as a power cut does (`kill -9`), and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            for line in self.output().iter() {
                eprintln!("[worker] {line}");
            }
        }
    }
}
