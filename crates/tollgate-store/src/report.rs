//! What `doctor` and `verify` have found: a line for each check, however it ended.

/// How a check has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing to say.
    Ok,
    /// Worth a look; nothing is lost.
    Warn,
    /// It must be mended.
    Fail,
}

impl Level {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        }
    }
}

/// One check and what it has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its name.
    pub name: &'static str,
    /// What it looks at.
    pub about: &'static str,
    /// How it has ended: its worst finding.
    pub level: Level,
    /// What was seen, at most [`SEEN_MAX`] lines.
    pub seen: Vec<String>,
    /// How many more lines there would be.
    pub more: u64,
    /// The command, statement or step that mends it; empty where nothing is wrong.
    pub fix: String,
}

/// Lines that one check lists.
pub const SEEN_MAX: usize = 20;

/// All checks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// In the order in which they read best.
    pub checks: Vec<Checked>,
    /// What the ledgers of a shop come to, by shop and currency; only of the whole data, which `verify` reads.
    pub totals: Vec<Totals>,
}

/// What the ledgers of a shop come to in one currency. Minor units.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Whose.
    pub shop: String,
    /// The currency.
    pub currency: String,
    /// Orders.
    pub orders: u64,
    /// Payments, with and without an order.
    pub payments: u64,
    /// What came.
    pub captured: i64,
    /// What of it is a fee on top of what was due.
    pub fee: i64,
    /// What went back.
    pub refunded: i64,
    /// What disputes keep away.
    pub charged_back: i64,
    /// What was ordered back and has not ended.
    pub reserved: i64,
    /// What is left.
    pub kept: i64,
    /// What the receipts that are issued come to: sales less refunds less reversals.
    pub receipts: i64,
}

impl Report {
    /// How the worst of them has ended.
    pub fn worst(&self) -> Level {
        let levels = self.checks.iter().map(|check| check.level);
        levels.max().unwrap_or(Level::Ok)
    }

    /// The check of this name.
    pub fn check(&self, name: &str) -> Option<&Checked> {
        self.checks.iter().find(|check| check.name == name)
    }
}

impl Checked {
    /// A check that has not found anything yet.
    pub(crate) fn new(name: &'static str, about: &'static str) -> Checked {
        Checked {
            name,
            about,
            level: Level::Ok,
            seen: Vec::new(),
            more: 0,
            fix: String::new(),
        }
    }

    /// Adds what was seen; beyond the bound it is only counted.
    pub(crate) fn see(&mut self, level: Level, seen: String) {
        self.level = self.level.max(level);
        if self.seen.len() < SEEN_MAX {
            self.seen.push(seen);
        } else {
            self.more += 1;
        }
    }

    /// Adds a line to what mends it, once.
    pub(crate) fn mend(&mut self, with: &str) {
        if self.fix.lines().any(|line| line == with) || self.fix == with {
            return;
        }
        if !self.fix.is_empty() {
            self.fix.push('\n');
        }
        self.fix.push_str(with);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_lists_so_many_lines_and_counts_the_rest() {
        let mut check = Checked::new("a", "b");
        for number in 0..SEEN_MAX + 5 {
            check.see(Level::Warn, number.to_string());
        }
        assert_eq!((check.seen.len(), check.more), (SEEN_MAX, 5));
        check.see(Level::Fail, String::new());
        check.see(Level::Ok, String::new());
        assert_eq!(check.level, Level::Fail);
        check.mend("x");
        check.mend("y");
        check.mend("x");
        assert_eq!(check.fix, "x\ny");
    }
}
