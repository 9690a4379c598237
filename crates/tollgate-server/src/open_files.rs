//! The limit of open files: every connection is one, and a server that has none left takes no more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tollgate_store::{Checked, Level};

use crate::config::Config;

/// Files besides connections: the database with its log, connections to it, what is called and written.
const BESIDES: u64 = 256;

/// What the system allowed before, and what it allows from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenFiles {
    /// How many files might be open at the start.
    pub before: Option<u64>,
    /// How many may be open; `None`: as many as there are.
    pub now: Option<u64>,
}

/// Raises the soft limit to the hard one. Where the system refuses that, it stays as it was.
pub fn raise_open_files() -> OpenFiles {
    let before = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: before.maximum,
        maximum: before.maximum,
    };
    let raised = setrlimit(Resource::Nofile, wanted).is_ok();
    OpenFiles {
        before: before.current,
        now: if raised {
            before.maximum
        } else {
            before.current
        },
    }
}

/// Whether a server of this configuration has a file for each connection.
pub fn open_files_check(config: &Config) -> Checked {
    judge(
        getrlimit(Resource::Nofile).maximum,
        config.server.connections_max as u64,
    )
}

fn judge(limit: Option<u64>, connections_max: u64) -> Checked {
    let wanted = connections_max + BESIDES;
    let is_ok = limit.is_none_or(|limit| wanted <= limit);
    let said = limit.map_or("as many as there are".to_owned(), |limit| limit.to_string());
    Checked {
        name: "open_files",
        about: "there is a file for every connection",
        level: if is_ok { Level::Ok } else { Level::Warn },
        seen: vec![format!(
            "{said} may be open; {connections_max} connections and what else is open need {wanted}"
        )],
        more: 0,
        fix: match is_ok {
            true => String::new(),
            false => format!(
                "raise the hard limit (`LimitNOFILE={wanted}` of systemd, `ulimit -Hn`), or lower \
                 server.connections_max"
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_below_the_connections_is_warned_of() {
        for (limit, connections, level) in [
            (Some(1_024), 10_000, Level::Warn),
            (Some(1_024), 500, Level::Ok),
            (Some(524_288), 10_000, Level::Ok),
            (None, 1_000_000, Level::Ok),
        ] {
            let found = judge(limit, connections);
            assert_eq!(found.level, level, "{found:?}");
            assert_eq!(found.fix.is_empty(), level == Level::Ok, "{found:?}");
        }
    }

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let hard = getrlimit(Resource::Nofile).maximum;
        assert_eq!(raise_open_files().now, hard);
        assert_eq!(getrlimit(Resource::Nofile).current, hard);
    }
}
