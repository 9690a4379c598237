//! The stories of the demo: each sends what shops and providers send, and says what must hold and what the
//! server then answers.

mod world;
mod storm;
mod promise;
mod early;
mod batches;
mod callbacks;
mod pieces;
mod slots;
mod confirmed;
mod live;
mod outside;
#[cfg(test)]
mod doctor;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

pub use outside::{Memory, Outside};
pub use promise::Story;
pub use slots::ORDERS;
pub use world::World;

use live::Listener;
use world::StoryError;

/// The server is up within this, or something is wrong with it.
const READY_MAX: Duration = Duration::from_secs(10);

/// How many there are.
pub const STORIES: usize = 7;
/// Both ends of every connection of the largest storm, and some for the server itself.
pub const FILES_WANTED: u64 = 2 * ORDERS as u64 + 200;

/// Plays every story; the listener connects to this address.
pub async fn play(world: &World, address: SocketAddr, key: &str) -> Result<Vec<Story>, String> {
    ready(world).await?;
    let listener = Listener::open(address, key).await?;
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").expect("the template is right");
    let bar = ProgressBar::new(STORIES as u64).with_style(style);
    let mut stories = Vec::with_capacity(STORIES);
    let mut next = |message: &'static str, story: Option<Story>| {
        bar.inc(u64::from(story.is_some()));
        bar.set_message(message);
        stories.extend(story);
    };
    let because = |error: StoryError| error.to_string();
    next("webhooks before their orders", None);
    let story = early::play(world).await.map_err(because)?;
    next("batches that share an event", Some(story));
    let story = batches::play(world).await.map_err(because)?;
    next("callbacks five times at once", Some(story));
    let story = callbacks::play(world).await.map_err(because)?;
    next("the last ten pieces", Some(story));
    let story = pieces::play(world).await.map_err(because)?;
    next("a thousand orders at once", Some(story));
    let story = slots::play(world).await.map_err(because)?;
    next("reports without a signature", Some(story));
    let story = confirmed::play(world).await.map_err(because)?;
    next("what a listener has heard", Some(story));
    let story = live::story_of(world, &listener).await.map_err(because)?;
    next("", Some(story));
    bar.finish_and_clear();
    Ok(stories)
}

/// Waits until the server says that it is ready.
async fn ready(world: &World) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        match world
            .client
            .call("GET", "/readyz", None, &serde_json::Value::Null)
            .await
        {
            Ok(reply) if reply.status == 200 => return Ok(()),
            Ok(_) | Err(_) if begun.elapsed() < READY_MAX => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(reply) => return Err(format!("wait for the server: /readyz says {}", reply.body)),
            Err(error) => return Err(format!("wait for the server: {error}")),
        }
    }
}

/// Every story was played, and every promise of it held.
pub fn all_held(stories: &[Story]) -> bool {
    stories.len() == STORIES && stories.iter().all(Story::holds)
}

/// What came of all of them, in a sentence.
pub fn verdict(stories: &[Story]) -> String {
    let broken = stories.iter().filter(|story| !story.holds()).count();
    match broken {
        0 => format!("All promises of {} stories were kept.", stories.len()),
        broken => format!(
            "Promises were BROKEN in {broken} of {} stories.",
            stories.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_broken_promise_or_a_missing_story_is_a_failure() {
        let story = |kept| Story {
            title: "",
            sent: String::new(),
            promises: vec![promise::Promise::all("", kept, 20)],
            figures: Vec::new(),
        };
        let mut stories = vec![story(20); STORIES];
        assert!(all_held(&stories) && verdict(&stories).contains("kept"));
        stories[3] = story(19);
        assert!(!all_held(&stories) && verdict(&stories).contains("BROKEN in 1 of 7"));
        stories.remove(3);
        assert!(!all_held(&stories));
    }
}
