//! What is planted in the schema and the settings of a database is found, and what is said mends it.

use std::path::Path;

use tollgate_store::{Level, Place, Store};

use super::{assert_healthy, bad, but_the_disk, examine, healthy_but_fast, with_months, world};
use crate::rows;
use crate::words::stock;
use crate::world::server;

/// Sets a setting for the database, or for the role in it.
macro_rules! set {
    ($setting:literal) => {
        concat!(
            "do $$ begin execute format('alter database %I set ",
            $setting,
            "', current_database()); end $$"
        )
    };
}

/// What is planted, the check that finds it, and what mends it where what doctor says is for people.
struct Fault {
    plant: &'static str,
    check: &'static str,
    level: Level,
    mend: Option<&'static str>,
}

const fn fault(check: &'static str, level: Level, plant: &'static str) -> Fault {
    Fault {
        plant,
        check,
        level,
        mend: None,
    }
}

const FAULTS: &[Fault] = &[
    fault("durable", Level::Fail, set!("synchronous_commit = off")),
    fault(
        "isolation",
        Level::Warn,
        set!("default_transaction_isolation = serializable"),
    ),
    fault("timeouts", Level::Warn, set!("statement_timeout = 2000")),
    fault(
        "timeouts",
        Level::Warn,
        set!("idle_session_timeout = 60000"),
    ),
    Fault {
        // Its sessions are read-only; anyone who mends it says so first.
        mend: Some(
            "begin read write;
             do $$ begin execute format('alter database %I reset default_transaction_read_only',
                                         current_database()); end $$;
             commit",
        ),
        ..fault(
            "writable",
            Level::Fail,
            set!("default_transaction_read_only = on"),
        )
    },
    Fault {
        mend: Some(set!("timezone = ''UTC''")),
        ..fault("locale", Level::Warn, set!("timezone = ''Asia/Jakarta''"))
    },
    Fault {
        mend: Some("insert into migrations select * from planted; drop table planted"),
        ..fault(
            "migrations",
            Level::Fail,
            "create table planted as select * from migrations where version = 2;
             delete from migrations where version = 2",
        )
    },
    Fault {
        mend: Some("delete from migrations where version = 99"),
        ..fault(
            "migrations",
            Level::Fail,
            "insert into migrations select 99, name, checksum, at from migrations where version = 1",
        )
    },
    Fault {
        mend: Some("update migrations set checksum = substr(checksum, 2) where version = 1"),
        ..fault(
            "migrations",
            Level::Fail,
            "update migrations set checksum = 'x' || checksum where version = 1",
        )
    },
    fault(
        "schema",
        Level::Fail,
        "alter table stock drop constraint stock_never_oversold",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table shops drop constraint shops_name_key",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table stock drop column low_at cascade",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table targets alter column failures drop default",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table targets alter column failures set default 7",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table stock alter column version drop not null",
    ),
    fault(
        "schema",
        Level::Fail,
        "alter table stock drop constraint stock_never_oversold;
         alter table stock add constraint stock_never_oversold check (0 <= held)",
    ),
    fault(
        "schema",
        Level::Fail,
        "drop index slots_id; create unique index slots_id on slots (shop_id, id, held)",
    ),
    fault(
        "schema",
        Level::Warn,
        "create function planted() returns trigger language plpgsql
             as $f$ begin return new; end $f$;
         create trigger planted before update on stock for each row execute function planted()",
    ),
    fault("tables", Level::Fail, "alter table stock set unlogged"),
    fault("indexes", Level::Fail, "drop index slots_id"),
    fault("indexes", Level::Fail, "drop index roots_due"),
    fault(
        "indexes",
        Level::Warn,
        "create index planted on names (question)",
    ),
    fault(
        "vacuum",
        Level::Fail,
        "alter table stock set (autovacuum_enabled = false)",
    ),
    fault("partitions", Level::Fail, "drop table THIS"),
    fault("partitions", Level::Warn, "drop table LAST"),
    fault(
        "partitions",
        Level::Fail,
        "alter table events detach partition THIS",
    ),
    Fault {
        mend: Some("drop table events_others"),
        ..fault(
            "partitions",
            Level::Fail,
            "create table events_others partition of events default",
        )
    },
    Fault {
        // Twice as long as it should be.
        mend: Some(
            "drop table events_long;
             create table LAST partition of events for values from (LAST_FROM) to (LAST_BELOW)",
        ),
        ..fault(
            "partitions",
            Level::Warn,
            "drop table LAST;
             create table events_long partition of events
                 for values from (LAST_FROM) to ('\\x09000000000000000000000000000000')",
        )
    },
    Fault {
        // Its name says another month.
        mend: Some(
            "drop table LAST;
             create table LAST partition of events for values from (LAST_FROM) to (LAST_BELOW)",
        ),
        ..fault(
            "partitions",
            Level::Fail,
            "drop table LAST;
             create table LAST partition of events
                 for values from ('\\x09000000000000000000000000000000')
                   to ('\\x0a000000000000000000000000000000')",
        )
    },
];

