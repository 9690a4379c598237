//! `tollgate prune`: beside a running server it looks, and takes what may go.

use std::sync::Arc;

use serde_json::Value;
use tollgate_core::command::{Action, Command, CreateOrder, OrderRef, Rules};
use tollgate_core::id::{RootId, ShopId};
use tollgate_core::money::Currency;
use tollgate_core::order::{Customer, Line};
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{
    Class, Isolation, Limits, Month, Options, Place, SecretKeys, ServerPlace, Store, Submission,
};

use crate::harness::{Home, Tollgate, command, finish, now_ms};

/// An order of one line at this time.
fn order(at: Timestamp, code: &str) -> Action {
    let millis = u128::try_from(at.as_millis()).expect("a time after 1970");
    Action::CreateOrder(Box::new(CreateOrder {
        fresh: RootId::new((millis << 80) | (7 << 76) | (1 << 16)),
        code: code.to_owned(),
        currency: Currency::new("IDR").expect("a currency's code"),
        lines: vec![Line {
            sku: "TEA".to_owned(),
            name: None,
            quantity: 1,
            unit_minor: 100,
            stocked: false,
        }],
        discount_minor: 0,
        shipping_minor: 0,
        customer: Customer::default(),
        slot: None,
        hold: Span::hours(365 * 24),
        take_over: None,
        payment: None,
        metadata: "{}".to_owned(),
    }))
}

fn place(home: &Home) -> Place {
    let url = home.database().url();
    match url.strip_prefix("sqlite:") {
        Some(file) => Place::File(file.into()),
        None => Place::Server(ServerPlace {
            url,
            isolation: Isolation::ReadCommitted,
            root_certificate: None,
            lanes: 1,
        }),
    }
}

/// Writes at a time of the past, as a server did then.
async fn write_then(home: &Home, at: Timestamp, actions: Vec<Action>) {
    let store = Store::open(Options {
        place: place(home),
        shops: vec!["main".to_owned()],
        rules: Rules::default(),
        limits: Limits::default(),
        clock: Arc::new(move || at),
        decide: Arc::new(tollgate_core::decide::decide),
        make_slots: Arc::new(|_, _| None),
        receipt_year: Arc::new(|_, _| 2026),
        mailing: Vec::new(),
        number_formats: Vec::new(),
        secret_keys: SecretKeys::default(),
        pause: None,
        observer: None,
        create: false,
    })
    .expect("it opens");
    for action in actions {
        let shop = ShopId(1);
        let written = store.submit(Submission {
            command: Command { shop, action },
            by: None,
            origin: None,
            class: Class::Orders,
            bytes: 1000,
            idempotency: None,
            render: None,
        });
        written.await.expect("it is written");
    }
    store.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn months_go_by_a_command_and_one_with_an_open_order_stays() {
    let home = Home::new();
    let config = home.write_config();
    let ago = |days: i64| Timestamp::from_millis(now_ms()).plus(Span::hours(-24 * days));
    // More than a month apart.
    let (older, younger) = (ago(140), ago(100));
    let ended = vec![
        order(older, "ENDED"),
        Action::CancelOrder(OrderRef::Code("ENDED".to_owned())),
    ];
    write_then(&home, older, ended).await;
    write_then(&home, younger, vec![order(younger, "OPEN")]).await;
    let before = Month::of(younger).next().to_string();
    let ask = |more: &[&str]| {
        let mut ask = command();
        ask.args(["prune", "--before", &before]).args(more);
        finish(ask.arg("--config").arg(&config).current_dir(home.path()))
    };
    let months = |stdout: &str| {
        let document: Value = serde_json::from_str(stdout).expect("it is JSON");
        document["months"].as_array().expect("a list").clone()
    };

    let looked = ask(&["--dry-run", "--json"]);
    assert_eq!(looked.code, Some(0), "{looked:?}");
    let found = months(&looked.stdout);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[0]["month"], Month::of(older).to_string());
    assert_eq!(
        (&found[0]["free"], &found[0]["taken"]),
        (&true.into(), &false.into())
    );
    assert_eq!(found[0]["tables"]["roots"]["rows"], 1);
    assert_eq!(found[1]["free"], false);
    assert_eq!(found[1]["stops"][0]["what"], "order");
    let id = found[1]["stops"][0]["id"].as_str().expect("an id");
    assert!(id.starts_with("ord_"), "{id}");
    let people = ask(&["--dry-run"]);
    assert_eq!(people.code, Some(0), "{people:?}");
    for part in ["goes", "stays: ", id, "awaiting_payment"] {
        assert!(people.stdout.contains(part), "{part}: {people:?}");
    }
    // There is no terminal to ask at.
    let asked = ask(&[]);
    assert_eq!(asked.code, Some(2), "{asked:?}");
    assert!(asked.stderr.contains("--yes"), "{asked:?}");
    let mut early = command();
    early.args(["prune", "--before", "9999-01", "--yes", "--config"]);
    let early = finish(early.arg(&config).current_dir(home.path()));
    assert_eq!(early.code, Some(2), "{early:?}");
    assert!(early.stderr.contains("the latest is"), "{early:?}");

    let server = Tollgate::start(&home);
    if let Place::File(_) = place(&home) {
        let refused = ask(&["--yes"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        let pid = server.pid().to_string();
        assert!(refused.stderr.contains(&pid), "{refused:?}");
        drop(server);
    }
    let done = ask(&["--yes", "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let taken: Vec<Value> = months(&done.stdout)
        .iter()
        .map(|month| month["taken"].clone())
        .collect();
    assert_eq!(taken, [true, false]);
    let left = ask(&["--yes"]);
    assert_eq!(left.code, Some(1), "{left:?}");
    let mut verify = command();
    verify.args(["verify", "--config"]).arg(&config);
    let verified = finish(verify.current_dir(home.path()));
    assert_eq!(verified.code, Some(0), "{verified:?}");
}
