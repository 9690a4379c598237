use super::*;
use tollgate_core::time::Span;

const NOW: Timestamp = Timestamp::from_millis(1_769_076_000_000);

/// The thresholds as they come with the program.
fn defaults() -> Alerts {
    let config = crate::config::Config::from_toml_str("");
    config.expect("the defaults are right").alerts
}

fn ago(span: Span) -> Timestamp {
    NOW.plus(Span::millis(-span.as_millis()))
}

fn errors(code: &str, source: &str, status: u16, count: u64) -> Vec<ErrorsOf> {
    vec![ErrorsOf {
        code: code.to_owned(),
        source: source.to_owned(),
        status,
        count,
    }]
}

fn waiting(state: EventState, since: Timestamp) -> Open {
    let mut open = Open::default();
    open.events.insert(state.word().to_owned(), (3, since));
    open
}

fn keys(seen: &Seen) -> Vec<String> {
    let keys = seen.keys();
    keys.map(|(rule, subject)| tollgate_core::alert::alert_key(*rule, subject))
        .collect()
}

/// What opens each alert of a shop, and what is just short of it.
fn shops() -> Vec<(&'static str, ShopWatched, ShopWatched)> {
    let of = |open: Open| ShopWatched {
        open,
        ..ShopWatched::default()
    };
    let effects = |effects| ShopWatched {
        effects,
        ..ShopWatched::default()
    };
    let with_errors = |errors| ShopWatched {
        errors,
        ..ShopWatched::default()
    };
    let taken = |taken| ShopWatched {
        calendars: vec![CalendarTaken {
            calendar: "kitchen".to_owned(),
            capacity: 60,
            taken,
        }],
        ..ShopWatched::default()
    };
    let unknown = |count| {
        let mut open = Open::default();
        open.effects_lost.insert("unknown".to_owned(), count);
        of(open)
    };
    let silent = |silent| ShopWatched {
        silent,
        ..ShopWatched::default()
    };
    vec![
        (
            "events_parked",
            of(waiting(EventState::Parked, ago(Span::minutes(60)))),
            of(waiting(EventState::Parked, ago(Span::minutes(59)))),
        ),
        (
            "events_queued",
            of(waiting(EventState::Queued, ago(Span::minutes(30)))),
            of(waiting(EventState::Queued, ago(Span::minutes(29)))),
        ),
        (
            "effects_dead",
            effects(EffectsWatched {
                dead_lately: 1,
                ..EffectsWatched::default()
            }),
            // One that was given up before is told of no more.
            effects(EffectsWatched {
                dead_since: Some(ago(Span::hours(48))),
                ..EffectsWatched::default()
            }),
        ),
        ("effects_unknown", unknown(1), unknown(0)),
        (
            "signatures_rejected:bank",
            with_errors(errors("signature_invalid", "bank", 401, 20)),
            with_errors(errors("signature_invalid", "bank", 401, 19)),
        ),
        (
            "source_silent:bank",
            silent(vec![("bank".to_owned(), Silence::Habit(6))]),
            silent(vec![]),
        ),
        (
            "source_silent:card",
            silent(vec![("card".to_owned(), Silence::PaymentsOpen)]),
            silent(vec![]),
        ),
        ("slots_nearly_full:kitchen", taken(57), taken(56)),
        (
            "glyphs_missing",
            effects(EffectsWatched {
                receipts_waiting: 1,
                ..EffectsWatched::default()
            }),
            ShopWatched::default(),
        ),
        (
            "many_conflicts",
            with_errors(errors("out_of_stock", "", 409, 500)),
            with_errors(errors("out_of_stock", "", 409, 499)),
        ),
    ]
}

fn servers() -> Vec<(&'static str, ServerWatched, ServerWatched)> {
    let well = || ServerWatched {
        reaches: true,
        ..ServerWatched::default()
    };
    let standby = |is_synchronous, following| ServerWatched {
        standbys: Some(Standbys {
            is_synchronous,
            following,
        }),
        ..well()
    };
    vec![
        (
            "check_fired",
            ServerWatched {
                errors: errors("gate_quarantined", "", 0, 1),
                ..well()
            },
            ServerWatched {
                errors: errors("gate_unavailable", "", 0, 9),
                ..well()
            },
        ),
        (
            "month_missing",
            ServerWatched {
                reaches: false,
                ..well()
            },
            well(),
        ),
        // Without one that commits wait for, none is expected.
        ("standby_lost", standby(true, 0), standby(false, 0)),
        ("standby_lost", standby(true, 0), standby(true, 1)),
    ]
}

fn instances() -> Vec<(&'static str, InstanceWatched, InstanceWatched)> {
    let well = || InstanceWatched {
        name: "db1:8080".to_owned(),
        ..InstanceWatched::default()
    };
    let clock = |clock_off_ms| InstanceWatched {
        clock_off_ms,
        ..well()
    };
    let stepped = |by_ms| InstanceWatched {
        clock_stepped_ms: Some(by_ms),
        ..well()
    };
    let disk = |room| InstanceWatched {
        disks: vec![("/data".to_owned(), room)],
        ..well()
    };
    let free = |mib: u64| Room::Bytes {
        free: mib << 20,
        size: 1 << 40,
    };
    let certificate = |days: i64| InstanceWatched {
        certificate_until: Some(NOW.plus(Span::hours(24 * days))),
        ..well()
    };
    vec![
        ("clock_off:db1:8080", clock(2000), clock(1999)),
        ("clock_off:db1:8080", clock(-2000), clock(0)),
        ("clock_off:db1:8080", stepped(-2000), stepped(1999)),
        (
            "disk_low:db1:8080 /data",
            disk(free(1023)),
            disk(free(1024)),
        ),
        (
            "disk_low:db1:8080 /data",
            disk(Room::Silent),
            disk(Room::Unknown),
        ),
        (
            "certificate_ends:db1:8080",
            certificate(14),
            certificate(15),
        ),
    ]
}

