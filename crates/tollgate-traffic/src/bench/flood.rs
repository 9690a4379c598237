//! Good webhooks at a modest rate, first alone and then beside a flood of forged ones: what others send must not
//! keep the provider waiting.
//!
//! The flood is made on the machine that is measured. So it is sent to a server that looks at nothing, too: what good
//! ones wait for then is what making and carrying the flood takes from the processors, and not what answering it does.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::BenchError;
use super::deaf;
use super::figures::{Forged, Round, Run};
use super::measure::Bench;
use super::plan::Name;
use crate::load::Door;
use crate::load::connection::Target;
use crate::load::drive::{self, Load, Tally};
use crate::load::pace::Rate;
use crate::load::script::Script;

/// Forged webhooks a second, and over how many connections.
const FORGED_PER_SECOND: NonZeroU32 = NonZeroU32::new(10_000).expect("it is not 0");
const FORGERS: usize = 64;

/// Different ones of them, sent again and again.
const FORGED: usize = 2_000;

impl Bench {
    /// One round: alone as the ceiling; beside the flood while a server that looks at nothing takes it; and beside it.
    pub(super) fn flood(&mut self, length: Duration, count: usize) -> Result<Round, BenchError> {
        let from = self.ledger.used;
        self.ledger.used += 3 * count as u64;
        self.progress.set_message("requests");
        let writer = self.writer(&self.store)?;
        let script = |number: u64| {
            let from = from + number * count as u64;
            Arc::new(writer.script(Name::Flood, from, count))
        };
        let (alone, apart, beside) = (script(0), script(1), script(2));
        let forged = Arc::new(self.forged()?);
        self.progress.set_message("alone");
        let (alone, tally) = self.timed(&self.store, alone, from, length)?;
        self.book(&tally)?;
        self.progress.set_message("flood elsewhere");
        let deaf = vec![deaf::open()?];
        let (apart, tally, _) = self.beside(deaf, &forged, apart, length)?;
        self.book(&tally)?;
        self.progress.set_message("flood");
        let servers = self.store.servers.iter();
        let servers = servers.map(|server| server.target_of(Door::Rest)).collect();
        let (beside, tally, refused) = self.beside(servers, &forged, beside, length)?;
        self.book(&tally)?;
        self.ledger.forged += all_refused(&refused)?;
        Ok(Round {
            ceiling: alone,
            store: beside,
            forged: Some(Forged {
                rate: refused.per_second(),
                elsewhere: apart,
            }),
        })
    }

    /// Good ones at the measured server, while these take the flood.
    fn beside(
        &self,
        flooded: Vec<Target>,
        forged: &Arc<Script>,
        good: Arc<Script>,
        length: Duration,
    ) -> Result<(Run, Tally, Tally), BenchError> {
        let flood = Load {
            targets: flooded,
            connections: FORGERS,
            calls_per_connection: 1,
            rate: Some(Rate::new(FORGED_PER_SECOND)),
            length,
            door: Door::Rest,
            word_prefix: b"\"code\":\"",
            repeat: true,
        };
        let forged = Arc::clone(forged);
        let forging = std::thread::spawn(move || drive::run(&flood, forged, &|_| ()));
        // The numbers of good ones matter to `early` alone.
        let good = self.timed(&self.store, good, 0, length);
        let refused = forging.join().expect("sending does not panic");
        let refused = refused.map_err(|error| BenchError(format!("send the flood: {error}")))?;
        let (run, tally) = good?;
        Ok((run, tally, refused))
    }

    /// Webhooks like the good ones, signed by somebody who does not have the secret.
    fn forged(&self) -> Result<Script, BenchError> {
        let mut writer = self.writer(&self.store)?;
        let provider = self.shape.provider;
        writer.signer = provider.signer(&format!("not-{}", self.secret))?;
        Ok(writer.script(Name::Flood, 0, FORGED))
    }
}

/// How many were refused for their signature. One that is taken is a failure; one that finds no place is none.
fn all_refused(tally: &Tally) -> Result<u64, BenchError> {
    let right = |status: u16, word: &str| {
        (status, word) == (401, "signature_invalid") || (status, word) == (503, "overloaded")
    };
    match tally
        .kinds
        .iter()
        .find(|kind| !right(kind.status, &kind.word))
    {
        Some(kind) => Err(BenchError(format!(
            "{} forged webhooks were answered {} {:?}, the first one: {}",
            kind.count, kind.status, kind.word, kind.example
        ))),
        None => Ok(tally.answers()),
    }
}
