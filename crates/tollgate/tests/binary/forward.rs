//! `tollgate forward`: live events to a handler that fails, dies and comes back; nothing is lost meanwhile.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use standardwebhooks::Webhook;

use crate::harness::{
    ADMIN_KEY, Door, Home, Tollgate, assert_names, command, finish, one_line, until,
};

/// What came to a handler.
#[derive(Debug, Clone)]
struct Came {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
    status: u16,
}

impl Came {
    fn position(&self) -> i64 {
        let body: Value = serde_json::from_slice(&self.body).expect("it is JSON");
        body["position"].as_i64().expect("it has a position")
    }
}

/// A handler that answers what it was told to, and then 200; what it is told to answer with 0 it takes and says
/// nothing about: its process has died.
#[derive(Clone)]
struct Handler {
    address: SocketAddr,
    answers: Arc<Mutex<VecDeque<u16>>>,
    came: Arc<Mutex<Vec<Came>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handler {
    fn open(answers: &[u16]) -> Handler {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let handler = Handler {
            address: listener.local_addr().expect("it is bound"),
            answers: Arc::new(Mutex::new(answers.iter().copied().collect())),
            came: Arc::default(),
        };
        let theirs = handler.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let handler = theirs.clone();
                std::thread::spawn(move || while handler.take(&stream).is_some() {});
            }
        });
        handler
    }

    /// Takes one request; `None` at the end of the connection.
    fn take(&self, stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let mut headers = BTreeMap::new();
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) => {
                    headers.insert(name.to_ascii_lowercase(), value.to_owned());
                }
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let length = headers.get("content-length")?.parse().ok()?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let status = lock(&self.answers).pop_front().unwrap_or(200);
        lock(&self.came).push(Came {
            headers,
            body,
            status,
        });
        if status == 0 {
            return None;
        }
        let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n");
        let mut stream = stream;
        stream.write_all(answer.as_bytes()).ok()
    }

    fn came(&self) -> Vec<Came> {
        lock(&self.came).clone()
    }

    /// Waits until this many were taken well.
    #[track_caller]
    fn taken(&self, count: usize) -> Vec<i64> {
        until("they are taken", || {
            let came = self.came();
            let taken = came.iter().filter(|came| came.status == 200);
            let taken: Vec<i64> = taken.map(Came::position).collect();
            (count <= taken.len()).then_some(taken)
        })
    }
}

/// The command as a child; killed with its handle.
struct Forward {
    child: Child,
}

fn forward(url: &str, to: &str, state: &Path) -> Command {
    let mut forward = command();
    forward
        .args(["forward", "--url", url, "--key", ADMIN_KEY, "--to", to])
        .arg("--state")
        .arg(state)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    forward
}

impl Forward {
    fn start(mut command: Command) -> Forward {
        let child = command.spawn().expect("the binary can be started");
        Forward { child }
    }

    /// Ends it as a power cut does.
    fn kill(mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }

