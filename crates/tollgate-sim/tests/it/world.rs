//! The world: the same from the same seed, and silent as long as the engine is right.

use tollgate_sim::script::Script;
use tollgate_sim::shrink::shrink;
use tollgate_sim::words::story;
use tollgate_sim::world::World;

#[test]
fn the_same_seed_is_the_same_story_with_the_same_end() {
    let mut traces = Vec::new();
    for seed in 0..40 {
        let script = Script::of(seed, 60);
        assert_eq!(script, Script::of(seed, 60));
        let (first, second) = (World::play(&script), World::play(&script));
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.ends, second.ends, "seed {seed}");
        assert_eq!(first.breaches, second.breaches, "seed {seed}");
        traces.push(first.trace);
    }
    traces.sort_unstable();
    traces.dedup();
    assert!(35 < traces.len(), "stories differ from each other");
}

#[test]
fn some_thousands_of_commands_break_no_law() {
    let mut commands = 0;
    let mut seed = 0;
    let mut sold = 0;
    while commands < 12_000 {
        let script = Script::of(seed, 60);
        let played = World::play(&script);
        commands += played.commands;
        sold += played
            .ends
            .iter()
            .filter(|end| end.contains("Completed"))
            .count();
        if let Some(breach) = played.breaches.first() {
            let short = shrink(&script, breach);
            panic!(
                "seed {seed}: {}",
                story(&short, &World::play(&short), breach)
            );
        }
        seed += 1;
    }
    assert!(
        seed / 20 < sold as u64,
        "{sold} orders of {seed} stories were completed"
    );
}
