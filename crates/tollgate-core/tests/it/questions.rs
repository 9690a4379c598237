//! Stories of questions: a report is asked about by its own names, an answer settles no other report, and no
//! stranger keeps the provider from being asked (docs/money.md).

use tollgate_core::command::{Action, OrderRef};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{AnswerContent, EffectContent};
use tollgate_core::event::{Event, Fact, Policy, Strength};
use tollgate_core::id::{EventId, PaymentId, RootId};
use tollgate_core::payment::PaymentStatus;
use tollgate_core::snapshot::Reason;
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use crate::store::Store;
use crate::words::*;
use crate::worker::*;

/// A source whose reports prove nothing and are asked about by the page that they name.
const PAGES: Policy = Policy {
    asks_by_own_id: true,
    ..BEFORE
};

/// An order of 100 that waits for payment `A-1`.
fn waiting() -> (Store, RootId) {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    (store, id)
}

/// Anybody's report: a page, and the reference that it claims to be for.
fn report(key: &str, reference: &str, page: &str) -> Event {
    Event {
        provider_payment_id: Some(page.to_owned()),
        ..event(key, &[reference, page], "")
    }
}

fn hears(store: &mut Store, key: &str, reference: &str, page: &str) -> EventId {
    store.take(report(key, reference, page), PAGES).0
}

/// What the provider says of a page: for which reference it was made, and a fact.
fn of_page(page: &str, reference: &str, words: &str) -> AnswerContent {
    AnswerContent::Facts {
        method: None,
        names: vec![reference.to_owned(), page.to_owned()],
        facts: vec![Fact {
            strength: Strength::Asked,
            ..fact(words, idr)
        }],
        provider_payment_id: None,
        unreadable: false,
    }
}

/// The last question about an object.
fn question(store: &Store, object: &str) -> String {
    let row = ("bank".to_owned(), object.to_owned());
    let known = store.rows.names.get(&row).and_then(|name| name.question);
    format!("ask:bank:{object}:{}", known.expect("a question").n)
}

fn is_answered(store: &mut Store, object: &str, content: AnswerContent) {
    let key = question(store, object);
    does(store, &key, answered(content));
}

fn target(store: &Store, key: &str) -> String {
    content_of(store, key).target()
}

/// A card is declined on one page and paid with on another, within seconds.
#[test]
fn two_pages_of_one_reference_are_two_questions() {
    // Which page is reported first, which is answered first, and is the payment known by then.
    for course in 0..12 {
        let (report_paid_first, answer_paid_first) = (course % 2 == 0, course / 2 % 2 == 0);
        let known_from = course / 4;
        let mut store = Store::new();
        store.stock("shirt", 3);
        let ordered = |store: &mut Store| {
            store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"))
        };
        let mut id = None;
        if known_from == 0 {
            id = Some(ordered(&mut store));
        }
        let mut pages = ["declined", "paid"];
        if report_paid_first {
            pages.reverse();
        }
        let reports = pages.map(|page| hears(&mut store, page, "A-1", page));
        if known_from == 1 {
            id = Some(ordered(&mut store));
        }
        let mut answers = [
            ("declined", of_page("declined", "A-1", "t1:deny")),
            ("paid", of_page("paid", "A-1", "t2:paid 100")),
        ];
        if answer_paid_first {
            answers.reverse();
        }
        for (page, content) in answers {
            is_answered(&mut store, page, content);
        }
        let id = id.unwrap_or_else(|| ordered(&mut store));
        assert_eq!(store.status(id), "Paid consumed", "course {course}");
        let all = store.root(id).ledger().all;
        assert_eq!((all.captured, store.effects("receipt:").len()), (100, 1));
        for report in reports {
            assert!(store.event_state(report).is_settled(), "course {course}");
            assert_ne!(store.event_state(report), EventState::Parked);
        }
        assert_eq!(store.attention(id), [""; 0]);
        assert_eq!(store.effects("ask:bank:A-1:"), [""; 0]);
    }
}

