//! `tollgate top`: one picture of a running server; without a terminal nothing else.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use crate::harness::{ADMIN_KEY, Home, Said, Tollgate, command, finish};

#[test]
fn one_picture_has_what_has_happened_and_what_is_open() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.create_order("TOP-1", "standard", "IDR", 5000);
    let early = home.webhook(Said::paid("standard", "EARLY-1", 5000));
    assert_eq!(client.deliver("standard", &early).outcome(), "parked");
    let url = format!("http://{}", server.address());
    let mut top = command();
    top.args(["top", "--once", "--url", &url, "--key", ADMIN_KEY]);
    let ended = finish(&mut top);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let line = |name: &str| {
        let found = ended.stdout.lines().find(|line| line.contains(name));
        found
            .unwrap_or_else(|| panic!("{name}: {}", ended.stdout))
            .to_owned()
    };
    assert!(line("tollgate top").contains(&url));
    assert!(line("│orders ").contains(" 1│"), "{}", ended.stdout);
    assert!(line("awaiting payment").contains(" 1 "), "{}", ended.stdout);
    assert!(
        line("events parked").contains("1, for "),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains('\u{1b}'), "it is plain text");
}

#[test]
fn what_cannot_be_shown_is_said_in_a_line() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}", server.address());
    let nowhere = "http://127.0.0.1:1".to_owned();
    for (url, key, more, why) in [
        (&url, ADMIN_KEY, None, "--once"),
        (&url, "tg_nobody", Some("--once"), "401 key_invalid"),
        (&nowhere, ADMIN_KEY, Some("--once"), "http://127.0.0.1:1"),
    ] {
        let mut top = command();
        top.args(["top", "--url", url, "--key", key]).args(more);
        let ended = finish(top.stdin(Stdio::null()));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(why), "{ended:?}");
        assert_eq!(
            (ended.stderr.lines().count(), ended.stdout.as_str()),
            (1, "")
        );
    }
}

/// On a terminal it draws until it is told to end, however, and gives the screen back.
#[test]
fn the_terminal_is_given_back_at_every_end() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}", server.address());
    let program = command().get_program().display().to_string();
    for (columns, end) in [(100, "q"), (1, "\u{3}"), (100, "TERM")] {
        let inside = format!(
            "stty rows 30 cols {columns}; echo pid $$; exec '{program}' top --url {url} --key {ADMIN_KEY}"
        );
        let mut terminal = Command::new("script")
            .args([
                "--quiet",
                "--flush",
                "--return",
                "--command",
                &inside,
                "/dev/null",
            ])
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script is there");
        let mut stdin = terminal.stdin.take().expect("it was asked for");
        let mut stdout = terminal.stdout.take().expect("it was asked for");
        let mut said = Vec::new();
        // The screen is taken, and something is drawn.
        while !contains(&said, TAKEN) || !said.ends_with(DRAWN) {
            let mut byte = [0];
            stdout.read_exact(&mut byte).expect("it goes on");
            said.extend(byte);
        }
        match end {
            "TERM" => {
                let text = String::from_utf8_lossy(&said);
                let (_, pid) = text.split_once("pid ").expect("it has said so");
                let pid = pid.split_whitespace().next().expect("it is a number");
                let sent = Command::new("kill").args(["-TERM", pid]).status();
                assert!(sent.expect("kill can be run").success());
            }
            keys => stdin.write_all(keys.as_bytes()).expect("it is read"),
        }
        stdout.read_to_end(&mut said).expect("it ends");
        let status = terminal.wait().expect("it is our child");
        assert!(status.success(), "{end:?}: {status}");
        assert!(
            contains(&said, GIVEN_BACK),
            "{end:?}: {}",
            String::from_utf8_lossy(&said)
        );
    }
}

/// What a terminal is told: another screen is taken, the cursor is hidden behind what was drawn, the first screen is back.
const TAKEN: &[u8] = b"\x1b[?1049h";
const DRAWN: &[u8] = b"\x1b[?25l";
const GIVEN_BACK: &[u8] = b"\x1b[?1049l";

fn contains(said: &[u8], part: &[u8]) -> bool {
    said.windows(part.len()).any(|known| known == part)
}
