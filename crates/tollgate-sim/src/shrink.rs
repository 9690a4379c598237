//! The shortest story that still breaks the same law in the same way: delta debugging over the steps,
//! then the manners that do not matter are left out.

use crate::law::Breach;
use crate::provider::Manner;
use crate::script::{Script, Step};
use crate::world::{Played, World};

/// Shortens a script as long as it breaks the law in that way.
pub fn shrink(script: &Script, breach: &Breach) -> Script {
    shrink_played(script, breach, World::play)
}

/// The same where stories are played in another way.
pub fn shrink_played(script: &Script, breach: &Breach, play: impl Fn(&Script) -> Played) -> Script {
    let breaks = |script: &Script| {
        play(script)
            .breaches
            .iter()
            .any(|known| known.law == breach.law && known.kind == breach.kind)
    };
    shrink_while(script, breaks)
}

/// Shortens a script as long as it is still interesting.
pub fn shrink_while(script: &Script, interests: impl Fn(&Script) -> bool) -> Script {
    let mut best = script.clone();
    loop {
        let before = best.clone();
        cut_steps(&mut best, &interests);
        plainer_steps(&mut best, &interests);
        cut_manners(&mut best, &interests);
        if best == before {
            return best;
        }
    }
}

fn cut_steps(best: &mut Script, interests: &impl Fn(&Script) -> bool) {
    let mut size = best.steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < best.steps.len() {
            let end = (at + size).min(best.steps.len());
            let mut shorter = best.clone();
            shorter.steps.drain(at..end);
            if interests(&shorter) {
                *best = shorter;
            } else {
                at = end;
            }
        }
        if size == 1 {
            return;
        }
        size = size.div_ceil(2).min(size - 1).max(1);
    }
}

/// Steps that say no more than they must.
fn plainer_steps(best: &mut Script, interests: &impl Fn(&Script) -> bool) {
    for place in 0..best.steps.len() {
        for step in plainer(best.steps[place]) {
            let mut other = best.clone();
            other.steps[place] = step;
            if interests(&other) {
                *best = other;
                break;
            }
        }
    }
}

/// Plainer steps than this one, the plainest first; none where it is plain.
fn plainer(step: Step) -> Vec<Step> {
    let candidates = match step {
        Step::Stock { sku, .. } => vec![Step::Stock { sku, n: 1 }],
        Step::Order {
            order,
            shape: _,
            attempt,
        } => {
            let plain = |shape: u8, attempt: Option<u8>| Step::Order {
                order,
                shape,
                attempt,
            };
            vec![plain(0, Some(0)), plain(0, attempt), plain(6, attempt)]
        }
        Step::Pay { order, attempt, .. } => vec![Step::Pay {
            order,
            attempt,
            mood: 0,
        }],
        Step::Refund { order, attempt, .. } => vec![Step::Refund {
            order,
            attempt,
            part: 0,
        }],
        Step::GiveBack { order, attempt, .. } => vec![Step::GiveBack {
            order,
            attempt,
            part: false,
        }],
        Step::Return {
            order,
            attempt,
            part,
            units,
            slot,
        } => {
            let plain = |part: bool, units: u8, slot: bool| Step::Return {
                order,
                attempt,
                part,
                units,
                slot,
            };
            vec![
                plain(false, 0, slot),
                plain(false, 1, false),
                plain(part, 1, false),
                plain(false, units, slot),
            ]
        }
        Step::HandBack { order, attempt, .. } => vec![Step::HandBack {
            order,
            attempt,
            part: false,
        }],
        Step::Attempt { order, attempt, .. } => vec![Step::Attempt {
            order,
            attempt,
            days: false,
        }],
        Step::Alone { order, attempt, .. } => vec![Step::Alone {
            order,
            attempt,
            part: false,
        }],
        Step::Cart {
            sku, slot, days, ..
        } => {
            let plain = |slot: bool, days: bool| Step::Cart {
                sku,
                two: false,
                slot,
                days,
            };
            vec![plain(false, false), plain(slot, false), plain(slot, days)]
        }
        Step::CheckOut { order, which, .. } => vec![Step::CheckOut {
            order,
            which,
            attempt: None,
        }],
        Step::Slot { place, .. } => vec![Step::Slot {
            day: 0,
            place,
            capacity: 1,
        }],
        Step::Sleep { how } => vec![Step::Wait { how }],
        Step::Crash { how, .. } => vec![
            Step::Crash { after: 0, how: 0 },
            Step::Crash { after: 0, how },
        ],
        _ => Vec::new(),
    };
    // Up to what it is already, so that plainer steps do not go round.
    candidates
        .into_iter()
        .take_while(|plain| *plain != step)
        .collect()
}

fn cut_manners(best: &mut Script, interests: &impl Fn(&Script) -> bool) {
    for place in 0..Manner::default().switches().len() {
        let mut plainer = best.clone();
        let switches = plainer.manner.switches();
        if !*switches[place].1 {
            continue;
        }
        *switches[place].1 = false;
        if interests(&plainer) {
            *best = plainer;
        }
    }
}