/// A stranger reports a page of their own under someone else's reference.
#[test]
fn a_strangers_page_settles_no_other_report() {
    for stranger_is_answered_first in [true, false] {
        for said in ["paid 100", "deny", "weak", "mismatch"] {
            let (mut store, id) = waiting();
            let forged = hears(&mut store, "k1", "A-1", "theirs");
            let real = hears(&mut store, "k2", "A-1", "hers");
            let theirs = match said {
                "weak" => AnswerContent::Weak,
                "mismatch" => AnswerContent::Mismatch {
                    reason: "it is for another terminal".to_owned(),
                },
                words => of_page("theirs", "X-9", words),
            };
            let hers = of_page("hers", "A-1", "t2:paid 100");
            if stranger_is_answered_first {
                is_answered(&mut store, "theirs", theirs);
                assert_eq!(store.event_state(real), EventState::Queued, "{said}");
                assert_eq!(store.status(id), "AwaitingPayment active", "{said}");
                is_answered(&mut store, "hers", hers);
            } else {
                is_answered(&mut store, "hers", hers);
                is_answered(&mut store, "theirs", theirs);
            }
            assert_eq!(store.status(id), "Paid consumed", "{said}");
            assert_eq!(store.event_state(real), EventState::Applied, "{said}");
            assert_ne!(store.event_state(forged), EventState::Applied, "{said}");
            assert_eq!(store.root(id).ledger().all.captured, 100);
            assert_eq!(store.attention(id), [""; 0], "{said}");
        }
    }
}

/// The stranger's page was really made and paid, for another order: that one has its money.
#[test]
fn a_page_pays_what_it_was_made_for_whatever_its_report_claims() {
    let (mut store, id) = waiting();
    let other = store.order(with_payment(order("B", &[line("shirt", 1, 100)]), "B-1"));
    let claim = hears(&mut store, "k1", "A-1", "theirs");
    is_answered(
        &mut store,
        "theirs",
        of_page("theirs", "B-1", "t1:paid 100"),
    );
    assert_eq!(store.status(id), "AwaitingPayment active");
    assert_eq!(store.status(other), "Paid consumed");
    assert_eq!(store.event_state(claim), EventState::Stale);
    assert_eq!(store.attention(id), [""; 0]);
    assert_eq!(store.attention(other), [""; 0]);
}

/// 64 and 120 forged reports under one reference, before, around and after the real one.
#[test]
fn many_forged_reports_neither_hide_nor_delay_the_real_one_for_long() {
    for forged in [64, 120] {
        for before in [0, forged / 2, forged] {
            let (mut store, id) = waiting();
            let began = store.now;
            let mut real = None;
            for n in 0..=forged {
                if n == before {
                    real = Some(hears(&mut store, "real", "A-1", "hers"));
                    continue;
                }
                hears(&mut store, &format!("k{n}"), "A-1", &format!("forged-{n}"));
            }
            let real = real.expect("the real one");
            assert_eq!(
                store.event_state(real),
                EventState::Queued,
                "{forged} {before}"
            );
            let key = question(&store, "hers");
            // At once among the first, and never behind more than those who may wait.
            let most = match before {
                0 => Span::seconds(0),
                _ => Span::seconds(31),
            };
            assert!(
                due_of(&store, &key) <= began.plus(most),
                "{forged} {before}"
            );
            is_answered(&mut store, "hers", of_page("hers", "A-1", "t1:paid 100"));
            assert_eq!(store.status(id), "Paid consumed");
            assert_eq!(store.event_state(real), EventState::Applied);
        }
    }
}

/// The reports are there before the payment is known. One that found no room at the reference is asked about all
/// the same.
#[test]
fn forged_reports_before_the_payment_do_not_hide_its_own() {
    for forged in [64, 120] {
        let mut store = Store::new();
        store.stock("shirt", 3);
        for n in 0..forged {
            hears(&mut store, &format!("k{n}"), "A-1", &format!("forged-{n}"));
        }
        let real = hears(&mut store, "real", "A-1", "hers");
        let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
        let due = due_of(&store, &question(&store, "hers"));
        assert!(due <= store.now.plus(Span::seconds(31)), "{forged}");
        is_answered(&mut store, "hers", of_page("hers", "A-1", "t2:paid 100"));
        assert_eq!(store.status(id), "Paid consumed", "{forged}");
        assert_eq!(store.event_state(real), EventState::Applied, "{forged}");
    }
}

/// Reports at one reference do not concern another.
#[test]
fn forged_reports_delay_only_their_own_reference() {
    let (mut store, _) = waiting();
    let other = store.order(with_payment(order("B", &[line("shirt", 1, 100)]), "B-1"));
    for n in 0..120 {
        hears(&mut store, &format!("k{n}"), "A-1", &format!("forged-{n}"));
    }
    hears(&mut store, "real", "B-1", "hers");
    assert_eq!(due_of(&store, &question(&store, "hers")), store.now);
    is_answered(&mut store, "hers", of_page("hers", "B-1", "t1:paid 100"));
    assert_eq!(store.status(other), "Paid consumed");
}

