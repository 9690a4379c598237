//! Keys, users, sessions, tries to sign in, and who changed what.

use serde_json::json;
use tollgate_core::command::Action;
use tollgate_core::decision::{Detail, Verdict};
use tollgate_core::id::{KeyId, OrderId, ShopId, UserId};
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{
    Actor, AuditEntry, AuditFilter, AuditPlace, AuditRecord, KEYS_MAX, KeyRotation, KeyRow, Level,
    NewSession, Seek, SessionRow, SignInFailure, SignInTry, Store, UserChange, UserRow, subject_at,
};

use crate::words::{create, order, root_id, stock};
use crate::world::{SHOP, START, World, outcome, submission};

pub(crate) fn key(number: u64) -> KeyRow {
    KeyRow {
        id: KeyId::on(root_id(number), 0),
        shop: SHOP,
        name: format!("key {number}"),
        scopes: "read".to_owned(),
        hash: [number as u8; 32],
        prefix: "tg_abcd".to_owned(),
        created_at: START,
        expires_at: None,
        last_used_at: None,
        rotated_at: None,
        former: None,
        revoked_at: None,
    }
}

fn rotation(number: u64, hash: u8, at: Timestamp) -> KeyRotation {
    KeyRotation {
        shop: SHOP,
        id: KeyId::on(root_id(number), 0),
        hash: [hash; 32],
        prefix: "tg_efgh".to_owned(),
        at,
        former_until: at.plus(Span::hours(24)),
    }
}

pub(crate) fn user(number: u64, email: &str) -> UserRow {
    UserRow {
        shop: SHOP,
        id: UserId::on(root_id(number), 0),
        email: email.to_owned(),
        name: format!("user {number}"),
        role: "operator".to_owned(),
        password: "$argon2id$first".to_owned(),
        created_at: START,
        updated_at: START,
        disabled_at: None,
        signed_in_at: None,
    }
}

fn change(number: u64) -> UserChange {
    UserChange {
        shop: SHOP,
        id: UserId::on(root_id(number), 0),
        at: START.plus(Span::hours(1)),
        name: None,
        role: None,
        disabled: None,
        password: None,
        unlock: None,
        not_the_last: None,
        ends_sessions: false,
    }
}

pub(crate) fn session(number: u64, hash: u8, at: Timestamp) -> NewSession {
    NewSession {
        row: SessionRow {
            shop: SHOP,
            hash: [hash; 32],
            user: UserId::on(root_id(number), 0),
            opens: SHOP,
            created_at: at,
            seen_at: at,
            ends_at: at.plus(Span::hours(12)),
            address: Some(format!("192.0.2.{number}")),
        },
        password: "$argon2id$first".to_owned(),
        counted_under: SHOP,
        forgotten: vec![subject_at("user:a", "b"), "user:a".to_owned()],
        taken_back: Vec::new(),
        lowered: "address:b".to_owned(),
        idle: Span::minutes(30),
        most: 3,
    }
}

/// What was counted of whom.
fn counted(world: &World) -> Vec<String> {
    world
        .rows()
        .texts("select subject || ' ' || failures from sign_ins where shop_id = 1 order by subject")
}

fn by(name: &str) -> Actor {
    Actor {
        key: Some(KeyId::from_u128(7 << 20)),
        user: None,
        name: name.into(),
        request: Some("req_1".into()),
    }
}

pub(crate) fn record(operation: &str, target: &str) -> Option<AuditRecord> {
    Some(AuditRecord {
        shop: SHOP,
        by: by("till-1"),
        operation: operation.to_owned(),
        target: Some(target.to_owned()),
        detail: vec![("n", Detail::Integer(1))],
    })
}

/// A list in full, and page by page the same.
async fn audit(world: &World, filter: AuditFilter) -> Vec<AuditEntry> {
    let page = |limit, past| {
        let seek = Seek {
            past,
            ..Seek::<AuditPlace>::first(limit)
        };
        world.store.audit(SHOP, filter.clone(), seek)
    };
    let all = page(1000, None).await.expect("it reads");
    assert_eq!(all.next, None);
    let (mut turned, mut past) = (Vec::new(), None);
    loop {
        let page = page(2, past).await.expect("it reads");
        assert!(page.items.len() <= 2);
        turned.extend(page.items);
        past = page.next;
        if past.is_none() {
            break;
        }
    }
    assert_eq!(turned, all.items, "pages show what the whole list shows");
    all.items
}

