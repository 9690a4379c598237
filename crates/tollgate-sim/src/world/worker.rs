//! The worker: effects are done, and providers answer what they are asked and ordered.

use tollgate_core::id::EffectId;

use crate::engine::{Job, PaymentView, Word};
use crate::laws::By;
use crate::provider::{ASKED, BackAnswer, BackState, Charge, ChargeState, Claim, House, Says};

use super::{World, pick};

/// How the world treats an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Luck {
    Good,
    HangsUp,
    TimesOut,
    Refuses,
    Garbles,
    Hesitates,
}

impl Luck {
    pub(super) fn of(how: u8) -> Luck {
        match how % 8 {
            3 => Luck::HangsUp,
            4 => Luck::TimesOut,
            5 => Luck::Refuses,
            6 => Luck::Garbles,
            7 => Luck::Hesitates,
            _ => Luck::Good,
        }
    }
}

/// What the provider's answer lets the shop know: charges with claims, or a refund.
#[derive(Debug, Clone)]
pub(super) enum Lesson {
    Nothing,
    Charges {
        charges: Vec<(usize, Vec<Claim>)>,
        /// A report made the shop ask.
        by_report: bool,
        /// How much the shop had been told when it was asked.
        heard: u64,
    },
    Refund(String, BackState),
}

/// An effect that was begun, with the answer that is on its way.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    id: EffectId,
    word: Word,
    lesson: Lesson,
}

impl World {
    pub(super) fn work_at(&mut self, which: u8, how: u8) {
        if let Some(id) = pick(&self.engine.due(), which) {
            self.work(*id, Luck::of(how));
        }
    }

    pub(super) fn begin_at(&mut self, which: u8) {
        if let Some(id) = pick(&self.engine.due(), which)
            && let Some(begun) = self.begin(*id, Luck::Good)
        {
            self.begun.push(begun);
        }
    }

    pub(super) fn end_at(&mut self, which: u8) {
        let count = self.begun.len();
        if 0 < count {
            let begun = self.begun.remove(usize::from(which) % count);
            self.end(begun);
        }
    }

    /// Does everything that is due now.
    pub(super) fn work_all(&mut self) {
        for _ in 0..200 {
            let Some(id) = self.engine.due().first().copied() else {
                return;
            };
            self.work(id, Luck::Good);
            if !self.manner.slow_post || self.prompt {
                self.deliver_all();
            }
        }
    }

    pub(super) fn work(&mut self, id: EffectId, luck: Luck) {
        if let Some(begun) = self.begin(id, luck) {
            self.end(begun);
        }
    }

    /// Begins an effect; whatever it does outside happens here.
    pub(super) fn begin(&mut self, id: EffectId, luck: Luck) -> Option<Begun> {
        let job = self.engine.begin(id);
        self.after(By::Worker);
        let job = job?;
        let meets = |asks: bool| match &job {
            Job::Ask { .. } | Job::Look { .. } => asks,
            Job::Back { .. } | Job::Void { .. } => !asks,
            Job::Receipt | Job::Other => false,
        };
        let mut luck = luck;
        if let Some((_, trouble)) = self.trouble.take_if(|(asks, _)| meets(*asks)) {
            luck = trouble;
            self.laws.had_trouble();
        }
        if let Job::Ask { house, names, .. } = &job {
            let asked = names
                .iter()
                .map(|name| ((*house, name.clone()), self.engine.now));
            self.books.asked.extend(asked);
        }
        let (word, lesson) = match job {
            Job::Receipt => (Word::Issued, Lesson::Nothing),
            Job::Other => (Word::Done, Lesson::Nothing),
            Job::Ask {
                house,
                names,
                page,
                by_report,
            } => match luck {
                Luck::HangsUp | Luck::TimesOut | Luck::Refuses => (Word::TimedOut, Lesson::Nothing),
                Luck::Hesitates => (Word::Nothing, Lesson::Nothing),
                Luck::Good | Luck::Garbles => {
                    let about = (page.as_deref(), by_report);
                    self.answer(house, &names, about, luck == Luck::Garbles)
                }
            },
            Job::Void {
                house,
                reference,
                object,
                was_tried,
            } => self.call_off(house, (&reference, &object), was_tried, luck),
            Job::Look {
                house,
                reference,
                key,
                id,
            } => match luck {
                Luck::HangsUp | Luck::TimesOut | Luck::Refuses => (Word::TimedOut, Lesson::Nothing),
                Luck::Hesitates | Luck::Garbles => (Word::Undecided, Lesson::Nothing),
                Luck::Good => self.look(house, &reference, &key, id.as_deref()),
            },
            Job::Back {
                house,
                reference,
                objects,
                key,
                minor,
                was_tried,
            } => {
                // What may have arrived is looked for before it is sent again (effects/refund.rs).
                let looked = match was_tried && house == House::Bank {
                    true => self.look(house, &reference, &key, None),
                    false => (Word::NotThere, Lesson::Nothing),
                };
                match looked.0 {
                    Word::NotThere => {
                        self.order_back(house, &reference, &objects, (&key, minor), luck)
                    }
                    _ => looked,
                }
            }
        };
        Some(Begun { id, word, lesson })
    }

