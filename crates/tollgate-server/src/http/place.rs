//! The place of a request among those of its class that are worked on. It is given back while a body is awaited:
//! whoever sends slowly holds none.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use super::problem::Problem;

/// What is held as long as a request is worked on.
type Held = Box<dyn Any + Send>;

/// A request's place. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Place(Arc<Inner>);

struct Inner {
    held: Mutex<Option<Held>>,
    enter: Box<dyn Fn() -> Result<Held, Problem> + Send + Sync>,
}

impl Place {
    /// Takes a place, with what takes it.
    pub(crate) fn take<P: Any + Send>(
        enter: impl Fn() -> Result<P, Problem> + Send + Sync + 'static,
    ) -> Result<Place, Problem> {
        let enter = move || enter().map(|place| Box::new(place) as Held);
        let held = enter()?;
        Ok(Place(Arc::new(Inner {
            held: Mutex::new(Some(held)),
            enter: Box::new(enter),
        })))
    }

    /// Awaits something without the place, and then takes one again.
    pub(crate) async fn without<T>(
        &self,
        awaited: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        self.put(None);
        let value = awaited.await?;
        self.put(Some((self.0.enter)()?));
        Ok(value)
    }

    fn put(&self, place: Option<Held>) {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = place;
    }
}
