//! `tollgate top`: one picture of a running server; without a terminal nothing else.

use std::process::Stdio;

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
        line("events parked").contains("1, oldest"),
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