    /// Ends it; what it has said on both ways.
    fn end(mut self) -> (String, String) {
        self.child.kill().expect("it is our child");
        let (mut out, mut err) = (String::new(), String::new());
        let stdout = self.child.stdout.take().expect("it was asked for");
        let stderr = self.child.stderr.take().expect("it was asked for");
        { stdout }.read_to_string(&mut out).expect("it is text");
        { stderr }.read_to_string(&mut err).expect("it is text");
        self.child.wait().expect("it is our child");
        (out, err)
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sell(server: &Tollgate, codes: std::ops::Range<u32>) {
    let mut client = server.client();
    for code in codes {
        client.create_order(&format!("F-{code}"), "standard", "IDR", 5000);
    }
}

fn state_in(home: &Home) -> PathBuf {
    home.path().join("forward.json")
}

fn kept(state: &Path) -> Value {
    let text = std::fs::read_to_string(state).expect("it is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// Each message is a signed webhook under an id that stays, sent until it is taken, before the next one.
#[test]
fn a_handler_that_fails_is_sent_the_same_until_it_takes_it() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    sell(&server, 0..2);
    let handler = Handler::open(&[500, 0, 404, 200, 503]);
    let url = format!("http://{}", server.address());
    let to = format!("http://{}/hook", handler.address);
    let state = state_in(&home);
    let mut command = forward(&url, &to, &state);
    command.args(["--topic", "orders", "--after", "0"]);
    let forward = Forward::start(command);
    let taken = handler.taken(2);
    assert!(taken[0] < taken[1], "{taken:?}");
    let came = handler.came();
    let tries: Vec<(u16, bool)> = came
        .iter()
        .map(|came| (came.status, came.position() == taken[0]))
        .collect();
    let expected = [
        (500, true),
        (0, true),
        (404, true),
        (200, true),
        (503, false),
        (200, false),
    ];
    assert_eq!(tries, expected);
    let secret = kept(&state)["secret"].clone();
    let secret = secret.as_str().expect("it is kept");
    let webhook = Webhook::new(secret).expect("it is a secret");
    for came in &came {
        let mut headers = reqwest::header::HeaderMap::new();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, came.headers[name].parse().expect("it is plain"));
        }
        webhook.verify(&came.body, &headers).expect("it is signed");
        assert_eq!(came.headers["content-type"], "application/json");
        let id = format!("forward:{}", came.position());
        assert_eq!(came.headers["webhook-id"], id);
    }
    until("the position is kept", || {
        (kept(&state)["position"].as_i64() >= Some(taken[1])).then_some(())
    });
    let (out, err) = forward.end();
    assert!(err.contains(secret) && err.contains(&to), "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_names(
        lines[0],
        &["order.created", "F-0", ": 500 in ", "again in 0.25 s"],
    );
    assert_names(lines[1], &["again in 0.5 s"]);
    assert_names(lines[3], &[": 200 in "]);
}

/// The server restarts, the handler is away for a while, and the command is killed in between.
#[test]
fn whoever_is_away_nothing_is_lost_and_nothing_but_the_last_comes_twice() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let handler = Handler::open(&[]);
    let (front, back) = (Door::open(server.address()), Door::open(handler.address));
    let state = state_in(&home);
    let to = back.url();
    let command = || {
        let mut command = forward(&front.url(), &to, &state);
        command.args(["--topic", "orders"]);
        command
    };
    // It is killed again and again, in the middle of many.
    let mut first = command();
    first.args(["--after", "0"]);
    let mut running = Forward::start(first);
    sell(&server, 0..40);
    let mut kills = 0;
    for count in [3, 11, 26] {
        handler.taken(count);
        running.kill();
        kills += 1;
        running = Forward::start(command());
    }
    handler.taken(40);
    // What happens while it is not there is handed on when it is.
    running.kill();
    kills += 1;
    sell(&server, 40..45);
    running = Forward::start(command());
    until("they are taken", || {
        (45 <= distinct(&handler).len()).then_some(())
    });
    // The handler dies over a message, is gone for a while, and then there is another one.
    let nowhere = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    back.lead_to(nowhere.expect("a port is free"));
    lock(&handler.answers).push_back(0);
    sell(&server, 45..48);
    until("it has died", || {
        (46 <= distinct(&handler).len()).then_some(())
    });
    let other = Handler::open(&[]);
    back.lead_to(other.address);
    until("they are taken", || {
        (3 <= distinct(&other).len()).then_some(())
    });
    // The server is restarted.
    assert!(server.stop().success());
    let server = Tollgate::start(&home);
    front.lead_to(server.address());
    sell(&server, 48..50);
    until("they are taken", || {
        (5 <= distinct(&other).len()).then_some(())
    });
    drop(running);

    let mut came: Vec<i64> = handler.came().iter().map(Came::position).collect();
    came.extend(other.came().iter().map(Came::position));
    let twice = came.windows(2).filter(|two| two[0] == two[1]).count();
    assert!(twice <= kills + 1, "{twice} came twice: {came:?}");
    assert!(came.is_sorted(), "in order: {came:?}");
    came.dedup();
    assert_eq!(came.len(), 50);
}

fn distinct(handler: &Handler) -> Vec<i64> {
    let mut positions: Vec<i64> = handler.came().iter().map(Came::position).collect();
    positions.dedup();
    positions
}

/// What is older than what is kept is told, once, and it goes on with what there is.
#[test]
fn a_reset_is_told_and_not_forwarded() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    sell(&server, 0..2);
    assert!(server.stop().success());
    let old = home.number("select max(position) from timeline");
    let week = 7 * 86_400_000 + 60_000;
    home.database().change(&format!(
        "update timeline set at = at - {week} where position <= {old}"
    ));
    let server = Tollgate::start(&home);
    sell(&server, 2..3);
    let handler = Handler::open(&[]);
    let to = format!("http://{}", handler.address);
    let url = format!("http://{}", server.address());
    let mut command = forward(&url, &to, &state_in(&home));
    command.args(["--topic", "orders", "--after", "0"]);
    let forward = Forward::start(command);
    let taken = handler.taken(1);
    assert!(old < taken[0], "{taken:?}");
    let (_, err) = forward.end();
    assert_eq!(err.matches("reset").count(), 1, "{err}");
}

#[test]
fn what_cannot_be_forwarded_is_said_in_a_line() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}", server.address());
    let state = state_in(&home);
    let ended = finish(&mut forward(&url, "localhost:3000", &state));
    assert_names(one_line(&ended), &["localhost:3000", "a URL like"]);
    let mut nobody = command();
    nobody.args(["forward", "--url", &url, "--key", "tg_nobody", "--to", &url]);
    let ended = finish(nobody.arg("--state").arg(&state));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert_names(last, &["listen to", "401 key_invalid"]);
    // The positions of another server say nothing here.
    let ended = finish(&mut forward("http://127.0.0.1:1", &url, &state));
    assert_names(one_line(&ended), &["forward.json", "--state"]);
}
