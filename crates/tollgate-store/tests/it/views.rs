//! The views for a person with `sqlite3` or `psql`: their columns are documented, and hold what the API says.

use tollgate_core::command::Settlement;
use tollgate_core::effect::{EffectContent, IssuedReceipt, TargetKind};
use tollgate_core::event::Event;
use tollgate_core::id::{DeliveryId, EffectId, EventId, OrderId, PaymentId, ReceiptId, SlotId};
use tollgate_store::{Claim, Rejected};

use crate::effects::{claim_under, settled};
use crate::receipts::issued;
use crate::words::{
    calendar, create, event, fact, hear, hold, idr, in_slot, order, order_of, paid_by,
    put_calendar, root_id, slots, stock, take,
};
use crate::world::{SHOP, START, World};

/// The views and their columns, as the documentation lists them.
const COLUMNS: &[(&str, &str)] = &[
    (
        "v_orders",
        "id code status open_attention currency total_minor captured_minor refunded_minor email \
         version created_at updated_at due_at doc",
    ),
    (
        "v_payments",
        "id order_id source reference status due_minor captured_minor refunded_minor currency facts",
    ),
    (
        "v_holds",
        "id order_id state lines calendar starts_at units expires_at",
    ),
    (
        "v_attention",
        "root code attention payment at resolved_at note",
    ),
    (
        "v_events",
        "id source key kind outcome state reason names root received_at due_at body",
    ),
    ("v_names", "source name payment parked question"),
    (
        "v_slots",
        "id calendar starts_at ends_at visible_at capacity held sold available",
    ),
    (
        "v_effects",
        "id key kind state root due_at created_at content",
    ),
    (
        "v_receipts",
        "id number kind issued_at order_code payment_id source reference seller buyer currency \
         amount_minor signed_minor signed_tax_minor taxes original_number",
    ),
    ("v_story", "root code position at kind detail"),
    ("v_rejected", "id source verdict code detail peer at body"),
];

/// A shop in which every view has something to show.
async fn world() -> World {
    let world = World::new();
    for action in [
        stock("A", 5),
        put_calendar(calendar("kitchen", 3), slots(4..6)),
        create(in_slot(paid_by(order_of(1, "C1", "A", 2), "R1"), "kitchen")),
        hear(11, "e-1", "R1", "paid 200"),
        hold(2, "A", 1),
        hear(12, "e-2", "R9", "paid 100"),
        create(paid_by(order(3, "C3"), "R3")),
        take(
            13,
            Event {
                facts: vec![tollgate_core::event::Fact {
                    money: Some(idr(900)),
                    ..fact("paid 900")
                }],
                ..event("e-3", &["R3"], "paid 900")
            },
        ),
    ] {
        world.act(action).await;
    }
    world.store.keep_rejected(Rejected {
        shop: SHOP,
        delivery: DeliveryId::on(root_id(14), 0),
        source: "bank".to_owned(),
        at: START,
        code: "signature_invalid".to_owned(),
        detail: "the signature is another one".to_owned(),
        peer: Some([192, 0, 2, 7].into()),
        headers: "[]".to_owned(),
        body: b"{\"a\":1}".to_vec(),
    });
    world.store.ready().await.expect("it takes writes");
    world
}

/// Issues receipts that are due, at most so many, each with a tax of its tenth.
pub(crate) async fn issue_receipts(world: &World, lease: u8, most: usize) {
    let receipts = Claim {
        room: most,
        kinds: vec![TargetKind::Receipt],
        ..claim_under(lease.into())
    };
    let claimed = world.store.claim(receipts).await.expect("it takes writes");
    for (byte, effect) in (10 * lease..).zip(&claimed.effects) {
        let EffectContent::Receipt { money, .. } = &effect.1.content else {
            panic!("only receipts were asked for");
        };
        let minor = money.map_or(0, |money| money.minor);
        let document = format!(
            r#"{{"number":"R-{byte}","order_code":"C1","currency":"IDR","amount":{minor},
                "taxes":[{{"name":"PPN","amount":{}}},{{"name":"Cess","amount":1}}],
                "seller":{{"name":"Batik"}},"buyer":{{"name":"Dewi"}},
                "payment":{{"payment_id":"pay_1","source":"bank","reference":"R1"}}}}"#,
            minor / 10
        );
        let Settlement::Issued(issued) = issued(byte) else {
            unreachable!("it is one");
        };
        let issued = Settlement::Issued(IssuedReceipt { document, ..issued });
        world.act(settled(effect, lease.into(), issued)).await;
    }
}

#[tokio::test]
async fn receipts_add_up_to_what_is_left() {
    let world = world().await;
    issue_receipts(&world, 1, 10).await;
    world.act(hear(15, "e-4", "R1", "refund r 50")).await;
    issue_receipts(&world, 2, 10).await;
    let rows = world.rows();
    // 200 and 900 came, 50 went back; taxes of a tenth, and of 1 each.
    let found = rows.table(
        "select kind, currency, amount_minor, signed_minor, signed_tax_minor, seller, buyer, issued_at \
           from v_receipts where amount_minor < 900 order by amount_minor",
    );
    let at = "2027-01-15T08:00:00.000Z";
    assert_eq!(
        found.rows,
        [
            ["refund", "IDR", "50", "-50", "-6", "Batik", "Dewi", at],
            ["sale", "IDR", "200", "200", "21", "Batik", "Dewi", at],
        ]
    );
    let sums = rows.table("select sum(signed_minor), sum(signed_tax_minor) from v_receipts");
    assert_eq!(sums.rows, [["1050", "106"]]);
    let id = rows.texts("select id from v_receipts order by id");
    assert_eq!(id[0], ReceiptId::on(root_id(1), 1).to_string());
}

