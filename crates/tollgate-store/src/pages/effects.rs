//! Effects of a root: what must happen outside because of it.

use tollgate_core::id::{EffectId, RootId, ShopId, first_id};
use tollgate_core::time::{Span, Timestamp};

use super::EFFECTS_MAX;
use crate::Store;
use crate::db::{corrupt, id_at, id_bytes};
use crate::doc::Corrupt;
use crate::error::ReadError;

/// An effect as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectLine {
    /// Its id, derived from its key.
    pub id: EffectId,
    /// Its cause's key (I4).
    pub key: String,
    /// What it is: `receipt`, `ask`, …
    pub kind: String,
    /// How far it is.
    pub state: String,
    /// When it is done next; `None` once it is settled.
    pub due_at: Option<Timestamp>,
    /// What there is to do, as it was decided.
    pub content: serde_json::Value,
}

/// `effects.of_root`: by primary key. An effect of a root has the root's time at the beginning of
/// its id, so only that millisecond's are looked at.
const OF_ROOT: &str = "\
    select id, key, kind, state, due_at, content
      from effects
     where shop_id = ?1 and ?2 <= id and id < ?3 and root = ?4
     order by key
     limit ?5";

impl Store {
    /// The effects of a root, by key; at most [`EFFECTS_MAX`].
    pub async fn effects_of(
        &self,
        shop: ShopId,
        root: RootId,
    ) -> Result<Vec<EffectLine>, ReadError> {
        let made_at = root.made_at();
        let (from, below) = (first_id(made_at), first_id(made_at.plus(Span::millis(1))));
        self.read(move |db| {
            db.all(
                OF_ROOT,
                &[
                    &shop.0,
                    &id_bytes(from),
                    &id_bytes(below),
                    &id_bytes(root.as_u128()),
                    &EFFECTS_MAX,
                ],
                |row| {
                    let content = serde_json::from_str(row.text(5)?)
                        .map_err(|error| corrupt(Corrupt::new("effect", error)))?;
                    Ok(EffectLine {
                        id: EffectId::from_u128(id_at(row, 0)?),
                        key: row.get(1)?,
                        kind: row.get(2)?,
                        state: row.get(3)?,
                        due_at: row.get::<Option<i64>>(4)?.map(Timestamp::from_millis),
                        content,
                    })
                },
            )
        })
        .await
    }
}
