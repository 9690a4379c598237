//! Secrets at rest: sealed under a key that is not in the database, changed for another while instances work.

use std::sync::Arc;

use tollgate_core::id::EndpointId;
use tollgate_core::time::Span;
use tollgate_store::{
    EndpointRow, Examination, KeptSecrets, Level, Options, Place, SecretKey, SecretKeys, Store,
};

use crate::endpoints::endpoint;
use crate::words::root_id;
use crate::world::{SHOP, World};

const SECRET: &str = "whsec_dGVzdA==";

fn key(letter: char) -> SecretKey {
    SecretKey::parse(&letter.to_string().repeat(64)).expect("it is 32 bytes")
}

fn keys(seal: Option<char>, also: &str) -> SecretKeys {
    SecretKeys {
        seal: seal.map(key),
        also: also.chars().map(key).collect(),
        expected: false,
    }
}

fn stored(world: &World) -> Vec<String> {
    world
        .rows()
        .texts("select secrets from endpoints order by shop_id, id")
}

async fn put(store: &Store, number: u64) {
    let row = endpoint(number, &["*"]);
    store.put_endpoint(row, None).await.expect("it is kept");
}

async fn read(store: &Store, number: u64) -> EndpointRow {
    let id = EndpointId::on(root_id(number), 0);
    let found = store.endpoint(SHOP, id).await.expect("it reads");
    found.expect("it is there")
}

/// The same database, opened anew with other keys; on a server beside the store that is open.
fn with_keys(world: World, keys: SecretKeys) -> World {
    let World {
        store,
        mut options,
        clock,
        database,
    } = world;
    store.close();
    drop(store);
    options.secret_keys = keys;
    World {
        store: Store::open(options.clone()).expect("it opens whatever its keys"),
        options,
        clock,
        database,
    }
}

fn reseal(options: &Options, keys: &SecretKeys) -> KeptSecrets {
    let now = (options.clock)();
    Store::reseal(&options.place, keys, now, &mut |_, _| {}).expect("it is written")
}

/// What a server shares is counted besides; a file has it beside itself.
fn shared(world: &World) -> u64 {
    u64::from(matches!(world.options.place, Place::Server(_)))
}

/// The key under which instances redact, where they share it in the database.
fn redaction_key(options: &Options, fresh: u8, keys: &SecretKeys) -> Option<Option<[u8; 32]>> {
    match &options.place {
        Place::Server(server) => {
            Some(Store::shared_key(server, [fresh; 32], keys).expect("it reads"))
        }
        Place::File(_) | Place::Memory => None,
    }
}

#[tokio::test]
async fn no_secret_of_an_endpoint_is_in_the_database_in_clear() {
    let world = World::with(|options| options.secret_keys = keys(Some('a'), ""));
    put(&world.store, 90).await;
    let sealed = stored(&world);
    assert!(sealed[0].starts_with("sealed:1:"), "{sealed:?}");
    assert!(!sealed[0].contains("dGVzdA"), "{sealed:?}");
    let mut row = read(&world.store, 90).await;
    assert_eq!(row.secrets, [(SECRET.to_owned(), None)]);
    let read_at = row.updated_at;
    row.url = "https://other.example.test/".to_owned();
    row.secrets.insert(0, ("whsec_bmV3".to_owned(), None));
    row.updated_at = read_at.plus(Span::millis(1));
    let changed = world.store.change_endpoint(row, read_at, None).await;
    assert!(changed.expect("it is written"));
    assert!(stored(&world)[0].starts_with("sealed:1:"));
    assert_eq!(read(&world.store, 90).await.secrets.len(), 2);
    let page = world.store.endpoints(SHOP, tollgate_store::Seek::first(9));
    let page = page.await.expect("it reads");
    assert_eq!(page.items[0].secrets[1].0, SECRET);
}

