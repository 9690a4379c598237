//! The shortest story that still shows the same.

use tollgate_sim::provider::Manner;
use tollgate_sim::script::{Script, Step};
use tollgate_sim::shrink::shrink_while;
use tollgate_sim::world::World;

#[test]
fn of_a_long_story_only_the_steps_that_matter_are_left() {
    let cancel = Step::Cancel { order: 0 };
    let close = Step::Close { which: 3 };
    let mut script = Script::of(1, 60);
    script.manner.late_ids = true;
    script.manner.slow_post = true;
    for (place, step) in [(2, cancel), (5, close)] {
        script.steps.insert(place, step);
    }
    let needed = |script: &Script| {
        let at = |wanted: Step| script.steps.iter().position(|step| *step == wanted);
        let in_order = match (at(cancel), at(close)) {
            (Some(first), Some(second)) => first < second,
            (None, _) | (_, None) => false,
        };
        in_order && script.manner.late_ids
    };
    let short = shrink_while(&script, needed);
    assert_eq!(short.steps, [cancel, close]);
    let late_ids = Manner {
        late_ids: true,
        ..Manner::default()
    };
    assert_eq!(short.manner, late_ids);
}

/// A long story comes down to one in which nothing can be left out.
#[test]
fn a_story_is_shortened_until_every_step_is_needed() {
    let is_reported = |script: &Script| {
        let played = World::play(script);
        played.ends.iter().any(|end| end.contains("Completed"))
    };
    let long = (0..200)
        .map(|seed| Script::of(seed, 60))
        .filter(|script| 20 < script.steps.len())
        .find(is_reported)
        .expect("some order is paid in two hundred stories");
    let short = shrink_while(&long, is_reported);
    assert!(short.steps.len() <= 4, "{:?}", short.steps);
    assert!(is_reported(&short));
    for place in 0..short.steps.len() {
        let mut shorter = short.clone();
        shorter.steps.remove(place);
        assert!(!is_reported(&shorter), "step {place} can be left out");
    }
}
