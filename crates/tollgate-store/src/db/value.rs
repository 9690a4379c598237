//! What goes into a statement and comes out of a row: integers, text and bytes, the same on both
//! databases.

use std::borrow::Cow;

use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::error::Corrupt;
use super::error::{Error, corrupt};

/// A value for a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Nothing.
    Null,
    /// An integer, or a truth value as 0 or 1.
    Integer(i64),
    /// A text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// Sixteen bytes.
    Id([u8; 16]),
}

impl Value<'_> {
    /// The same, kept for longer.
    pub(crate) fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Integer(integer) => Value::Integer(integer),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
            Value::Id(id) => Value::Id(id),
        }
    }
}

impl Bind for Value<'_> {
    fn value(&self) -> Value<'_> {
        match self {
            Value::Null => Value::Null,
            Value::Integer(integer) => Value::Integer(*integer),
            Value::Text(text) => Value::Text(Cow::Borrowed(text)),
            Value::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
            Value::Id(id) => Value::Id(*id),
        }
    }
}

/// Something that is a value for a statement.
pub(crate) trait Bind {
    /// The value.
    fn value(&self) -> Value<'_>;
}

impl Bind for bool {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl Bind for i64 {
    fn value(&self) -> Value<'_> {
        Value::Integer(*self)
    }
}

impl Bind for i32 {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl Bind for u32 {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl Bind for u16 {
    fn value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl Bind for str {
    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
}

impl Bind for String {
    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
}

impl Bind for [u8] {
    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}

impl Bind for Vec<u8> {
    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}

impl Bind for [u8; 16] {
    fn value(&self) -> Value<'_> {
        Value::Id(*self)
    }
}

impl Bind for [u8; 32] {
    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: Bind> Bind for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Bind::value)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(*integer),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
            Value::Id(id) => ValueRef::Blob(id),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(integer) if *ty == Type::BOOL => (*integer != 0).to_sql(ty, out),
            Value::Integer(integer) if *ty == Type::INT4 => {
                i32::try_from(*integer)?.to_sql(ty, out)
            }
            Value::Integer(integer) => integer.to_sql(ty, out),
            Value::Text(text) => text.as_ref().to_sql(ty, out),
            Value::Bytes(bytes) => bytes.as_ref().to_sql(ty, out),
            Value::Id(id) => id.as_slice().to_sql(ty, out),
        }
    }

    /// The statement's own types decide; one of another kind is refused by the server.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row that a statement has found.
pub(crate) enum Row<'a> {
    /// In a file.
    Sqlite(&'a rusqlite::Row<'a>),
    /// On a server.
    Postgres(&'a tokio_postgres::Row),
}

/// What stands in one column of a row.
pub(crate) enum Cell<'a> {
    /// Nothing.
    Null,
    /// An integer, or a truth value.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl Row<'_> {
    /// The value of a column.
    pub(crate) fn get<T: Column>(&self, column: usize) -> Result<T, Error> {
        T::of(&self.cell(column)?).ok_or_else(|| self.unreadable(column))
    }

    /// Whatever stands in a column, for writing it elsewhere.
    pub(crate) fn owned(&self, column: usize) -> Result<Value<'static>, Error> {
        Ok(match self.cell(column)? {
            Cell::Null => Value::Null,
            Cell::Integer(integer) => Value::Integer(integer),
            Cell::Text(text) => Value::Text(Cow::Owned(text.to_owned())),
            Cell::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.to_owned())),
        })
    }

    /// The text of a column.
    pub(crate) fn text(&self, column: usize) -> Result<&str, Error> {
        self.maybe_text(column)?
            .ok_or_else(|| self.unreadable(column))
    }

    /// The text of a column, if there is one.
    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<&str>, Error> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            Cell::Integer(_) | Cell::Bytes(_) => Err(self.unreadable(column)),
        }
    }

    /// The bytes of a column.
    pub(crate) fn bytes(&self, column: usize) -> Result<&[u8], Error> {
        match self.cell(column)? {
            Cell::Bytes(bytes) => Ok(bytes),
            Cell::Null | Cell::Integer(_) | Cell::Text(_) => Err(self.unreadable(column)),
        }
    }

    fn unreadable(&self, column: usize) -> Error {
        corrupt(Corrupt::new(
            "column",
            format!("number {column} is of another type"),
        ))
    }

    fn cell(&self, column: usize) -> Result<Cell<'_>, Error> {
        match self {
            Row::Sqlite(row) => {
                use rusqlite::types::ValueRef;
                Ok(match row.get_ref(column)? {
                    ValueRef::Null => Cell::Null,
                    ValueRef::Integer(integer) => Cell::Integer(integer),
                    ValueRef::Text(text) => {
                        Cell::Text(std::str::from_utf8(text).map_err(|_| self.unreadable(column))?)
                    }
                    ValueRef::Blob(bytes) => Cell::Bytes(bytes),
                    ValueRef::Real(_) => return Err(self.unreadable(column)),
                })
            }
            Row::Postgres(row) => {
                let cell = match *row.columns()[column].type_() {
                    Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map(Cell::Integer),
                    Type::INT4 => row
                        .try_get::<_, Option<i32>>(column)?
                        .map(|integer| Cell::Integer(i64::from(integer))),
                    Type::BOOL => row
                        .try_get::<_, Option<bool>>(column)?
                        .map(|truth| Cell::Integer(i64::from(truth))),
                    Type::BYTEA => row.try_get::<_, Option<&[u8]>>(column)?.map(Cell::Bytes),
                    _ => row.try_get::<_, Option<&str>>(column)?.map(Cell::Text),
                };
                Ok(cell.unwrap_or(Cell::Null))
            }
        }
    }
}

/// Something that can stand in a column.
pub(crate) trait Column: Sized {
    /// The value of a cell; `None` if it is of another type, or out of range.
    fn of(cell: &Cell<'_>) -> Option<Self>;
}

macro_rules! integers {
    ($($name:ty),*) => {$(
        impl Column for $name {
            fn of(cell: &Cell<'_>) -> Option<$name> {
                match cell {
                    Cell::Integer(integer) => <$name>::try_from(*integer).ok(),
                    Cell::Null | Cell::Text(_) | Cell::Bytes(_) => None,
                }
            }
        }
    )*};
}

integers!(i64, i32, u32, u16);

impl Column for bool {
    fn of(cell: &Cell<'_>) -> Option<bool> {
        i64::of(cell).map(|integer| integer != 0)
    }
}

impl Column for String {
    fn of(cell: &Cell<'_>) -> Option<String> {
        match cell {
            Cell::Text(text) => Some((*text).to_owned()),
            Cell::Null | Cell::Integer(_) | Cell::Bytes(_) => None,
        }
    }
}

impl Column for Vec<u8> {
    fn of(cell: &Cell<'_>) -> Option<Vec<u8>> {
        match cell {
            Cell::Bytes(bytes) => Some(bytes.to_vec()),
            Cell::Null | Cell::Integer(_) | Cell::Text(_) => None,
        }
    }
}

impl<const N: usize> Column for [u8; N] {
    fn of(cell: &Cell<'_>) -> Option<[u8; N]> {
        match cell {
            Cell::Bytes(bytes) => (*bytes).try_into().ok(),
            Cell::Null | Cell::Integer(_) | Cell::Text(_) => None,
        }
    }
}

impl<T: Column> Column for Option<T> {
    fn of(cell: &Cell<'_>) -> Option<Option<T>> {
        match cell {
            Cell::Null => Some(None),
            Cell::Integer(_) | Cell::Text(_) | Cell::Bytes(_) => T::of(cell).map(Some),
        }
    }
}
