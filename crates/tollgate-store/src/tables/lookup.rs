//! One way to look rows up: by which key, with which statement, and what becomes of what is found.

use std::borrow::Cow;
use std::collections::BTreeSet;

use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use crate::db::{Error, Found, LookupBatch, Row, Value, id_bytes};
use crate::tables::load::Loading;

/// A statement that finds rows of one table by one kind of key.
pub(crate) trait Lookup {
    type Key: Ord;
    type Row;
    /// What is found under a key: `Option` of the first row, or `Vec` of all of them.
    type Found: Gather<Self::Row>;

    /// For one key: [`LookupBatch`] asks it for many.
    const SQL: &'static str;

    /// The key's values in the order in which the statement numbers them.
    fn values(key: &Self::Key) -> Vec<Value<'_>>;

    fn read(row: &Row<'_>) -> Result<Self::Row, Error>;

    /// Notes what was found, or that nothing was, and what it leads to.
    fn note(key: Self::Key, found: Self::Found, loading: &mut Loading<'_>);
}

/// Where the rows of one key go.
pub(crate) trait Gather<T>: Default {
    fn gather(&mut self, read: impl FnOnce() -> Result<T, Error>) -> Result<(), Error>;
}

impl<T> Gather<T> for Option<T> {
    fn gather(&mut self, read: impl FnOnce() -> Result<T, Error>) -> Result<(), Error> {
        if self.is_none() {
            *self = Some(read()?);
        }
        Ok(())
    }
}

impl<T> Gather<T> for Vec<T> {
    fn gather(&mut self, read: impl FnOnce() -> Result<T, Error>) -> Result<(), Error> {
        self.push(read()?);
        Ok(())
    }
}

/// The keys of one lookup batch that are looked up in this way; none of them is known yet.
pub(crate) struct Keys<L: Lookup>(BTreeSet<L::Key>);

impl<L: Lookup> Default for Keys<L> {
    fn default() -> Keys<L> {
        Keys(BTreeSet::new())
    }
}

impl<L: Lookup> Keys<L> {
    pub(crate) fn insert(&mut self, key: L::Key) {
        self.0.insert(key);
    }

    /// Puts the keys into a lookup batch; the number of the look-up, for [`Keys::read`].
    pub(crate) fn ask<'a>(&'a self, lookups: &mut LookupBatch<'a>) -> usize {
        lookups.ask(L::SQL, self.0.iter().map(L::values).collect())
    }

    /// What was found under each key, in the order of the keys.
    pub(crate) fn read(
        &self,
        look_up: usize,
        found: &Found<'_, '_>,
    ) -> Result<Vec<L::Found>, Error> {
        let mut rows = Vec::new();
        rows.resize_with(self.0.len(), L::Found::default);
        found.each(look_up, |place, row| rows[place].gather(|| L::read(row)))?;
        Ok(rows)
    }

    pub(crate) fn note(self, rows: Vec<L::Found>, loading: &mut Loading<'_>) {
        for (key, found) in self.0.into_iter().zip(rows) {
            L::note(key, found, loading);
        }
    }
}

pub(crate) fn shop(shop: ShopId) -> Value<'static> {
    Value::Integer(i64::from(shop.0))
}

pub(crate) fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

pub(crate) fn time(time: Timestamp) -> Value<'static> {
    Value::Integer(time.as_millis())
}

pub(crate) fn id(id: u128) -> Value<'static> {
    Value::Id(id_bytes(id))
}
