//! Stories of money and how they are played: a row of steps, and how the books stand at its end
//! (docs/money.md).
//!
//! Steps in brackets are what happens in any order: the story is played in each, and each must come to
//! the same end.

use tollgate_core::command::{
    Action, AfterCancel, AttentionOf, OrderRef, RefundPayment, RegisterPayment,
};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::ReceiptKind;
use tollgate_core::event::{DisputeState, Event, Fact, FactKind, RefundState, Strength};
use tollgate_core::id::{PaymentId, RootId};
use tollgate_core::order::AttentionCode;
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use crate::store::Store;
use crate::words::*;
use crate::worker::*;

/// How a root ends: its ledger, its receipts by kind less what was taken back of them, what is ordered back
/// of each payment, and what a person must look at.
pub(crate) fn books(store: &Store, id: RootId) -> String {
    let root = store.root(id);
    let status = match &root.order {
        Some(_) => store.status(id),
        None => format!("{:?}", root.payments[0].projection().status),
    };
    let all = root.ledger().all;
    let (sale, refund, reversal) = receipts(store, id);
    for (payment, account) in &root.ledger().payments {
        let kept = account.captured - account.refunded - account.charged_back;
        assert!(
            account.reserved <= kept.max(0),
            "L1: {payment:?} {account:?}"
        );
    }
    let back: Vec<String> = root
        .refunds
        .iter()
        .map(|refund| {
            let payment = root.payment(refund.payment).expect("its payment");
            format!("{} {}", payment.reference, refund.money.minor)
        })
        .collect();
    let mut attention = store.attention(id);
    attention.sort_unstable();
    attention.dedup();
    format!(
        "{status} | {} {} {} {} | {sale} {refund} {reversal} | {} | {}",
        all.captured,
        all.refunded,
        all.charged_back,
        all.reserved,
        list(&back),
        list(&attention),
    )
}

/// Sales, refunds and reversals of the receipts, less what was taken back of each. Together they are what the
/// ledger says (L3).
pub(crate) fn receipts(store: &Store, id: RootId) -> (i64, i64, i64) {
    let root = store.root(id);
    let all = root.ledger().all;
    let receipt = |kind: ReceiptKind| {
        root.receipts.iter().fold(0, |sum, receipt| {
            let minor = receipt.money.map_or(0, |money| money.minor);
            match receipt.corrects {
                None if receipt.kind == kind => sum + minor,
                Some(corrected) if corrected == kind => sum - minor,
                None | Some(_) => sum,
            }
        })
    };
    let (sale, refund, reversal) = (
        receipt(ReceiptKind::Sale),
        receipt(ReceiptKind::Refund),
        receipt(ReceiptKind::Reversal),
    );
    // Of what has brought nothing there is nothing on paper.
    let folds = root.payments.iter().map(|payment| payment.fold());
    let sum: i64 = folds
        .filter(|fold| 0 < fold.taken_minor())
        .map(|fold| {
            let money = fold.projection;
            money.captured_minor - money.refunded_minor - fold.lost_minor()
        })
        .sum();
    assert_eq!(
        (sale - refund - reversal, all.receipts_due()),
        (sum, sum),
        "L3: the receipts of {id:?} say what its ledger says"
    );
    for (payment, account) in &root.ledger().payments {
        let total = root.receipts_total(*payment);
        assert_eq!(total, account.receipts_due(), "L3: {payment:?} {account:?}");
    }
    (sale, refund, reversal)
}

pub(crate) fn list<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.is_empty() {
        true => "-".to_owned(),
        false => words.join(", "),
    }
}

/// A shop with two shirts, and order `A` over one of them for 100, to be paid at the bank as `A-1`.
pub(crate) fn shop() -> (Store, RootId) {
    let mut store = Store::new();
    store.stock("shirt", 2);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    (store, id)
}

pub(crate) fn payment(store: &Store, id: RootId, reference: &str) -> PaymentId {
    let payments = &store.root(id).payments;
    let known = payments.iter().find(|known| known.reference == reference);
    known.expect("a payment with this reference").id
}

pub(crate) fn staff_refund(store: &mut Store, payment: PaymentId, minor: i64) -> Outcome {
    store.act(Action::RefundPayment(RefundPayment {
        payment,
        minor,
        reason: "returned".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    }))
}

