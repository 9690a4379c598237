//! `tollgate tail`: a line for each message, over a connection that is made again.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::harness::{ADMIN_KEY, Door, Home, Tollgate, command, finish};

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
