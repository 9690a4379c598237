//! Shops.

use tollgate_core::id::ShopId;

use crate::db::{Db, Error};

/// `retention.shops`: a handful.
const SHOPS: &str = "select shop_id from shops order by shop_id";

/// All shops, those that the configuration no longer names too.
pub(crate) fn all(db: &Db) -> Result<Vec<ShopId>, Error> {
    db.all(SHOPS, &[], |row| row.get(0).map(ShopId))
}
