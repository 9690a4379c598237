//! Which processes have this database.

use tollgate_core::id::ShopId;

use crate::Store;
use crate::error::{ReadError, SubmitError};
use crate::gate::table_write::TableWrite;
use crate::tables::instances::{InstanceRow, LIST, read};

impl Store {
    /// Notes that an instance is there, and how it stands. Those that were not heard for a day are forgotten.
    pub async fn note_instance(&self, row: InstanceRow) -> Result<(), SubmitError> {
        self.write_beside(TableWrite::NoteInstance(Box::new(row)))
            .await
    }

    /// Forgets an instance that ends.
    pub async fn end_instance(&self, shop: ShopId, id: u128) -> Result<(), SubmitError> {
        self.write_beside(TableWrite::EndInstance(shop, id)).await
    }

    /// All that were heard within a day, in the order of their beginnings; `shop` is main.
    pub async fn instances(&self, shop: ShopId) -> Result<Vec<InstanceRow>, ReadError> {
        self.read(move |db| db.all(LIST, &[&shop.0], read)).await
    }
}
