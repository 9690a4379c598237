//! Names and codes that lead to a root which retention has taken. Their rows go after it
//! (maintenance/prune/mod.rs), so they are read as leading nowhere. A root that is missing for another
//! reason is missed.

use std::collections::BTreeSet;

use tollgate_core::id::{RootId, ShopId};
use tollgate_core::snapshot::Snapshot;

use crate::db::{Db, Error};
use crate::tables::{codes, horizon, names};

/// Lets what leads to these roots, which are not there, lead nowhere where they were taken.
pub(super) fn unbind(
    db: &Db,
    known: &mut Snapshot,
    gone: &BTreeSet<(ShopId, RootId)>,
) -> Result<(), Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let roots: BTreeSet<RootId> = gone.iter().map(|(_, root)| *root).collect();
    let names = names::bound_to(known, &roots);
    let codes = codes::bound_to(known, &roots);
    if names.is_empty() && codes.is_empty() {
        return Ok(());
    }
    let pruned = pruned(db, gone)?;
    names::unbind(known, names, &pruned);
    codes::unbind(known, codes, &pruned);
    Ok(())
}

/// Those of them that retention has taken.
fn pruned(db: &Db, gone: &BTreeSet<(ShopId, RootId)>) -> Result<BTreeSet<(ShopId, RootId)>, Error> {
    let mut pruned = BTreeSet::new();
    let shops: BTreeSet<ShopId> = gone.iter().map(|(shop, _)| *shop).collect();
    for shop in shops {
        let before = horizon::read(db, shop)?.roots;
        let of_shop = gone
            .iter()
            .filter(|(of, root)| *of == shop && root.made_at() < before);
        pruned.extend(of_shop.copied());
    }
    Ok(pruned)
}
