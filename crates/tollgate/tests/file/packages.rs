//! What is handed out, made of the binary under test (scripts/package): the Debian package through its life, the unit, the
//! container image, the packages for Python and JavaScript, and what a binary needs of a machine.
//!
//! `scripts/storm packages` does the same with the portable binary, on machines of other ages.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Ended, finish_within};

/// Packing is compressing, and installing is writing, on a machine that has more to do.
const PATIENCE: Duration = Duration::from_secs(240);

const BINARY: &str = env!("CARGO_BIN_EXE_tollgate");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs a program to its good end; what it has printed.
#[track_caller]
fn run(command: &mut Command) -> String {
    let Ended {
        code,
        stdout,
        stderr,
    } = finish_within(PATIENCE, command);
    assert_eq!(code, Some(0), "{command:?}\n{stdout}\n{stderr}");
    stdout
}

/// Makes packages of the binary under test; where they are.
#[track_caller]
fn package(what: &str, to: &Path, more: &[&str]) -> Vec<PathBuf> {
    let mut package = Command::new(root().join("scripts/package"));
    package.args([what, "--fast", "--binary", BINARY, "--to"]);
    let made = run(package.arg(to).args(more));
    made.lines().map(PathBuf::from).collect()
}

/// Whether this process may mount and change roots; says so where it may not.
fn may_change_roots(without: &str) -> bool {
    let mut asked = Command::new(root().join("scripts/clean-root"));
    let may = finish_within(PATIENCE, asked.arg("installed")).code == Some(0);
    if !may {
        eprintln!("only root may change its root: {without}");
    }
    may
}

#[test]
fn the_debian_package_lives_through_installation_upgrade_removal_and_purge() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = package("deb", folder.path(), &[]);
    let next = package("deb", folder.path(), &["--revision", "2"]);
    let mut looked_at = Command::new("dpkg-deb");
    let contents = run(looked_at.arg("--contents").arg(&first[0]));
    for wanted in [
        "-rwxr-xr-x root/root",
        " ./usr/bin/tollgate\n",
        " ./usr/lib/systemd/system/tollgate.service\n",
        " ./etc/tollgate/tollgate.toml\n",
        " ./usr/share/man/man1/tollgate.1.gz\n",
        " ./usr/share/bash-completion/completions/tollgate\n",
        " ./usr/share/doc/tollgate/copyright\n",
        " ./usr/share/doc/tollgate/examples/tollgate.rules.yml\n",
    ] {
        assert!(contents.contains(wanted), "{wanted:?} in\n{contents}");
    }
    if !may_change_roots("the package was looked at, and not installed") {
        return;
    }
    let story = folder.path().join("story");
    std::fs::copy(root().join("crates/tollgate/tests/packages/deb"), &story).expect("it is there");
    let there = |file: &Path| Path::new("/mnt").join(file.file_name().expect("it is a file"));
    let mut live = Command::new(root().join("scripts/clean-root"));
    live.args(["run", "--with"]).arg(folder.path());
    live.arg(there(&story))
        .arg(there(&first[0]))
        .arg(there(&next[0]));
    let told = run(&mut live);
    assert!(told.contains("-- done"), "{told}");
}

#[test]
fn packages_of_one_binary_are_the_same_bytes() {
    let folders = [(), ()].map(|()| tempfile::tempdir().expect("a temporary folder"));
    for what in ["deb", "archive", "wheel"] {
        let made = [&folders[0], &folders[1]].map(|folder| {
            let files = package(what, folder.path(), &[]);
            std::fs::read(&files[0]).expect("it can be read")
        });
        assert!(made[0] == made[1], "{what}: two runs, two packages");
    }
}

/// The lines of a unit that say so.
fn said<'t>(unit: &'t str, key: &str) -> Vec<&'t str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines
        .filter(|(said, _)| *said == key)
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn the_unit_is_closed_and_starts_again_for_as_long_as_it_takes() {
    let unit = read("deploy/systemd/tollgate.service");
    for (key, wanted) in [
        ("StartLimitIntervalSec", "0"),
        ("Restart", "always"),
        ("Type", "notify"),
        ("WatchdogSec", "90"),
        ("TimeoutStartSec", "infinity"),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
        ("User", "tollgate"),
        ("StateDirectory", "tollgate"),
    ] {
        assert_eq!(said(&unit, key), [wanted], "{key}");
    }
    // Defaults of the program fit into the time that it has to stop.
    let defaults: toml::Table = read("crates/tollgate-server/src/config.default.toml")
        .parse()
        .expect("it is TOML");
    let most = |key: &str| defaults["server"][key].as_integer().expect("a number");
    let stops: i64 = said(&unit, "TimeoutStopSec")[0].parse().expect("seconds");
    assert!(most("drain_ms") + most("shutdown_timeout_ms") < stops * 1_000);

    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = folder.path().join("tollgate.service");
    let started = unit.replace("/usr/bin/tollgate", BINARY);
    std::fs::write(&here, started).expect("it can be written");
    let mut verify = Command::new("systemd-analyze");
    let verified = finish_within(PATIENCE, verify.args(["verify", "--man=no"]).arg(&here));
    assert_eq!((verified.code, verified.stderr.as_str()), (Some(0), ""));
    let mut security = Command::new("systemd-analyze");
    security.args(["security", "--offline=true", "--no-pager", "--threshold=20"]);
    let judged = run(security.arg(&here));
    let line = judged
        .lines()
        .find(|line| line.contains("Overall exposure"));
    let documented = read("docs/install.md");
    let level = line
        .and_then(|line| line.split_once("service: "))
        .and_then(|(_, rest)| rest.split_once(' '))
        .map(|(level, _)| level.to_owned())
        .expect("it says how open it is");
    assert!(
        documented.contains(&format!("gives it {level} (")),
        "docs/install.md does not say {level}"
    );
}

