//! HAProxy before two instances, with the lines of docs/high-availability.md.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fleet::{Fleet, order};
use crate::harness::{ADMIN_KEY, Cluster, Database, Request, Tollgate, finish, pause, until};

/// The balancer at work, at a socket in a folder; ended with the test.
struct Balancer {
    process: Child,
    folder: tempfile::TempDir,
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What came through it.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Answer {
    /// It is one that a client understands: a problem that says when to come again.
    #[track_caller]
    fn assert_comes_again(&self) {
        assert_eq!(self.status, 503, "{self:?}");
        let headers = self.headers.to_lowercase();
        assert!(
            headers.contains("content-type: application/problem+json"),
            "{self:?}"
        );
        assert!(headers.contains("retry-after: 2"), "{self:?}");
        let problem: Value = serde_json::from_str(&self.body).expect("it is JSON");
        assert_eq!(problem["code"], "unavailable", "{self:?}");
        assert_eq!(problem["retryable"], true, "{self:?}");
    }
}

impl Balancer {
    /// With the lines of the page, at a socket, before these two.
    fn start(servers: &[Tollgate]) -> Balancer {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/high-availability.md");
        let page = std::fs::read_to_string(page).expect("it is there");
        let (_, lines) = page.split_once("```haproxy\n").expect("it has the lines");
        let (lines, _) = lines.split_once("```").expect("they have an end");
        let socket = format!("unix@{} mode 600", folder.path().join("socket").display());
        let asked = format!(
            "global\n    stats socket {}",
            folder.path().join("asked").display()
        );
        let mut lines = lines.to_owned();
        for (written, here) in [
            ("global", asked),
            ("0.0.0.0:8080", socket),
            ("10.0.0.1:8080", servers[0].address().to_string()),
            ("10.0.0.2:8080", servers[1].address().to_string()),
        ] {
            assert!(lines.contains(written), "{written}");
            lines = lines.replace(written, &here);
        }
        let settings = folder.path().join("haproxy.cfg");
        std::fs::write(&settings, lines).expect("it can be written");
        let process = Command::new("haproxy")
            .args(["-db", "-q", "-f"])
            .arg(&settings)
            .env(
                "PATH",
                format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()),
            )
            .stdout(Stdio::null())
            .spawn()
            .expect("HAProxy is installed (Debian: apt-get install haproxy)");
        Balancer { process, folder }
    }

    /// How many instances it believes to be ready.
    fn ready(&self) -> usize {
        let mut socket = UnixStream::connect(self.folder.path().join("asked")).expect("it listens");
        socket
            .write_all(b"show servers state tollgate_ready\n")
            .expect("it can be asked");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("it answers");
        // `be_id be_name srv_id srv_name srv_addr srv_op_state …`; 2 is running.
        let states = answer.lines().filter_map(|line| line.split(' ').nth(5));
        states.filter(|state| *state == "2").count()
    }

    fn call(&self, request: &Request) -> Answer {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-i", "--max-time", "20", "--unix-socket"])
            .arg(self.folder.path().join("socket"))
            .args([
                "-X",
                request.method,
                "-H",
                &format!("Authorization: Bearer {ADMIN_KEY}"),
            ]);
        if !request.body.is_empty() {
            let body = String::from_utf8_lossy(&request.body);
            curl.args(["--data-binary", body.as_ref()]);
        }
        for (name, value) in &request.headers {
            curl.args(["-H", &format!("{name}: {value}")]);
        }
        let ended = finish(curl.arg(format!("http://tollgate{}", request.path)));
        let (headers, body) = ended.stdout.split_once("\r\n\r\n").unwrap_or_default();
        let status = headers.split(' ').nth(1).unwrap_or_default();
        Answer {
            status: status.parse().unwrap_or(0),
            headers: headers.to_owned(),
            body: body.to_owned(),
        }
    }
}

/// 148 of 208 refusals were the balancer's page, which says neither that nothing was stored nor when to come
/// again. Now all of them are problems: while it finds out that no instance is ready, when it has, and when
/// no process is left.
#[test]
fn what_a_balancer_answers_while_no_instance_is_ready_is_our_own_503() {
    let cluster = Cluster::start();
    let mut fleet = Fleet::on(Database::on(cluster.url()), 2, |_| ());
    fleet
        .client(0)
        .put("/v1/stock/A", &json!({ "on_hand": 100_000 }));
    let balancer = Balancer::start(&fleet.servers);
    let mut number = 0;
    let mut ask = || {
        number += 1;
        balancer.call(&Request::create(
            "/v1/orders",
            &order(&format!("HA-{number}"), &["A"]),
        ))
    };
    until("it takes orders", || (ask().status == 201).then_some(()));

    cluster.stop();
    let begun = Instant::now();
    let mut refused = 0;
    // Twice as long as it needs to take both out.
    while begun.elapsed() < Duration::from_secs(5) {
        ask().assert_comes_again();
        balancer
            .call(&Request::get("/v1/stock/A"))
            .assert_comes_again();
        refused += 2;
        pause(Duration::from_millis(20));
    }
    eprintln!("{refused} refusals through the balancer");
    for number in 0..2 {
        let ready = fleet.client(number).call(&Request::get("/readyz"));
        assert_eq!(ready.status, 503, "instance {number}");
    }

    cluster.start_again();
    until("it takes orders again", || {
        (ask().status == 201).then_some(())
    });
    until("it knows both again", || {
        (balancer.ready() == 2).then_some(())
    });
    // One that is ended is passed over, whatever the balancer knows by then.
    fleet.servers.remove(1).kill();
    for _ in 0..10 {
        assert_eq!(ask().status, 201);
    }
    fleet.servers.remove(0).kill();
    ask().assert_comes_again();
}