    pub(super) fn end(&mut self, begun: Begun) {
        if self.engine.finish(begun.id, begun.word) {
            self.learn(&begun.lesson);
        }
        self.after(By::Worker);
    }

    /// The shop knows now what an answer says.
    pub(super) fn learn(&mut self, lesson: &Lesson) {
        match lesson {
            Lesson::Nothing => {}
            Lesson::Charges {
                charges,
                by_report,
                heard,
            } => {
                // An answer that is older than what the shop was told meanwhile casts no doubt on that.
                let is_latest = *heard == self.books.reports;
                let now = self.engine.now;
                for (at, claims) in charges {
                    let claims = match *by_report && self.is_only_to_confirm(*at) {
                        true => self.books.confirmed(*at, claims, is_latest),
                        false => claims.clone(),
                    };
                    self.books.note_reported(*at, &claims, ASKED, now);
                }
            }
            Lesson::Refund(key, state) => {
                if let Some((at, place)) = self.find_back(key) {
                    self.books.reports += 1;
                    let report = self.books.reports;
                    self.books.charges[at].backs[place].hear(*state, report);
                }
            }
        }
    }

    pub(super) fn order_back(
        &mut self,
        house: House,
        reference: &str,
        objects: &[String],
        (key, minor): (&str, Option<i64>),
        luck: Luck,
    ) -> (Word, Lesson) {
        let now = self.engine.now;
        if house == House::Till {
            // The house that took the money gives it back; the till's book follows what the engine says.
            let state = BackState::Done;
            return (Word::Taken { id: None, state }, Lesson::Nothing);
        }
        let Some(minor) = minor.filter(|_| house == House::Bank) else {
            return (Word::Refused, Lesson::Nothing);
        };
        match luck {
            Luck::TimesOut | Luck::Hesitates => return (Word::TimedOut, Lesson::Nothing),
            Luck::Refuses => return (Word::Refused, Lesson::Nothing),
            Luck::Good | Luck::HangsUp | Luck::Garbles => {}
        }
        let answer = self
            .books
            .order_back(house, reference, objects, (key, minor), now);
        if luck == Luck::HangsUp {
            return (Word::HungUp, Lesson::Nothing);
        }
        match answer {
            BackAnswer::Taken { id, state } => {
                let lesson = Lesson::Refund(key.to_owned(), state);
                (Word::Taken { id, state }, lesson)
            }
            BackAnswer::Refused => (Word::Refused, Lesson::Nothing),
            BackAnswer::KnownKey => self.look(house, reference, key, None),
        }
    }

    /// The shop has money let go that is set aside (effects/void.rs).
    fn call_off(
        &mut self,
        house: House,
        (reference, object): (&str, &str),
        was_tried: bool,
        luck: Luck,
    ) -> (Word, Lesson) {
        if house != House::Bank {
            return (Word::Refused, Lesson::Nothing);
        }
        if was_tried && let Some(said) = self.look_whether_set_aside(reference, object) {
            return said;
        }
        match luck {
            Luck::TimesOut | Luck::Hesitates => return (Word::TimedOut, Lesson::Nothing),
            Luck::Refuses => return (Word::Refused, Lesson::Nothing),
            Luck::Good | Luck::HangsUp | Luck::Garbles => {}
        }
        let now = self.engine.now;
        let is_done = self.books.call_off(house, reference, object, now);
        if luck == Luck::HangsUp {
            return (Word::HungUp, Lesson::Nothing);
        }
        if !is_done {
            let said = self.look_whether_set_aside(reference, object);
            return said.unwrap_or((Word::Refused, Lesson::Nothing));
        }
        let let_go = self.books.let_go.last().map(|at| {
            let charge = &self.books.charges[*at];
            let claim = Claim {
                object: charge.id.clone(),
                says: Says::Charge(ChargeState::Voided),
                minor: Some(charge.minor),
                fee: 0,
                coin: charge.coin,
            };
            (*at, vec![claim])
        });
        let lesson = Lesson::Charges {
            charges: let_go.into_iter().collect(),
            by_report: false,
            heard: self.books.reports,
        };
        (Word::LetGo, lesson)
    }

