//! The world itself is under test here: that it plays the same story again, shortens it well, and finds
//! what it found before.

mod shortest;
mod stories;
mod world;
