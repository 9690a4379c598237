//! The measured server as a process of its own, so that its memory and processor time are its own. What
//! starts it is handed in; what is said to it and what it says first is agreed here.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::BenchError;
use super::webhook::Provider;
use crate::load::Door;
use crate::load::connection::Target;
use crate::load::process::{self, Usage};
use serde::{Deserialize, Serialize};

/// The role that the bench gives its server. It comes over a pipe and holds secrets of this run only: there
/// is no configuration with which a server of another purpose could be made of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The database's URL; absent for the ceiling, which has none.
    pub database: Option<String>,
    /// How many shops there are.
    pub shops: u64,
    /// The admin key.
    pub key: String,
    /// Whose webhooks come.
    pub provider: Provider,
    /// The secret of the source.
    pub secret: String,
    /// Where every event is forwarded to.
    pub sink: Option<SocketAddr>,
    /// Where the events of a further source are forwarded to.
    pub backlog: Option<SocketAddr>,
}

/// Where it listens.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ready {
    /// Always loopback.
    pub address: SocketAddr,
    /// Where it takes gRPC.
    pub grpc: SocketAddr,
}

/// A running server. It ends when its standard input is closed, also if the bench is killed.
pub(super) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    target: Target,
    grpc: Target,
}

const STOP_MAX: Duration = Duration::from_secs(20);

impl Server {
    /// Starts a server that takes its role from its standard input.
    pub(super) fn start(mut command: Command, role: &Role) -> Result<Server, BenchError> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed("start the server", error))?;
        let mut input = child.stdin.take().expect("it was asked for");
        let output = child.stdout.take().expect("it was asked for");
        let mut line = String::new();
        let spoken = writeln!(
            input,
            "{}",
            serde_json::to_string(role).expect("it is plain data")
        )
        .and_then(|()| BufReader::new(output).read_line(&mut line));
        let ready: Option<Ready> = spoken.ok().and_then(|_| serde_json::from_str(&line).ok());
        let targets = ready.map(|ready| (Target::new(ready.address), Target::new(ready.grpc)));
        match targets {
            Some((Ok(target), Ok(grpc))) => Ok(Server {
                child,
                input: Some(input),
                target,
                grpc,
            }),
            Some(_) | None => {
                drop(input);
                let status = child
                    .wait()
                    .map_err(|error| failed("end the server", error))?;
                Err(BenchError(format!(
                    "start the server: it ended with {status}"
                )))
            }
        }
    }

    /// Where it listens.
    pub(super) fn target(&self) -> Target {
        self.target
    }

    /// Where it listens for what comes through this door.
    pub(super) fn target_of(&self, door: Door) -> Target {
        match door {
            Door::Rest => self.target,
            Door::Grpc => self.grpc,
        }
    }

    /// What it has used up to now.
    pub(super) fn usage(&self) -> Option<Usage> {
        process::usage(self.child.id())
    }

    /// Stops it as a signal would, and waits until it has drained.
    pub(super) fn stop(mut self) -> Result<(), BenchError> {
        drop(self.input.take());
        let begun = Instant::now();
        loop {
            let ended = self
                .child
                .try_wait()
                .map_err(|error| failed("end the server", error))?;
            match ended {
                Some(status) if status.success() => return Ok(()),
                Some(status) => {
                    return Err(BenchError(format!(
                        "end the server: it ended with {status}"
                    )));
                }
                None if begun.elapsed() > STOP_MAX => {
                    return Err(BenchError(
                        "end the server: it did not end in 20 s".to_owned(),
                    ));
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended, or on the way out of a failed bench: nothing is lost by killing it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(what: &str, error: std::io::Error) -> BenchError {
    BenchError(format!("{what}: {error}"))
}
