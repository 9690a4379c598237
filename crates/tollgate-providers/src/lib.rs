//! What they sent us: headers and bytes in, verified events out. Pure.
