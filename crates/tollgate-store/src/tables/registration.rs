//! What follows from the list of the snapshot's tables in `mod.rs`: the keys of one lookup batch, how they are
//! fetched, and how changed rows are written.
//!
//! A table's module has `Wanted` with `ask`, `read` and `note`, and the functions `want` and `write_changed`.

/// The list: each table's module, with the keys of core's snapshot that it answers and what it makes of them.
macro_rules! snapshot_tables {
    ($($table:ident { $($key:pat => $at:expr),* })*) => {
        /// Keys of one lookup batch, by table; none of them is known yet.
        #[derive(Default)]
        pub(crate) struct Wanted {
            $(pub(crate) $table: $table::Wanted,)*
        }

        impl Wanted {
            /// Puts a key in its place unless it is known.
            pub(crate) fn want(
                &mut self,
                key: tollgate_core::snapshot::Key,
                loading: &mut $crate::tables::load::Loading<'_>,
            ) {
                match key {
                    $($($key => $table::want(self, $at, loading),)*)*
                }
            }

            /// Looks all of it up, notes what was found and what that leads to.
            pub(crate) fn fetch<'db>(
                self,
                look_up: impl for<'a> FnOnce(
                    $crate::db::LookupBatch<'a>,
                ) -> Result<$crate::db::Found<'a, 'db>, $crate::db::Error>,
                loading: &mut $crate::tables::load::Loading<'_>,
            ) -> Result<(), $crate::db::Error> {
                let mut lookups = $crate::db::LookupBatch::default();
                $(let $table = self.$table.ask(&mut lookups);)*
                let found = look_up(lookups)?;
                $(let $table = self.$table.read($table, &found)?;)*
                drop(found);
                $(self.$table.note($table, loading);)*
                Ok(())
            }
        }

        /// Writes the rows that a batch has changed, each once.
        pub(crate) fn write_changed(
            writes: &mut $crate::db::WriteBatch<'_>,
            batch: &mut $crate::tables::write::Changes<'_>,
        ) -> Result<(), $crate::db::Error> {
            $($table::write_changed(writes, batch)?;)*
            Ok(())
        }
    };
}

pub(super) use snapshot_tables;
