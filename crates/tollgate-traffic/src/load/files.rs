//! How many files a process may have open: every connection is one, on each of its ends.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises this process's limit to `wanted`, as far as it may; answers what the limit is then.
/// `None` stands for no limit.
pub fn raise(wanted: u64) -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
        let before = limit.current.replace(raised);
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit.current = before;
        }
    }
    limit.current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_never_lowered_and_never_beyond_what_may_be() {
        let before = raise(0);
        let after = raise(u64::MAX);
        match (before, after) {
            (Some(before), Some(after)) => assert!(before <= after),
            (None, after) => assert_eq!(after, None),
            (Some(_), None) => {}
        }
        assert_eq!(raise(1), after);
    }
}
