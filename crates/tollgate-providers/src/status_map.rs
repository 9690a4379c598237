//! What a sender's words for a status mean: where they stand, and a table of them.

use tollgate_core::event::{CaptureState, DisputeState, RefundState};

use crate::json::{Pointer, Walker, text};
use crate::sample::SampleStatus;
use crate::settings::{ConfigError, Settings};
use crate::wording::key;

/// Where a status stands, and what its values mean.
pub(crate) struct StatusMap {
    /// Several members that only together say it.
    pointers: Vec<Pointer>,
    meanings: Vec<(String, State)>,
}

/// A word of ours for what a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Capture(CaptureState),
    Refund(RefundState),
    /// All refunds up to now; without a sum of its own, the whole amount.
    RefundedTotal,
    /// A part was given back; how much, only the sum of the refunds shows.
    PartlyRefunded,
    Dispute(DisputeState),
    /// It has no bearing on the payment.
    Nothing,
}

const STATES: &[(&str, State)] = &[
    ("created", State::Capture(CaptureState::Created)),
    ("pending", State::Capture(CaptureState::Pending)),
    (
        "requires_action",
        State::Capture(CaptureState::RequiresAction),
    ),
    ("processing", State::Capture(CaptureState::Processing)),
    ("review", State::Capture(CaptureState::Review)),
    ("challenge", State::Capture(CaptureState::Review)),
    ("failed", State::Capture(CaptureState::Failed)),
    ("denied", State::Capture(CaptureState::Denied)),
    ("expired", State::Capture(CaptureState::Expired)),
    ("cancelled", State::Capture(CaptureState::Cancelled)),
    ("authorized", State::Capture(CaptureState::Authorized)),
    ("voided", State::Capture(CaptureState::Voided)),
    ("captured", State::Capture(CaptureState::Captured)),
    ("paid", State::Capture(CaptureState::Captured)),
    ("settled", State::Capture(CaptureState::Settled)),
    ("capture_reversed", State::Capture(CaptureState::Reversed)),
    ("refunded", State::RefundedTotal),
    ("partially_refunded", State::PartlyRefunded),
    ("refund_pending", State::Refund(RefundState::Pending)),
    ("refund_failed", State::Refund(RefundState::Failed)),
    ("refund_succeeded", State::Refund(RefundState::Succeeded)),
    ("refund_reversed", State::Refund(RefundState::Reversed)),
    ("chargeback", State::Dispute(DisputeState::Open)),
    ("charged_back", State::Dispute(DisputeState::Open)),
    ("dispute_won", State::Dispute(DisputeState::Won)),
    ("dispute_lost", State::Dispute(DisputeState::Lost)),
    ("ignored", State::Nothing),
];

/// Stands for any value in the name of a status.
const ANY: &str = "*";

/// Stands for a member that is not there.
const ABSENT: &str = "-";

impl StatusMap {
    pub(crate) fn configure(
        settings: &Settings<'_>,
        usual: Option<&str>,
    ) -> Result<StatusMap, ConfigError> {
        let mut meanings = Vec::new();
        for (theirs, ours) in settings.text_map("status_map")? {
            let Some((_, state)) = STATES.iter().find(|(word, _)| *word == ours) else {
                let words: Vec<&str> = STATES.iter().map(|(word, _)| *word).collect();
                let key = format!("status_map.{theirs}");
                let wanted = format!("one of {}", words.join(", "));
                return Err(settings.error(&key, format!("{ours:?}"), wanted));
            };
            meanings.push((theirs.to_owned(), *state));
        }
        let pointers = read_pointers(settings, usual)?;
        check_names(settings, pointers.len(), &meanings)?;
        Ok(StatusMap { pointers, meanings })
    }

    /// The status: one value, or several joined by colons as in a key, so that no two lists of values read
    /// alike. `None` if not one of them is there.
    pub(crate) fn read(&self, walker: &mut Walker<'_>) -> Option<String> {
        let mut text_at = |pointer: &Pointer| Some(text(walker.find(pointer)?)?.into_owned());
        match self.pointers.as_slice() {
            [only] => text_at(only),
            several => {
                let values: Vec<Option<String>> = several.iter().map(text_at).collect();
                let parts: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
                let is_there = parts.iter().any(Option::is_some);
                is_there.then(|| key(&parts))
            }
        }
    }

