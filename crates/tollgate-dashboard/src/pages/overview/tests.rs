//! What the overview shows.

use tollgate_receipt::Locale;

use super::figures::took_text;
use crate::fixture::{Fixture, text};
use crate::words::check;

fn period(since: &str, day: &str, orphaned: u32, taken: i64) -> String {
    format!(
        r#"{{"since":"{since}","day":"{day}",
        "orders":{{"created":40,"paid":31,"partially_paid":0,"completed":30,"expired":5,"cancelled":1,"refunded":0}},
        "money":[{{"currency":"IDR","taken_amount":{taken},"given_back_amount":5000000}}],
        "events":{{"received":90,"applied":60,"duplicate":20,"parked":6,"stale":4,"queued":0,"attention":0,"stored":0,
        "rejected":0,"deliveries_refused":1,"orphaned":{orphaned}}},
        "early_caught":6,"oversells_refused":3,"receipts_issued":31,"effects_dead":0}}"#
    )
}

fn stats(orphaned: u32, parked: u32) -> String {
    format!(
        r#"{{"timezone":"Asia/Jakarta","today":{},"last_7_days":{},
        "open":{{"counted_up_to":10000,"orders":{{"awaiting_payment":10000}},"attention":0,"effects_pending":1,
        "effects_dead":0,"effects_unknown":0,"events_parked":{parked},"oldest_parked_at":"2026-01-22T09:00:00.000Z",
        "events_queued":0,"oldest_queued_at":null}},"webhook_latency":{{"p50_us":1024,"p99_us":4096}}}}"#,
        period(
            "2026-01-21T17:00:00.000Z",
            "2026-01-22",
            orphaned,
            620_000_000
        ),
        period(
            "2026-01-15T17:00:00.000Z",
            "2026-01-16",
            orphaned,
            1_240_000_000
        ),
    )
}

fn series() -> String {
    format!(
        r#"{{"timezone":"Asia/Jakarta","step":"day","data":[{}]}}"#,
        period("2026-01-21T17:00:00.000Z", "2026-01-22", 0, 620_000_000)
    )
}

const CALM: &str = r#"{"orders":[],"payments":[],"effects":[],"is_cut":false}"#;

const NEEDS: &str = r#"{"orders":[{"id":"ord_1","code":"<script>ZVR-1","attention":"overpaid","payment_id":"pay_1",
    "since":"2026-01-22T10:01:00.000Z"}],
    "payments":[{"id":"pay_2","reference":"TILL-1","attention":"chargeback","since":"2026-01-22T10:02:00.000Z"}],
    "effects":[{"id":"eff_1","kind":"mail","state":"unknown","target":"mail","reason":"the line broke",
    "since":"2026-01-22T10:03:00.000Z"}],"is_cut":true}"#;

const ENDPOINTS: &str = r#"{"data":[{"id":"ep_1","url":"https://shop.example/hook","enabled":false,
    "disabled_at":"2026-01-22T10:04:00.000Z","disabled_reason":"failed for three days"},
    {"id":"ep_2","url":"https://shop.example/off","enabled":false,"disabled_at":null,"disabled_reason":null}]}"#;

const NO_EVENT: &str = r#"{"data":[],"next_cursor":null}"#;

fn shop(role: &'static str, needs: &str, stats: &str) -> Fixture {
    Fixture::of(role)
        .with("GET /v1/stats/series", 200, &series())
        .with("GET /v1/stats", 200, stats)
        .with("GET /v1/attention", 200, needs)
        .with("GET /v1/events?state=orphan", 200, NO_EVENT)
        .with("GET /v1/endpoints", 200, ENDPOINTS)
}

