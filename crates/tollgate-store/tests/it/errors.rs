//! What was refused and what has failed: added to, bounded, forgotten, listed and counted.

use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{ErrorFilter, ErrorLevel, ErrorRow, NO_SHOP};

use crate::rows;
use crate::words::error;
use crate::world::{SHOP, World};

const OTHER: ShopId = ShopId(2);

async fn keep(world: &World, rows: Vec<ErrorRow>) {
    let shop = rows[0].shop;
    let kept = world.store.keep_errors(shop, rows);
    kept.await.expect("they are kept");
}

/// All there are, page by page of so many.
async fn list(world: &World, shop: ShopId, filter: &ErrorFilter, limit: u32) -> Vec<ErrorRow> {
    let (mut all, mut past) = (Vec::new(), None);
    loop {
        let page = world.store.errors(shop, filter.clone(), (limit, past));
        let page = page.await.expect("it reads");
        all.extend(page.items);
        past = page.next;
        if past.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn a_kind_of_one_time_is_one_row_that_grows() {
    let world = World::new();
    let now = world.clock.now();
    let first = error(SHOP, now, 1, 3);
    keep(&world, vec![first.clone()]).await;
    let mut later = error(SHOP, now, 1, 4);
    later.last_at = now.plus(Span::millis(900));
    later.last_request_id = Some("req_later".to_owned());
    later.detail = "of the second".to_owned();
    keep(&world, vec![later.clone(), error(SHOP, now, 2, 1)]).await;
    let all = list(&world, SHOP, &ErrorFilter::default(), 10).await;
    let grown = ErrorRow {
        count: 7,
        last_at: later.last_at,
        last_request_id: later.last_request_id,
        ..first
    };
    assert_eq!(all, [error(SHOP, now, 2, 1), grown]);
    let counts = world
        .store
        .error_counts(SHOP, false, Timestamp::from_millis(0));
    let counts = counts.await.expect("it reads");
    assert_eq!(counts.hours.values().sum::<u64>(), 8);
    let kinds: Vec<(String, u64)> = counts
        .kinds
        .into_iter()
        .map(|kind| (kind.code, kind.count))
        .collect();
    assert_eq!(kinds, [("out_of_stock".to_owned(), 8)]);
}

/// A shop sees its own; what is nobody's is seen by whoever asks for it, among its own and in their order.
#[tokio::test]
async fn a_shops_errors_are_its_own() {
    let world = World::new();
    let at = |second: i64| world.clock.now().plus(Span::seconds(second));
    for second in 0..10 {
        let shop = [SHOP, OTHER, NO_SHOP][second as usize % 3];
        keep(&world, vec![error(shop, at(second), 1, 1)]).await;
    }
    let seconds = |rows: &[ErrorRow]| -> Vec<i64> {
        let since = |row: &ErrorRow| row.at.as_millis() - at(0).as_millis();
        rows.iter().map(|row| since(row) / 1000).collect()
    };
    let own = ErrorFilter::default();
    let all = ErrorFilter {
        with_nobodys: true,
        ..ErrorFilter::default()
    };
    for limit in [1, 2, 100] {
        assert_eq!(
            seconds(&list(&world, SHOP, &own, limit).await),
            [9, 6, 3, 0]
        );
        assert_eq!(seconds(&list(&world, OTHER, &own, limit).await), [7, 4, 1]);
        assert_eq!(
            seconds(&list(&world, SHOP, &all, limit).await),
            [9, 8, 6, 5, 3, 2, 0]
        );
    }
    let counts = world
        .store
        .error_counts(SHOP, true, Timestamp::from_millis(0));
    assert_eq!(
        counts.await.expect("it reads").hours.values().sum::<u64>(),
        7
    );
}

#[tokio::test]
async fn filters_mean_what_they_say() {
    let world = World::new();
    let now = world.clock.now();
    let at = |second: i64| now.plus(Span::seconds(second));
    let other = ErrorRow {
        code: "unavailable".to_owned(),
        cause: String::new(),
        level: ErrorLevel::Error,
        source: Some("bank".to_owned()),
        detail: "Nothing WAS stored".to_owned(),
        ..error(SHOP, at(1), 2, 1)
    };
    keep(
        &world,
        vec![error(SHOP, at(0), 1, 1), other, error(SHOP, at(2), 3, 1)],
    )
    .await;
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (ErrorFilter::default(), vec![3, 2, 1]),
        (
            ErrorFilter {
                code: text("unavailable"),
                ..ErrorFilter::default()
            },
            vec![2],
        ),
        (
            ErrorFilter {
                code: text("out_of_stock"),
                ..ErrorFilter::default()
            },
            vec![3, 1],
        ),
        (
            ErrorFilter {
                cause: text("none_left"),
                ..ErrorFilter::default()
            },
            vec![3, 1],
        ),
        (
            ErrorFilter {
                level: Some(ErrorLevel::Error),
                ..ErrorFilter::default()
            },
            vec![2],
        ),
        (
            ErrorFilter {
                source: text("bank"),
                ..ErrorFilter::default()
            },
            vec![2],
        ),
        (
            ErrorFilter {
                since: Some(at(1)),
                ..ErrorFilter::default()
            },
            vec![3, 2],
        ),
        (
            ErrorFilter {
                until: Some(at(1)),
                ..ErrorFilter::default()
            },
            vec![1],
        ),
        (
            ErrorFilter {
                search: text("nothing was"),
                ..ErrorFilter::default()
            },
            vec![2],
        ),
        (
            ErrorFilter {
                search: text("REQ_3_last"),
                ..ErrorFilter::default()
            },
            vec![3],
        ),
        (
            ErrorFilter {
                search: text("till"),
                ..ErrorFilter::default()
            },
            vec![3, 2, 1],
        ),
        (
            ErrorFilter {
                search: text("coffee"),
                ..ErrorFilter::default()
            },
            vec![],
        ),
    ] {
        let found = list(&world, SHOP, &filter, 1).await;
        let marks: Vec<u128> = found.iter().map(|row| row.id.as_u128() & 0xff).collect();
        assert_eq!(marks, expected, "{filter:?}");
    }
}

/// I9: however many there are, the oldest go.
#[tokio::test]
async fn a_shop_has_so_many_rows_and_no_more() {
    let world = World::with(|options| options.limits.errors_rows_max = 5);
    let at = |second: i64| world.clock.now().plus(Span::seconds(second));
    for second in 0..12 {
        keep(
            &world,
            vec![error(SHOP, at(second), 1, 1), error(SHOP, at(second), 2, 1)],
        )
        .await;
    }
    keep(&world, vec![error(NO_SHOP, at(0), 1, 1)]).await;
    let all = list(&world, SHOP, &ErrorFilter::default(), 100).await;
    let first = at(9);
    assert_eq!(all.len(), 5);
    assert!(all.iter().all(|row| first <= row.at), "{all:?}");
    assert_eq!(
        rows::count(&world.options.place, "errors"),
        6,
        "nobody's have room of their own"
    );
    let counts = world
        .store
        .error_counts(SHOP, false, Timestamp::from_millis(0));
    let total: u64 = counts.await.expect("it reads").hours.values().sum();
    assert_eq!(total, 24, "statistics forget none of them");
}

#[tokio::test]
async fn errors_go_after_their_time_and_their_hours_later() {
    let world = World::new();
    let now = world.clock.now();
    keep(&world, vec![error(SHOP, now, 1, 1)]).await;
    keep(&world, vec![error(NO_SHOP, now, 1, 1)]).await;
    crate::retention::pass(&world, crate::retention::days(29)).await;
    assert_eq!(rows::count(&world.options.place, "errors"), 2);
    crate::retention::pass(&world, crate::retention::days(2)).await;
    assert_eq!(rows::count(&world.options.place, "errors"), 0);
    assert_eq!(rows::count(&world.options.place, "error_hours"), 2);
    let kept = rows::text(
        &world.options.place,
        "select cast(sum(kept) as text) from errors_kept",
    );
    assert_eq!(kept.as_deref(), Some("0"));
    crate::retention::pass(&world, crate::retention::days(70)).await;
    keep(&world, vec![error(SHOP, world.clock.now(), 1, 1)]).await;
    let hours = "select cast(count(*) as text) from error_hours where shop_id = 1";
    assert_eq!(
        rows::text(&world.options.place, hours).as_deref(),
        Some("1")
    );
}

/// A kind that was refused and has failed in one hour is as bad as the worst of it, whichever came last.
#[tokio::test]
async fn a_kind_is_as_bad_as_the_worst_of_it() {
    let world = World::new();
    let now = world.clock.now();
    let of = |mark, level, hours| ErrorRow {
        level,
        ..error(SHOP, now.plus(Span::hours(hours)), mark, 1)
    };
    for (mark, level, hours) in [
        (1, ErrorLevel::Error, 0),
        (2, ErrorLevel::Warn, 0),
        (3, ErrorLevel::Warn, 1),
    ] {
        keep(&world, vec![of(mark, level, hours)]).await;
    }
    let counts = world
        .store
        .error_counts(SHOP, false, now.plus(Span::hours(-1)));
    let kinds = counts.await.expect("it reads").kinds;
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    assert_eq!(kinds[0].level, ErrorLevel::Error);
    assert_eq!(kinds[0].count, 3);
}

/// A row that comes twice in one write is one row.
#[tokio::test]
async fn a_row_that_comes_twice_at_once_is_one() {
    let world = World::new();
    let row = error(SHOP, world.clock.now(), 1, 3);
    keep(&world, vec![row.clone(), row.clone()]).await;
    let all = list(&world, SHOP, &ErrorFilter::default(), 10).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].count, 6);
    let kept = rows::text(
        &world.options.place,
        "select cast(kept as text) from errors_kept where shop_id = 1",
    );
    assert_eq!(kept.as_deref(), Some("1"));
}

