//! A disk that is full, then has room again; a disk that takes no writes at all (D10).
//!
//! Where mounting is allowed a small file system is filled up and given room again. Everywhere the
//! size of files is limited too (RLIMIT_FSIZE); room cannot be given back to a server that runs under
//! such a limit, so recovery is checked over a restart. Which way was taken stands in the output.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tollgate_providers::Webhook;

use crate::harness::{Client, Home, Request, Response, Said, Tollgate, command, until};

fn run(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// A file system of its own, unmounted at the end.
struct Mount {
    path: PathBuf,
}

impl Mount {
    /// A small one in memory; `None` where this user may not mount.
    fn small(path: &Path) -> Option<Mount> {
        std::fs::create_dir_all(path).expect("a folder can be made");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"])
            .arg(path);
        run(&mut mount).then(|| Mount {
            path: path.to_owned(),
        })
    }

    /// A folder as it is, seen through a read-only mount.
    fn read_only(path: &Path) -> Option<Mount> {
        if !run(Command::new("mount").arg("--bind").arg(path).arg(path)) {
            return None;
        }
        let mount = Mount {
            path: path.to_owned(),
        };
        let mut again = Command::new("mount");
        again.args(["-o", "remount,bind,ro"]).arg(path);
        run(&mut again).then_some(mount)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a server of a failed test may still have files open there.
        run(Command::new("umount").arg("-l").arg(&self.path));
    }
}

/// A folder that cannot be written, and the way to be refused there.
pub(crate) struct ReadOnly {
    _mount: Option<Mount>,
    /// Root is refused nothing by modes, so it has to be another user.
    as_nobody: bool,
}

/// The user that owns nothing.
const NOBODY: u32 = 65_534;

/// Takes the right to write into a folder from every user, by a mount or by modes.
pub(crate) fn make_read_only(folder: &Path) -> ReadOnly {
    if let Some(mount) = Mount::read_only(folder) {
        return ReadOnly {
            _mount: Some(mount),
            as_nobody: false,
        };
    }
    for entry in std::fs::read_dir(folder).expect("it can be listed") {
        set_mode(&entry.expect("it can be listed").path(), 0o444);
    }
    set_mode(folder, 0o555);
    let home = folder.parent().expect("it is in a home");
    set_mode(home, 0o755);
    let ours = std::fs::metadata(home).expect("it is there");
    ReadOnly {
        _mount: None,
        as_nobody: std::os::unix::fs::MetadataExt::uid(&ours) == 0,
    }
}

impl ReadOnly {
    /// Runs the command as a user that is refused.
    pub(crate) fn refuse(&self, command: &mut Command) {
        if self.as_nobody {
            use std::os::unix::process::CommandExt;
            command.uid(NOBODY).gid(NOBODY);
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).expect("it is ours");
}

/// A webhook that no order waits for.
fn webhook(home: &Home, number: usize) -> (String, Webhook) {
    let reference = format!("full-{number}");
    let webhook = home.webhook(Said::paid("standard", &reference, 1000));
    (reference, webhook)
}

/// Delivers until the server refuses for want of room, and a little longer. What was answered 200
/// is added to `taken`, what was refused is returned.
fn deliver_until_refused(
    home: &Home,
    client: &mut Client,
    numbers: std::ops::Range<usize>,
    taken: &mut Vec<(Webhook, String)>,
) -> Vec<(Webhook, String)> {
    let mut refused = Vec::new();
    for number in numbers {
        let (_, webhook) = webhook(home, number);
        let answer = client.deliver("standard", &webhook);
        if answer.status == 200 {
            taken.push((webhook, answer.event().0));
            continue;
        }
        assert_retry_later(&answer);
        refused.push((webhook, answer.refused(503)));
        if refused.len() == 20 {
            return refused;
        }
    }
    panic!(
        "{} webhooks were taken and the disk is not full",
        taken.len()
    );
}

#[track_caller]
fn assert_retry_later(answer: &Response) {
    let problem = answer.expect(503);
    let code = problem["code"].as_str().unwrap_or_default();
    assert!(
        code == "unavailable" || code == "outcome_unknown",
        "{problem:#}"
    );
    assert_eq!(problem["retryable"], true, "{problem:#}");
    let after = answer.header("retry-after").map(str::parse::<u64>);
    assert!(matches!(after, Some(Ok(1..))), "Retry-After: {after:?}");
}

/// Every 200 is there, and comes again as a duplicate; every refusal is taken now.
fn check_nothing_lost(
    client: &mut Client,
    taken: &[(Webhook, String)],
    refused: &[(Webhook, String)],
) {
    for (webhook, id) in taken {
        let (again, outcome) = client.deliver("standard", webhook).event();
        assert_eq!((&again, outcome.as_str()), (id, "duplicate"));
    }
    for (webhook, code) in refused {
        let outcome = client.deliver("standard", webhook).outcome();
        match code.as_str() {
            "unavailable" => assert_eq!(outcome, "parked", "nothing was stored"),
            _ => assert!(outcome == "parked" || outcome == "duplicate", "{outcome}"),
        }
    }
    let events: Vec<Value> = client.list("/v1/events?source=standard");
    assert_eq!(events.len(), taken.len() + refused.len());
}

/// D10, F18.
#[test]
fn a_full_disk_is_a_503_and_room_is_enough_to_go_on() {
    let mut home = Home::on_file();
    let disk = home.path().join("disk");
    let Some(_mount) = Mount::small(&disk) else {
        eprintln!("D10: this user may not mount; files are limited in size instead (RLIMIT_FSIZE)");
        return check_limited_files(&home);
    };
    eprintln!("D10: on a file system of 6 MiB that is filled up and given room again");
    home.set(
        "store",
        "url",
        format!("sqlite:{}", disk.join("tollgate.db").display()),
    );
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let mut taken = Vec::new();
    for number in 0..50 {
        let (_, webhook) = webhook(&home, number);
        let id = client.deliver("standard", &webhook).event().0;
        taken.push((webhook, id));
    }
    let mut refused = Vec::new();
    for round in 0..3 {
        let filler = disk.join("filler");
        fill(&filler);
        let begin = 1000 + round * 100_000;
        let more = deliver_until_refused(&home, &mut client, begin..begin + 5000, &mut taken);
        refused.extend(more);
        // Nothing that changes state gets through, and it is said at once.
        let order = json!({
            "code": format!("FULL-{round}"),
            "currency": "IDR",
            "lines": [{ "sku": "t", "stocked": false, "quantity": 1, "unit_amount": 1000 }],
        });
        let order = Request::create("/v1/orders", &order);
        assert_retry_later(&client.call(&order));
        assert_eq!(client.call(&Request::get("/readyz")).status, 503);
        assert_eq!(client.call(&Request::get("/healthz")).status, 200);
        // Reading goes on.
        let (_, id) = &taken[0];
        client.get(&format!("/v1/events/{id}"));

        std::fs::remove_file(&filler).expect("it can be removed");
        until("there is room, and it is used", || {
            (client.call(&Request::get("/readyz")).status == 200).then_some(())
        });
        // The order was not stored, so its key is free.
        client.call(&order).expect(201);
    }
    eprintln!(
        "D10: {} taken, {} refused with 503",
        taken.len(),
        refused.len()
    );
    check_nothing_lost(&mut client, &taken, &refused);
    assert!(server.stop().success());
    let server = Tollgate::start(&home);
    let mut client = server.client();
    assert_eq!(client.list("/v1/events").len(), taken.len() + refused.len());
    assert_eq!(client.list("/v1/orders").len(), 3);
}

/// Writes until there is no room.
fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).expect("it can be made");
    // Large pieces first, then small ones, to leave nothing.
    for size in [1 << 20, 1 << 12, 1] {
        let piece = vec![0_u8; size];
        while file.write_all(&piece).is_ok() {}
    }
}

/// D10, the way that needs no rights.
#[test]
fn files_that_may_not_grow_are_a_503_and_nothing_answered_is_lost() {
    eprintln!("D10: files are limited to 1 MiB (RLIMIT_FSIZE)");
    check_limited_files(&Home::on_file());
}

fn check_limited_files(home: &Home) {
    // In units of 512 bytes: 1 MiB for each file. The signal that goes with it is not wanted.
    let script = "trap '' XFSZ; ulimit -f 2048; exec \"$0\" serve --config \"$1\"";
    let mut limited = Command::new("sh");
    limited
        .args(["-c", script, env!("CARGO_BIN_EXE_tollgate")])
        .arg(home.write_config())
        .envs(
            command()
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(home.path());
    let server = Tollgate::spawn(limited);
    let mut client = server.client();
    let mut taken = Vec::new();
    let refused = deliver_until_refused(home, &mut client, 0..20_000, &mut taken);
    assert_eq!(client.call(&Request::get("/healthz")).status, 200);
    eprintln!(
        "D10: {} taken, {} refused with 503",
        taken.len(),
        refused.len()
    );
    server.kill();
    let server = Tollgate::start(home);
    check_nothing_lost(&mut server.client(), &taken, &refused);
}
