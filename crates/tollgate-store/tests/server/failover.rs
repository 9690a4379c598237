//! Several hosts in the URL: one says nothing, one is promoted without all that was answered, and one comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_core::command::{Action, RefundPayment};
use tollgate_core::id::PaymentId;
use tollgate_store::{
    AcceptError, Examination, HostState, LastReceipt, Level, OpenError, Place, Report, ServerPlace,
    Store, SubmitError,
};

use crate::cluster::Cluster;
use crate::words::{BANK, create, hear, order, paid_by, register_alone, root_id, stock};
use crate::world::{Database, SHOP, Session, TestClock, World, options, place, submission, url};

/// Longer than any machine takes, and shorter than anybody waits.
const SOON: Duration = Duration::from_secs(30);

/// Longer than a host is waited for beside one that takes writes, and shorter than it may take by itself.
const LATE: Duration = Duration::from_millis(2500);

/// The first value of a statement's first row.
fn say(url: &str, sql: &str) -> String {
    let table = Session::open(url).ask(sql);
    let first = table.rows.first().and_then(|row| row.first());
    first.cloned().unwrap_or_default()
}

fn examined(place: &Place, clock: &TestClock) -> Report {
    let clock = clock.clone();
    let examination = Examination::new(Arc::new(move || clock.now()));
    Store::doctor_at(place, &examination)
}

fn level(report: &Report, name: &str) -> Level {
    report.check(name).expect("there is such a check").level
}

fn server_of(place: &Place) -> &ServerPlace {
    match place {
        Place::Server(server) => server,
        Place::File(_) | Place::Memory => panic!("this suite is about servers"),
    }
}

/// Asks again until it is as it should be.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < SOON, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn reason(refused: Result<tollgate_store::Reply, SubmitError>) -> Option<String> {
    match refused {
        Err(SubmitError::Unavailable { reason }) => Some(reason),
        Ok(_) | Err(_) => None,
    }
}

/// A host that takes connections and says nothing: the kernel takes them, and nobody ever reads.
#[tokio::test]
async fn a_first_host_that_says_nothing_hides_no_other() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().expect("it is bound");
    let database = Database::new();
    let before = format!("@{silent},");
    let url = database.name().replacen('@', &before, 1);
    let begun = Instant::now();
    let world = World::new();
    let mut several = world.options.clone();
    several.place = place(&url);
    let store = Store::open(several).expect("the second host answers");
    // Eight connections, each of which waited for eight seconds.
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    store
        .submit(submission(stock("A", 5)))
        .await
        .expect("it is stored");
    database.rows().run(
        "select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'tollgate'",
    );
    let begun = Instant::now();
    store
        .submit(submission(stock("B", 5)))
        .await
        .expect("it is stored over another connection");
    assert!(begun.elapsed() < SOON / 3, "{:?}", begun.elapsed());
    let hosts = Store::failover_at(server_of(&place(&url))).expect("one answers");
    let states: Vec<_> = hosts.hosts.iter().map(|host| &host.state).collect();
    assert!(
        matches!(
            states[..],
            [HostState::Silent(_), HostState::Writable { .. }]
        ),
        "{states:?}"
    );
    let report = examined(&place(&url), &world.clock);
    assert_eq!(level(&report, "hosts"), Level::Warn, "{report:?}");
    store.close();
}