/// A step is left out of nothing, and the last one has what comes.
#[tokio::test]
async fn a_figure_stands_in_the_step_in_which_it_was_counted() {
    const HOUR_MS: i64 = 3_600_000;
    let world = World::new();
    let first = world.clock.now().as_millis().div_euclid(HOUR_MS) * HOUR_MS;
    for counted in [1, 2, 4] {
        let counted = vec![("webhook", "midtrans".to_owned(), counted)];
        let added = world.store.add_figures(SHOP, counted).await;
        added.expect("it is added");
        world.clock.advance(Span::hours(2));
    }
    let begins = [0, 1, 2, 3].map(|hour| Timestamp::from_millis(first + hour * HOUR_MS));
    let told = async |begins: &[Timestamp]| {
        let steps = world.store.happened_in_steps(SHOP, begins.to_vec());
        let steps = steps.await.expect("it reads").into_iter();
        steps
            .map(|step| step.counts.get("webhook").copied().unwrap_or(0))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&begins).await, [1, 0, 2, 4]);
    assert_eq!(told(&begins[1..]).await, [0, 2, 4]);
    assert_eq!(told(&[]).await, [0; 0]);
    let at = first + 7 * HOUR_MS;
    assert_eq!(told(&[Timestamp::from_millis(at)]).await, [0]);
}

/// What no integer holds stays at the highest there is, and nothing is quarantined for it.
#[tokio::test]
async fn figures_end_at_the_highest_number_there_is() {
    let world = World::new();
    for _ in 0..2 {
        let counted = vec![("webhook", "midtrans".to_owned(), u64::MAX)];
        let added = world.store.add_figures(SHOP, counted).await;
        added.expect("it is added");
    }
    let amount = rows::text(
        &world.options.place,
        "select cast(max(amount) as text) from shop_figures",
    );
    assert_eq!(amount, Some(i64::MAX.to_string()));
}
