//! What a newcomer types: the tour of README.md and the lines that `demo` prints, as they stand there.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Ended, command, finish};

/// Where the tour's server listens.
const USUAL: &str = "127.0.0.1:8080";

/// The first block of a document that a shell reads.
pub(crate) fn first_script(document: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(document);
    let text = std::fs::read_to_string(path).expect("it can be read");
    let block = text.split_once("\n```sh\n").expect("it has a script").1;
    block
        .split_once("\n```\n")
        .expect("the script has an end")
        .0
        .to_owned()
}

/// A shell in a folder, which finds the program where a person would have it.
fn shell(script: &str, folder: &Path) -> Ended {
    let program = command();
    let program = Path::new(program.get_program())
        .parent()
        .expect("it is in a folder");
    let mut path = program.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", path);
    for (name, _) in std::env::vars() {
        if name.starts_with("TOLLGATE") {
            shell.env_remove(name);
        }
    }
    finish(shell.stdin(Stdio::null()))
}

/// The documents that a script has printed, whatever stands around them.
fn documents(stdout: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for line in stdout.lines() {
        let Some(at) = line.find('{') else { continue };
        let read = serde_json::Deserializer::from_str(&line[at..]).into_iter::<Value>();
        found.extend(read.map_while(Result::ok));
    }
    found
}

/// A clean folder and nothing but the README: the order is paid by its own 201, then completed with its
/// receipt, and nothing has warned. Older curls are enough.
#[test]
fn the_tour_ends_in_a_completed_order_and_nothing_warns() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let free = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = free.local_addr().expect("it is bound").to_string();
    drop(free);
    let tour = first_script("README.md");
    assert!(!tour.contains("--json "), "curl 7.81 has no --json");
    assert!(tour.contains(USUAL), "{tour}");
    // What follows a shop is done in its own time, which a reader takes too.
    let last = "curl -sS -H \"$K\" $U/v1/orders/ZVR-1\n";
    assert_eq!(tour.matches(last).count(), 1, "{tour}");
    let patient = format!(
        "for _ in $(seq 500); do {} | grep -q completed && break; done\n{last}",
        last.trim_end()
    );
    let script = format!(
        "trap 'kill $! 2>/dev/null || true' EXIT\nexport TOLLGATE__SERVER__LISTEN={address}\n{}\nwait\n",
        tour.replace(USUAL, &address).replace(last, &patient)
    );
    let ended = shell(&script, folder.path());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for word in ["WARN", "ERROR", "error:", "warning"] {
        assert!(!ended.stderr.contains(word), "{}", ended.stderr);
    }
    let said = documents(&ended.stdout);
    let parked = said
        .iter()
        .any(|one| one["events"][0]["outcome"] == "parked");
    assert!(parked, "the webhook was early: {said:#?}");
    let orders: Vec<&Value> = said.iter().filter(|one| one["code"] == "ZVR-1").collect();
    let statuses: Vec<&Value> = orders.iter().map(|order| &order["status"]).collect();
    assert_eq!(statuses, ["paid", "completed"], "{said:#?}");
    let order = orders.last().expect("there are two");
    assert_eq!(order["attention"], Value::Array(Vec::new()), "{order:#}");
    let receipts = folder.path().join("receipts/main");
    let receipts = std::fs::read_dir(receipts).expect("the receipt was copied");
    assert_eq!(receipts.count(), 1);
    // Nobody was asked.
    let asked = "select count(*) from effects where kind = 'ask'";
    let mut sqlite = Command::new("sqlite3");
    let counted = finish(sqlite.arg(folder.path().join("tollgate.db")).arg(asked));
    assert_eq!(counted.stdout.trim(), "0", "{counted:?}");
    // What the tour made is sound.
    for check in ["verify", "config check"] {
        let ended = shell(&format!("tollgate {check}"), folder.path());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!ended.stderr.contains("warning"), "{ended:?}");
    }
}

/// Every line that `demo` prints for those who stay works, and every file that it names is there.
#[test]
fn what_the_demo_prints_to_try_works() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut demo = command();
    demo.args(["demo", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path());
    let mut demo = demo
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let stdout = demo.stdout.take().expect("it was asked for");
    let mut script = String::new();
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let begun = lines.by_ref().find(|line| line.contains("What to try"));
    assert!(begun.is_some(), "it says what to try");
    // An empty line comes first, and one at the end.
    for line in lines.by_ref().skip(1).take_while(|line| !line.is_empty()) {
        script.push_str(line.trim_start());
        script.push('\n');
    }
    let ended = shell(&script, folder.path());
    let stopped = Command::new("kill").arg(demo.id().to_string()).status();
    assert!(stopped.expect("kill can be run").success());
    assert!(demo.wait().expect("it is our child").success(), "{ended:?}");
    assert_eq!(ended.code, Some(0), "{script}\n{ended:?}");
    let commands = script
        .lines()
        .filter(|line| line.starts_with("curl") || line.contains(" send "));
    assert_eq!(commands.count(), 5, "{script}");
    let said = documents(&ended.stdout);
    let refused: Vec<&Value> = said
        .iter()
        .filter(|one| one["detail"].is_string())
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let last = said.last().expect("it was answered");
    assert_eq!(
        (&last["code"], &last["status"]),
        (&"TRY-1".into(), &"paid".into()),
        "{last:#}"
    );
}
