//! How the providers behave in a story.

/// How the providers of a story behave, and how its shop has the engine deal with late money.
/// All `false` is the easy way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// Refunds are reported as one growing sum instead of one by one.
    pub cumulative: bool,
    /// Refunds are named by the shop's key instead of the bank's own id.
    pub by_our_key: bool,
    /// Each refund is reported by itself and then again within the sum.
    pub reported_both_ways: bool,
    /// The bank takes a refund under its own id and reports it later by the shop's key.
    pub two_names: bool,
    /// The bank takes a refund and decides later.
    pub refunds_later: bool,
    /// Nothing is said of what became of a refund of ours; it has to be asked for.
    pub silent_refunds: bool,
    /// A repeated refund key is not recognised by the bank: it does the same again.
    pub forgets_keys: bool,
    /// The first message about a payment does not have the bank's id of it yet.
    pub late_ids: bool,
    /// The bank's ids of payments look like references of another order.
    pub colliding_ids: bool,
    /// The shop's bank source is configured to cut an order's code from references.
    pub code_pattern: bool,
    /// References at the page look like pages.
    pub page_like_references: bool,
    /// Messages are delivered by steps of the story instead of at once.
    pub slow_post: bool,
    /// Effects are done by steps of the story instead of at once.
    pub slow_worker: bool,
    /// Money for an order whose time is up waits for a person.
    pub late_waits: bool,
    /// Money for an order whose time is up is given back.
    pub late_goes_back: bool,
    /// Money for a cancelled order is treated like that for one whose time is up.
    pub holds_after_cancel: bool,
    /// Nothing is given back unless a person says so.
    pub refunds_by_hand: bool,
    /// The bank signs only part of what it sends: it counts at once, and is asked about right behind.
    pub asked_behind: bool,
    /// The customer pays the bank's fee on top of what is asked, and the bank says how much of it that is.
    pub fee_on_top: bool,
    /// What an order lists of its story is short.
    pub short_story: bool,
    /// The shop takes few reports an hour that prove nothing, and beyond them those of known payments.
    pub few_reports: bool,
}

impl Manner {
    /// The manners one by one: a name for people, and the switch.
    pub fn switches(&mut self) -> [(&'static str, &mut bool); 21] {
        [
            (
                "refunds are reported as a growing sum",
                &mut self.cumulative,
            ),
            ("refunds are named by the shop's key", &mut self.by_our_key),
            (
                "refunds are reported one by one and again as a sum",
                &mut self.reported_both_ways,
            ),
            (
                "the bank takes refunds under its id and reports them by the shop's key",
                &mut self.two_names,
            ),
            ("the bank decides refunds later", &mut self.refunds_later),
            (
                "the bank is silent about refunds it was ordered",
                &mut self.silent_refunds,
            ),
            ("the bank forgets refund keys", &mut self.forgets_keys),
            (
                "the bank's first message lacks its payment id",
                &mut self.late_ids,
            ),
            (
                "the bank's payment ids look like another order's reference",
                &mut self.colliding_ids,
            ),
            (
                "order codes are cut from the bank's references",
                &mut self.code_pattern,
            ),
            (
                "references at the page look like pages",
                &mut self.page_like_references,
            ),
            ("messages wait to be delivered", &mut self.slow_post),
            ("effects wait to be done", &mut self.slow_worker),
            ("late money waits for a person", &mut self.late_waits),
            ("late money is given back", &mut self.late_goes_back),
            (
                "money for a cancelled order may sell it",
                &mut self.holds_after_cancel,
            ),
            (
                "nothing is given back unless a person says so",
                &mut self.refunds_by_hand,
            ),
            (
                "the bank is asked behind each of its reports",
                &mut self.asked_behind,
            ),
            (
                "the bank adds its fee to what the customer pays",
                &mut self.fee_on_top,
            ),
            ("an order's story is kept short", &mut self.short_story),
            (
                "few reports an hour are taken that prove nothing and name no known payment",
                &mut self.few_reports,
            ),
        ]
    }
}
