//! Asks how much room a disk has, and waits for its answer no longer than a while: one that hangs, as a share whose
//! server is gone, holds up a thread of its own and nobody else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tollgate_store::disk_room;

/// What a disk has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// Bytes that are free, and all there are.
    Bytes { free: u64, size: u64 },
    /// It cannot be asked: there is no such place, or not any more.
    Unknown,
    /// It has not answered in time.
    Silent,
}

/// Whose turn it is to ask; held until there is an answer.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// How a disk is asked: its free bytes and all there are.
type Ask = fn(&Path) -> Option<(u64, u64)>;

/// Asks disks, each by one at a time: however long one hangs, it holds up one thread.
#[derive(Debug)]
pub(crate) struct Disks {
    ask: Ask,
    turns: Mutex<BTreeMap<PathBuf, Turn>>,
}

impl Default for Disks {
    fn default() -> Disks {
        Disks::asked_by(disk_room)
    }
}

impl Disks {
    fn asked_by(ask: Ask) -> Disks {
        Disks {
            ask,
            turns: Mutex::default(),
        }
    }

    /// What the disks of these places answer, all asked at once; each has so long.
    pub(crate) async fn rooms(
        &self,
        places: Vec<PathBuf>,
        patience: Duration,
    ) -> BTreeMap<PathBuf, Room> {
        let mut asked = JoinSet::new();
        for place in places {
            let (ask, turn) = (self.ask, self.turn(&place));
            asked.spawn(async move {
                let room = tokio::time::timeout(patience, room(ask, turn, place.clone())).await;
                (place, room.unwrap_or(Room::Silent))
            });
        }
        asked.join_all().await.into_iter().collect()
    }

    fn turn(&self, place: &Path) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(place.to_owned()).or_default())
    }
}

/// Asks when it is our turn. Who has lost patience meanwhile leaves the turn with the thread that asks.
async fn room(ask: Ask, turn: Turn, place: PathBuf) -> Room {
    let turn = turn.lock_owned().await;
    let answered = tokio::task::spawn_blocking(move || {
        let _held_until_it_answers = turn;
        ask(&place)
    });
    match answered.await {
        Ok(Some((free, size))) => Room::Bytes { free, size },
        Ok(None) | Err(_) => Room::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A disk that hangs until the test lets go of this.
    static HANGING: Mutex<()> = Mutex::new(());
    static ASKED: AtomicUsize = AtomicUsize::new(0);

    fn ask(place: &Path) -> Option<(u64, u64)> {
        match place.to_str() {
            Some("/hangs") => {
                ASKED.fetch_add(1, Ordering::SeqCst);
                drop(HANGING.lock());
                Some((1, 2))
            }
            Some("/well") => Some((3, 4)),
            Some(_) | None => None,
        }
    }

    #[tokio::test]
    #[expect(
        clippy::await_holding_lock,
        reason = "the disk hangs as long as the lock is held, on a thread of its own"
    )]
    async fn a_disk_that_hangs_is_silent_and_asked_by_one_thread_and_holds_up_no_other() {
        let disks = Disks::asked_by(ask);
        let places: Vec<PathBuf> = ["/gone", "/hangs", "/well"].map(PathBuf::from).into();
        let held = HANGING.lock().expect("nobody has panicked");
        for _ in 0..3 {
            let rooms = disks
                .rooms(places.clone(), Duration::from_millis(200))
                .await;
            let rooms: Vec<Room> = rooms.into_values().collect();
            let well = Room::Bytes { free: 3, size: 4 };
            assert_eq!(rooms, [Room::Unknown, Room::Silent, well]);
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
        drop(held);
        let patient = Duration::from_secs(60);
        let rooms = disks.rooms(vec![PathBuf::from("/hangs")], patient).await;
        let answered = Room::Bytes { free: 1, size: 2 };
        assert_eq!(rooms.into_values().collect::<Vec<_>>(), [answered]);
    }
}