#[tokio::test]
async fn every_planted_fault_is_found_and_what_is_said_mends_it() {
    if server().is_none() {
        return;
    }
    let world = world();
    let place = world.options.place.clone();
    let _shut = world.shut();
    for fault in FAULTS {
        rows::run(&place, &with_months(fault.plant, &place));
        let report = healthy_but_fast(examine(&place));
        let found = report.check(fault.check).expect("it is a check");
        assert_eq!(
            bad(&report),
            [(fault.check, fault.level)],
            "{}: {report:#?}",
            fault.plant
        );
        assert!(!found.fix.is_empty(), "{found:?}");
        let mend = match fault.mend {
            Some(mend) => with_months(mend, &place),
            None => found.fix.clone(),
        };
        rows::run(&place, &without_concurrently(&mend));
        let report = healthy_but_fast(examine(&place));
        assert_healthy(&report);
    }
}

/// What must not be run in a transaction is run without the word that forbids it: several statements
/// of a script are one.
fn without_concurrently(statements: &str) -> String {
    statements.replace(" concurrently", "")
}

/// A view that is gone is made again by the next start, once it is told so.
#[tokio::test]
async fn a_lost_view_is_found_and_made_again() {
    let world = world();
    let place = world.options.place.clone();
    let shut = world.shut();
    rows::run(&place, "drop view v_slots");
    let report = healthy_but_fast(examine(&place));
    assert_eq!(bad(&report), [("schema", Level::Warn)], "{report:#?}");
    let schema = report.check("schema").expect("it is a check");
    assert_eq!(schema.seen, ["the view v_slots is not there"]);
    let statement = match &place {
        Place::Server(_) => schema.fix.clone(),
        Place::File(_) | Place::Memory => {
            let quoted = schema.fix.split('"').nth(1);
            quoted.unwrap_or_default().to_owned()
        }
    };
    rows::run(&place, &statement);
    let store = Store::open(shut.options.clone());
    store.expect("it opens and makes it").close();
    assert_healthy(&healthy_but_fast(examine(&place)));
}

/// What the migrations make on a server is what the doctor compares with; `WRITE_SNAPSHOTS=1` writes it anew.
#[tokio::test]
async fn the_schema_of_a_server_is_as_it_is_written_down() {
    if server().is_none() {
        return;
    }
    let world = world();
    let made = tollgate_store::server_schema(&world.options.place);
    let made = made.expect("it can be looked at");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/inspect/doctor/server_schema.txt");
    if std::env::var_os("WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &made).expect("it is ours");
    }
    let written = std::fs::read_to_string(&path).expect("it is there");
    assert_eq!(made, written);
}

/// What is lost of a file's schema, each in a copy: what it says, and whether the statement that it prints mends it.
#[tokio::test]
async fn what_is_lost_of_the_schema_of_a_file_is_found() {
    if server().is_some() {
        return;
    }
    let world = world();
    world.act(stock("A", 5)).await;
    let shut = world.shut();
    let again = |table: &str, columns: &str, of: &str| {
        format!(
            "pragma legacy_alter_table = on;
             alter table {table} rename to was;
             create table {table} ({columns}) {of};
             insert into {table} select * from was;
             drop table was"
        )
    };
    let stock = "shop_id integer not null, sku text not null, on_hand integer not null,
                 held integer not null, version integer not null, low_at integer,
                 sold integer not null default 0, primary key (shop_id, sku)";
    let targets = "shop_id integer not null, target text not null, failures integer not null,
                   failing_since integer, open_until integer, opened integer not null default 0,
                   probing integer not null default 0, allowed_at integer,
                   primary key (shop_id, target)";
    let shops = "shop_id integer primary key, name text not null";
    let rowless = "strict, without rowid";
    for (plant, level, seen, is_mended) in [
        (
            again("stock", stock, rowless),
            Level::Fail,
            "stock has lost its check (0 <= held and held <= on_hand)",
            true,
        ),
        (
            again("shops", shops, "strict"),
            Level::Fail,
            "shops is not made as the migrations make it (unique, strict or its key)",
            true,
        ),
        (
            again("targets", targets, rowless),
            Level::Fail,
            "targets.failures is \"integer not null\", and is made \"integer not null default 0\"",
            true,
        ),
        (
            "alter table stock drop column low_at".to_owned(),
            Level::Fail,
            "stock has no column low_at",
            false,
        ),
        (
            "drop index slots_id; create unique index slots_id on slots (shop_id, id, held)"
                .to_owned(),
            Level::Fail,
            "the index slots_id is over something else",
            true,
        ),
        (
            "create trigger planted after update on stock begin select 1; end".to_owned(),
            Level::Warn,
            "planted of stock is none of ours, and runs in our commits",
            true,
        ),
        (
            "drop view v_slots; create view v_slots as select 1".to_owned(),
            Level::Warn,
            "the view v_slots shows something else",
            false,
        ),
    ] {
        let copy = shut.database.copy();
        let at = copy.place();
        // A column is dropped under a view that names it.
        rows::run(&at, &format!("drop view if exists v_stock; {plant}"));
        let report = but_the_disk(examine(&at));
        let found = report.check("schema").expect("it is a check");
        let says = found.seen.iter().any(|line| line == seen);
        assert!(says && level <= found.level, "{plant}: {found:#?}");
        assert!(!found.fix.is_empty(), "{plant}: {found:#?}");
        if !is_mended {
            continue;
        }
        for line in found
            .fix
            .lines()
            .filter(|line| !line.contains("user_version"))
        {
            rows::run(&at, line.split('"').nth(1).unwrap_or_default());
        }
        let report = but_the_disk(examine(&at));
        let after = report.check("schema").expect("it is a check");
        let still = after.seen.iter().any(|line| line == seen);
        assert!(!still && after.level < Level::Fail, "{plant}: {after:#?}");
    }
}
