//! What pages bring along: a style and a script, each at an address with its hash, so that a browser keeps it for
//! ever and has the next version at once.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::reply::Reply;

/// A file that pages name.
struct Asset {
    name: &'static str,
    media: &'static str,
    text: &'static str,
}

const ASSETS: [Asset; 2] = [
    Asset {
        name: "style.css",
        media: "text/css; charset=utf-8",
        text: include_str!("style.css"),
    },
    Asset {
        name: "live.js",
        media: "text/javascript; charset=utf-8",
        text: include_str!("live.js"),
    },
];

/// The address of the style.
pub(crate) static STYLE: LazyLock<String> = LazyLock::new(|| address(&ASSETS[0]));

/// The address of the script.
pub(crate) static SCRIPT: LazyLock<String> = LazyLock::new(|| address(&ASSETS[1]));

fn address(asset: &Asset) -> String {
    let hash = hex::encode(Sha256::digest(asset.text));
    format!("/assets/{}/{}", &hash[..12], asset.name)
}

/// The asset at an address, whatever hash is in it: an older page gets what there is.
pub(crate) fn at(path: &str) -> Option<Reply> {
    let name = path.strip_prefix("/assets/")?.split_once('/')?.1;
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    Some(Reply {
        status: 200,
        media: asset.media,
        is_immutable: path == address(asset),
        body: asset.text.as_bytes().to_vec(),
        ..Reply::default()
    })
}
