//! The circuit breaker of a target: after failures in a row it is left alone for a while, then one
//! attempt shows whether it is well again. Its state is a row, so a restart does not forget it.

use crate::command::{Health, Rules};
use crate::time::{Span, Timestamp};

/// How a target has fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    /// Failures in a row.
    pub failures: u32,
    /// Since when nothing has succeeded.
    pub failing_since: Option<Timestamp>,
    /// Until when it is left alone. Past that one attempt is made; it stays set until that succeeds.
    pub open_until: Option<Timestamp>,
    /// How often it was opened in a row.
    pub opened: u32,
    /// The one attempt is under way, and `open_until` is when it must be over.
    pub probing: bool,
}

/// What may be sent to a target now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Everything.
    All,
    /// One attempt, to see whether it is well again.
    Probe,
    /// Nothing before this time.
    Nothing(Timestamp),
}

impl Breaker {
    /// What may be sent now.
    pub fn admits(&self, now: Timestamp) -> Admission {
        match self.open_until {
            None => Admission::All,
            Some(until) if until <= now => Admission::Probe,
            Some(until) => Admission::Nothing(until),
        }
    }

    /// How it stands after one more attempt. `chance` is 0 to 999: targets that failed together are not
    /// tried again together.
    pub fn after(&self, health: Health, now: Timestamp, rules: &Rules, chance: u16) -> Breaker {
        match health {
            Health::Unsaid => *self,
            Health::Well => Breaker::default(),
            Health::Failing | Health::Gone => {
                let failures = self.failures.saturating_add(1);
                let failing_since = self.failing_since.or(Some(now));
                // A probe that fails opens it again, for longer; what was under way before does not.
                let is_open = !self.probing && self.open_until.is_some_and(|until| now < until);
                if failures < rules.breaker_failures || is_open {
                    return Breaker {
                        failures,
                        failing_since,
                        ..*self
                    };
                }
                Breaker {
                    failures,
                    failing_since,
                    open_until: Some(now.plus(self.rest(rules, chance))),
                    opened: self.opened.saturating_add(1),
                    probing: false,
                }
            }
        }
    }

    /// One attempt begins that must be over by `until`: no other attempt probes meanwhile.
    pub fn probed(&self, until: Timestamp) -> Breaker {
        Breaker {
            open_until: Some(until),
            probing: true,
            ..*self
        }
    }

    /// Its pause ends now, and an attempt shows whether it is well again. One under way is not doubled.
    pub fn looked_at(&self, now: Timestamp) -> Breaker {
        match self.probing {
            true => *self,
            false => Breaker {
                open_until: self.open_until.map(|until| until.min(now)),
                ..*self
            },
        }
    }

    /// It has failed without an end for longer than this.
    pub fn has_failed_for(&self, now: Timestamp, span: Span) -> bool {
        self.failing_since
            .is_some_and(|since| since.plus(span) <= now)
    }

    /// Twice as long each time, and up to a quarter more by chance.
    fn rest(&self, rules: &Rules, chance: u16) -> Span {
        let open = rules.breaker_open.as_millis();
        let doubled = open.saturating_mul(1 << self.opened.min(20));
        let bounded = doubled.min(rules.breaker_open_max.as_millis());
        Span::millis(bounded.saturating_add(bounded / 4 * i64::from(chance.min(999)) / 1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_rests_longer_each_time() {
        let rules = Rules {
            breaker_failures: 3,
            breaker_open: Span::seconds(30),
            breaker_open_max: Span::seconds(100),
            ..Rules::default()
        };
        let mut breaker = Breaker::default();
        for second in 0..2 {
            breaker = breaker.after(Health::Failing, at(second), &rules, 0);
            assert_eq!(breaker.admits(at(second)), Admission::All);
        }
        let mut now = at(2);
        for rest in [30, 60, 100, 100] {
            breaker = breaker.after(Health::Failing, now, &rules, 0);
            let until = now.plus(Span::seconds(rest));
            assert_eq!(breaker.admits(now), Admission::Nothing(until));
            assert_eq!(breaker.admits(until), Admission::Probe);
            now = until;
            // The probe has a minute, and fails at once.
            let over_by = now.plus(Span::seconds(60));
            breaker = breaker.probed(over_by);
            assert_eq!(breaker.admits(now), Admission::Nothing(over_by));
        }
        assert!(breaker.has_failed_for(now, Span::seconds(290)));
        assert!(!breaker.has_failed_for(now, Span::seconds(300)));
        breaker = breaker.after(Health::Well, now, &rules, 0);
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn what_was_under_way_when_it_opened_does_not_open_it_further() {
        let rules = Rules {
            breaker_failures: 1,
            ..Rules::default()
        };
        let opened = Breaker::default().after(Health::Failing, at(0), &rules, 0);
        let later = opened.after(Health::Failing, at(1), &rules, 0);
        assert_eq!(later.open_until, opened.open_until);
        assert_eq!(later.opened, 1);
    }

    #[test]
    fn chance_adds_a_quarter_at_the_most() {
        let rules = Rules {
            breaker_failures: 1,
            breaker_open: Span::seconds(40),
            ..Rules::default()
        };
        let open = |chance| {
            let breaker = Breaker::default().after(Health::Failing, at(0), &rules, chance);
            breaker.open_until.map(Timestamp::as_millis)
        };
        assert_eq!(open(0), Some(40_000));
        assert_eq!(open(500), Some(45_000));
        assert_eq!(open(999), Some(49_990));
    }
}
