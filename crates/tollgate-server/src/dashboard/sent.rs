//! Forms that were sent and did something: sent again, by a second press or a reload, they do nothing.
//!
//! Most of what forms do is kept with its Idempotency-Key and answered again as it was. What shows a secret once is not
//! kept, nor is what sets a figure, and a reload would make a second key or undo what somebody else has set meanwhile.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Forms that are remembered; the oldest are forgotten.
const REMEMBERED_MAX: usize = 8192;

/// The longest name of a form; ours are shorter.
const NAME_BYTES_MAX: usize = 128;

/// The forms that were sent to this process.
#[derive(Default)]
pub(super) struct Sent(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    known: HashSet<String>,
    order: VecDeque<String>,
}

impl Sent {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a form; `false` if it was sent before, or is just being sent.
    pub(super) fn begin(&self, once: &str) -> bool {
        if NAME_BYTES_MAX < once.len() {
            return true;
        }
        let mut inner = self.inner();
        if !inner.known.insert(once.to_owned()) {
            return false;
        }
        inner.order.push_back(once.to_owned());
        if REMEMBERED_MAX < inner.order.len()
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.known.remove(&oldest);
        }
        true
    }

    /// It has done nothing: it may be sent again.
    pub(super) fn forget(&self, once: &str) {
        let mut inner = self.inner();
        if inner.known.remove(once) {
            inner.order.retain(|known| known != once);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_sent_once_unless_it_has_done_nothing() {
        let sent = Sent::default();
        assert!(sent.begin("a-0"));
        assert!(sent.begin("a-1"), "another form of the page");
        assert!(!sent.begin("a-0"));
        sent.forget("a-0");
        assert!(sent.begin("a-0"));
        for number in 0..REMEMBERED_MAX {
            assert!(sent.begin(&format!("b-{number}")));
        }
        assert!(sent.begin("a-0"), "the oldest are forgotten");
        assert_eq!(sent.inner().known.len(), REMEMBERED_MAX);
        assert_eq!(sent.inner().order.len(), REMEMBERED_MAX);
    }
}