#[test]
fn what_needs_a_person_stands_on_top_with_the_way_to_mend_it() {
    let page = text(shop("admin", NEEDS, &stats(0, 3)).get("/"));
    for shown in [
        "href=\"/orders/ord_1\"",
        "&lt;script&gt;ZVR-1",
        "More is kept than is due. Refund what is beyond.",
        "href=\"/payments/pay_2\"",
        "href=\"/effects/eff_1\"",
        "Find out whether it happened",
        "since <time datetime=\"2026-01-22T10:03:00.000Z\">",
        "href=\"/endpoints/ep_1\"",
        "has not registered yet: 3",
        "There is more than is shown here; it comes up",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
    // Who has switched an endpoint off needs nobody to say so.
    assert!(!page.contains("/endpoints/ep_2"), "{page}");
    let needs = page.find("class=\"needs\"").expect("the list is there");
    let figures = page
        .find("class=\"figures\"")
        .expect("the figures are there");
    assert!(needs < figures);
}

#[test]
fn orphans_are_shown_as_long_as_they_are_orphans() {
    let some = |count: usize, next: &str| {
        let data = vec![r#"{"id":"evt_1"}"#; count].join(",");
        format!(r#"{{"data":[{data}],"next_cursor":{next}}}"#)
    };
    for (events, said) in [
        (some(2, "null"), Some("waited for their payment in vain: 2")),
        (some(100, "\"abc\""), Some("in vain: 100 or more")),
        // Five of the week have found their payment since.
        (some(0, "null"), None),
    ] {
        let shop = Fixture::of("viewer").with("GET /v1/events?state=orphan", 200, &events);
        let shop = shop
            .with("GET /v1/stats/series", 200, &series())
            .with("GET /v1/stats", 200, &stats(5, 0))
            .with("GET /v1/attention", 200, CALM);
        let page = text(shop.get("/"));
        match said {
            Some(said) => assert!(page.contains(said), "{said}: {page}"),
            None => assert!(page.contains("Nothing needs you."), "{page}"),
        }
    }
}

#[test]
fn the_latest_of_each_kind_are_shown_and_the_rest_is_found_by_its_kind() {
    let list = |count: usize, one: &dyn Fn(usize) -> String| {
        let items: Vec<_> = (0..count).map(one).collect();
        items.join(",")
    };
    let needs = |orders, payments, effects, is_cut| {
        let order = |n| {
            format!(
                r#"{{"id":"ord_{n}","code":"ZVR-{n}","attention":"overpaid","since":"2026-01-22T10:01:00.000Z"}}"#
            )
        };
        let payment = |n| {
            format!(
                r#"{{"id":"pay_{n}","reference":"TILL-{n}","attention":"chargeback","since":"2026-01-22T10:02:00.000Z"}}"#
            )
        };
        let effect = |n| {
            format!(
                r#"{{"id":"eff_{n}","kind":"mail","state":"dead","target":"mail","reason":null,
                "since":"2026-01-22T10:03:00.000Z"}}"#
            )
        };
        format!(
            r#"{{"orders":[{}],"payments":[{}],"effects":[{}],"is_cut":{is_cut}}}"#,
            list(orders, &order),
            list(payments, &payment),
            list(effects, &effect)
        )
    };
    let (orders, effects) = ("/orders?attention=true", "/effects?state=dead");
    let payments = "/payments?attention=true";
    for (told, links, others) in [
        ((30, 70, 20, true), vec![orders, payments], vec![effects]),
        ((1, 1, 100, true), vec![effects], vec![orders, payments]),
        ((0, 100, 100, true), vec![orders, payments, effects], vec![]),
        ((30, 25, 26, false), vec![orders, effects], vec![payments]),
        ((25, 25, 25, false), vec![], vec![orders, payments, effects]),
    ] {
        let (some_orders, some_payments, some_effects, is_cut) = told;
        let needs = needs(some_orders, some_payments, some_effects, is_cut);
        let page = text(shop("viewer", &needs, &stats(0, 0)).get("/"));
        let shown = |path: &str| page.matches(&format!("href=\"{path}_")).count();
        assert_eq!(
            (
                shown("/orders/ord"),
                shown("/payments/pay"),
                shown("/effects/eff")
            ),
            (
                some_orders.min(25),
                some_payments.min(25),
                some_effects.min(25)
            )
        );
        let rest = page.split("There is more than is shown").nth(1);
        assert_eq!(rest.is_some(), !links.is_empty());
        let rest = rest.and_then(|rest| rest.split("</p>").next());
        let rest = rest.unwrap_or_default();
        for link in links {
            assert!(rest.contains(link), "{told:?}: {rest}");
        }
        for other in others {
            assert!(!rest.contains(other), "{told:?}: {rest}");
        }
    }
}

#[test]
fn where_nothing_needs_a_person_that_is_said() {
    let page = text(shop("viewer", CALM, &stats(0, 0)).get("/"));
    assert!(page.contains("Nothing needs you."), "{page}");
    assert!(!page.contains("class=\"needs\""), "{page}");
}

#[test]
fn who_only_looks_is_shown_no_endpoint() {
    let shop = shop("viewer", CALM, &stats(0, 0));
    let page = text(shop.get("/"));
    assert!(!page.contains("shop.example"), "{page}");
    let asked = shop.asked();
    assert!(
        asked
            .iter()
            .all(|asked| !asked.path.starts_with("/v1/endpoints")),
        "{asked:?}"
    );
}

#[test]
fn an_open_alert_is_shown_and_an_ended_one_is_not() {
    let alerts = r#"{"open":[{"key":"parked","level":"page","since":"2026-01-22T07:00:00.000Z","ended_at":null,
        "what":"a webhook waits for 3 hours","remedy":"see /parked"}],
        "ended":[{"key":"late","level":"warn","since":"2026-01-22T06:00:00.000Z","what":"it was late","remedy":"none"}]}"#;
    let shop = shop("viewer", CALM, &stats(0, 0)).with("GET /v1/alerts", 200, alerts);
    let page = text(shop.get("/"));
    assert!(page.contains("a webhook waits for 3 hours"), "{page}");
    assert!(page.contains("see /parked"), "{page}");
    assert!(!page.contains("it was late"), "{page}");
}

#[test]
fn figures_stand_in_the_form_of_their_currency() {
    let page = text(shop("viewer", CALM, &stats(0, 0)).get("/"));
    for shown in [
        "IDR\u{a0}6,200,000",
        "IDR\u{a0}12,400,000",
        "10,000 or more",
        "1.0 ms / 4.0 ms",
        // A bar is called by the shop's own day, not by that of its midnight in UTC.
        "<title>2026-01-22: 31</title>",
        "<title>2026-01-22: IDR\u{a0}6,200,000</title>",
        "<title>2026-01-21 17:00 UTC: 90</title>",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
}

#[test]
fn it_is_read_in_every_language() {
    check(super::words::ALL);
    let page = text(shop("viewer", CALM, &stats(0, 0)).get_in(Locale::He, "/"));
    assert!(page.contains("<html lang=\"he\" dir=\"rtl\">"), "{page}");
}

#[test]
fn a_time_is_said_in_its_unit() {
    for (micros, text) in [
        (0, "0 µs"),
        (999, "999 µs"),
        (1_024, "1.0 ms"),
        (65_536, "65.5 ms"),
        (4_194_304, "4.1 s"),
    ] {
        assert_eq!(took_text(micros), text);
    }
}