fn operations(entries: &[AuditEntry]) -> Vec<&str> {
    let firsts = entries.iter().map(|entry| entry.operation.as_str());
    firsts.collect()
}

#[tokio::test]
async fn a_key_has_two_secrets_after_it_was_given_a_new_one() {
    let world = World::new();
    let store = &world.store;
    let made = KeyRow {
        expires_at: Some(START.plus(Span::hours(100))),
        ..key(1)
    };
    store
        .create_key(made.clone(), None)
        .await
        .expect("it is kept");
    let found = store.key_by_hash([1; 32]).await.expect("it reads");
    assert_eq!(found, Some(made.clone()));
    let at = START.plus(Span::hours(1));
    let rotated = store.rotate_key(rotation(1, 50, at), None).await;
    assert_eq!(rotated, Ok(true));
    let expected = KeyRow {
        hash: [50; 32],
        prefix: "tg_efgh".to_owned(),
        rotated_at: Some(at),
        former: Some(([1; 32], at.plus(Span::hours(24)))),
        ..made
    };
    for hash in [[1; 32], [50; 32]] {
        let found = store.key_by_hash(hash).await.expect("it reads");
        assert_eq!(found, Some(expected.clone()));
    }
    // Again, as long as the one before opens: neither of them is put out, unless that is said.
    let again = store.rotate_key(rotation(1, 51, at), None).await;
    assert_eq!(again, Ok(false));
    for hash in [[1; 32], [50; 32]] {
        let found = store.key_by_hash(hash).await.expect("it reads");
        assert_eq!(found, Some(expected.clone()));
    }
    let at_once = KeyRotation {
        former_until: at,
        ..rotation(1, 51, at)
    };
    assert_eq!(store.rotate_key(at_once, None).await, Ok(true));
    assert_eq!(store.key_by_hash([1; 32]).await.expect("it reads"), None);
    let named = store.rename_key((SHOP, expected.id), "till".to_owned(), None);
    assert_eq!(named.await, Ok(true));
    let found = store.key(SHOP, expected.id).await.expect("it reads");
    assert_eq!(found.expect("it is there").name, "till");
    // One that has ended is given none: by its time, or because it was revoked.
    let late = rotation(1, 52, START.plus(Span::hours(100)));
    assert_eq!(store.rotate_key(late, None).await, Ok(false));
    let revoked = store.revoke_key((SHOP, expected.id), at, None).await;
    assert_eq!(revoked, Ok(true));
    assert_eq!(store.rotate_key(rotation(1, 53, at), None).await, Ok(false));
    let found = store.key_by_hash([50; 32]).await.expect("it reads");
    assert_eq!(found, None, "the former secret ends with it");
    let found = store.key_by_hash([51; 32]).await.expect("it reads");
    assert_eq!(found.expect("it is listed").revoked_at, Some(at));
}

/// Whatever several instances note within a minute is one write; a later time is never taken back.
#[tokio::test]
async fn a_use_is_written_once_a_minute() {
    let world = World::new();
    let store = &world.store;
    store.create_key(key(1), None).await.expect("it is kept");
    let mut found = Vec::new();
    for seconds in [5, 6, 64, 65, 30, 200] {
        store.note_key_use(SHOP, key(1).id, START.plus(Span::seconds(seconds)));
        store.ready().await.expect("it takes writes");
        let row = store.key(SHOP, key(1).id).await.expect("it reads");
        let at = row.and_then(|row| row.last_used_at).expect("it is noted");
        found.push((at.as_millis() - START.as_millis()) / 1000);
    }
    assert_eq!(found, [5, 5, 5, 65, 65, 200]);
}

