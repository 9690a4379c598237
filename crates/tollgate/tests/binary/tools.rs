//! The command that makes webhooks, `send`, and the one that writes tables, `export`.

use crate::harness::{ADMIN_KEY, Home, Tollgate, command, finish};

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

/// A table is written as a whole or not at all.
#[test]
fn a_table_is_written_to_its_file_and_none_where_it_is_refused() {
    let home = Home::new();
    let config = home.write_config();
    let server = Tollgate::start(&home);
    let order = serde_json::json!({
        "code": "X-1", "currency": "IDR",
        "lines": [{ "sku": "tea", "quantity": 1, "unit_amount": 5_000, "stocked": false }],
    });
    server.client().create("/v1/orders", &order).expect(201);
    let file = home.path().join("orders.csv");
    let export = |arguments: &[&str]| {
        let mut export = command();
        export.arg("export").args(arguments);
        export.arg("--config").arg(&config).arg("-o").arg(&file);
        let url = format!("http://{}", server.address());
        export.args(["--url", &url, "--key", ADMIN_KEY]);
        finish(&mut export)
    };
    let refused = export(&["orders", "--from", "yesterday"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("?from"), "{refused:?}");
    assert!(!file.exists(), "no part of it stays");
    let written = export(&["orders", "--from", "2001-01-01"]);
    assert_eq!(written.code, Some(0), "{written:?}");
    let text = std::fs::read_to_string(&file).expect("it is there");
    assert!(
        text.starts_with("order_id,code,") && text.ends_with("\r\n"),
        "{text}"
    );
    assert!(text.contains(",X-1,"), "{text}");
    // What is there is replaced by what has come as a whole.
    let receipts = export(&["receipts"]);
    assert_eq!(receipts.code, Some(0), "{receipts:?}");
    let text = std::fs::read_to_string(&file).expect("it is there");
    assert!(
        text.starts_with("receipt_id,") && text.lines().count() == 1,
        "{text}"
    );
}
