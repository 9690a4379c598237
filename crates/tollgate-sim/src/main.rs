//! Plays stories and prints, in plain words, the shortest that breaks a law.
#![expect(clippy::print_stdout, reason = "it is a command line program")]

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tollgate_sim::law::{Breach, LAWS, Law};
use tollgate_sim::script::Script;
use tollgate_sim::shrink::shrink_played;
use tollgate_sim::stories::stories;
use tollgate_sim::words::story;
use tollgate_sim::world::{Played, World};

/// Steps of a story at the most.
const STEPS: usize = 60;

/// Plays a small world of shops, customers and providers against the engine.
#[derive(Parser)]
struct Arguments {
    /// Plays the story of this seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Plays the stories of these seeds, `A..B` with `B` left out.
    #[arg(long, value_parser = seeds)]
    seeds: Option<(u64, u64)>,
    /// Plays stories from seed 0, or the first of `--seeds`, until so many commands were decided.
    #[arg(long)]
    commands: Option<u64>,
    /// Cuts every story off after so many steps.
    #[arg(long, default_value_t = STEPS)]
    steps: usize,
    /// Looks for breaches of this law alone, e.g. `L3`.
    #[arg(long, value_parser = law)]
    only: Option<Law>,
    /// Looks for breaches whose kind holds this text alone.
    #[arg(long, default_value = "")]
    kind: String,
    /// Plays the named stories whose names hold this text; an empty one plays all.
    #[arg(long)]
    story: Option<String>,
    /// Goes on after a breach and lists the first seed of each kind.
    #[arg(long)]
    survey: bool,
    /// Lets the real store keep the engine's rows, on a SQLite file in a temporary folder.
    #[cfg(feature = "store")]
    #[arg(long)]
    store: bool,
    /// How often the store's process dies in each story.
    #[cfg(feature = "store")]
    #[arg(long, default_value_t = 2, requires = "store")]
    crashes: usize,
    /// Prints a story that breaks a law as it is, and does not look for the shortest.
    #[arg(long)]
    whole: bool,
    /// Begins no story after so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
}

impl Arguments {
    /// The story of a seed in the world that is asked for.
    fn script(&self, seed: u64) -> Script {
        let script = Script::of(seed, self.steps);
        #[cfg(feature = "store")]
        if self.store {
            return script.with_crashes(seed, self.crashes);
        }
        script
    }

    fn play(&self, script: &Script) -> Played {
        #[cfg(feature = "store")]
        if self.store {
            return tollgate_sim::store::play(script);
        }
        World::play(script)
    }

    /// What the build and the command line say of the world's form.
    fn form(&self) -> (&'static str, String) {
        #[cfg(feature = "store")]
        if self.store {
            let crashes = self.crashes;
            return (" --features store", format!(" --store --crashes {crashes}"));
        }
        ("", String::new())
    }

    /// The command that plays a story again.
    fn again(&self, seed: u64, law: Law) -> String {
        let (features, form) = self.form();
        let steps = match self.steps {
            STEPS => String::new(),
            steps => format!(" --steps {steps}"),
        };
        format!("cargo run -p tollgate-sim{features} --{form}{steps} --seed {seed} --only {law}")
    }
}

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let (from, to) = text.split_once("..").ok_or("seeds are A..B")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| error.to_string());
    Ok((number(from)?, number(to)?))
}

fn law(text: &str) -> Result<Law, String> {
    let all: Vec<String> = LAWS
        .iter()
        .map(|(law, says)| format!("{law}: {says}"))
        .collect();
    Law::of(text).ok_or(format!("the laws are\n{}", all.join("\n")))
}

/// Plays the named stories and prints which of them break a law.
fn named(name: &str, arguments: &Arguments) -> ExitCode {
    let mut is_clean = true;
    for named in stories().iter().filter(|named| named.name.contains(name)) {
        let played = arguments.play(&named.script);
        println!("{}:", named.name);
        if played.breaches.is_empty() {
            println!("  no law is broken");
        }
        for breach in &played.breaches {
            is_clean = false;
            println!("  {} {}: {}", breach.law, breach.kind, breach.text);
        }
        let meant = |breach: &&Breach| breach.law == named.law && breach.kind == named.kind;
        match played.breaches.iter().find(meant) {
            Some(breach) if !name.is_empty() => {
                println!("{}", story(&named.script, &played, breach))
            }
            Some(_) => {}
            None => println!("  not {} {}", named.law, named.kind),
        }
    }
    match is_clean {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(name) = &arguments.story {
        return named(name, &arguments);
    }
    let (from, to) = match (arguments.seed, arguments.seeds) {
        (Some(seed), _) => (seed, seed + 1),
        (None, Some(seeds)) => seeds,
        (None, None) => (0, u64::MAX),
    };
    let wanted = match (arguments.commands, arguments.seed, arguments.seeds) {
        (Some(commands), _, _) => commands,
        (None, None, None) if arguments.seconds.is_none() => 1_000_000,
        (None, _, _) => u64::MAX,
    };
    let is_wanted = |breach: &Breach| {
        arguments.only.is_none_or(|law| law == breach.law) && breach.kind.contains(&arguments.kind)
    };
    let began = Instant::now();
    let (mut commands, mut stories, mut deaths) = (0u64, 0u64, 0u64);
    let mut found = BTreeMap::new();
    for seed in from..to {
        let is_late = |limit| limit <= began.elapsed().as_secs();
        if arguments.seconds.is_some_and(is_late) {
            break;
        }
        let script = arguments.script(seed);
        let played = AssertUnwindSafe(|| arguments.play(&script));
        let Ok(played) = std::panic::catch_unwind(played) else {
            // What made it panic is on the standard error output.
            println!("seed {seed}: the engine panicked");
            return ExitCode::FAILURE;
        };
        commands += played.commands;
        stories += 1;
        deaths += played.deaths;
        for breach in &played.breaches {
            if arguments.survey && is_wanted(breach) {
                let entry = found
                    .entry((breach.law, breach.kind))
                    .or_insert((seed, 0u64));
                entry.1 += 1;
            }
        }
        if !arguments.survey
            && let Some(breach) = played.breaches.iter().find(|breach| is_wanted(breach))
        {
            let play = |script: &Script| arguments.play(script);
            let short = match arguments.whole {
                true => script.clone(),
                false => shrink_played(&script, breach, play),
            };
            let again = play(&short);
            let breach = again
                .breaches
                .iter()
                .find(|known| known.law == breach.law && known.kind == breach.kind)
                .unwrap_or(breach);
            println!("seed {seed}: {}", story(&short, &again, breach));
            println!("{}", arguments.again(seed, breach.law));
            return ExitCode::FAILURE;
        }
        if wanted <= commands {
            break;
        }
    }
    for ((law, kind), (seed, times)) in &found {
        println!("{law} {kind}: first by seed {seed}, in {times} stories");
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{stories} stories, {commands} commands in {seconds:.1} s ({:.0} a second)",
        commands as f64 / seconds.max(0.001)
    );
    if 0 < deaths {
        println!("the process died {deaths} times");
    }
    match found.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