/// Where the provider is asked by our reference, all reports of one reference are one question, and the
/// answer to it counts for the payment, whatever made us ask.
#[test]
fn many_reports_at_a_reference_that_is_asked_about_are_one_question() {
    for known in [true, false] {
        for forged in [64, 120] {
            let mut store = Store::new();
            store.stock("shirt", 3);
            let wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
            let mut id = None;
            if known {
                id = Some(store.order(wanted.clone()));
            }
            for n in 0..forged {
                store.take(event(&format!("k{n}"), &["A-1"], "paid 1"), BEFORE);
            }
            store.take(event("real", &["A-1"], "paid 100"), BEFORE);
            assert_eq!(store.effects("ask:"), ["ask:bank:A-1:1"]);
            let id = id.unwrap_or_else(|| store.order(wanted));
            is_answered(&mut store, "A-1", of_page("A-1", "A-1", "paid 100"));
            assert_eq!(store.status(id), "Paid consumed", "{known} {forged}");
            assert_eq!(store.root(id).ledger().all.captured, 100);
        }
    }
}

/// One forged report every two seconds does not put the question off.
#[test]
fn reports_that_keep_coming_do_not_put_a_question_off() {
    let (mut store, id) = waiting();
    store.take(event("real", &["A-1"], "paid 100"), BEFORE);
    let key = question(&store, "A-1");
    let due = due_of(&store, &key);
    for n in 0..60 {
        store.later(Span::seconds(2));
        store.take(event(&format!("k{n}"), &["A-1"], "paid 1"), BEFORE);
        assert_eq!(
            (question(&store, "A-1"), due_of(&store, &key)),
            (key.clone(), due)
        );
    }
    is_answered(&mut store, "A-1", of_page("A-1", "A-1", "paid 100"));
    assert_eq!(store.status(id), "Paid consumed");

    // Nor while it has been answered with nothing decisive: they ask sooner, not later.
    let (mut store, _) = waiting();
    store.take(event("real", &["A-1"], "paid 100"), BEFORE);
    is_answered(&mut store, "A-1", AnswerContent::Weak);
    for n in 0..30 {
        store.later(Span::seconds(2));
        store.take(event(&format!("k{n}"), &["A-1"], "paid 1"), BEFORE);
        let key = question(&store, "A-1");
        let wait = due_of(&store, &key);
        assert!(wait <= store.now.plus(Span::seconds(5)), "{n}");
        if wait <= store.now && !store.rows.claimed.contains_key(&effect_id(&key)) {
            does(&mut store, &key, answered(AnswerContent::Weak));
        }
    }
}

/// What is not known waits in a queue of its own, and is asked among the known when its payment comes.
#[test]
fn a_question_about_an_unknown_reference_is_put_among_the_known_when_it_is_registered() {
    for (object, policy) in [("hers", PAGES), ("A-1", BEFORE)] {
        let mut store = Store::new();
        store.stock("shirt", 3);
        let said = match policy == PAGES {
            true => report("k1", "A-1", "hers"),
            false => event("k1", &["A-1"], "paid 100"),
        };
        let (early, outcome) = store.take(said, policy);
        assert_eq!(outcome, EventOutcome::Queued);
        let first = question(&store, object);
        assert_eq!(target(&store, &first), "ask-unknown:bank");
        let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
        let second = question(&store, object);
        assert_ne!(first, second);
        assert_eq!(target(&store, &second), "ask:bank");
        assert_eq!(due_of(&store, &second), store.now);
        // The one in whose place it is asked has nothing left to do.
        assert!(!takes_up(&mut store, &first));
        is_answered(&mut store, object, of_page(object, "A-1", "t1:paid 100"));
        assert_eq!(store.status(id), "Paid consumed");
        assert_eq!(store.event_state(early), EventState::Applied);
    }
}

/// A question that has begun as a stranger's is not begun a second time; its answer is enough.
#[test]
fn a_question_that_is_under_way_when_its_payment_comes_is_asked_once_more_after_it() {
    let mut store = Store::new();
    store.stock("shirt", 3);
    hears(&mut store, "k1", "A-1", "hers");
    let first = question(&store, "hers");
    assert!(takes_up(&mut store, &first));
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    assert_eq!(question(&store, "hers"), first);
    ends(
        &mut store,
        &first,
        answered(of_page("hers", "A-1", "t1:paid 100")),
    );
    assert_eq!(store.status(id), "Paid consumed");
}

