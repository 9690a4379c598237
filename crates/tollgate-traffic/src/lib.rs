//! How we are tried: a load generator, the stories of the demo and the benches. All of it talks to servers
//! as any client does; who starts them, and what else is in their process, is the caller's. The modules
//! stand in reading order.

pub mod load;
pub mod stories;
pub mod bench;