#[tokio::test]
async fn an_address_is_one_users_of_a_shop() {
    let world = World::new();
    let store = &world.store;
    let email = "dewi@example.com";
    assert_eq!(store.create_user(user(1, email), None).await, Ok(true));
    assert_eq!(store.create_user(user(2, email), None).await, Ok(false));
    let elsewhere = UserRow {
        shop: ShopId(2),
        ..user(2, email)
    };
    assert_eq!(store.create_user(elsewhere.clone(), None).await, Ok(true));
    let found = store.user_by_email(ShopId(2), email.to_owned()).await;
    assert_eq!(found.expect("it reads"), Some(elsewhere));
    let rows = store.users(SHOP).await.expect("it reads");
    assert_eq!(rows, [user(1, email)]);
    let wanted = UserChange {
        role: Some("viewer".to_owned()),
        disabled: Some(true),
        ..change(1)
    };
    assert_eq!(store.change_user(wanted, None).await, Ok(true));
    let row = store.user(SHOP, user(1, email).id).await.expect("it reads");
    let row = row.expect("it is there");
    assert_eq!((row.role.as_str(), row.name.as_str()), ("viewer", "user 1"));
    assert_eq!(row.disabled_at, Some(START.plus(Span::hours(1))));
    let wanted = UserChange {
        disabled: Some(false),
        at: START.plus(Span::hours(2)),
        ..change(1)
    };
    assert_eq!(store.change_user(wanted, None).await, Ok(true));
    let row = store.user(SHOP, row.id).await.expect("it reads");
    assert_eq!(row.expect("it is there").disabled_at, None);
    assert_eq!(store.change_user(change(9), None).await, Ok(false));
    assert_eq!(
        store
            .delete_user((SHOP, user(1, email).id), None, None)
            .await,
        Ok(true)
    );
    assert_eq!(
        store
            .delete_user((SHOP, user(1, email).id), None, None)
            .await,
        Ok(false)
    );
}

/// Two at once are one commit's or two, of this process or of several: one of them is the first.
#[tokio::test]
async fn the_first_user_of_a_shop_is_one() {
    let world = World::new();
    let store = &world.store;
    let (one, other) = tokio::join!(
        store.create_first_user(user(1, "a@b"), None),
        store.create_first_user(user(2, "b@b"), None),
    );
    assert_ne!(one.expect("it is taken"), other.expect("it is taken"));
    assert_eq!(store.users(SHOP).await.expect("it reads").len(), 1);
    // Another shop's users are no obstacle.
    let elsewhere = UserRow {
        shop: ShopId(2),
        ..user(3, "a@b")
    };
    assert_eq!(store.create_first_user(elsewhere, None).await, Ok(true));
    let third = store.create_first_user(user(4, "c@b"), None).await;
    assert_eq!(third, Ok(false));
}

#[tokio::test]
async fn a_session_is_its_users_as_long_as_that_may_sign_in() {
    let world = World::new();
    let store = &world.store;
    let made = store.create_user(user(1, "a@b"), None).await;
    assert_eq!(made, Ok(true));
    let is_open = async |hash: u8| {
        let found = store.session([hash; 32]).await.expect("it reads");
        found.is_some()
    };
    // A user has three at the most; the oldest end.
    for number in 1..=4 {
        let at = START.plus(Span::minutes(i64::from(number)));
        let begun = store.begin_session(session(1, number, at), None).await;
        assert_eq!(begun, Ok(true));
    }
    assert!(!is_open(1).await && is_open(2).await && is_open(4).await);
    let found = store.session([4; 32]).await.expect("it reads");
    let found = found.expect("it is open");
    assert_eq!(
        (found.role.as_str(), found.email.as_str()),
        ("operator", "a@b")
    );
    assert_eq!(found.row, session(1, 4, START.plus(Span::minutes(4))).row);
    let row = store.user(SHOP, found.row.user).await.expect("it reads");
    let signed_in_at = row.expect("it is there").signed_in_at;
    assert_eq!(signed_in_at, Some(START.plus(Span::minutes(4))));
    // What rests longer than it may is swept when somebody signs in.
    store.note_session_use(SHOP, [4; 32], START.plus(Span::minutes(20)));
    store.ready().await.expect("it takes writes");
    let at = START.plus(Span::minutes(40));
    let begun = store.begin_session(session(1, 5, at), None).await;
    assert_eq!(begun, Ok(true));
    assert!(!is_open(2).await && !is_open(3).await && is_open(4).await && is_open(5).await);
    assert_eq!(store.end_session(SHOP, [5; 32], None).await, Ok(true));
    assert_eq!(store.end_session(SHOP, [5; 32], None).await, Ok(false));
    assert!(!is_open(5).await);
    // Another password, and neither those that are open nor one that was looked at before opens anything.
    let wanted = UserChange {
        password: Some("$argon2id$second".to_owned()),
        ends_sessions: true,
        ..change(1)
    };
    assert_eq!(store.change_user(wanted, None).await, Ok(true));
    assert!(!is_open(4).await);
    let begun = store.begin_session(session(1, 6, at), None).await;
    assert_eq!(begun, Ok(false));
    let current = |hash| NewSession {
        password: "$argon2id$second".to_owned(),
        ..session(1, hash, at)
    };
    assert_eq!(store.begin_session(current(7), None).await, Ok(true));
    let wanted = UserChange {
        disabled: Some(true),
        ..change(1)
    };
    assert_eq!(store.change_user(wanted, None).await, Ok(true));
    assert!(
        !is_open(7).await,
        "a session of who is disabled opens nothing"
    );
    assert_eq!(store.begin_session(current(8), None).await, Ok(false));
}

