//! The world over the real store: whatever a process leaves behind when it dies, the laws hold and nothing
//! that was answered is lost or done twice.

use tollgate_sim::provider::Manner;
use tollgate_sim::script::{Script, Step};
use tollgate_sim::shrink::shrink_played;
use tollgate_sim::store::play;
use tollgate_sim::words::story;
use tollgate_sim::world::Played;

/// Plays a story that must break no law.
fn play_well(script: &Script, name: &str) -> Played {
    let played = play(script);
    if let Some(breach) = played.breaches.first() {
        let short = shrink_played(script, breach, play);
        panic!("{name}: {}", story(&short, &play(&short), breach));
    }
    played
}

/// The story of a seed without hundreds of messages in it.
fn script(seed: u64, crashes: usize) -> Script {
    let mut script = Script::of(seed, 40).with_crashes(seed, crashes);
    let is_short = |step: &Step| !matches!(step, Step::Storm { .. });
    script.steps.retain(is_short);
    script
}

fn deaths_of(seeds: std::ops::Range<u64>) -> u64 {
    let played = seeds.map(|seed| play_well(&script(seed, 3), &format!("seed {seed}")));
    played.map(|played| played.deaths).sum()
}

#[test]
fn processes_die_in_stories_and_no_law_is_broken() {
    assert!(8 < deaths_of(0..6));
}

#[test]
fn processes_die_in_more_stories_and_no_law_is_broken() {
    assert!(8 < deaths_of(10..16));
}

/// An order is made, paid and given back in part, by hand and by a worker.
fn common(crash: Step) -> Script {
    let pay = Step::Pay {
        order: 0,
        attempt: 0,
        mood: 0,
    };
    let refund = Step::Refund {
        order: 0,
        attempt: 0,
        part: 1,
    };
    let order = Step::Order {
        order: 0,
        shape: 0,
        attempt: Some(0),
    };
    Script {
        manner: Manner::default(),
        steps: vec![
            crash,
            Step::Stock { sku: 0, n: 2 },
            Step::Adjust { sku: 0, by: 1 },
            order,
            pay,
            refund,
        ],
    }
}

/// Wherever the process dies in a common story, and however, the story ends in the same way.
fn ends_the_same(how: u8, every: usize) {
    let peaceful = play_well(&common(Step::Wait { how: 0 }), "in peace");
    for after in (0..12).step_by(every) {
        let script = common(Step::Crash { after, how });
        let played = play_well(&script, &format!("after {after} commands, {how}"));
        assert_eq!(played.deaths, 1, "after {after} commands");
        assert_eq!(played.ends, peaceful.ends, "after {after} commands, {how}");
    }
}

#[test]
fn a_process_dies_between_any_two_commands() {
    ends_the_same(0, 1);
}

#[test]
fn a_process_dies_before_any_commit() {
    ends_the_same(1, 1);
}

#[test]
fn a_process_dies_after_any_commit_that_was_not_answered() {
    ends_the_same(2, 1);
}

#[test]
fn a_process_leaves_a_torn_log_at_any_commit() {
    ends_the_same(32 * 4 + 3, 1);
    // All of it but the last byte.
    ends_the_same(63 * 4 + 3, 4);
}

/// A process that dies is none of the memory's: there the same story ends as it does over the store.
#[test]
fn stories_without_deaths_end_over_the_store_as_they_do_in_memory() {
    for seed in 20..26 {
        let script = script(seed, 0);
        let in_memory = tollgate_sim::world::World::play(&script);
        let over_store = play_well(&script, &format!("seed {seed}"));
        assert_eq!(over_store.ends, in_memory.ends, "seed {seed}");
    }
}