fn impossible() -> AnswerContent {
    AnswerContent::Impossible {
        reason: "there is no page to ask by".to_owned(),
    }
}

#[test]
fn what_cannot_be_asked_is_given_up_at_once_and_leaves_nothing_open() {
    let (mut store, id) = waiting();
    let (report, _) = store.take(event("k1", &["A-1"], "paid 100"), BEFORE);
    is_answered(&mut store, "A-1", impossible());
    assert_eq!(store.event_state(report), EventState::Stale);
    assert_eq!(
        store.rows.events[&report].reason.map(Reason::word),
        Some("unconfirmed")
    );
    assert_eq!(store.effects("ask:").len(), 1);
    assert_eq!(store.status(id), "AwaitingPayment active");
    assert_eq!(store.attention(id), [""; 0]);

    // Every checkout that was abandoned is asked about when it closes.
    store.act(Action::CancelOrder(OrderRef::Code("A".to_owned())));
    assert_eq!(store.status(id), "Closing active");
    is_answered(&mut store, "A-1", impossible());
    assert_eq!(store.effects("ask:").len(), 2);
    store.later(Span::minutes(3));
    store.due(id);
    assert_eq!(store.status(id), "Cancelled released");
    for effect in store.rows.claimed.values() {
        assert_eq!(effect.state, tollgate_core::effect::EffectState::Done);
    }
}

/// What only confirms behind is doubted where the provider cannot be asked, and a person looks.
#[test]
fn what_was_to_be_confirmed_behind_and_cannot_be_is_shown() {
    let (mut store, id) = waiting();
    store.take(event("k1", &["A-1"], "paid 100"), AFTER);
    assert_eq!(store.status(id), "Paid consumed");
    is_answered(&mut store, "A-1", impossible());
    issue_all(&mut store);
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.attention(id), ["unconfirmed"]);
}

/// A bank's first notice has no id of its own yet. The answer that only confirms it names the same money by
/// the bank's id: it takes none of it away, and money beside it is more.
#[test]
fn what_came_without_an_id_is_not_unpaid_by_what_only_confirms_it() {
    let cases: [(&[&str], i64, &[&str]); 4] = [
        (&["T1:paid 100"], 100, &[]),
        (&["T1:settled 40"], 100, &["unconfirmed"]),
        (&["T1:reversed 100"], 100, &["unconfirmed"]),
        (&["T1:paid 100", "T2:paid 40"], 140, &["duplicate_payment"]),
    ];
    for (words, captured, attention) in cases {
        let (mut store, id) = waiting();
        store.take(event("k1", &["A-1"], "A-1:paid 100"), AFTER);
        let asked = |words: &&str| Fact {
            strength: Strength::Asked,
            ..fact(words, idr)
        };
        let content = AnswerContent::Facts {
            method: None,
            names: vec!["A-1".to_owned()],
            facts: words.iter().map(asked).collect(),
            provider_payment_id: None,
            unreadable: false,
        };
        is_answered(&mut store, "A-1", content);
        assert_eq!(store.root(id).ledger().all.captured, captured, "{words:?}");
        assert_eq!(store.attention(id), attention, "{words:?}");
    }
}

/// Money waits for its payment, and nobody could say how much it is: neither the report, nor the first answer. The next
/// answer can: it counts.
#[test]
fn what_could_not_be_read_at_first_counts_once_it_can() {
    let unpriced = |words: &str| Fact {
        money: None,
        ..fact(words, idr)
    };
    for policy in [BEFORE, AFTER, NEVER] {
        let mut store = Store::new();
        store.stock("shirt", 3);
        let said = Event {
            facts: vec![unpriced("paid 100")],
            amount_unreadable: true,
            ..event("k1", &["A-1"], "paid 100")
        };
        let (report, _) = store.take(said, policy);
        if policy == BEFORE {
            let content = AnswerContent::Facts {
                method: None,
                names: vec!["A-1".to_owned()],
                facts: vec![unpriced("paid 100")],
                provider_payment_id: None,
                unreadable: true,
            };
            is_answered(&mut store, "A-1", content);
        }
        assert_eq!(store.event_state(report), EventState::Parked);
        store.later(Span::minutes(16));
        store.act(Action::ParkedDue(report));
        is_answered(&mut store, "A-1", says("A-1", "paid 100"));
        let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
        assert_eq!(store.status(id), "Paid consumed", "{policy:?}");
        assert_eq!(store.attention(id), [""; 0], "{policy:?}");
    }
}