/// Tries are counted in the commit that lets them, so many at once are no more than one after the other.
#[tokio::test]
async fn tries_to_sign_in_wait_longer_and_longer() {
    let world = World::new();
    let store = &world.store;
    store
        .create_user(user(1, "a@b"), None)
        .await
        .expect("it is kept");
    let new = |seconds| SignInTry {
        shop: SHOP,
        subjects: vec![
            (subject_at("user:a", "b"), 3),
            ("user:a".to_owned(), 100),
            ("address:b".to_owned(), 100),
        ],
        at: START.plus(Span::seconds(seconds)),
        pause_max: Span::minutes(15),
    };
    let crowd: Vec<_> = (0..8).map(|_| store.try_sign_in(new(0))).collect();
    let mut let_in = 0;
    for tried in crowd {
        let_in += usize::from(tried.await.expect("it writes"));
    }
    assert_eq!(let_in, 3);
    let waits = async |subjects: [&str; 2]| {
        let subjects = subjects.map(str::to_owned).to_vec();
        let found = store.sign_in_waits(SHOP, subjects).await;
        let until = found.expect("it reads");
        until.map(|until| (until.as_millis() - START.as_millis()) / 1000)
    };
    assert_eq!(waits(["user:a@b", "address:c"]).await, Some(30));
    assert_eq!(store.try_sign_in(new(29)).await, Ok(false));
    assert_eq!(store.try_sign_in(new(30)).await, Ok(true));
    assert_eq!(waits(["user:a@b", "address:c"]).await, Some(90));
    assert_eq!(waits(["user:z", "address:c"]).await, None);
    // A good end forgets the user's failures; of the address's those that were the user's.
    let world = world.reopen();
    let store = &world.store;
    assert_eq!(
        store.try_sign_in(new(80)).await,
        Ok(false),
        "a restart forgets nothing"
    );
    assert_eq!(store.try_sign_in(new(90)).await, Ok(true));
    let at = START.plus(Span::seconds(91));
    let begun = store.begin_session(session(1, 1, at), None).await;
    assert_eq!(begun, Ok(true));
    for seconds in [92, 93] {
        assert_eq!(store.try_sign_in(new(seconds)).await, Ok(true));
    }
    let left = counted(&world);
    assert_eq!(left, ["address:b 2", "user:a 2", "user:a@b 2"]);
    // After a day nothing of it is left.
    assert_eq!(store.try_sign_in(new(93 + 86_401)).await, Ok(true));
    let left = counted(&world);
    assert_eq!(left, ["address:b 1", "user:a 1", "user:a@b 1"]);
}

/// Where people sign in daily, what failed long ago is forgotten all the same: a try that ends well is none.
#[tokio::test]
async fn only_a_failure_makes_failures_remembered_for_longer() {
    let world = World::new();
    let store = &world.store;
    let made = store.create_user(user(1, "a@b"), None).await;
    assert_eq!(made, Ok(true));
    let new = |name: &str, hours| SignInTry {
        shop: SHOP,
        subjects: vec![
            (subject_at(name, "b"), 5),
            (name.to_owned(), 100),
            ("address:b".to_owned(), 20),
        ],
        at: START.plus(Span::hours(hours)),
        pause_max: Span::minutes(15),
    };
    let failed = |hours| SignInFailure {
        shop: SHOP,
        subjects: ["user:z@b", "user:z", "address:b"]
            .map(str::to_owned)
            .to_vec(),
        at: START.plus(Span::hours(hours)),
    };
    for hours in [0, 20] {
        assert_eq!(store.try_sign_in(new("user:z", hours)).await, Ok(true));
        assert_eq!(store.sign_in_failed(failed(hours), None).await, Ok(()));
    }
    for (hash, hours) in [(1, 30), (2, 40)] {
        assert_eq!(store.try_sign_in(new("user:a", hours)).await, Ok(true));
        let at = START.plus(Span::hours(hours));
        let begun = store.begin_session(session(1, hash, at), None).await;
        assert_eq!(begun, Ok(true));
    }
    let left = counted(&world);
    assert_eq!(left, ["address:b 2", "user:z 2", "user:z@b 2"]);
    // The last failure is a day ago, the last try is not.
    assert_eq!(store.try_sign_in(new("user:a", 45)).await, Ok(true));
    let left = counted(&world);
    assert_eq!(left, ["address:b 1", "user:a 1", "user:a@b 1"]);
}