/// Verify has no key: it looks whether what is sealed has the form of that, and tells nothing of what does not.
#[tokio::test]
async fn verify_takes_sealed_secrets_for_what_they_are() {
    let world = World::with(|options| options.secret_keys = keys(Some('a'), ""));
    put(&world.store, 90).await;
    let report = world.store.verify().await.expect("it reads");
    assert_eq!(crate::verify::found(&report), [""; 0]);
    for broken in [
        "sealed:1:",
        "sealed:1:ab:!",
        "sealed:9:ab:YWJj",
        "[[\"whsec_open\"",
        "[\"whsec_open\"]",
    ] {
        let broken_row = format!("update endpoints set secrets = '{broken}'");
        world.rows().run(&broken_row);
        let report = world.store.verify().await.expect("it reads");
        let check = report.check("documents").expect("it is asked");
        assert_eq!(check.level, Level::Fail, "{broken}");
        let [seen] = check.seen.as_slice() else {
            panic!("{broken}: {check:?}");
        };
        assert!(!seen.contains("whsec"), "{seen}");
    }
}

#[tokio::test]
async fn without_the_key_everything_else_about_an_endpoint_goes_on_and_nothing_is_lost() {
    let world = World::with(|options| options.secret_keys = keys(Some('a'), ""));
    put(&world.store, 90).await;
    let sealed = stored(&world);
    for other in [keys(None, ""), keys(Some('b'), "c")] {
        // Which cannot be opened is said, and kept as it is.
        let found = Store::kept_secrets_at(&world.options.place, &other).expect("it reads");
        assert_eq!(found.missing_keys(), [key('a').id()]);
    }
    let world = with_keys(world, keys(Some('b'), ""));
    assert_eq!(stored(&world), sealed, "an opening loses nothing");
    let mut row = read(&world.store, 90).await;
    assert!(row.secrets.is_empty());
    let why = row
        .unopened
        .as_ref()
        .expect("it cannot be opened")
        .to_string();
    assert!(why.contains(key('a').id()), "{why}");
    let read_at = row.updated_at;
    row.description = "changed meanwhile".to_owned();
    row.updated_at = read_at.plus(Span::millis(1));
    let changed = world.store.change_endpoint(row, read_at, None).await;
    assert!(changed.expect("it is written"));
    assert_eq!(stored(&world), sealed);
    put(&world.store, 91).await;
    assert_eq!(read(&world.store, 91).await.secrets[0].0, SECRET);

    let world = with_keys(world, keys(Some('b'), "a"));
    let row = read(&world.store, 90).await;
    assert_eq!(row.secrets, [(SECRET.to_owned(), None)]);
    assert_eq!(row.description, "changed meanwhile");
}

/// A key comes to what was in clear, is changed for another, and goes again; beside instances at work where there may
/// be some.
#[tokio::test]
async fn rows_are_sealed_again_under_each_key_that_follows() {
    let mut world = World::new();
    put(&world.store, 90).await;
    put(&world.store, 91).await;
    let veil = redaction_key(&world.options, 7, &keys(None, ""));
    let shared = shared(&world);
    let mut before = None;
    for (seal, also, prefix) in [
        (Some('a'), "", "sealed:1:"),
        (Some('b'), "a", "sealed:1:"),
        (None, "b", "["),
    ] {
        let next = keys(seal, also);
        let kept = match &world.options.place {
            // Those at work open what is written, by the order of docs/operating.md.
            Place::Server(_) => {
                let opening: String = also.chars().chain(seal).collect();
                world = with_keys(world, keys(before, &opening));
                put(&world.store, 92).await;
                let kept = reseal(&world.options, &next);
                assert_eq!(read(&world.store, 90).await.secrets[0].0, SECRET);
                assert_eq!(read(&world.store, 92).await.secrets[0].0, SECRET);
                kept
            }
            Place::File(_) | Place::Memory => {
                let shut = world.shut();
                let kept = reseal(&shut.options, &next);
                world = World::over(shut.database, |options| options.secret_keys = next.clone());
                kept
            }
        };
        let all = stored(&world);
        assert!(all.iter().all(|text| text.starts_with(prefix)), "{all:?}");
        let count = all.len() as u64 + shared;
        let (sealed, clear) = if seal.is_some() {
            (count, 0)
        } else {
            (0, count)
        };
        let expected = KeptSecrets {
            sealed,
            clear,
            ..KeptSecrets::default()
        };
        assert_eq!(kept, expected);
        // Once more changes nothing.
        if let Place::Server(_) = world.options.place {
            assert_eq!(reseal(&world.options, &next), expected);
            assert_eq!(stored(&world), all);
        }
        assert_eq!(redaction_key(&world.options, 9, &next), veil);
        if seal.is_some() {
            let foreign = keys(Some('f'), "");
            assert_eq!(
                redaction_key(&world.options, 9, &foreign),
                veil.map(|_| None)
            );
        }
        before = seal;
    }
    assert_eq!(read(&world.store, 90).await.secrets[0].0, SECRET);
}