pub(crate) fn cancel(store: &mut Store, code: &str) {
    store.act(Action::CancelOrder(OrderRef::Code(code.to_owned())));
}

/// The payments with which something is shown.
pub(crate) fn named(store: &Store, id: RootId) -> Vec<Option<PaymentId>> {
    let open = store.root(id).open_attention();
    open.map(|open| open.payment).collect()
}

/// A person has looked at what is shown of the order under this code.
pub(crate) fn resolve(store: &mut Store, order: &str, code: &str) {
    let known = AttentionCode::ALL.iter().find(|known| known.word() == code);
    let outcome = store.act(Action::ResolveAttention {
        of: AttentionOf::Order(OrderRef::Code(order.to_owned())),
        code: *known.expect("a code of attention"),
        note: "seen".to_owned(),
    });
    assert!(matches!(outcome, Outcome::Root(_)), "{code}: {outcome:?}");
}

/// The order's time runs out, and the provider says nothing in the time that it is given.
pub(crate) fn run_out(store: &mut Store, id: RootId) {
    store.later(Span::minutes(16));
    store.due(id);
    store.later(Span::minutes(3));
    store.due(id);
}

/// A fact in words, where a dispute has a name and an amount: `paid 100`, `dispute d1 40`.
fn said(words: &str) -> Fact {
    let dispute = |state, words: &str| {
        let (object, amount) = words.split_once(' ').unwrap_or((words, ""));
        Fact {
            object: object.to_owned(),
            kind: FactKind::Dispute(state),
            money: amount.parse().ok().map(idr),
            ..fact("dispute", idr)
        }
    };
    match words.split_once(' ') {
        Some(("dispute", rest)) => dispute(DisputeState::Open, rest),
        Some(("won", rest)) => dispute(DisputeState::Won, rest),
        Some(("lost", rest)) => dispute(DisputeState::Lost, rest),
        Some(_) | None => fact(words, idr),
    }
}

/// What the provider says: `A-1 paid 100`, `asked A-1 paid 100`, `A-1 dispute d1 40`, and in one breath
/// `A-1 paid 100 + refund r1 40`.
pub(crate) fn send(store: &mut Store, place: &str, words: &str) {
    let (strength, words) = match words.strip_prefix("asked ") {
        Some(words) => (Strength::Asked, words),
        None => (Strength::Signed, words),
    };
    let (reference, words) = words.split_once(' ').expect("a reference and what is said");
    let facts = words.split(" + ").map(said);
    let event = Event {
        facts: facts.map(|fact| Fact { strength, ..fact }).collect(),
        kind: words.to_owned(),
        ..event(place, &[reference], "")
    };
    store.take(event, NEVER);
}

pub(crate) fn step(store: &mut Store, id: RootId, place: &str, words: &str) {
    let parts: Vec<&str> = words.split_whitespace().collect();
    match parts.as_slice() {
        ["register", reference] => drop(store.register("A", reference)),
        ["register", reference, minor] => {
            let fresh = store.fresh();
            let minor = minor.parse().ok();
            let outcome = store.act(Action::RegisterPayment(RegisterPayment {
                fresh,
                order: Some(OrderRef::Code("A".to_owned())),
                source: "bank".to_owned(),
                reference: (*reference).to_owned(),
                minor,
                currency: None,
                expires_at: None,
                metadata: "{}".to_owned(),
            }));
            assert!(matches!(outcome, Outcome::Payment(..)), "{outcome:?}");
        }
        ["cancel"] => cancel(store, "A"),
        ["run", "out"] => run_out(store, id),
        ["after", hours, "hours"] => {
            store.later(Span::hours(hours.parse().expect("hours")));
            store.due(id);
        }
        ["seen", code] => resolve(store, "A", code),
        ["sold", "elsewhere"] => store.stock("shirt", 0),
        ["staff", "refunds", reference, minor] => {
            let payment = payment(store, id, reference);
            let outcome = staff_refund(store, payment, minor.parse().expect("an amount"));
            assert!(
                matches!(outcome, Outcome::Refund(..)),
                "{words}: {outcome:?}"
            );
        }
        ["staff", "may", "refund", reference, minor] => {
            let refundable_minor = minor.parse().expect("an amount");
            let payment = payment(store, id, reference);
            let outcome = staff_refund(store, payment, refundable_minor + 1);
            let most = Refusal::RefundExceedsCaptured { refundable_minor };
            assert_eq!(outcome, Outcome::Refused(most), "{words}");
        }
        ["the", "provider", "refunds"] => {
            for key in store.effects("refund:") {
                if !store.rows.claimed.contains_key(&effect_id(&key)) {
                    does(store, &key, taken_as(None, RefundState::Succeeded));
                }
            }
        }
        ["the", "bank", "refuses"] => {
            let key = store.effects("refund:").remove(0);
            does(store, &key, taken_as(None, RefundState::Failed));
        }
        ["the", "call", "fails"] => {
            let key = store.effects("refund:").remove(0);
            does(store, &key, refused());
        }
        ["receipts"] => issue_all(store),
        [reference, "owes", minor] => {
            let due = store.root(id).payment(payment(store, id, reference));
            let due = due.map(|payment| payment.due.minor.to_string());
            assert_eq!(due.as_deref(), Some(*minor), "{words}");
        }
        _ => send(store, place, words),
    }
}