#[tokio::test]
async fn every_view_has_its_documented_columns_and_rows() {
    let world = world().await;
    issue_receipts(&world, 1, 10).await;
    let rows = world.rows();
    let views = rows.either(
        "select name from sqlite_schema where type = 'view'",
        "select viewname from pg_views where schemaname = 'public'",
    );
    for view in &rows.texts(views) {
        assert!(
            COLUMNS.iter().any(|(known, _)| known == view),
            "{view} is not documented"
        );
    }
    for (view, columns) in COLUMNS {
        let found = rows.table(&format!("select * from {view}"));
        assert_eq!(
            found.columns,
            columns.split_whitespace().collect::<Vec<_>>(),
            "{view}"
        );
        assert!(!found.rows.is_empty(), "{view} is empty");
    }
}

#[tokio::test]
async fn views_show_ids_times_and_amounts_as_the_api_does() {
    let world = world().await;
    let rows = world.rows();
    let order = OrderId::on(root_id(1), 0).to_string();
    let payment = PaymentId::on(root_id(1), 1).to_string();
    let one = |sql: &str| rows.table(sql).rows.remove(0);
    assert_eq!(
        one(
            "select id, code, status, currency, total_minor, captured_minor, created_at \
               from v_orders where code = 'C1'"
        ),
        [
            &order,
            "C1",
            "paid",
            "IDR",
            "200",
            "200",
            "2027-01-15T08:00:00.000Z"
        ]
    );
    assert_eq!(
        one(
            "select id, order_id, reference, status, due_minor, captured_minor, currency \
               from v_payments where reference = 'R1'"
        ),
        [&payment, &order, "R1", "paid", "200", "200", "IDR"]
    );
    assert_eq!(
        one(
            "select order_id, state, lines, calendar, starts_at, units from v_holds \
              where order_id is not null and calendar is not null"
        ),
        [
            &order,
            "consumed",
            r#"[["A",2]]"#,
            "kitchen",
            "2027-01-15T09:00:00.000Z",
            "1"
        ]
    );
    let attention = one("select code, attention, payment, resolved_at from v_attention");
    let payment_3 = PaymentId::on(root_id(3), 1).to_string();
    assert_eq!(attention, ["C3", "overpaid", &payment_3, "-"]);
    let event: EventId = one("select id from v_events where key = 'e-1'")[0]
        .parse()
        .expect("an event's id");
    assert_eq!(event.root(), root_id(11));
    assert_eq!(
        one("select outcome, state, names, root, body from v_events where key = 'e-1'"),
        [
            "applied",
            "applied",
            r#"["R1"]"#,
            &order,
            r#"{"key":"e-1","n":11}"#
        ]
    );
    assert_eq!(
        one("select payment, parked, question from v_names where name = 'R9'"),
        ["-", "1", "-"]
    );
    assert_eq!(
        one("select payment, parked from v_names where name = 'R1'"),
        [&payment, "0"]
    );
    let slot: SlotId = one("select id from v_slots order by starts_at")[0]
        .parse()
        .expect("a slot's id");
    assert_eq!(slot, slots(4..5)[0].id);
    assert_eq!(
        one("select starts_at, visible_at, held, sold, available from v_slots order by starts_at"),
        [
            "2027-01-15T09:00:00.000Z",
            "2027-01-15T08:30:00.000Z",
            "0",
            "1",
            "2"
        ]
    );
    for line in world
        .store
        .effects_of(SHOP, root_id(1))
        .await
        .expect("it reads")
    {
        let shown = one(&format!(
            "select id, kind, root from v_effects where key = '{}'",
            line.effect.key
        ));
        assert_eq!(shown[0].parse(), Ok::<EffectId, _>(line.id));
        assert_eq!(shown[1..], [line.kind, order.clone()]);
    }
    let timeline = rows.texts(&format!("select kind from v_story where root = '{order}'"));
    let kinds: Vec<String> = world
        .store
        .timeline(SHOP, root_id(1))
        .await
        .expect("it reads")
        .into_iter()
        .map(|line| line.kind)
        .collect();
    assert_eq!(timeline, kinds);
    assert_eq!(
        one("select id, verdict, code, peer, at, body from v_rejected"),
        [
            &DeliveryId::on(root_id(14), 0).to_string(),
            "rejected",
            "signature_invalid",
            "192.0.2.7",
            "2027-01-15T08:00:00.000Z",
            r#"{"a":1}"#
        ]
    );
}

#[tokio::test]
async fn an_event_without_a_text_is_shown_all_the_same() {
    let world = World::new();
    let mut action = hear(1, "e-1", "R1", "paid 100");
    if let tollgate_core::command::Action::TakeEvent(taken) = &mut action {
        taken.raw.body = vec![0xff, 0x00, 0xfe];
    }
    world.act(action).await;
    let rows = world.rows();
    let shown = rows.table("select key, body from v_events").rows.remove(0);
    assert_eq!(shown[0], "e-1");
    // SQLite shows what it can; PostgreSQL has no such text, and shows the bytes.
    assert!(
        shown[1].starts_with(rows.either("\u{fffd}", "\\377")),
        "{shown:?}"
    );
}