/// A file has one process, so its start may do it.
#[tokio::test]
async fn a_start_seals_what_a_file_has_in_clear() {
    let world = World::new();
    put(&world.store, 90).await;
    let is_file = matches!(world.options.place, Place::File(_));
    assert!(stored(&world)[0].starts_with('['));
    let world = with_keys(world, keys(Some('a'), ""));
    assert_eq!(stored(&world)[0].starts_with("sealed:1:"), is_file);
    assert_eq!(read(&world.store, 90).await.secrets[0].0, SECRET);
}

/// It is what a thief of a backup would do who may write to the database: put the secret of an endpoint of its own,
/// or an older one, in the place of another's.
#[tokio::test]
async fn a_value_that_was_copied_to_another_row_does_not_open() {
    let world = World::with(|options| options.secret_keys = keys(Some('a'), ""));
    put(&world.store, 90).await;
    put(&world.store, 91).await;
    let id = |number| format!("{:032x}", EndpointId::on(root_id(number), 0).as_u128());
    let rows = world.rows();
    let bytes = |number| rows.either("x'ID'", "'\\xID'").replace("ID", &id(number));
    rows.run(&format!(
        "update endpoints set secrets = (select secrets from endpoints where id = {}) where id = {}",
        bytes(90),
        bytes(91)
    ));
    let row = read(&world.store, 91).await;
    assert!(row.secrets.is_empty());
    let why = row.unopened.expect("it does not open").to_string();
    assert!(why.contains("copied here from another row"), "{why}");
    assert_eq!(read(&world.store, 90).await.secrets[0].0, SECRET);
    let place = world.options.place.clone();
    let mut examination = Examination::new(Arc::clone(&world.options.clock));
    examination.secret_keys = keys(Some('a'), "");
    let report = Store::doctor_at(&place, &examination);
    let check = report.check("secrets").expect("it is looked at");
    assert_eq!(check.level, Level::Fail, "{check:?}");
    // What else there is is sealed again all the same.
    let world = world.shut();
    let kept = reseal(&world.options, &keys(Some('b'), "a"));
    assert_eq!(
        (kept.unopened.len(), kept.sealed_before, kept.clear),
        (1, 0, 0)
    );
}

#[tokio::test]
async fn doctor_names_the_key_that_is_missing_and_what_waits_to_be_sealed() {
    let world = World::new();
    put(&world.store, 90).await;
    let place = world.options.place.clone();
    let clock = Arc::clone(&world.options.clock);
    let look = |keys: SecretKeys| {
        let mut examination = Examination::new(Arc::clone(&clock));
        examination.secret_keys = keys;
        let report = Store::doctor_at(&place, &examination);
        let check = report.check("secrets").expect("it is looked at");
        (check.level, check.seen.join("\n"), check.fix.clone())
    };
    let expected = SecretKeys {
        expected: true,
        ..keys(None, "")
    };
    assert_eq!(look(keys(None, "")).0, Level::Ok);
    let (level, seen, fix) = look(expected);
    assert_eq!((level, seen.contains("as they are")), (Level::Warn, true));
    assert!(fix.contains("tollgate secrets key"), "{fix}");
    let (level, seen, fix) = look(keys(Some('a'), ""));
    assert_eq!((level, seen.contains("not sealed")), (Level::Warn, true));
    assert!(fix.contains("tollgate secrets rotate"), "{fix}");
    let shut = world.shut();
    reseal(&shut.options, &keys(Some('a'), ""));
    assert_eq!(look(keys(Some('a'), "")).0, Level::Ok);
    assert_eq!(look(keys(Some('b'), "a")).0, Level::Warn);
    let (level, seen, fix) = look(keys(Some('b'), ""));
    assert_eq!((level, seen.contains(key('a').id())), (Level::Fail, true));
    assert!(fix.contains("store.secrets_keys_also"), "{fix}");
}
