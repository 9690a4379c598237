//! Stories that went wrong once, each the shortest of its kind. Kept as regressions.
//!
//! A fault is *open* until the engine is mended; its story must then break its law, so that the list
//! never claims more than is true. Once mended the story must break no law at all.

mod steps;
mod gross;
mod amounts;
mod refunds;
mod questions;
mod names;
mod time;
mod found;

use crate::law::Law;
use crate::provider::Manner;
use crate::script::{Script, Step};

/// A story with a name.
#[derive(Debug, Clone)]
pub struct Named {
    /// What went wrong, in short.
    pub name: &'static str,
    /// Which law it broke.
    pub law: Law,
    /// How it broke it.
    pub kind: &'static str,
    /// The engine still breaks it.
    pub open: bool,
    /// What happens.
    pub script: Script,
}

/// The named stories, collected.
#[derive(Default)]
struct Stories(Vec<Named>);

impl Stories {
    /// A story whose fault is mended.
    fn add(
        &mut self,
        name: &'static str,
        (law, kind): (Law, &'static str),
        manner: Manner,
        steps: &[Step],
    ) {
        self.0.push(Named {
            name,
            law,
            kind,
            open: false,
            script: Script {
                manner,
                steps: steps.to_vec(),
            },
        });
    }
}

/// All named stories.
pub fn stories() -> Vec<Named> {
    let mut stories = Stories::default();
    gross::add_to(&mut stories);
    amounts::add_to(&mut stories);
    refunds::add_to(&mut stories);
    questions::add_to(&mut stories);
    names::add_to(&mut stories);
    time::add_to(&mut stories);
    found::add_to(&mut stories);
    stories.0
}