    /// With a table, only what it names means something; without one, our own words do.
    pub(crate) fn state(&self, status: &str) -> State {
        let found = match self.meanings.is_empty() {
            false => self
                .meanings
                .iter()
                .filter_map(|(theirs, state)| Some((wildcards(theirs, status)?, state)))
                .min_by(|(one, _), (other, _)| one.cmp(other))
                .map(|(_, state)| *state),
            true => STATES
                .iter()
                .find(|(word, _)| *word == status)
                .map(|(_, state)| *state),
        };
        found.unwrap_or(State::Nothing)
    }

    /// The sender's word for a status; the first that the table gives one of these meanings.
    pub(crate) fn word_for(&self, status: SampleStatus, meanings: &[State]) -> Option<&str> {
        if self.meanings.is_empty() {
            return Some(status.as_str());
        }
        let known = |meaning: &State| self.meanings.iter().find(|(_, state)| state == meaning);
        let word = meanings.iter().find_map(known);
        word.map(|(theirs, _)| theirs.as_str())
    }

    /// Where the parts of a word stand in a body.
    pub(crate) fn places<'s>(&'s self, word: &'s str) -> Vec<(&'s Pointer, &'s str)> {
        let words: Vec<&str> = match self.pointers.len() {
            1 => vec![word],
            _ => word.split(':').collect(),
        };
        let several = 1 < words.len();
        let pairs = self.pointers.iter().zip(words);
        pairs
            .filter(|(_, word)| !several || *word != ABSENT)
            .collect()
    }
}

/// Where the status stands: one pointer, or a list of them.
fn read_pointers(
    settings: &Settings<'_>,
    usual: Option<&str>,
) -> Result<Vec<Pointer>, ConfigError> {
    let typed = settings.list("status")?;
    let texts: Vec<&str> = match typed.is_empty() {
        true => usual.into_iter().collect(),
        false => typed.iter().map(String::as_str).collect(),
    };
    let read = |text: &str| {
        let wanted = "a JSON pointer, which begins with /, or a list of them";
        Pointer::new(text).ok_or_else(|| settings.error("status", format!("{text:?}"), wanted))
    };
    texts.into_iter().map(read).collect()
}

/// Of several members only a table can say what they mean together, and each of its names has to name all
/// of them.
fn check_names(
    settings: &Settings<'_>,
    pointers: usize,
    meanings: &[(String, State)],
) -> Result<(), ConfigError> {
    if pointers < 2 {
        return Ok(());
    }
    if meanings.is_empty() {
        let wanted = "what the values of status mean together, as \"A:1\" = \"captured\"";
        return Err(settings.absent("status_map", wanted));
    }
    match meanings
        .iter()
        .find(|(theirs, _)| theirs.split(':').count() != pointers)
    {
        Some((theirs, _)) => {
            let key = format!("status_map.{theirs}");
            let wanted = format!("{pointers} values with colons between");
            Err(settings.error(&key, "another number of values", wanted))
        }
        None => Ok(()),
    }
}

/// How a status fits a name of the table: where the name has wildcards, fewer and later ones first. `None` if
/// it does not.
fn wildcards(name: &str, status: &str) -> Option<(usize, Vec<bool>)> {
    if name == status {
        return Some((0, Vec::new()));
    }
    let names: Vec<&str> = name.split(':').collect();
    let values: Vec<&str> = match names.len() {
        1 => vec![status],
        _ => status.split(':').collect(),
    };
    let fits = names.len() == values.len()
        && names
            .iter()
            .zip(&values)
            .all(|(name, value)| *name == ANY || name == value);
    let any: Vec<bool> = names.iter().map(|name| *name == ANY).collect();
    fits.then(|| (any.iter().filter(|any| **any).count(), any))
}
