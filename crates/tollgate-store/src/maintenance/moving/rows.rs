//! The rows of one table, moved in the order of their key.

use tollgate_core::id::first_id;
use tollgate_core::time::Timestamp;

use super::shape::{Shape, page};
use super::{MoveError, MoveStep};
use crate::db::{Bind, Db, Error, Value, id_bytes};
use crate::schema::partitions;

/// Rows of a page, and of a commit; bodies of events may be large.
const ROWS: i64 = 200;

/// Pages in a file's log at which it is moved into the file.
const LOG_PAGES_MAX: u64 = 8_192;

/// A table that is being moved.
pub(super) struct Moving<'a> {
    shape: &'a Shape,
    from: &'a Db,
    to: &'a Db,
    /// The stretches of time that the target is known to have room for.
    reached: Vec<(i64, i64)>,
}

type Row = Vec<Value<'static>>;

impl<'a> Moving<'a> {
    pub(super) fn new(shape: &'a Shape, from: &'a Db, to: &'a Db) -> Moving<'a> {
        Moving {
            shape,
            from,
            to,
            reached: Vec::new(),
        }
    }

    /// Moves what the target does not have.
    pub(super) fn run(mut self, step: &mut (dyn FnMut(MoveStep) + Send)) -> Result<(), MoveError> {
        let table = self.shape.table;
        let said = |source| MoveError::Row { table, source };
        let mut after = self.shape.last_key(self.to).map_err(said)?;
        loop {
            let rows = self.read(after.as_deref()).map_err(said)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            let key = self.shape.key.iter().map(|place| last[*place].clone());
            after = Some(key.collect());
            self.write(&rows).map_err(|error| {
                // The failure itself is what counts; a failed rollback follows from it.
                let _ = self.to.rollback();
                said(error)
            })?;
            step(MoveStep::Moved {
                table,
                rows: rows.len() as u64,
            });
            if rows.len() < ROWS as usize {
                return Ok(());
            }
        }
    }

    fn read(&self, after: Option<&[Value<'static>]>) -> Result<Vec<Row>, Error> {
        let Shape {
            columns,
            first,
            next,
            ..
        } = self.shape;
        page(self.from, (first, next), after, ROWS, |row| {
            let mut values: Row = Vec::with_capacity(columns.len() + 1);
            for column in 0..columns.len() {
                values.push(row.owned(column)?);
            }
            if self.shape.is_dated_anew {
                values.push(self.date(&values));
            }
            Ok(values)
        })
    }

    /// The id by whose month a line of the timeline is kept: the root that it is about first, else the first of its
    /// time (`tables/timeline.rs`).
    fn date(&self, line: &Row) -> Value<'static> {
        let value = |name: &str| {
            let place = self.shape.columns.iter().position(|column| column == name);
            place.map(|place| &line[place])
        };
        match (value("root"), value("at")) {
            (Some(root @ (Value::Bytes(_) | Value::Id(_))), _) => root.clone(),
            (_, Some(Value::Integer(at))) => {
                Value::Id(id_bytes(first_id(Timestamp::from_millis(*at))))
            }
            _ => Value::Null,
        }
    }

    fn write(&mut self, rows: &[Row]) -> Result<(), Error> {
        if let Some(place) = self.shape.dates {
            for row in rows {
                self.make_room(&row[place])?;
            }
        }
        self.to.begin(&[], true)?;
        let mut writes = self.to.write_batch();
        for row in rows {
            let values: Vec<&dyn Bind> = row.iter().map(|value| value as &dyn Bind).collect();
            writes.put(self.shape.insert, &values)?;
        }
        writes.finish()?;
        self.to.commit()?;
        if let Db::Sqlite(sqlite) = self.to
            && LOG_PAGES_MAX < sqlite.log_pages()
        {
            sqlite.checkpoint_restart()?;
        }
        Ok(())
    }

    /// Sees to it that a server has the month, or the day, that a row is of.
    fn make_room(&mut self, of: &Value<'static>) -> Result<(), Error> {
        let id = match of {
            Value::Integer(millis) => return self.make_room_at(*millis),
            Value::Id(id) => id.as_slice(),
            Value::Bytes(bytes) => bytes,
            Value::Null | Value::Text(_) => return Ok(()),
        };
        // The time stands in the first six bytes of an id.
        let time = id.iter().take(6);
        self.make_room_at(time.fold(0, |millis, byte| millis << 8 | i64::from(*byte)))
    }

    fn make_room_at(&mut self, millis: i64) -> Result<(), Error> {
        let mut reached = self.reached.iter();
        if reached.any(|(from, below)| *from <= millis && millis < *below) {
            return Ok(());
        }
        let at = Timestamp::from_millis(millis);
        if let Some(stretch) = partitions::make_for(self.to, self.shape.table, at)? {
            self.reached.push(stretch);
        }
        Ok(())
    }
}