    /// What the bank says of a payment of which nothing is set aside; `None`: something is.
    fn look_whether_set_aside(&self, reference: &str, object: &str) -> Option<(Word, Lesson)> {
        let mut charges = self.books.of(House::Bank, reference);
        let is_it = |charge: &Charge| charge.id == object || reference == object;
        if charges.any(|charge| is_it(charge) && charge.state == ChargeState::Authorized) {
            return None;
        }
        let said = self.answer(House::Bank, &[reference.to_owned()], (None, false), false);
        Some(match said {
            (Word::Said { .. }, _) => said,
            _ => (Word::Undecided, Lesson::Nothing),
        })
    }

    /// The provider is asked what became of a refund, by our key of it or by its own id.
    pub(super) fn look(
        &self,
        house: House,
        reference: &str,
        key: &str,
        id: Option<&str>,
    ) -> (Word, Lesson) {
        if house != House::Bank {
            return (Word::CannotAsk, Lesson::Nothing);
        }
        let backs = self
            .books
            .of(house, reference)
            .flat_map(|charge| &charge.backs);
        let found = backs
            .filter(|back| back.key.as_deref() == Some(key) || Some(back.id.as_str()) == id)
            .last();
        match found {
            Some(back) => {
                let lesson = Lesson::Refund(key.to_owned(), back.state);
                let id = self.books.names_refunds_itself().then(|| back.id.clone());
                let state = back.state;
                (Word::Stands { id, state }, lesson)
            }
            None => (Word::NotThere, Lesson::Nothing),
        }
    }

    /// What the charge's house sends counts at once, and its payment is known.
    fn is_only_to_confirm(&self, at: usize) -> bool {
        let charge = &self.books.charges[at];
        let orders = self.engine.order_ids().into_iter();
        let orders = orders.filter_map(|id| self.engine.order(id));
        let mut payments = orders
            .chain(self.engine.alone())
            .flat_map(|view| view.payments);
        let is_its_own = |payment: &PaymentView| {
            payment.house == charge.house && payment.reference == charge.reference
        };
        self.manner.asked_behind
            && charge.house == House::Bank
            && payments.any(|payment| is_its_own(&payment))
    }

    /// The provider answers a question.
    pub(super) fn answer(
        &self,
        house: House,
        names: &[String],
        (page, by_report): (Option<&str>, bool),
        garbles: bool,
    ) -> (Word, Lesson) {
        let charges: Vec<usize> = match house {
            House::Page => {
                let Some(page) = page else {
                    return (Word::NothingToAskBy, Lesson::Nothing);
                };
                let found = self
                    .books
                    .charges
                    .iter()
                    .position(|charge| charge.house == House::Page && charge.page == page);
                let Some(at) = found else {
                    // There is no such page.
                    return (Word::Nothing, Lesson::Nothing);
                };
                let reference = &self.books.charges[at].reference;
                let first = names.first().filter(|name| *name != page);
                if !by_report && first.is_some_and(|name| name != reference) {
                    return (Word::Mismatch, Lesson::Nothing);
                }
                vec![at]
            }
            House::Bank => {
                let charges = self.books.charges.iter().enumerate();
                let known: Vec<usize> = charges
                    .filter(|(_, charge)| {
                        charge.house == House::Bank && names.contains(&charge.reference)
                    })
                    .map(|(at, _)| at)
                    .collect();
                // A reference that only looks like another order's is asked by the first name.
                let own = |at: &&usize| names.first() == Some(&self.books.charges[**at].reference);
                match known.iter().any(|at| own(&at)) {
                    true => known.iter().filter(own).copied().collect(),
                    false => known,
                }
            }
            // It cannot be asked.
            House::Wire | House::Till => return (Word::CannotAsk, Lesson::Nothing),
        };
        let is_decided = |at: &&usize| self.books.charges[**at].state != ChargeState::Pending;
        if !charges.iter().any(|at| is_decided(&at)) {
            return (Word::Nothing, Lesson::Nothing);
        }
        let mut said = Vec::new();
        let mut lessons = Vec::new();
        let mut all_names = Vec::new();
        for at in &charges {
            let charge = &self.books.charges[*at];
            for name in [&charge.reference, &charge.page] {
                if !all_names.contains(name) {
                    all_names.push(name.clone());
                }
            }
            let mut claims = self.books.statement(*at);
            if garbles {
                for claim in &mut claims {
                    claim.minor = None;
                }
            }
            said.extend(claims.iter().cloned());
            lessons.push((*at, claims));
        }
        let word = Word::Said {
            names: all_names,
            claims: said,
            provider_id: charges
                .first()
                .map(|at| self.books.charges[*at].page.clone()),
            at: self.engine.now,
            unreadable: garbles,
        };
        let lesson = Lesson::Charges {
            charges: lessons,
            by_report,
            heard: self.books.reports,
        };
        (word, lesson)
    }
}