/// As numbers, so that 2.9 is less than 2.34.
fn numbers(version: &str) -> Vec<u32> {
    let parts = version.split('.').map(str::parse);
    parts.map(|part| part.expect("a number")).collect()
}

#[test]
fn a_binary_needs_no_later_glibc_than_is_documented() {
    let mut asked = Command::new(root().join("scripts/package"));
    let needed = run(asked.arg("needs").arg(BINARY));
    let page = read("docs/install.md");
    let (_, documented) = page
        .split_once("| `cargo build --release` on Debian 12 | glibc ")
        .expect("it says what a build of one's own needs");
    let (documented, _) = documented.split_once(' ').expect("a number");
    // On another machine it may need what that has.
    let mut ldd = Command::new("getconf");
    let here = run(ldd.arg("GNU_LIBC_VERSION"));
    let here = here.trim().trim_start_matches("glibc ").to_owned();
    let most = match here.as_str() {
        "2.36" => documented.to_owned(),
        _ => here,
    };
    let needed = needed.trim();
    assert!(
        needed == "nothing" || numbers(needed) <= numbers(&most),
        "it needs glibc {needed}, and docs/install.md says {most}"
    );
}

#[test]
fn the_image_runs_as_nobody_with_its_own_health_check() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    if !may_change_roots("the image is not made") {
        return;
    }
    let image = package("image", folder.path(), &[]);
    run(Command::new(root().join("crates/tollgate/tests/packages/image")).arg(&image[0]));
}

/// A document in YAML, as JSON.
fn yaml(path: &str) -> Value {
    let mut venv = Command::new(root().join("scripts/venv"));
    let python = run(venv.args(["yaml", "PyYAML==6.0.3"]));
    let mut convert = Command::new(python.trim());
    convert.args([
        "-c",
        "import json,sys,yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)",
    ]);
    let text = run(convert.arg(root().join(path)));
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn what_compose_starts_is_the_image_with_a_configuration_that_is_good() {
    let compose = yaml("deploy/container/compose.yaml");
    let service = &compose["services"]["tollgate"];
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(service["image"], format!("tollgate:{version}"));
    let mut check = Command::new(BINARY);
    check.args(["config", "check", "--config"]);
    check.arg(root().join("deploy/container/tollgate.toml"));
    for (name, value) in service["environment"].as_object().expect("it has some") {
        let value = value.as_str().expect("a text");
        let value = value
            .replace("${DATABASE_PASSWORD:?write .env first}", "a-password")
            .replace("${TOLLGATE_KEY:?write .env first}", "tg_0123456789abcdef");
        assert!(!value.contains('$'), "{name}: {value}");
        check.env(name, value);
    }
    run(&mut check);
    // Named volumes and services are there.
    for service in compose["services"].as_object().expect("some").values() {
        for volume in service["volumes"].as_array().expect("each has some") {
            let (named, _) = volume
                .as_str()
                .and_then(|it| it.split_once(':'))
                .expect("two");
            assert!(named.starts_with("./") || compose["volumes"].get(named).is_some());
        }
    }
    assert!(compose["services"]["database"]["healthcheck"].is_object());
    let grace = service["stop_grace_period"].as_str().expect("a time");
    let seconds: u32 = grace.trim_end_matches('s').parse().expect("seconds");
    assert!(30 < seconds, "shutdown_timeout_ms is 30 s");
}

#[test]
fn the_packages_for_python_and_javascript_carry_the_program_and_the_client() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let version = env!("CARGO_PKG_VERSION");
    let python = folder.path().join("python");
    let wheel = package("wheel", folder.path(), &[]);
    run(Command::new("python3").args(["-m", "venv"]).arg(&python));
    let mut pip = Command::new(python.join("bin/pip"));
    run(pip
        .args([
            "install",
            "--quiet",
            "--no-index",
            "--disable-pip-version-check",
        ])
        .arg(&wheel[0]));
    let said = run(Command::new(python.join("bin/tollgate")).arg("--version"));
    assert_eq!(said.trim(), format!("tollgate {version}"));
    let mut client = Command::new(python.join("bin/python"));
    run(client.args([
        "-c",
        "import tollgate; tollgate.Client('http://127.0.0.1:8080', 'tg_x')",
    ]));

    let shop = folder.path().join("shop");
    std::fs::create_dir(&shop).expect("it is new");
    let tarballs = package("npm", folder.path(), &[]);
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--silent"])
        .current_dir(&shop);
    run(npm.args(tarballs.iter().rev()));
    let mut npx = Command::new("npx");
    let said = run(npx
        .args(["--no", "--", "tollgate", "--version"])
        .current_dir(&shop));
    assert_eq!(said.trim(), format!("tollgate {version}"));
    // What it ends with is what the program ends with.
    let mut npx = Command::new("npx");
    npx.args([
        "--no",
        "tollgate",
        "config",
        "check",
        "--config",
        "nothing.toml",
    ]);
    let ended = finish_within(PATIENCE, npx.current_dir(&shop));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let mut client = Command::new("node");
    client.args(["--input-type=module", "-e", "import { Client } from 'tollgate'; new Client({ url: 'http://127.0.0.1:8080', key: 'tg_x' })"]);
    run(client.current_dir(&shop));
}