#[test]
fn each_rule_fires_at_its_threshold_and_not_before() {
    let alerts = defaults();
    for (key, fires, quiet) in shops() {
        assert_eq!(keys(&of_shop(&alerts, NOW, &fires)), [key]);
        assert_eq!(keys(&of_shop(&alerts, NOW, &quiet)), [""; 0], "{key}");
    }
    for (key, fires, quiet) in servers() {
        assert_eq!(keys(&of_server(&alerts, &fires)), [key]);
        assert_eq!(keys(&of_server(&alerts, &quiet)), [""; 0], "{key}");
    }
    for (key, fires, quiet) in instances() {
        assert_eq!(keys(&of_instance(&alerts, NOW, &fires)), [key]);
        assert_eq!(keys(&of_instance(&alerts, NOW, &quiet)), [""; 0], "{key}");
    }
}

/// How far it is off now says more than by how much it has stepped.
#[test]
fn a_clock_that_is_off_and_has_stepped_is_told_of_once() {
    let watched = InstanceWatched {
        clock_off_ms: 7_200_000,
        clock_stepped_ms: Some(7_200_000),
        ..InstanceWatched::default()
    };
    let seen = of_instance(&defaults(), NOW, &watched);
    let told: Vec<&str> = seen.values().map(|seen| seen.what.as_str()).collect();
    assert_eq!(told, ["The clock of  is 7200000 ms off"]);
}

/// A threshold of 0 switches its rule off; what has its own key elsewhere is named there.
#[test]
fn a_rule_whose_threshold_is_nothing_is_not_looked_for() {
    let typed = "[alerts]\nparked_minutes = 0\nqueued_minutes = 0\ndead_effects = 0\nunknown_effects = 0\n\
                 rejected_signatures = 0\nconflicts = 0\nslots_percent = 0\nmissing_glyphs = 0\n\
                 checks_fired = 0\nmonth_days = 0\ndisk_free_mib = 0\nclock_offset_ms = 0\n\
                 certificate_days = 0";
    let config = crate::config::Config::from_toml_str(typed).expect("they are in their bounds");
    let off = config.alerts;
    for (key, fires, _) in shops() {
        let told = of_shop(&off, NOW, &fires);
        assert_eq!(told.is_empty(), !key.starts_with("source_silent"), "{key}");
    }
    for (key, fires, _) in servers() {
        let told = of_server(&off, &fires);
        assert_eq!(told.is_empty(), key != "standby_lost", "{key}");
    }
    for (key, fires, _) in instances() {
        assert!(of_instance(&off, NOW, &fires).is_empty(), "{key}");
    }
}

#[test]
fn every_rule_has_its_case_here() {
    let cases = shops().into_iter().map(|(key, ..)| key);
    let cases = cases.chain(servers().into_iter().map(|(key, ..)| key));
    let cases: Vec<_> = cases
        .chain(instances().into_iter().map(|(key, ..)| key))
        .collect();
    for rule in AlertRule::ALL {
        let of_rule = |key: &&str| key.split(':').next() == Some(rule.word());
        assert!(cases.iter().any(of_rule), "{}", rule.word());
    }
}

#[test]
fn what_is_told_has_figures_and_a_way_out() {
    let alerts = defaults();
    for (key, fires, _) in shops() {
        for seen in of_shop(&alerts, NOW, &fires).values() {
            assert!(
                !seen.what.ends_with('.') && !seen.remedy.ends_with('.'),
                "{key}"
            );
            assert!(
                !seen.what.contains("  ") && !seen.remedy.contains("  "),
                "{key}: {seen:?}"
            );
        }
    }
    let fires = of_shop(&alerts, NOW, &shops()[0].1);
    let seen = fires.values().next().expect("it fires");
    assert_eq!(
        (seen.count, seen.what.as_str()),
        (
            3,
            "The oldest of 3 events that wait for a payment has waited for 60 minutes"
        )
    );
}

/// A day on which it spoke a few times, or on which nobody knows, is no habit; nor is it silent where nobody knows.
#[test]
fn a_source_breaks_a_habit_only_where_it_spoke_often_on_most_days_and_is_known_to_say_nothing() {
    let often = Some(HABIT_EVENTS_MIN);
    let days = |spoke, count| vec![spoke; count];
    let mixed = |spoke| [days(often, 4), days(spoke, 3)].concat();
    for (case, lately, before, habit) in [
        ("a busy shop", Some(0), days(often, 7), Some(7)),
        (
            "on most days",
            Some(0),
            [days(often, 5), days(Some(0), 2)].concat(),
            Some(5),
        ),
        ("on too few", Some(0), mixed(Some(0)), None),
        (
            "a small shop",
            Some(0),
            days(Some(HABIT_EVENTS_MIN - 1), 7),
            None,
        ),
        ("nobody knows of the days", Some(0), mixed(None), None),
        ("nobody knows of now", None, days(often, 7), None),
        ("it speaks", Some(1), days(often, 7), None),
    ] {
        let silence = habit.map(Silence::Habit);
        assert_eq!(breaks_habit(lately, &before), silence, "{case}");
    }
}
