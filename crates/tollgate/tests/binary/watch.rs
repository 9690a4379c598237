//! `--watch`: a list is shown again when it changes.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{ADMIN_KEY, Home, Tollgate, command, finish};

/// The command as a child, ended with its handle.
struct Watch {
    child: Child,
    /// Nothing, once nobody reads any more.
    lines: Option<Lines<BufReader<ChildStdout>>>,
}

impl Watch {
    fn start(url: &str, arguments: &[&str]) -> Watch {
        let mut child = command()
            .args(arguments)
            .args(["--watch", "--url", url, "--key", ADMIN_KEY])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary can be started");
        let stdout = child.stdout.take().expect("it was asked for");
        let lines = Some(BufReader::new(stdout).lines());
        Watch { child, lines }
    }

    fn line(&mut self) -> String {
        let lines = self.lines.as_mut().expect("it is read");
        let line = lines.next().expect("it goes on");
        line.expect("it is text")
    }

    fn document(&mut self) -> Value {
        serde_json::from_str(&self.line()).expect("it is JSON")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_list_is_shown_again_where_it_changes_and_ends_with_ctrl_c() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let url = format!("http://{}", server.address());
    // Without a payment, so that it is cancelled at once.
    let line = json!({ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": 5_000 });
    let one = json!({ "code": "ONE", "currency": "IDR", "lines": [line] });
    client.create("/v1/orders", &one).expect(201);
    let mut people = Watch::start(&url, &["orders", "list"]);
    assert!(
        people.line().contains("made"),
        "first the names of the columns"
    );
    assert!(people.line().contains(" ONE "));
    let mut machine = Watch::start(&url, &["orders", "list", "--json", "--limit", "2"]);
    assert_eq!(machine.document()["code"], "ONE");

    client.create_order("TWO", "standard", "IDR", 5_000);
    assert!(people.line().contains(" TWO "), "only what is new");
    assert_eq!(machine.document()["code"], "TWO");
    client
        .create("/v1/orders/ONE/cancel", &json!({}))
        .expect(200);
    let one = machine.document();
    assert_eq!(
        (&one["code"], &one["status"]),
        (&json!("ONE"), &json!("cancelled"))
    );
    assert!(people.line().contains(" cancelled "));

    let sent = Command::new("kill")
        .arg("-INT")
        .arg(people.child.id().to_string())
        .status();
    assert!(sent.expect("kill can be run").success());
    let status = people.child.wait().expect("it is our child");
    assert_eq!(status.code(), Some(0));
}

/// As `| head -2`: nothing changes, so nothing is written that would fail.
#[test]
fn a_list_ends_with_its_reader() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    server
        .client()
        .create_order("ONE", "standard", "IDR", 5_000);
    let url = format!("http://{}", server.address());
    let mut watch = Watch::start(&url, &["orders", "list"]);
    assert!(watch.line().contains("made"));
    assert!(watch.line().contains(" ONE "));
    watch.lines = None;
    let status = watch.child.wait().expect("it is our child");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn what_cannot_be_listed_is_not_watched() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}", server.address());
    for (arguments, code) in [
        (
            &["orders", "list", "--since", "yesterday", "--key", ADMIN_KEY][..],
            "request_invalid",
        ),
        (&["events", "list", "--key", "tg_nobody"], "key_invalid"),
    ] {
        let ended = finish(command().args(arguments).args(["--watch", "--url", &url]));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(code), "{ended:?}");
        assert_eq!(ended.stdout, "");
    }
}
