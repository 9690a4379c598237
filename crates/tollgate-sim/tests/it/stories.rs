//! The named stories: open ones break their law, mended ones break none.

use tollgate_sim::stories::stories;
use tollgate_sim::words::story;
use tollgate_sim::world::World;

#[test]
fn every_named_story_ends_as_it_is_noted() {
    let mut wrong = Vec::new();
    for named in stories() {
        let played = World::play(&named.script);
        let breach = played
            .breaches
            .iter()
            .find(|breach| breach.law == named.law && breach.kind == named.kind);
        match (named.open, breach, played.breaches.first()) {
            (true, Some(_), _) | (false, None, None) => {}
            (true, None, _) => wrong.push(format!(
                "{}: {} holds now; if the engine was mended, it is open no more",
                named.name, named.law
            )),
            (false, _, Some(breach)) => {
                let shown = story(&named.script, &played, breach);
                wrong.push(format!("{} is back: {shown}", named.name));
            }
            (false, Some(_), None) => unreachable!("a breach that was found is among the breaches"),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_stories_have_one_name() {
    let mut names: Vec<&str> = stories().iter().map(|named| named.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
