//! Shops that are filled alike, and what has become of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use tollgate_core::decision::Outcome;
use tollgate_store::{Reply, SubmitError};

use crate::lane::Lane;
use crate::server::Session;
use crate::table;
use crate::world::{SHOP, submission};

/// The tables that hold what the store remembers of a shop.
pub(crate) struct Shops {
    /// Each with its columns but for the shop's.
    tables: Vec<(String, String)>,
    /// The last shop that was filled.
    last: u32,
}

impl Shops {
    /// Fills the first shop.
    pub(crate) fn new(lane: &Lane, session: &Session) -> Shops {
        for action in table::first() {
            let said = format!("{action:?}");
            let reply = lane.decide(vec![submission(action)]).remove(0);
            assert!(!is_refused(&reply), "{said}: {reply:?}");
        }
        lane.claim(table::first_claim());
        lane.release();
        let claimed = lane.finish();
        assert!(!is_refused_claim(&claimed[0]), "{claimed:?}");
        session.script("alter table receipts drop constraint receipts_token_key");
        let found = session.rows(
            "select t.relname, string_agg(quote_ident(c.attname), ', ' order by c.attnum)
               from pg_class t
               join pg_attribute c on c.attrelid = t.oid and 1 < c.attnum and not c.attisdropped
               join pg_attribute s on s.attrelid = t.oid and s.attname = 'shop_id' and s.attnum = 1
              where t.relkind in ('r', 'p') and not t.relispartition
                and t.relname not in ('shops', 'sweeps')
              group by t.relname
              order by t.relname",
        );
        let tables: Vec<(String, String)> = found
            .into_iter()
            .map(|row| (row[0].clone(), row[1].clone()))
            .collect();
        for (table, columns) in &tables {
            session.script(&format!(
                "create table first_{table} as select {columns} from {table} where shop_id = {}",
                SHOP.0
            ));
        }
        Shops {
            tables,
            last: SHOP.0,
        }
    }

    /// Fills so many more shops like the first one; their numbers.
    pub(crate) fn fill(&mut self, session: &Session, count: usize) -> RangeInclusive<u32> {
        let from = self.last + 1;
        self.last += u32::try_from(count).expect("some thousand shops");
        for (table, columns) in &self.tables {
            session.script(&format!(
                "insert into {table} (shop_id, {columns})
                 select shop, {columns} from generate_series({from}, {}) as shop, first_{table}",
                self.last
            ));
        }
        // Plans that were made for fewer rows are made again. A glance at them is enough.
        let tables: Vec<&str> = self
            .tables
            .iter()
            .map(|(table, _)| table.as_str())
            .collect();
        session.script(&format!(
            "set default_statistics_target = 1; analyze {}",
            tables.join(", ")
        ));
        from..=self.last
    }

    /// What distinguishes the rows of these shops from those of others, by shop.
    pub(crate) fn sums(
        &self,
        session: &Session,
        shops: &RangeInclusive<u32>,
    ) -> BTreeMap<u32, String> {
        let (from, to) = (shops.start(), shops.end());
        let sums = self.tables.iter().map(|(table, columns)| {
            format!(
                "select shop_id, '{table}' as name, count(*) || '/'
                        || sum(cast(hashtextextended(cast(row({columns}) as text), 0) as numeric)) as sum
                   from {table}
                  where shop_id between {from} and {to}
                  group by shop_id"
            )
        });
        let sums = sums.collect::<Vec<_>>().join("\n union all ");
        let rows = session.rows(&format!(
            "select shop_id, string_agg(name || ' ' || sum, ' ' order by name)
               from ({sums}) as sums
              group by shop_id"
        ));
        rows.into_iter()
            .map(|row| (row[0].parse().expect("a shop"), row[1].clone()))
            .collect()
    }

    /// In what the rows of two shops differ.
    pub(crate) fn differences(&self, session: &Session, one: u32, other: u32) -> Vec<String> {
        let [one, other] = [one, other].map(|shop| self.rows(session, shop));
        let only_one = one.difference(&other).map(|row| format!("has     {row}"));
        let only_other = other.difference(&one).map(|row| format!("has not {row}"));
        only_one.chain(only_other).collect()
    }

    fn rows(&self, session: &Session, shop: u32) -> BTreeSet<String> {
        let mut rows = BTreeSet::new();
        for (table, columns) in &self.tables {
            let found = session.rows(&format!(
                "select cast(row({columns}) as text) from {table} where shop_id = {shop}"
            ));
            rows.extend(found.concat().iter().map(|row| format!("{table}: {row}")));
        }
        rows
    }
}

/// A question and a receipt were to be claimed.
fn is_refused_claim(reply: &Result<Reply, SubmitError>) -> bool {
    !matches!(reply, Ok(Reply::Claimed(claimed)) if claimed.effects.len() == 2)
}

fn is_refused(reply: &Result<Reply, SubmitError>) -> bool {
    !matches!(reply, Ok(Reply::Decided { outcome, .. }) if !matches!(outcome, Outcome::Refused(_)))
}
