//! The measured server as a process of its own, so that its memory and processor time are its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::BenchError;
use super::ceiling::NULL_STORE;
use super::requests;
use super::webhook::Provider;
use crate::load::connection::Target;
use crate::load::process::{self, Usage};
use tollgate_server::App;
use tollgate_server::Serving;
use tollgate_server::config::Config;

/// What the bench tells its server to be. It comes over a pipe and holds secrets of this run only:
/// there is no configuration with which a server of another purpose could be made of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    /// The database's URL; absent for the ceiling, which has none.
    pub(super) database: Option<String>,
    /// How many shops there are.
    pub(super) shops: u64,
    /// The admin key.
    pub(super) key: String,
    /// Whose webhooks come.
    pub(super) provider: Provider,
    /// The secret of the source.
    pub(super) secret: String,
    /// Where every event is forwarded to.
    pub(super) sink: Option<SocketAddr>,
    /// Where the events of a further source are forwarded to.
    pub(super) backlog: Option<SocketAddr>,
}

/// Where it listens.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ready {
    /// Always loopback.
    pub(super) address: SocketAddr,
}

/// A running server. It ends when its standard input is closed, also if the bench is killed.
pub(super) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    target: Target,
}

const STOP_MAX: Duration = Duration::from_secs(20);

impl Server {
    /// Starts this program again as a server.
    pub(super) fn start(role: &Role) -> Result<Server, BenchError> {
        let program =
            std::env::current_exe().map_err(|error| failed("find this program", error))?;
        let mut child = Command::new(program)
            .args(["bench", "server"])
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
        let target = ready.map(|ready| Target::new(ready.address));
        match target {
            Some(Ok(target)) => Ok(Server {
                child,
                input: Some(input),
                target,
            }),
            Some(Err(_)) | None => {
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

/// The server's own end of the pipe: reads its role, listens on loopback, says where, and serves
/// until the pipe is closed.
pub(super) fn serve() -> Result<(), BenchError> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| failed("read the role", error))?;
    let role: Role = serde_json::from_str(&line).map_err(|_| {
        BenchError("bench server: it is started by the other benches, not by hand".to_owned())
    })?;
    let config = Config::from_toml_str(&configuration(&role))
        .map_err(|error| BenchError(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| failed("start the server", error))?;
    runtime.block_on(async {
        let app = match role.database {
            Some(_) => App::open(config),
            None => App::open_null(config, NULL_STORE),
        };
        let app = app.map_err(|error| BenchError(error.to_string()))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(|error| failed("listen on loopback", error))?;
        let address = listener
            .local_addr()
            .map_err(|error| failed("listen on loopback", error))?;
        let ready = serde_json::to_string(&Ready { address }).expect("it is plain data");
        let serving = Serving::new(app, listener)
            .await
            .map_err(|error| BenchError(error.to_string()))?;
        anstream::println!("{ready}");
        serving.run(closed_input()).await;
        Ok(())
    })
}

/// Ends when the other end of the standard input is closed, or its process is gone.
async fn closed_input() {
    let (closed, waiting) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut rest = [0; 64];
        while matches!(std::io::stdin().read(&mut rest), Ok(bytes) if bytes > 0) {}
        drop(closed);
    });
    // The sender only ever goes away.
    let _ = waiting.await;
}

fn configuration(role: &Role) -> String {
    let url = role.database.as_deref().unwrap_or("sqlite::memory:");
    let source = role.provider.source(&role.secret);
    let further: String = (1..role.shops)
        .map(|shop| {
            source.replace(
                "[sources.",
                &format!("[shops.{}.sources.", requests::shop(shop)),
            )
        })
        .collect();
    let route = |name: &str, handler: Option<SocketAddr>| {
        handler.map_or_else(String::new, |handler| {
            format!("[[routes]]\nsource = \"{name}\"\nurl = \"http://{handler}/\"\n")
        })
    };
    let mut routes = route("bench", role.sink) + &route(requests::BACKLOG, role.backlog);
    if role.backlog.is_some() {
        routes += &source.replace(
            "[sources.bench]",
            &format!("[sources.{}]", requests::BACKLOG),
        );
    }
    format!(
        "[store]\nurl = {}\n[api]\nbootstrap_key = \"literal:{}\"\n[receipts]\ndirectory = \"\"\n[log]\nlevel = \"warn\"\n{source}{routes}{further}",
        toml::Value::from(url),
        role.key,
    )
}

fn failed(what: &str, error: std::io::Error) -> BenchError {
    BenchError(format!("{what}: {error}"))
}
