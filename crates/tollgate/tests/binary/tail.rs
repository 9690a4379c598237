//! `tollgate tail`: a line for each message, over a connection that is made again.

use std::io::{BufRead, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::harness::{ADMIN_KEY, Home, Tollgate, command, finish};

/// The command as a child, ended with its handle.
struct Tail {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Tail {
    fn start(url: &str, more: &[&str]) -> Tail {
        let mut child = command()
            .args(["tail", "--url", url, "--key", ADMIN_KEY])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary can be started");
        let stdout = child.stdout.take().expect("it was asked for");
        let lines = BufReader::new(stdout).lines();
        Tail { child, lines }
    }

    fn line(&mut self) -> String {
        let line = self.lines.next().expect("it goes on");
        line.expect("it is text")
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that stays while servers come and go.
struct Door {
    address: SocketAddr,
    leads_to: Arc<Mutex<SocketAddr>>,
}

impl Door {
    fn open(to: SocketAddr) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let leads_to = Arc::new(Mutex::new(to));
        let goal = Arc::clone(&leads_to);
        std::thread::spawn(move || {
            for inside in listener.incoming().map_while(Result::ok) {
                let goal = *goal.lock().expect("no panic");
                // No server there: whatever connects is sent away.
                let Ok(outside) = TcpStream::connect(goal) else {
                    continue;
                };
                let copy = |from: &TcpStream, to: &TcpStream| {
                    let mut from = from.try_clone().expect("it can be cloned");
                    let mut to = to.try_clone().expect("it can be cloned");
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                };
                copy(&inside, &outside);
                copy(&outside, &inside);
            }
        });
        Door { address, leads_to }
    }

    fn lead_to(&self, to: SocketAddr) {
        *self.leads_to.lock().expect("no panic") = to;
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// It shows what happened from a position on, goes on after the server was restarted, and leaves
/// nothing out.
#[test]
fn tail_shows_each_message_once_through_a_restart() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    server.client().create_order("ONE", "standard", "IDR", 5000);
    let door = Door::open(server.address());
    let url = door.url();
    let mut words = Tail::start(&url, &["--topic", "orders,payments", "--after", "0"]);
    let mut json = Tail::start(&url, &["--json", "--after", "0"]);
    let line = words.line();
    assert!(
        line.contains(" order.created ord_") && line.ends_with(" ONE awaiting_payment"),
        "{line}"
    );
    let kind_and_code = |line: String| -> (String, String) {
        let message: Value = serde_json::from_str(&line).expect("it is JSON");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&message["type"]), text(&message["data"]["code"]))
    };
    assert_eq!(
        kind_and_code(json.line()),
        ("order.created".into(), "ONE".into())
    );
    assert!(server.stop().success());

    let server = Tollgate::start(&home);
    door.lead_to(server.address());
    server.client().create_order("TWO", "standard", "IDR", 5000);
    let line = words.line();
    assert!(line.ends_with(" TWO awaiting_payment"), "{line}");
    assert_eq!(
        kind_and_code(json.line()),
        ("order.created".into(), "TWO".into())
    );
}

/// What cannot be mended by connecting again ends it, in a line.
#[test]
fn tail_ends_with_a_key_that_is_none() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}", server.address());
    let ended = finish(command().args(["tail", "--url", &url, "--key", "tg_nobody"]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("401 key_invalid"), "{ended:?}");
    assert_eq!(ended.stdout, "");
}
