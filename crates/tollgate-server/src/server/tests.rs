//! With a whole application: a worker whose effects panic goes on, and each ends with what the panic said; and a key
//! that is revoked hears nothing more; what was counted is written once, whatever the configuration becomes; and a
//! start that waits says so.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::ExposeSecret;

use tollgate_core::command::{Action, CreateOrder};
use tollgate_core::effect::{EffectKind, EffectState, StoredEffect};
use tollgate_core::id::RootId;
use tollgate_core::money::Currency;
use tollgate_core::order::{Customer, Line};
use tollgate_core::time::Span;
use tollgate_store::{Class, EffectFilter, FeedEntry, Seek, Submission};

use super::Listeners;
use crate::app::{App, Caller, Cut, NewEndpoint, NewKey, REFUSED, Role, StreamFormat, TopicSet};
use crate::config::Config;
use crate::ids;
use crate::worker::Worker;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is written to merchants is a function that the worker is given; this one has a fault.
fn panics(_: &FeedEntry) -> Vec<u8> {
    panic!("the notice of order {} cannot be written", 7)
}

async fn order(app: &App, code: &str) -> RootId {
    let root = ids::root();
    let order = CreateOrder {
        fresh: root,
        code: code.to_owned(),
        currency: Currency::new("IDR").expect("it has three letters"),
        lines: vec![Line {
            sku: "t".to_owned(),
            name: None,
            quantity: 1,
            unit_minor: 100,
            stocked: false,
        }],
        discount_minor: 0,
        shipping_minor: 0,
        customer: Customer::default(),
        slot: None,
        hold: Span::minutes(15),
        take_over: None,
        payment: None,
        metadata: "{}".to_owned(),
    };
    let action = Action::CreateOrder(Box::new(order));
    let submission = Submission::new(app.shops()[0], action, Class::Orders);
    let store = app.instance().store();
    store.submit(submission).await.expect("it is decided");
    root
}