/// An admin forgets what was counted of a user from everywhere, and nothing of whose name begins like it.
#[tokio::test]
async fn an_unlocked_user_is_unlocked_everywhere() {
    let world = World::new();
    let store = &world.store;
    let made = store.create_user(user(1, "a@b"), None).await;
    assert_eq!(made, Ok(true));
    let subjects = [
        "user:1:ab",
        "user:1:ab@x",
        "user:1:ab@y",
        "user:1:abc",
        "user:1:abc@x",
    ];
    let new = SignInTry {
        shop: SHOP,
        subjects: subjects.map(|subject| (subject.to_owned(), 5)).to_vec(),
        at: START,
        pause_max: Span::minutes(15),
    };
    assert_eq!(store.try_sign_in(new).await, Ok(true));
    let unlocked = UserChange {
        unlock: Some((SHOP, vec!["user:1:ab".to_owned()])),
        ..change(1)
    };
    assert_eq!(store.change_user(unlocked, None).await, Ok(true));
    assert_eq!(counted(&world), ["user:1:abc 1", "user:1:abc@x 1"]);
}

/// Of the users that may sign in and have a role, the last one stays and keeps it.
#[tokio::test]
async fn the_last_of_a_role_stays() {
    let world = World::new();
    let store = &world.store;
    for (number, email) in [(1, "a@b"), (2, "b@b")] {
        let made = store.create_user(user(number, email), None).await;
        assert_eq!(made, Ok(true));
    }
    let last = || Some("operator".to_owned());
    let disabled = |number| UserChange {
        disabled: Some(true),
        not_the_last: last(),
        ..change(number)
    };
    let demoted = UserChange {
        role: Some("viewer".to_owned()),
        not_the_last: last(),
        ..change(2)
    };
    assert_eq!(store.change_user(disabled(1), None).await, Ok(true));
    assert_eq!(store.change_user(disabled(2), None).await, Ok(false));
    assert_eq!(store.change_user(demoted.clone(), None).await, Ok(false));
    let id = |number| (SHOP, user(number, "").id);
    assert_eq!(store.delete_user(id(2), last(), None).await, Ok(false));
    let renamed = UserChange {
        name: Some("Dewi".to_owned()),
        not_the_last: last(),
        ..change(2)
    };
    assert_eq!(store.change_user(renamed, None).await, Ok(true));
    // Who may not sign in is none of them.
    assert_eq!(store.delete_user(id(1), last(), None).await, Ok(true));
    let made = store.create_user(user(3, "c@b"), None).await;
    assert_eq!(made, Ok(true));
    assert_eq!(store.change_user(demoted, None).await, Ok(true));
    assert_eq!(store.delete_user(id(3), None, None).await, Ok(true));
}

/// Keys that are revoked use up no room, and hide none that is good.
#[tokio::test]
async fn keys_are_bounded_and_all_of_them_are_listed() {
    let world = World::new();
    let store = &world.store;
    let made = async |number: u64| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        let row = KeyRow {
            hash,
            ..key(number)
        };
        store.create_key(row, None).await.expect("it writes")
    };
    let most = u64::from(KEYS_MAX);
    for number in 1..=most {
        assert!(made(number).await, "{number}");
    }
    assert!(!made(most + 1).await);
    for number in [1, 2] {
        let id = KeyId::on(root_id(most + 1 - number), 0);
        let revoked = store.revoke_key((SHOP, id), START, None).await;
        assert_eq!(revoked, Ok(true));
        assert!(made(most + number).await);
    }
    let first = store.keys(SHOP, None).await.expect("it reads");
    let below = first.last().map(|row| row.id);
    let rest = store.keys(SHOP, below).await.expect("it reads");
    let all: Vec<KeyId> = first.iter().chain(&rest).map(|row| row.id).collect();
    let expected = (1..=most + 2).rev();
    let expected: Vec<KeyId> = expected
        .map(|number| KeyId::on(root_id(number), 0))
        .collect();
    assert_eq!(all, expected);
    assert!(!rest.is_empty(), "it is more than a page");
}

