//! What one shop has is not there for another: every operation of the description is tried with another shop's key.

mod description;
mod doors;
mod filled;
mod requests;
mod rpc;
mod streams;
mod walk;

use filled::Filled;
use walk::Walk;

/// Somebody of shop tea tries everything, is told no word of main, and changes nothing there.
async fn nothing_is_told_to(way: usize) {
    let main = Filled::open().await;
    let headers = main.tea().await[way].clone();
    let before = main.seen().await;
    let walk = Walk::of(&main, headers);
    walk.repeats_what_main_did().await;
    walk.every_operation().await;
    let after = main.seen().await;
    for (path, shown) in &before {
        assert_eq!(shown, &after[path], "{path} is another");
    }
    main.shop.close().await;
}

#[tokio::test]
async fn nothing_is_told_to_another_shops_key() {
    nothing_is_told_to(0).await;
}

#[tokio::test]
async fn nothing_is_told_to_another_shops_admin() {
    nothing_is_told_to(1).await;
}
