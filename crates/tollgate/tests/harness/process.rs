//! The real binary as a child of the test, ended only through its own handle.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::client::Client;
use super::home::{ADMIN_KEY, Home};

/// How long a start, an end or a condition may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The binary under test.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        if name.starts_with("TOLLGATE") {
            command.env_remove(name);
        }
    }
    // Nobody's kept keys count, and every clock is the same.
    command
        .env("XDG_CONFIG_HOME", "/nonexistent/of-the-tests")
        .env("TZ", "UTC");
    command
}

/// A running server. Killed when it is dropped.
pub(crate) struct Tollgate {
    child: Child,
    address: SocketAddr,
    grpc: Option<SocketAddr>,
    output: Mutex<Receiver<String>>,
}

impl Tollgate {
    /// Writes the home's configuration, starts the server on it and waits until it listens.
    #[track_caller]
    pub(crate) fn start(home: &Home) -> Tollgate {
        let mut serve = command();
        serve
            .arg("serve")
            .arg("--config")
            .arg(home.write_config())
            .current_dir(home.path());
        Tollgate::spawn(serve)
    }

    /// Starts a server with a command of one's own, and waits until it listens.
    #[track_caller]
    pub(crate) fn spawn(mut serve: Command) -> Tollgate {
        let mut child = serve
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be started");
        let output = lines_of(&mut child);
        let begun = Instant::now();
        let mut said = Vec::new();
        let mut grpc = None;
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            match output.recv_timeout(left) {
                Ok(line) => {
                    // It is said first where gRPC is, if it is anywhere.
                    let for_grpc = line.strip_prefix("listening for gRPC at http://");
                    grpc = grpc.or(for_grpc.and_then(|address| address.trim().parse().ok()));
                    if let Some(address) = address_in(&line) {
                        return Tollgate {
                            child,
                            address,
                            grpc,
                            output: Mutex::new(output),
                        };
                    }
                    said.push(line);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    panic!("it did not say where it listens:\n{}", said.join("\n"));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = child.wait();
                    panic!("it ended with {status:?}:\n{}", said.join("\n"));
                }
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it takes gRPC.
    #[track_caller]
    pub(crate) fn grpc_address(&self) -> SocketAddr {
        self.grpc.expect("server.grpc_listen is set")
    }

    /// A client with the admin key.
    pub(crate) fn client(&self) -> Client {
        self.client_as(Some(ADMIN_KEY))
    }

    /// A client with a key of one's own, or none.
    pub(crate) fn client_as(&self, bearer: Option<&str>) -> Client {
        Client::new(self.address, bearer)
    }

    /// The next line that it says and that has this in it.
    #[track_caller]
    pub(crate) fn says(&self, wanted: &str) -> String {
        let output = self.output();
        loop {
            match output.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(wanted) => return line,
                Ok(_) => {}
                Err(error) => panic!("it does not say {wanted:?}: {error}"),
            }
        }
    }

    /// Asks it to stop, as a service manager does, without waiting.
    pub(crate) fn ask_to_stop(&self) {
        let sent = Command::new("kill")
            .arg("-TERM")
            .arg(self.pid().to_string())
            .status();
        assert!(
            sent.expect("kill can be run").success(),
            "the signal was not sent"
        );
    }

    /// Stops it in its tracks (SIGSTOP), or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let sent = Command::new("kill")
            .arg(signal)
            .arg(self.pid().to_string())
            .status();
        assert!(
            sent.expect("kill can be run").success(),
            "the signal was not sent"
        );
    }

    /// Asks it to stop and waits until it has.
    #[track_caller]
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.ask_to_stop();
        self.wait()
    }

    /// Waits for its end; its output closes with it.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.rest_of_output();
        self.child.wait().expect("it is our child")
    }

    /// Asks it to stop; what it said after it began to listen, both ways.
    #[track_caller]
    pub(crate) fn stop_and_read_log(self) -> String {
        self.ask_to_stop();
        self.rest_of_output()
    }

    fn rest_of_output(&self) -> String {
        let begun = Instant::now();
        let mut said = Vec::new();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            match self.output().recv_timeout(left) {
                Ok(line) => said.push(line),
                Err(RecvTimeoutError::Disconnected) => return said.join("\n"),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it did not end in {PATIENCE:?}:\n{}", said.join("\n"))
                }
            }
        }
    }

    fn output(&self) -> std::sync::MutexGuard<'_, Receiver<String>> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it as a power cut does (`kill -9`), and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }
}

impl Drop for Tollgate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            for line in self.output().iter() {
                eprintln!("[server] {line}");
            }
        }
    }
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command that is expected to end by itself.
#[track_caller]
pub(crate) fn finish(command: &mut Command) -> Ended {
    finish_within(PATIENCE, command)
}

/// The same, of one that may take so long.
#[track_caller]
pub(crate) fn finish_within(patience: Duration, command: &mut Command) -> Ended {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let (to, from) = channel();
    let mut stdout = child.stdout.take().expect("it was asked for");
    let mut stderr = child.stderr.take().expect("it was asked for");
    let to_too = to.clone();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stdout.read_to_string(&mut text);
        let _ = to.send((true, text));
    });
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        let _ = to_too.send((false, text));
    });
    let mut ended = Ended {
        code: None,
        stdout: String::new(),
        stderr: String::new(),
    };
    for _ in 0..2 {
        match from.recv_timeout(patience) {
            Ok((true, text)) => ended.stdout = text,
            Ok((false, text)) => ended.stderr = text,
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("{command:?} did not end in {patience:?}: {ended:?}");
            }
        }
    }
    ended.code = child.wait().expect("it is our child").code();
    ended
}

/// Asks until there is an answer; the deadline is generous, the interval short.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
        pause(Duration::from_millis(5));
    }
}

/// Lets time pass. Nothing may rely on it having been long enough.
pub(crate) fn pause(interval: Duration) {
    let (_never, nothing) = channel::<()>();
    let _ = nothing.recv_timeout(interval);
}

fn lines_of(child: &mut Child) -> Receiver<String> {
    let (to, from) = channel();
    let stdout = child.stdout.take().expect("it was asked for");
    let stderr = child.stderr.take().expect("it was asked for");
    let to_too = to.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = to.send(line);
        }
    });
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = to_too.send(line);
        }
    });
    from
}

/// The address in the line that says where it listens; other lines name the database's.
fn address_in(line: &str) -> Option<SocketAddr> {
    let logged: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let logged = logged.filter(|line| line["fields"]["message"] == "listening");
    let in_pairs = line.split_once(" msg=listening address=");
    let address = match (&logged, in_pairs) {
        (Some(line), _) => line["fields"]["address"].as_str(),
        (None, Some((_, address))) => Some(address),
        (None, None) => line.strip_prefix("listening at http://"),
    };
    address?
        .trim()
        .parse()
        .ok()
        .filter(|address: &SocketAddr| address.port() != 0)
}
