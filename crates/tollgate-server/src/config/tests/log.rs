//! Levels by target and forms of the log: what is taken, and what is refused.

use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::super::LogFormat;
use super::{read, refusal};

#[test]
fn a_level_is_for_everything_and_targets_may_have_their_own() {
    let driver = |level| ("tokio_postgres".to_owned(), level);
    let decisions = |level| ("tollgate::decisions".to_owned(), level);
    for (typed, level, targets) in [
        ("info", Level::INFO, vec![driver(LevelFilter::WARN)]),
        ("trace", Level::TRACE, vec![driver(LevelFilter::WARN)]),
        ("error", Level::ERROR, vec![driver(LevelFilter::ERROR)]),
        (
            "warn, tollgate::decisions=debug",
            Level::WARN,
            vec![decisions(LevelFilter::DEBUG), driver(LevelFilter::WARN)],
        ),
        (
            "tokio_postgres=off,tollgate::decisions=warn",
            Level::INFO,
            vec![driver(LevelFilter::OFF), decisions(LevelFilter::WARN)],
        ),
    ] {
        let config = read(&format!("[log]\nlevel = \"{typed}\""), &[]);
        let log = config.unwrap_or_else(|error| panic!("{error}")).log;
        assert_eq!((log.level, log.targets), (level, targets), "{typed}");
    }
}

#[test]
fn a_level_that_is_none_is_refused_with_what_it_may_be() {
    for (typed, found) in [
        ("", "\"\""),
        ("loud", "\"loud\""),
        ("info,debug", "\"debug\""),
        ("info,", "\"\""),
        ("info,tollgate=loud", "\"tollgate=loud\""),
        ("info,=debug", "\"=debug\""),
        ("info,a b=debug", "\"a b=debug\""),
        ("hyper=off,hyper=warn", "\"hyper=warn\""),
        ("off", "\"off\""),
    ] {
        let refused = refusal(&format!("[log]\nlevel = \"{typed}\""));
        let begins = format!("log.level: found {found}, wanted \"error\"");
        assert!(refused.contains(&begins), "{typed}: {refused}");
    }
    // The driver would say customers' data and secrets.
    for typed in ["info,tokio_postgres=info", "tokio_postgres::query=debug"] {
        let refused = refusal(&format!("[log]\nlevel = \"{typed}\""));
        assert!(refused.contains("customers' data and secrets"), "{refused}");
    }
}

#[test]
fn the_form_is_one_of_five() {
    for (typed, format) in [
        ("auto", LogFormat::Auto),
        ("pretty", LogFormat::Pretty),
        ("text", LogFormat::Text),
        ("json", LogFormat::Json),
        ("logfmt", LogFormat::Logfmt),
    ] {
        let config = read(&format!("[log]\nformat = \"{typed}\""), &[]).expect("it is right");
        assert_eq!(config.log.format, format);
    }
    let refused = refusal("[log]\nformat = \"xml\"");
    assert!(refused.contains("log.format: found \"xml\""), "{refused}");
}