/// Every order of these.
pub(crate) fn permutations<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for first in 0..of.len() {
        let mut rest = of.to_vec();
        let taken = rest.remove(first);
        for mut tail in permutations(&rest) {
            tail.insert(0, taken.clone());
            all.push(tail);
        }
    }
    all
}

/// Every course that a story may take: `[a, b]` happens in any order, and once more after it all.
pub(crate) fn courses(story: &str) -> Vec<Vec<String>> {
    let mut courses = vec![Vec::new()];
    let mut left = story.trim();
    while !left.is_empty() {
        let (orders, rest) = match left.strip_prefix('[') {
            Some(inside) => {
                let (group, rest) = inside.split_once(']').expect("a bracket that closes");
                let steps: Vec<String> = group
                    .split(',')
                    .map(|step| step.trim().to_owned())
                    .collect();
                let mut orders = permutations(&steps);
                for again in orders.clone() {
                    orders.push([again.clone(), again].concat());
                }
                (orders, rest)
            }
            None => {
                let (one, rest) = left.split_once(';').unwrap_or((left, ""));
                (vec![vec![one.trim().to_owned()]], rest)
            }
        };
        let so_far = std::mem::take(&mut courses);
        for course in so_far {
            for order in &orders {
                courses.push([course.clone(), order.clone()].concat());
            }
        }
        left = rest.trim_start_matches([';', ' ', '\n']).trim();
    }
    courses
}

/// Plays a story in every order that it leaves open, and returns which of them end otherwise.
pub(crate) fn check(prepare: fn(&mut Store), story: &str, end: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for course in courses(story) {
        let (mut store, id) = shop();
        prepare(&mut store);
        for (place, words) in course.iter().enumerate() {
            step(&mut store, id, &format!("k{place}"), words);
            store.check_capacity();
        }
        let is = books(&store, id);
        // What was sold or shown before the rest arrived stays so: there only the money is the same.
        let parts = is.split(" | ").zip(end.split(" | "));
        let is: Vec<&str> = parts
            .map(|(is, end)| if end == "*" { end } else { is })
            .collect();
        let is = is.join(" | ");
        if is != end {
            wrong.push(format!("{}\n    -> {is}\n   not {end}", course.join("; ")));
        }
    }
    wrong
}

/// Each paragraph: a story, `->`, its end.
pub(crate) fn check_table(prepare: fn(&mut Store), table: &str) {
    let rows = table.split("\n\n").map(str::trim);
    let mut wrong = Vec::new();
    for row in rows.filter(|row| !row.is_empty()) {
        let (story, end) = row.split_once("->").expect("a story has an end");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        wrong.extend(check(prepare, &words(story), &words(end)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `late_payment`, `after_cancel` and `auto_refund` as they are by default.
pub(crate) fn as_usual(_: &mut Store) {}

/// People decide about all money that goes: nothing is ordered back or let go by itself.
pub(crate) fn by_people(store: &mut Store) {
    store.rules.auto_refund = false;
}

pub(crate) fn after_cancel_rehold(store: &mut Store) {
    store.rules.after_cancel = AfterCancel::Rehold;
}