/// 100 were reported under the bank's signature and wait for their order. The answer about them cannot be read:
/// it proves nothing, also not that the 100 are in doubt.
#[test]
fn an_answer_that_cannot_be_read_takes_nothing_from_what_waits() {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let (paid, _) = store.take(event("k1", &["A-1"], "paid 100"), NEVER);
    store.later(Span::minutes(16));
    store.act(Action::ParkedDue(paid));
    let content = AnswerContent::Facts {
        method: None,
        names: vec!["A-1".to_owned()],
        facts: vec![Fact {
            strength: Strength::Asked,
            money: None,
            ..fact("paid 100", idr)
        }],
        provider_payment_id: None,
        unreadable: true,
    };
    is_answered(&mut store, "A-1", content);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.attention(id), [""; 0]);
}

/// No amount, no money: in an answer as in an event, for a known payment as for one that comes later.
#[test]
fn an_answer_that_cannot_be_read_pays_nothing() {
    let no_amount = |unreadable| AnswerContent::Facts {
        method: None,
        names: vec!["A-1".to_owned()],
        facts: vec![Fact {
            strength: Strength::Asked,
            ..fact("paid", idr)
        }],
        provider_payment_id: None,
        unreadable,
    };
    // An amount that stands beside the unreadable one is no proof either.
    let beside = AnswerContent::Facts {
        method: None,
        names: vec!["A-1".to_owned()],
        facts: vec![Fact {
            strength: Strength::Asked,
            ..fact("paid 100", idr)
        }],
        provider_payment_id: None,
        unreadable: true,
    };
    for content in [no_amount(true), no_amount(false), beside] {
        for (known, policy) in [(true, BEFORE), (false, BEFORE), (true, NEVER)] {
            let mut store = Store::new();
            store.stock("shirt", 3);
            let wanted = with_payment(order("A", &[line("shirt", 1, 100)]), "A-1");
            let mut id = None;
            if known {
                id = Some(store.order(wanted.clone()));
            }
            let words = if policy == NEVER {
                "pending"
            } else {
                "paid 100"
            };
            store.take(event("k1", &["A-1"], words), policy);
            if policy == NEVER {
                let payment = store.root(id.expect("an order")).payments[0].id;
                store.act(Action::CheckPayment(payment));
            }
            is_answered(&mut store, "A-1", content.clone());
            let id = id.unwrap_or_else(|| store.order(wanted));
            let story = format!("{content:?}, known {known}, {policy:?}");
            assert_eq!(store.status(id), "AwaitingPayment active", "{story}");
            assert_eq!(store.root(id).ledger().all.captured, 0, "{story}");
            assert_eq!(store.attention(id), ["amount_unreadable"], "{story}");
            assert_eq!(store.effects("receipt:"), [""; 0], "{story}");
            // One that can be read does.
            let payment = store.root(id).payments[0].id;
            store.later(Span::minutes(1));
            store.act(Action::CheckPayment(payment));
            is_answered(&mut store, "A-1", of_page("A-1", "A-1", "paid 100"));
            assert_eq!(store.status(id), "Paid consumed", "{story}");
        }
    }
}

/// The answer names an id that is another payment's reference: nothing moves there, whichever source was asked.
#[test]
fn an_answer_whose_id_reads_like_a_reference_moves_nothing_there() {
    for known in [true, false] {
        let (mut store, id) = waiting();
        let wanted = || with_payment(order("B", &[line("shirt", 1, 100)]), "B-1");
        let mut other = None;
        if known {
            other = Some(store.order(wanted()));
        }
        let said = Event {
            provider_payment_id: Some("A-1".to_owned()),
            ..event("k1", &["B-1", "A-1"], "paid 100")
        };
        let (report, _) = store.take(said, BEFORE);
        let content = AnswerContent::Facts {
            method: None,
            names: vec!["B-1".to_owned(), "A-1".to_owned()],
            facts: vec![Fact {
                strength: Strength::Asked,
                ..fact("paid 100", idr)
            }],
            provider_payment_id: Some("A-1".to_owned()),
            unreadable: false,
        };
        // It is asked about under its own reference, and not under the one that it resembles.
        assert_eq!(store.effects("ask:"), ["ask:bank:B-1:1"]);
        is_answered(&mut store, "B-1", content);
        let other = other.unwrap_or_else(|| store.order(wanted()));
        assert_eq!(store.status(id), "AwaitingPayment active", "{known}");
        assert_eq!(store.status(other), "Paid consumed", "{known}");
        assert_eq!(store.event_state(report), EventState::Applied, "{known}");
    }
}