/// An asynchronous standby that lacks two answered orders is promoted.
#[tokio::test]
async fn what_was_answered_and_is_missing_stops_everybody_until_somebody_gives_it_up() {
    let primary = Cluster::start();
    Session::open(primary.url()).ask("create database shop");
    let standby = Cluster::standby(&primary);
    let hosts = format!("{},{}", primary.host(), standby.host());
    let place = place(&format!("postgres://tollgate@{hosts}/shop"));
    let clock = TestClock::new();
    let open = || Store::open(options(place.clone(), &clock));
    let (store, other) = (open().expect("it opens"), open().expect("it opens"));
    for (store, sku) in [(&store, "A"), (&other, "B")] {
        let stored = store.submit(submission(stock(sku, 5))).await;
        stored.expect("it is stored");
    }
    // A refund is ordered; that somebody sends it will be among what is missing.
    let refund = RefundPayment {
        payment: PaymentId::on(root_id(20), 0),
        minor: 40,
        reason: "returned".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    };
    for action in [
        register_alone(20, "R20", 100),
        hear(21, "paid-20", "R20", "paid 100"),
        Action::RefundPayment(refund),
    ] {
        let stored = store.submit(submission(action)).await;
        stored.expect("it is stored");
    }
    standby.catch_up(say, &primary);
    standby.cut_off(say, &primary);
    for (store, number, code) in [(&store, 1, "LOST-1"), (&other, 2, "LOST-2")] {
        let order = paid_by(order(number, code), code);
        let made = store.submit(submission(create(order))).await;
        made.expect("it is answered: nothing waits for the standby");
    }
    let paid = || submission(hear(8, "paid-1", "LOST-1", "paid 100"));
    let taken = store.submit(paid()).await;
    taken.expect("it is answered, too");
    assert!(store.settled_event(SHOP, BANK, "paid-1").is_some());
    assert_eq!(store.figures().timeline, 1);
    primary.stop();
    standby.promote();

    // Both say it, and neither stores or reads anything.
    for (store, number) in [(&store, 3), (&other, 4)] {
        let refused = until("it finds what is missing", async || {
            let again = store
                .submit(submission(create(order(number, "AGAIN"))))
                .await;
            assert!(again.is_err(), "it goes on as if nothing were missing");
            reason(again).filter(|reason| reason.contains("missing"))
        })
        .await;
        for said in [
            "answers in",
            "timeline 2 branched off at 0/",
            "`tollgate failover accept`",
            standby.host(),
        ] {
            assert!(refused.contains(said), "{refused}");
        }
        let ready = store.readiness(root_id(number)).await;
        assert!(ready.is_err(), "a balancer sends it nothing");
        assert!(store.months_reach(clock.now()).await.is_err(), "it is read");
    }
    until("each reads what the other has found", async || {
        let _ = store.submit(submission(stock("A", 5))).await;
        (store.figures().answers_missing == 3).then_some(())
    })
    .await;
    // One that was restarted has answered nothing, and reads what the others have found.
    other.close();
    drop(other);
    match open() {
        Err(OpenError::Behind { reason, .. }) => {
            assert!(reason.contains("3 answers in"), "{reason}")
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it opens"),
    }
    let found = Store::failover_at(server_of(&place)).expect("the standby answers");
    assert_eq!(found.lost.iter().map(|lost| lost.answers).sum::<u64>(), 3);
    // A repetition is not answered from memory: what it repeats is gone.
    assert_eq!(store.settled_event(SHOP, BANK, "paid-1"), None);
    let lost = &found.lost[0];
    assert_eq!((lost.answered_timeline, lost.timeline), (1, 2), "{lost:?}");
    let report = examined(&place, &clock);
    assert_eq!(level(&report, "failover"), Level::Fail);
    // Not the first host that answers, and none that is away.
    assert_eq!(level(&report, "writable"), Level::Ok);

    // What is said of receipts is looked at before anything is given up.
    let promoted = url(standby.url(), "shop");
    let told = "select position from shop_heads where shop_id = 1";
    let before: i64 = say(&promoted, told).parse().expect("a number");
    let last = |shop: &str| LastReceipt {
        shop: shop.to_owned(),
        year: 2026,
        sequence: 41,
    };
    let accept = |shown, shop| {
        Store::accept_lost_commits(server_of(&place), shown, &[last(shop)], clock.now())
    };
    let refused = accept(&found, "nobody");
    assert!(
        matches!(refused, Err(AcceptError::LastReceipt(_))),
        "{refused:?}"
    );
    let mut shown = found.clone();
    shown.lost.pop();
    let of_less = accept(&shown, "main");
    assert!(
        matches!(of_less, Err(AcceptError::Changed)),
        "nobody has decided about the other one"
    );
    let found = Store::failover_at(server_of(&place)).expect("the standby answers");
    assert_eq!(found.lost.len(), 2);

    // An operator gives it up. What may have been done, told and numbered in it is not again.
    let given_up = accept(&found, "main").expect("it answers");
    assert_eq!((given_up.lost.len(), given_up.followed.doubtful), (2, 1));
    assert_eq!(given_up.followed.sessions, 0);
    let refund = "select state || ' ' || tries from effects where kind = 'refund'";
    assert_eq!(say(&promoted, refund), "started 1");
    let position: i64 = say(&promoted, told).parse().expect("a number");
    assert!(before + 1_000_000 <= position, "{before} {position}");
    let number = "select receipts from shop_heads where shop_id = 1 and receipts_year = 2026";
    assert_eq!(say(&promoted, number), "41");
    until("it goes on", async || {
        let made = store.submit(submission(create(order(5, "AFTER")))).await;
        made.ok()
    })
    .await;
    assert_eq!(
        (store.figures().answers_missing, store.figures().timeline),
        (0, 2)
    );
    assert_eq!(level(&examined(&place, &clock), "failover"), Level::Ok);
    assert_eq!(say(&promoted, "select count(*) from roots"), "2");

    // The old primary comes back, first in the URL. Whoever is started now takes the newer timeline, and waits for it
    // for as long as a host may take: it knows of none.
    primary.start_again();
    standby.freeze(true);
    let late = options(place.clone(), &clock);
    let opening = tokio::task::spawn_blocking(move || Store::open(late));
    // So long the new primary is late.
    tokio::time::sleep(LATE).await;
    standby.freeze(false);
    let restarted = opening.await.expect("it ends").expect("it opens");
    let made = restarted
        .submit(submission(create(order(6, "NEWER"))))
        .await;
    made.expect("it is stored");
    assert_eq!(say(&promoted, "select count(*) from roots"), "3");
    until("both are seen", async || {
        (store.figures().hosts_writable == 2).then_some(())
    })
    .await;
    assert_eq!(level(&examined(&place, &clock), "hosts"), Level::Fail);
    // It alone is there: nothing goes back to it.
    standby.stop();
    for store in [&store, &restarted] {
        let refused = until("it is refused", async || {
            let made = store.submit(submission(create(order(7, "OLD")))).await;
            assert!(made.is_err(), "it went back to the old primary");
            reason(made).filter(|reason| reason.contains("old primary"))
        })
        .await;
        assert!(refused.contains("is on timeline 1"), "{refused}");
    }
    let old = url(primary.url(), "shop");
    assert_eq!(
        say(&old, "select count(*) from roots where code = 'OLD'"),
        "0"
    );
    store.close();
    restarted.close();
}

/// Whoever keeps a table of the program's locked, or takes the standby away that commits wait for, keeps nobody from
/// connecting: sessions that wait for that fill the server up, and then nobody reads either.
#[tokio::test]
async fn what_is_written_down_about_a_host_keeps_nobody_out() {
    let primary = Cluster::start();
    Session::open(primary.url()).ask("create database shop");
    let shop = url(primary.url(), "shop");
    let clock = TestClock::new();
    let open = || Store::open(options(place(&shop), &clock)).expect("it opens");
    open().close();
    let noted = "select count(*) from lineage";
    assert_eq!(say(&shop, noted), "1");

    let somebody = Session::open(&shop);
    somebody.ask("delete from lineage");
    somebody.ask("begin");
    somebody.ask("lock table lineage in exclusive mode");
    let store = open();
    let taken = store.submit(submission(stock("A", 5))).await;
    taken.expect("it is stored");
    store.close();
    somebody.ask("rollback");
    assert_eq!(say(&shop, noted), "0");

    somebody.ask("alter system set synchronous_standby_names = 'nobody'");
    somebody.ask("select pg_reload_conf()");
    until("commits wait for a standby", async || {
        (say(&shop, "show synchronous_standby_names") == "nobody").then_some(())
    })
    .await;
    open().close();
    assert_eq!(say(&shop, noted), "1");
}