/// The notice about an order, once it was tried.
async fn tried(app: &App, root: RootId) -> StoredEffect {
    let filter = EffectFilter {
        kind: vec![EffectKind::Notify],
        root: Some(root),
        ..EffectFilter::default()
    };
    let since = Instant::now();
    loop {
        let store = app.instance().store();
        let page = store.effects(app.shops()[0], filter.clone(), Seek::first(10));
        let page = page.await.expect("it can be read");
        let tried = page.items.into_iter().map(|line| line.effect);
        if let Some(effect) = tried.into_iter().find(|effect| !effect.attempts.is_empty()) {
            return effect;
        }
        assert!(since.elapsed() < PATIENCE, "it is never tried");
        // Only so that asking leaves the machine to the worker.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn opened() -> App {
    let text = "[store]\nurl = \"sqlite::memory:\"\n[outgoing]\nretry_seconds = [3600, 3600]\n";
    let config = Config::from_toml_str(text).expect("it is right");
    tokio::task::spawn_blocking(|| App::open(config))
        .await
        .expect("opening does not panic")
        .expect("it opens")
}

/// Of every message one word.
static WORDS: StreamFormat = StreamFormat {
    name: "words",
    entry: |_| Bytes::from_static(b"entry"),
    heartbeat: |_| Bytes::from_static(b"heartbeat"),
    reset: |_, _| Bytes::from_static(b"reset"),
};

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_catches_up_hears_nothing_once_its_key_is_revoked() {
    let app = opened().await;
    order(&app, "A-1").await;
    let us = Caller::command_line(app.shops()[0]);
    let scopes = BTreeSet::from(["read"]);
    let wanted = NewKey {
        name: "some",
        scopes: &scopes,
        expires_at: None,
    };
    let made = app.create_key(&us, wanted, None).await;
    let (row, key) = made.expect("it is made");
    let bearer = format!("Bearer {}", key.expose_secret());
    let caller = app.authenticate(Some(&bearer), None).await;
    let caller = caller.expect("it is good");
    for (is_good, heard) in [(true, "entry"), (false, "")] {
        if !is_good {
            let revoked = app.revoke_key(&us, (row.shop, row.id)).await;
            revoked.expect("it is revoked");
        }
        let seat = app.seat().expect("there is room");
        let begun = app.listen(
            seat,
            &caller,
            TopicSet::ALL,
            Some(0),
            (Cut::default(), &WORDS),
        );
        let mut messages = begun.await.expect("it listens");
        let first = std::future::poll_fn(|context| messages.poll_next(context)).await;
        assert_eq!(first.as_deref(), Some(&b"heartbeat"[..]));
        let second = std::future::poll_fn(|context| messages.poll_next(context)).await;
        assert_eq!(second.unwrap_or_default(), heard);
    }
    app.end_streams();
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_panics_ends_with_what_it_said_and_the_worker_goes_on() {
    let app = opened().await;
    let endpoint = NewEndpoint {
        url: "https://merchant.example/hook".to_owned(),
        events: vec!["order.created".to_owned()],
        description: String::new(),
    };
    let caller = Caller::command_line(app.shops()[0]);
    let made = app.create_endpoint(&caller, endpoint).await;
    made.expect("it is made");
    let worker = Worker::start(&app.effects_context(panics));
    for code in ["A-1", "A-2"] {
        let root = order(&app, code).await;
        let effect = tried(&app, root).await;
        // It was not sent, so it is tried again; its lease is given back and not waited for.
        assert_eq!(effect.state, EffectState::Pending);
        let said = "it has panicked: the notice of order 7 cannot be written";
        assert_eq!(effect.reason.as_deref(), Some(said));
        assert_eq!(effect.attempts.len(), 1);
        assert_eq!(effect.attempts[0].error.as_deref(), Some(said));
    }
    worker.stop(PATIENCE).await;
    app.close().await;
}

/// Every SIGHUP added all webhooks since the start to the shop's figures.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_to_webhooks_is_counted_once_over_reloads() {
    const SOURCE: &str = "[sources.bank]
        provider = \"hmac\"
        secrets = [\"literal:secret-of-the-bank\"]
        header = \"x-bank-signature\"
        id = \"/id\"
        reference = \"/order\"
        amount = \"/amount\"
        currency = \"/currency\"
        status = \"/status\"";
    let config = |source: &str| {
        let text = format!("[store]\nurl = \"sqlite::memory:\"\n{source}");
        Config::from_toml_str(&text).expect("it is right")
    };
    let with = config(SOURCE);
    let app = tokio::task::spawn_blocking(|| App::open(with))
        .await
        .expect("opening does not panic")
        .expect("it opens");
    let refused = |app: &App| {
        let source = app.webhook_source("/webhooks/bank");
        source.expect("it is configured").counts.refused.inc();
    };
    // One round each: what is written last, before a configuration ends.
    let write = async |app: &App| {
        let (_stop, stopped) = tokio::sync::watch::channel(true);
        app.clone().write_figures(stopped).await;
    };
    let counted = async |app: &App| {
        let standing = app.standing(app.shops()[0]).await.expect("it is read");
        let (_, today) = standing.today;
        today.counts.get(REFUSED).copied().unwrap_or(0)
    };
    refused(&app);
    refused(&app);
    write(&app).await;
    assert_eq!(counted(&app).await, 2);
    let again = app.reconfigured(config(SOURCE)).expect("it is right");
    refused(&again);
    write(&again).await;
    write(&app).await;
    assert_eq!(counted(&again).await, 3);
    // A source that is gone for a while goes on where it was.
    let without = again.reconfigured(config("")).expect("it is right");
    write(&without).await;
    let back = without.reconfigured(config(SOURCE)).expect("it is right");
    refused(&back);
    write(&back).await;
    assert_eq!(counted(&back).await, 4);
    back.close().await;
}

/// The first try of a start lasts for seconds where the database takes connections and says nothing, and as long as a
/// migration does.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_whose_first_try_lasts_says_that_the_process_lives() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let silent = silent.expect("there is a port");
    let at = silent.local_addr().expect("it is bound");
    let text = format!(
        "[store]\nurl = \"postgres://shop@{at}/shop\"\n[server]\nlisten = \"127.0.0.1:0\"\n"
    );
    let config = Config::from_toml_str(&text).expect("it is right");
    let bound = Listeners::bind(&config.server).await;
    let bound = bound.expect("there is a port");
    let address = bound.addresses()[0];
    let opening = tokio::spawn(async move { bound.open(config, Role::Api).await.map(drop) });
    let (first, _) = silent.accept().await.expect("it connects");
    let answered = tokio::task::spawn_blocking(move || {
        let mut client = std::net::TcpStream::connect(address)?;
        client.set_read_timeout(Some(PATIENCE))?;
        client.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = tokio::select! {
        answered = answered => answered.expect("asking does not panic"),
        _ = silent.accept() => panic!("the first try has ended before anybody was answered"),
    };
    let answer = answer.expect("it is answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    opening.abort();
    drop((first, silent));
}