/// A page whose report came for a payment that was registered by the page itself.
#[test]
fn a_payment_that_is_registered_by_its_page_is_asked_about_by_it() {
    let mut store = Store::new();
    let Outcome::Payment(id, _) = store.try_register(None, "hers") else {
        panic!("registered");
    };
    hears(&mut store, "k1", "ORDER-7", "hers");
    is_answered(
        &mut store,
        "hers",
        of_page("hers", "ORDER-7", "t1:paid 100"),
    );
    assert_eq!(captured(&store, id), 100);
}

fn captured(store: &Store, payment: PaymentId) -> i64 {
    store.root(payment.root()).ledger().all.captured
}

/// A question knows every name that its event has, so that page and reference can be distinguished.
#[test]
fn a_question_is_put_by_its_own_names() {
    let (mut store, _) = waiting();
    hears(&mut store, "k1", "A-1", "hers");
    let EffectContent::Ask { object, names, .. } = content_of(&store, &question(&store, "hers"))
    else {
        panic!("a question");
    };
    assert_eq!(object, "hers");
    assert_eq!(names, &["A-1", "hers"]);
}

/// The order closes, and the provider is asked about its reference: that says nothing of a page.
#[test]
fn an_answer_about_the_reference_settles_no_report_of_a_page() {
    for content in [
        AnswerContent::Weak,
        impossible(),
        of_page("A-1", "A-1", "t9:fail"),
        AnswerContent::Mismatch {
            reason: "it is about another reference".to_owned(),
        },
    ] {
        let (mut store, id) = waiting();
        let real = hears(&mut store, "k1", "A-1", "hers");
        let payment = store.root(id).payments[0].id;
        store.act(Action::CheckPayment(payment));
        is_answered(&mut store, "A-1", content.clone());
        assert_eq!(store.event_state(real), EventState::Queued, "{content:?}");
        is_answered(&mut store, "hers", of_page("hers", "A-1", "t2:paid 100"));
        assert_eq!(store.status(id), "Paid consumed", "{content:?}");
        assert_eq!(store.event_state(real), EventState::Applied, "{content:?}");
    }
}

/// The provider answers about something else than was asked. If a report that anybody could have sent
/// made us ask, that casts no doubt on the payment; if a signed one did, a person looks.
#[test]
fn a_strangers_report_casts_no_doubt_on_a_payment() {
    let none: &[&str] = &[];
    for (policy, attention) in [(BEFORE, none), (AFTER, &["unconfirmed"])] {
        let (mut store, id) = waiting();
        let (report, _) = store.take(event("k1", &["A-1"], "paid 100"), policy);
        let elsewhere = AnswerContent::Mismatch {
            reason: "it is about another terminal".to_owned(),
        };
        is_answered(&mut store, "A-1", elsewhere);
        assert_eq!(store.attention(id), attention, "{policy:?}");
        if policy == BEFORE {
            assert_eq!(store.event_state(report), EventState::Attention);
            assert_eq!(store.status(id), "AwaitingPayment active");
        }
    }
}

/// A signed notice says that 100 came; the answer that was only to confirm it says less, or something else.
#[test]
fn a_confirmation_takes_nothing_away_and_shows_what_disagrees() {
    let none: &[&str] = &[];
    let doubted: &[&str] = &["unconfirmed"];
    // What is answered -> what is shown, captured, refunded.
    for (answer, shown, captured, refunded) in [
        ("paid 100", none, 100, 0),
        ("settled 100", none, 100, 0),
        ("paid 100 + b:fail", none, 100, 0),
        ("pending", none, 100, 0),
        ("refund r1 40", none, 100, 40),
        ("settled 97", doubted, 100, 0),
        ("settled 103", doubted, 100, 0),
        ("expire", doubted, 100, 0),
        ("authorized 100", doubted, 100, 0),
        ("voided", doubted, 100, 0),
        ("reversed 100", doubted, 100, 0),
        ("paid 100 + reversed 100", doubted, 100, 0),
        ("b:fail", doubted, 100, 0),
        // Nothing was heard of this one, and it has come and gone.
        ("paid 100 + b:reversed 20", &["payment_reversed"], 100, 0),
    ] {
        let (mut store, id) = waiting();
        store.take(event("k1", &["A-1"], "paid 100"), AFTER);
        assert_eq!(store.status(id), "Paid consumed");
        is_answered(&mut store, "A-1", says("A-1", answer));
        let all = store.root(id).ledger().all;
        assert_eq!(
            (all.captured, all.refunded),
            (captured, refunded),
            "{answer}"
        );
        assert_eq!(store.attention(id), shown, "{answer}");
    }
    // Of money that was only set aside nothing is taken away.
    let (mut store, id) = waiting();
    store.take(event("k1", &["A-1"], "authorized 100"), AFTER);
    is_answered(&mut store, "A-1", says("A-1", "voided"));
    assert_eq!(store.attention(id), none);
}