/// Entries of the timeline and records beside them are one list, in the order of commits.
#[tokio::test]
async fn who_changed_what_is_one_list() {
    let world = World::new();
    let store = &world.store;
    let act = async |action: Action, name: &str| {
        outcome(store.submit(submission(action).by(by(name))).await);
    };
    store
        .create_key(key(1), record("create_key", "key_1"))
        .await
        .expect("it is kept");
    act(stock("A", 5), "till-1").await;
    // Nobody in particular, and so not of the list.
    world.act(stock("B", 5)).await;
    act(create(order(1, "C1")), "till-2").await;
    let id = KeyId::on(root_id(1), 0);
    for _ in 0..2 {
        // The second time changes nothing, and is no record.
        let record = record("revoke_key", "key_1");
        let revoked = store.revoke_key((SHOP, id), START, record).await;
        revoked.expect("it writes");
    }
    store
        .record(record("test_endpoint", "ep_1").expect("it is one"))
        .await
        .expect("it is kept");
    let all = audit(&world, AuditFilter::default()).await;
    let expected = [
        "test_endpoint",
        "revoke_key",
        "create_order",
        "put_stock",
        "create_key",
    ];
    assert_eq!(operations(&all), expected);
    assert_eq!(all[4].by, by("till-1"));
    assert_eq!(all[4].detail, json!({ "n": 1 }));
    let order_id = OrderId::on(root_id(1), 0).to_string();
    assert_eq!(all[2].target, Some(order_id));
    assert_eq!(
        (&*all[2].by.name, &all[2].by.request),
        ("till-2", &Some("req_1".into()))
    );
    assert_eq!(all[3].target.as_deref(), Some("A"));
    let found = async |filter| {
        let entries = audit(&world, filter).await;
        operations(&entries).join(" ")
    };
    let filter = AuditFilter::default;
    let name = Some("till-2".to_owned());
    assert_eq!(
        found(AuditFilter { name, ..filter() }).await,
        "create_order"
    );
    let key = Some(KeyId::from_u128(7 << 20));
    assert_eq!(
        found(AuditFilter { key, ..filter() }).await,
        expected.join(" ")
    );
    let key = Some(KeyId::from_u128(8 << 20));
    assert_eq!(found(AuditFilter { key, ..filter() }).await, "");
    let operation = Some("create_key".to_owned());
    assert_eq!(
        found(AuditFilter {
            operation,
            ..filter()
        })
        .await,
        "create_key"
    );
    let target = Some("A".to_owned());
    assert_eq!(found(AuditFilter { target, ..filter() }).await, "put_stock");
    let root = Some(root_id(1));
    assert_eq!(
        found(AuditFilter { root, ..filter() }).await,
        "create_order"
    );
    let target = Some("key_1".to_owned());
    assert_eq!(
        found(AuditFilter { target, ..filter() }).await,
        "revoke_key create_key"
    );
    let since = Some(START.plus(Span::seconds(1)));
    assert_eq!(found(AuditFilter { since, ..filter() }).await, "");
    let until = Some(START.plus(Span::seconds(1)));
    assert_eq!(
        found(AuditFilter { until, ..filter() }).await,
        expected.join(" ")
    );
    let until = Some(START);
    assert_eq!(found(AuditFilter { until, ..filter() }).await, "");
    let of_other = store.audit(ShopId(2), filter(), Seek::first(9)).await;
    assert_eq!(of_other.expect("it reads").items, []);
}

/// Whoever's command changes something without an entry has a record, in the same commit; one that is refused or
/// changes nothing has none.
#[tokio::test]
async fn a_command_without_an_entry_is_recorded() {
    let world = World::with(|options| {
        options.decide = std::sync::Arc::new(|now, rules, command, known| {
            match tollgate_core::decide::decide(now, rules, command, known) {
                Verdict::Decided(mut decision) => {
                    decision.entries.clear();
                    Verdict::Decided(decision)
                }
                missed => missed,
            }
        });
    });
    let act = async |action: Action| {
        outcome(
            world
                .store
                .submit(submission(action).by(by("till-1")))
                .await,
        )
    };
    act(stock("A", 5)).await;
    world.act(stock("A", 6)).await;
    act(create(order(1, "C1"))).await;
    act(create(order(2, "C1"))).await;
    act(Action::RemoveStock("Z".to_owned())).await;
    let entries = audit(&world, AuditFilter::default()).await;
    assert_eq!(operations(&entries), ["create_order", "put_stock"]);
    assert_eq!(entries[1].target.as_deref(), Some("A"));
    assert_eq!(entries[1].by, by("till-1"));
}

