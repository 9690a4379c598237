//! What was reported to the shop of its money, by the providers' books.

use crate::engine::{Engine, OrderView, OrderedBack, PaymentView, Progress};
use crate::provider::{BackState, Books, Charge, Coin, House, Ruling};

/// What was reported to the shop of an order's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum {
    pub(super) captured: i64,
    pub(super) gone_back: i64,
    pub(super) charged_back: i64,
    pub(super) lost: i64,
    /// Of what went back or is disputed, what the shop heard no later than that it had come.
    pub(super) untimely: i64,
    /// What is kept for what was bought, and not for the way of paying.
    pub(super) pays: i64,
    /// What receipts are to come to: nothing is on paper of a payment that has brought nothing.
    pub(super) on_paper: i64,
}

impl Sum {
    pub(super) fn kept(self) -> i64 {
        self.captured - self.gone_back - self.charged_back
    }

    pub(super) fn plus(self, other: Sum) -> Sum {
        Sum {
            captured: self.captured + other.captured,
            gone_back: self.gone_back + other.gone_back,
            charged_back: self.charged_back + other.charged_back,
            lost: self.lost + other.lost,
            untimely: self.untimely + other.untimely,
            pays: self.pays + other.pays,
            on_paper: self.on_paper + other.on_paper,
        }
    }
}

/// What was reported of the money under one reference.
pub(super) fn reported(books: &Books, house: House, reference: &str) -> Sum {
    let mut sum = Sum::default();
    for charge in books.of(house, reference) {
        sum.captured += charge.believed();
        if charge.coin != Coin::Own {
            continue;
        }
        // Nothing that was not taken was given back after it.
        let taken = charge.reported.taken_first.unwrap_or(u64::MAX);
        let done = charge
            .backs
            .iter()
            .filter(|back| back.reported == Some(BackState::Done));
        let mut gone = 0;
        for back in done {
            gone += back.minor;
            sum.gone_back += back.minor;
            if back.reported_done <= Some(taken) {
                sum.untimely += back.minor;
            }
        }
        for dispute in &charge.disputes {
            let is_open = dispute.reported.is_some_and(|ruling| ruling != Ruling::Won);
            if is_open && dispute.reported_first <= Some(taken) {
                sum.untimely += dispute.minor;
            }
            gone += match dispute.reported {
                Some(Ruling::Open | Ruling::Lost) => dispute.minor,
                Some(Ruling::Won) | None => 0,
            };
            match dispute.reported {
                Some(Ruling::Open) => sum.charged_back += dispute.minor,
                Some(Ruling::Lost) => {
                    sum.charged_back += dispute.minor;
                    sum.lost += dispute.minor;
                }
                Some(Ruling::Won) | None => {}
            }
        }
        // More than came of it can have gone only by its provider's word.
        sum.untimely += (gone - charge.believed()).max(0);
    }
    let in_all = books.reported_in_all.get(&(house, reference.to_owned()));
    let (in_all, report) = in_all.copied().unwrap_or_default();
    let any_later = books.of(house, reference).any(|charge| {
        charge
            .reported
            .taken_first
            .is_none_or(|taken| report <= taken)
    });
    if sum.gone_back < in_all && any_later {
        sum.untimely += in_all;
    }
    sum.gone_back = sum.gone_back.max(in_all);
    // No house but the till knows what was handed over.
    sum.gone_back += books.handed_for(house, reference);
    if books.of(house, reference).any(Charge::has_come) {
        sum.on_paper = sum.captured - sum.gone_back - sum.lost;
    }
    sum
}

pub(super) fn reported_of(books: &Books, payment: &PaymentView) -> Sum {
    let mut sum = reported(books, payment.house, &payment.reference);
    sum.pays = pays(books, payment, sum);
    sum
}

/// What of a payment will be there for what was bought, once so much more has gone back.
pub(super) fn pays_less(books: &Books, payment: &PaymentView, on_its_way: i64) -> i64 {
    let mut sum = reported(books, payment.house, &payment.reference);
    sum.gone_back += on_its_way;
    pays(books, payment, sum)
}

fn pays(books: &Books, payment: &PaymentView, sum: Sum) -> i64 {
    let charges = books.of(payment.house, &payment.reference);
    let told: i64 = charges.map(Charge::believed_fee).sum();
    // A fee explains only that more came than the payment was for.
    let fee = told.min(sum.captured - payment.due).max(0);
    let kept = sum.kept();
    // What goes back is first what was too much, then the fee, then what was bought; a fee that is all that is
    // left pays nothing.
    match kept {
        kept if payment.due + fee <= kept => kept - fee,
        _ if fee == 0 => kept,
        kept if kept <= fee && kept < payment.due => kept.min(0),
        kept => kept.min(payment.due),
    }
}

pub(super) fn reported_of_order(books: &Books, order: &OrderView) -> Sum {
    let payments = order.payments.iter();
    payments.fold(Sum::default(), |sum, payment| {
        sum.plus(reported_of(books, payment))
    })
}

/// All that the engine has ordered back, by rows and by effects alone.
pub(super) fn ordered_back(engine: &Engine, orders: &[OrderView]) -> Vec<OrderedBack> {
    let rows = orders.iter().flat_map(|order| order.backs.iter().cloned());
    rows.chain(engine.requests()).collect()
}

/// What an order to give back comes to: by the provider's book where it has it, else what it asks
/// as long as the engine has not given it up.
pub(super) fn weight(books: &Books, back: &OrderedBack) -> i64 {
    let with_key = books
        .of(back.house, &back.reference)
        .flat_map(|charge| &charge.backs)
        .filter(|known| known.key.as_deref() == Some(back.key.as_str()));
    let mut known = false;
    let mut sum = 0;
    for record in with_key {
        known = true;
        if matches!(record.state, BackState::Pending | BackState::Done) {
            sum += record.minor;
        }
    }
    match (known, back.progress) {
        (true, _) => sum,
        (false, Progress::Open | Progress::Unknown | Progress::Done) => back.minor,
        (false, Progress::Failed) => 0,
    }
}

/// What went back under a reference without the shop's order, as far as it was reported.
pub(super) fn theirs(books: &Books, house: House, reference: &str) -> i64 {
    let of_own = || {
        books
            .of(house, reference)
            .filter(|charge| charge.coin == Coin::Own)
    };
    let charges = || of_own().flat_map(|charge| &charge.backs);
    let itemised: i64 = charges()
        .filter(|back| back.key.is_none() && back.reported == Some(BackState::Done))
        .map(|back| back.minor)
        .sum();
    let ours: i64 = charges()
        .filter(|back| back.key.is_some() && back.state == BackState::Done)
        .map(|back| back.minor)
        .sum();
    let in_all = books.reported_in_all.get(&(house, reference.to_owned()));
    itemised.max(in_all.map_or(0, |(sum, _)| *sum) - ours)
}

pub(super) fn theirs_of(books: &Books, order: &OrderView) -> i64 {
    order
        .payments
        .iter()
        .map(|payment| theirs(books, payment.house, &payment.reference))
        .sum()
}