/// The answer was on its way when more was heard: it is older than that and casts no doubt on it. The next one does, or
/// confirms.
#[test]
fn an_answer_that_is_older_than_what_was_heard_casts_no_doubt() {
    for (answer, at_last, shown) in [
        ("authorized 100", "paid 100", &[][..]),
        ("expire", "paid 100", &[]),
        ("paid 60", "paid 100", &[]),
        ("authorized 100", "authorized 100", &["unconfirmed"]),
        ("expire", "expire", &["unconfirmed"]),
    ] {
        let (mut store, id) = waiting();
        store.take(event("k1", &["A-1"], "authorized 100"), AFTER);
        let begun = question(&store, "A-1");
        assert!(takes_up(&mut store, &begun));
        store.take(event("k2", &["A-1"], "paid 100"), AFTER);
        ends(&mut store, &begun, answered(says("A-1", answer)));
        assert_eq!(store.attention(id), [""; 0], "{answer}, then {at_last}");
        assert_eq!(store.status(id), "Paid consumed");
        is_answered(&mut store, "A-1", says("A-1", at_last));
        assert_eq!(store.attention(id), shown, "{answer}, then {at_last}");
    }
}

/// Several facts in one answer about an object.
fn says(object: &str, words: &str) -> AnswerContent {
    let facts = words.split(" + ").map(|words| Fact {
        strength: Strength::Asked,
        ..fact(words, idr)
    });
    AnswerContent::Facts {
        method: None,
        names: vec![object.to_owned()],
        facts: facts.collect(),
        provider_payment_id: None,
        unreadable: false,
    }
}

/// Asked by our reference, a provider may answer under it: that is the one capture that is known.
#[test]
fn an_answer_under_our_reference_is_about_the_capture_that_is_known() {
    let (mut store, id) = waiting();
    store.hear("k1", "A-1", "paid 100");
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    is_answered(&mut store, "A-1", says("A-1", "A-1:expire"));
    let all = store.root(id).ledger().all;
    assert_eq!((all.captured, all.lost), (0, 0));
    assert_eq!(store.attention(id), ["payment_reversed"]);
}

/// The answer names two payments: both are shown, nothing moves.
#[test]
fn an_answer_that_names_two_payments_moves_neither() {
    let (mut store, id) = waiting();
    let other = store.order(with_payment(order("B", &[line("shirt", 1, 100)]), "B-1"));
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    is_answered(&mut store, "A-1", of_page("A-1", "B-1", "paid 100"));
    for root in [id, other] {
        assert_eq!(store.status(root), "AwaitingPayment active");
        assert_eq!(store.attention(root), ["reference_conflict"]);
    }
}

/// What needs no confirming is not asked about again when it is sent again, nor what is known already.
#[test]
fn what_is_known_already_asks_no_one() {
    let (mut store, _) = waiting();
    for (key, words) in [
        ("k0", "pending"),
        ("k0", "pending"),
        ("k1", "paid 100"),
        ("k1", "paid 100"),
        ("k2", "paid 100"),
    ] {
        store.hear(key, "A-1", words);
    }
    store.take(event("k3", &["A-1"], "paid 100"), AFTER);
    assert_eq!(store.effects("ask:"), [""; 0]);
    // Money that is set aside and then fails is asked about; a try that fails is not.
    let (mut store, _) = waiting();
    store.hear("k1", "A-1", "fail");
    assert_eq!(store.effects("ask:"), [""; 0]);
    store.hear("k2", "A-1", "authorized 100");
    store.hear("k3", "A-1", "deny");
    assert_eq!(store.effects("ask:"), ["ask:bank:A-1:1"]);
}