/// `[retention] audit_days`: the oldest go, and what is younger stays.
#[tokio::test]
async fn old_records_are_taken() {
    let world = World::with(|options| options.limits.audit_ms = 24 * 3600 * 1000);
    let put = async |target: &str| {
        let record = record("test_endpoint", target).expect("it is one");
        world.store.record(record).await.expect("it is kept");
    };
    put("old").await;
    world.clock.advance(Span::hours(20));
    put("young").await;
    world.clock.advance(Span::hours(5));
    world.settle().await;
    let looked_after = world.store.look_after_tables().await;
    looked_after.expect("nothing is in the way");
    let left = world.rows().texts("select target from audit");
    assert_eq!(left, ["young"]);
}

/// Tries to sign in that have failed can be made by anybody: they have bounds of their own, also where records are
/// kept for ever.
#[tokio::test]
async fn failed_tries_to_sign_in_are_kept_within_bounds() {
    let world = World::with(|options| {
        options.limits.audit_ms = 0;
        options.limits.failed_sign_ins_ms = 24 * 3600 * 1000;
        options.limits.failed_sign_ins_max = 3;
    });
    let put = async |operation: &str, target: &str| {
        let record = record(operation, target).expect("it is one");
        world.store.record(record).await.expect("it is kept");
    };
    let take = async || {
        world.settle().await;
        let looked_after = world.store.look_after_tables().await;
        looked_after.expect("nothing is in the way");
        let rows = world.rows();
        rows.texts("select target from audit order by position, id")
    };
    put("create_key", "kept for ever").await;
    put("sign_in_failed", "old").await;
    world.clock.advance(Span::hours(20));
    for target in ["1", "2"] {
        put("sign_in_failed", target).await;
    }
    assert_eq!(take().await, ["kept for ever", "old", "1", "2"]);
    world.clock.advance(Span::hours(5));
    assert_eq!(take().await, ["kept for ever", "1", "2"], "by their time");
    for target in ["3", "4"] {
        put("sign_in_failed", target).await;
    }
    put("sign_in", "kept, too").await;
    world.clock.advance(Span::minutes(2));
    let left = ["kept for ever", "2", "3", "4", "kept, too"];
    assert_eq!(take().await, left, "by their number");
}

/// A clock that stepped makes no row one that somebody has changed by hand: what was written by it is a warning, and
/// nothing is written as changed before it was made.
#[tokio::test]
async fn a_clock_that_stepped_is_no_tampering() {
    let world = World::new();
    let store = &world.store;
    let before = START.plus(Span::hours(-2));
    store.create_key(key(1), None).await.expect("it is kept");
    let revoked = store.revoke_key((SHOP, key(1).id), before, None).await;
    assert_eq!(revoked, Ok(true));
    let made = store.create_user(user(1, "a@b"), None).await;
    assert_eq!(made, Ok(true));
    let back = UserChange {
        name: Some("A".to_owned()),
        at: before,
        ..change(1)
    };
    assert_eq!(store.change_user(back, None).await, Ok(true));
    let row = store.user(SHOP, user(1, "a@b").id).await.expect("it reads");
    assert_eq!(row.expect("it is there").updated_at, START);
    store
        .put_endpoint(crate::endpoints::endpoint(9, &["*"]), None)
        .await
        .expect("it is kept");
    let began = session(1, 7, START);
    store.begin_session(began, None).await.expect("it is kept");
    let report = Store::verify_at(&world.options.place, START).expect("it reads");
    assert_eq!(crate::verify::found(&report), [""; 0]);
    let report = Store::verify_at(&world.options.place, before).expect("it reads");
    assert_eq!(report.worst(), Level::Warn);
    let seen = &report.check("time.ahead").expect("it is asked").seen;
    for of in ["key_", "usr_", "a session", "ep_"] {
        assert!(seen.iter().any(|line| line.contains(of)), "{of}: {seen:?}");
    }
}
