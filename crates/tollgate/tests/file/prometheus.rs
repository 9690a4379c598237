//! Beside a real Prometheus: its rules are right and fire at what they should, every figure that they and the board
//! name is there, and it takes in both the figures of a running server and the rules.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::{Ended, Home, Tollgate, finish, until};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn promtool(arguments: &[&str]) -> Ended {
    let mut promtool = Command::new("promtool");
    promtool
        .args(arguments)
        .current_dir(root().join("deploy/prometheus"));
    finish(&mut promtool)
}

/// Prometheus at work; ended with the test.
struct Prometheus {
    process: Child,
    address: String,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    /// Starts it with our rules, for one server.
    fn watching(server: &Tollgate, folder: &Path) -> Prometheus {
        let settings = folder.join("prometheus.yml");
        let rules = root().join("deploy/prometheus/tollgate.rules.yml");
        let rules = rules.canonicalize().expect("it is in the repository");
        let text = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{}]\n\
             scrape_configs:\n  - job_name: tollgate\n    static_configs: [{{ targets: [\"{}\"] }}]\n",
            rules.display(),
            server.address()
        );
        std::fs::write(&settings, text).expect("it can be written");
        let data = folder.join("prometheus");
        let mut process = Command::new("prometheus")
            .arg(format!("--config.file={}", settings.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Prometheus is installed (Debian: apt-get install prometheus)");
        let said = process.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(said).lines().map_while(Result::ok);
        let address = lines.by_ref().find_map(|line| address_in(&line));
        let address = address.expect("it says where it listens");
        // Whoever does not read what it says holds it up.
        std::thread::spawn(move || lines.for_each(drop));
        Prometheus { process, address }
    }

    fn get(&self, path: &str) -> Value {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "10"])
            .arg(format!("http://{}{path}", self.address));
        let ended = finish(&mut curl);
        serde_json::from_str(&ended.stdout).unwrap_or_default()
    }
}

/// Where it listens, in a line that says so.
fn address_in(line: &str) -> Option<String> {
    let is_meant = line.contains("Listening on") || line.contains("Start listening");
    let (_, rest) = line.split_once("127.0.0.1:").filter(|_| is_meant)?;
    let digits = rest.chars().take_while(char::is_ascii_digit);
    let port: String = digits.collect();
    (port != "0").then(|| format!("127.0.0.1:{port}"))
}

#[test]
fn the_rules_are_right_and_each_fires_at_what_it_is_for() {
    let checked = promtool(&["check", "rules", "tollgate.rules.yml"]);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    let tested = promtool(&["test", "rules", "tollgate.rules.test.yml"]);
    assert_eq!(tested.code, Some(0), "{}{}", tested.stdout, tested.stderr);
    let names = |text: &str, mark: &str| -> BTreeSet<String> {
        let lines = text.lines();
        let names = lines.filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(mark));
        names.map(|name| name.trim().to_owned()).collect()
    };
    let rules = names(&read("deploy/prometheus/tollgate.rules.yml"), "alert: ");
    let tests = names(
        &read("deploy/prometheus/tollgate.rules.test.yml"),
        "alertname: ",
    );
    assert_eq!(rules, tests, "each rule has a test");
    assert!(20 < rules.len());
}

/// What a text names that could be a figure of ours.
fn figures_in(text: &str) -> BTreeSet<String> {
    let part =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    text.split(|letter| !part(letter))
        .filter(|word| word.starts_with("tollgate_") || word.starts_with("process_"))
        .map(|word| word.trim_end_matches("_bucket").to_owned())
        .collect()
}

/// docs/metrics.md is compared with what a server says (`tests/it/access.rs`); a row of it that nothing makes is found
/// here.
#[test]
fn rules_and_board_name_only_figures_that_there_are() {
    let documented = read("docs/metrics.md");
    let rows = documented
        .lines()
        .filter_map(|line| line.strip_prefix("| `"));
    let rows: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let made = read("crates/tollgate-server/src/metrics.rs")
        + &read("crates/tollgate-server/src/sampled.rs");
    for row in &rows {
        let name = row
            .trim_start_matches("tollgate_")
            .trim_end_matches("_total");
        let bare = name.trim_end_matches("_seconds").trim_end_matches("_bytes");
        let is_made = [name, bare]
            .iter()
            .any(|name| made.contains(&format!("\"{name}\"")));
        assert!(is_made, "nothing makes {row}");
    }
    for file in [
        "deploy/prometheus/tollgate.rules.yml",
        "deploy/prometheus/tollgate.rules.test.yml",
        "deploy/grafana/tollgate.json",
    ] {
        for figure in figures_in(&read(file)) {
            let is_there = rows.contains(figure.as_str()) || figure == "tollgate_build_info";
            assert!(
                is_there,
                "{file} names {figure}, which is not in docs/metrics.md"
            );
        }
    }
    let board: Value =
        serde_json::from_str(&read("deploy/grafana/tollgate.json")).expect("it is JSON");
    let panels = board["panels"].as_array().expect("it has panels");
    let shown = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array())
        .flatten();
    assert!(40 < shown.count());
    // What leads to a page leads to a heading of it.
    let page = read("docs/alerts.md");
    for line in read("deploy/prometheus/tollgate.rules.yml").lines() {
        let Some((_, anchor)) = line.split_once("alerts.md#") else {
            continue;
        };
        let is_there = page.lines().any(|line| {
            let heading = line.trim_start_matches('#');
            heading.len() < line.len() && heading.trim().to_lowercase() == anchor
        });
        assert!(is_there, "docs/alerts.md has no heading {anchor}");
    }
}

#[test]
fn a_prometheus_takes_in_figures_and_rules() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    let prometheus = Prometheus::watching(&server, home.path());
    let version = until("it has scraped the server", || {
        let found = prometheus.get("/api/v1/query?query=tollgate_build_info");
        found["data"]["result"].as_array()?.first().cloned()
    });
    assert_eq!(version["metric"]["version"], env!("CARGO_PKG_VERSION"));
    let targets = prometheus.get("/api/v1/targets");
    let target = &targets["data"]["activeTargets"][0];
    assert_eq!(
        (&target["health"], &target["lastError"]),
        (&"up".into(), &"".into())
    );
    let rules = until("it has evaluated every rule", || {
        let rules = prometheus.get("/api/v1/rules");
        let rules = rules["data"]["groups"][0]["rules"].as_array()?.clone();
        rules
            .iter()
            .all(|rule| rule["health"] != "unknown")
            .then_some(rules)
    });
    let declared = read("deploy/prometheus/tollgate.rules.yml")
        .matches("- alert: ")
        .count();
    assert_eq!(rules.len(), declared);
    for rule in &rules {
        assert_eq!(rule["health"], "ok", "{rule}");
        // A server that has just been started is well.
        assert_eq!(rule["state"], "inactive", "{rule}");
    }
    for figure in [
        "tollgate_events_parked_oldest_age_seconds",
        "tollgate_disk_free_bytes",
        "process_resident_memory_bytes",
    ] {
        let found = prometheus.get(&format!("/api/v1/query?query={figure}"));
        let found = found["data"]["result"].as_array().map_or(0, Vec::len);
        assert!(0 < found, "{figure}");
    }
    drop(prometheus);
    assert!(server.stop().success());
}