/// An amount that cannot be read is asked about where that is possible; an answer is not doubted again.
#[test]
fn what_cannot_be_read_is_asked_about_once() {
    for (can_ask, asked) in [(true, 1), (false, 0)] {
        let (mut store, id) = waiting();
        let said = Event {
            amount_unreadable: true,
            ..event("k1", &["A-1"], "paid 100")
        };
        store.take(said, Policy { can_ask, ..NEVER });
        assert_eq!(store.effects("ask:").len(), asked);
        if can_ask {
            is_answered(&mut store, "A-1", says("A-1", "paid -5"));
            assert_eq!(store.effects("ask:").len(), asked);
        }
        assert_eq!(store.attention(id), ["amount_unreadable"]);
    }
}

/// Cash cannot be asked about when its order closes.
#[test]
fn no_one_is_asked_about_cash() {
    let (mut store, id) = waiting();
    let fresh = store.fresh();
    let till = tollgate_core::command::RegisterPayment {
        fresh,
        order: Some(OrderRef::Code("A".to_owned())),
        source: "manual".to_owned(),
        reference: "till".to_owned(),
        minor: None,
        currency: None,
        expires_at: Some(store.now.plus(Span::minutes(5))),
        metadata: "{}".to_owned(),
    };
    store.act(Action::RegisterPayment(till.clone()));
    store.later(Span::minutes(6));
    store.due(id);
    assert_eq!(store.effects("ask:"), [""; 0]);
    let fresh = store.fresh();
    store.act(Action::RegisterPayment(
        tollgate_core::command::RegisterPayment {
            fresh,
            reference: "till-2".to_owned(),
            expires_at: None,
            ..till
        },
    ));
    store.act(Action::CancelOrder(OrderRef::Code("A".to_owned())));
    assert_eq!(store.effects("ask:"), ["ask:bank:A-1:1"]);
}

/// One try of a customer was left and another one declined when the shop's word ends the attempt: both are over, and the
/// order waits on, to its own end.
#[test]
fn an_attempt_that_ends_leaves_its_order_the_time_it_has() {
    let left = ["first:pending", "first:created", "tx:pending"];
    for first in left {
        for other in ["second:fail", "second:pending", "A-2:pending"] {
            let (mut store, id) = waiting();
            let fresh = store.fresh();
            let brief = tollgate_core::command::RegisterPayment {
                fresh,
                order: Some(OrderRef::Code("A".to_owned())),
                source: "bank".to_owned(),
                reference: "A-2".to_owned(),
                minor: None,
                currency: None,
                expires_at: Some(store.now.plus(Span::minutes(5))),
                metadata: "{}".to_owned(),
            };
            store.act(Action::RegisterPayment(brief));
            store.hear("k1", "A-2", first);
            store.hear("k2", "A-2", other);
            store.later(Span::minutes(5));
            store.due(id);
            let status = store.root(id).payments[1].projection().status;
            assert_ne!(status, PaymentStatus::Pending, "{first}, {other}");
            assert_eq!(
                store.status(id),
                "AwaitingPayment active",
                "{first}, {other}"
            );
            let end = minutes(15);
            assert_eq!(store.root(id).due_at(), Some(end), "{first}, {other}");
            // A try that comes to be known later is over, too.
            store.hear("k3", "A-2", "third:pending");
            store.due(id);
            assert_eq!(store.root(id).due_at(), Some(end), "{first}, {other}");
            store.hear("k4", "A-2", "first:paid 100");
            assert_eq!(store.status(id), "Paid consumed", "{first}, {other}");
        }
    }
}

/// An answer that comes twice closes no later question, and test money confirms nothing.
#[test]
fn an_answer_is_the_answer_to_its_own_question() {
    let (mut store, id) = waiting();
    let payment = store.root(id).payments[0].id;
    store.act(Action::CheckPayment(payment));
    store.answer("A-1", 1, None, None, None);
    store.answer("A-1", 1, None, None, Some("pending"));
    let row = ("bank".to_owned(), "A-1".to_owned());
    let question = store.rows.names[&row].question.expect("a question");
    assert_eq!((question.n, question.open), (2, true));

    let (mut store, id) = waiting();
    store.take(event("k1", &["A-1"], "paid 100"), AFTER);
    let mut answer = says("A-1", "paid 100");
    if let AnswerContent::Facts { facts, .. } = &mut answer {
        facts[0].foreign_mode = true;
    }
    is_answered(&mut store, "A-1", answer);
    assert_eq!(store.attention(id), ["unconfirmed", "mode_mismatch"]);
    assert_eq!(store.root(id).ledger().all.captured, 100);
}
