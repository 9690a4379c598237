//! The command that makes webhooks: `send`.

use crate::harness::{Home, Tollgate, command, finish};

/// `send` signs with the configured secret, says what came back, and shows no secret.
#[test]
fn a_sent_webhook_is_taken_and_no_secret_is_shown() {
    let home = Home::new();
    let config = home.write_config();
    let server = Tollgate::start(&home);
    let to = format!("http://{}", server.address());
    let send = |arguments: &[&str]| {
        let mut send = command();
        send.arg("send")
            .args(arguments)
            .arg("--config")
            .arg(&config);
        finish(send.args(["--to", &to]))
    };
    for source in [
        "midtrans", "phonepe", "accurate", "standard", "bank", "cardcom",
    ] {
        let ended = send(&[source, "--reference", "R-1"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended.stdout.contains("R-1") && ended.stdout.contains("\n200\n"),
            "{ended:?}"
        );
        assert!(!ended.stdout.contains("of-the-tests"), "{ended:?}");
        let printed = send(&[source, "--print"]);
        assert!(printed.stdout.starts_with("curl "), "{printed:?}");
        assert!(!printed.stdout.contains("of-the-tests"), "{printed:?}");
    }
    let again = send(&["bank", "--reference", "R-2", "--id", "same"]);
    assert!(again.stdout.contains(r#""outcome":"parked""#), "{again:?}");
    let again = send(&["bank", "--reference", "R-2", "--id", "same"]);
    assert!(
        again.stdout.contains(r#""outcome":"duplicate""#),
        "{again:?}"
    );

    let elsewhere = finish(
        command()
            .arg("send")
            .arg("midtrans")
            .arg("--config")
            .arg(&config)
            .args(["--to", &format!("{to}/webhooks/nobody")]),
    );
    assert_eq!(elsewhere.code, Some(1), "{elsewhere:?}");
    let nothing = finish(
        command()
            .args(["send", "midtrans"])
            .current_dir(home.path().join("..")),
    );
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    assert!(nothing.stderr.contains("secrets - "), "{nothing:?}");
}
