//! The invariants, each with what it is about and what a person does about a breach.

/// An invariant.
pub(super) struct Invariant {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// What a person does about it.
    pub(super) fix: &'static str,
}

/// What is wrong in a row is never mended by the program: it would hide what made it so.
const KEEP: &str = "a fault of the program or a row changed by hand: keep the rows and report them; \
                    restore the row from a backup if it was changed by hand";

/// What is only late is done by the server when it runs.
const RUN: &str = "start `tollgate serve`; if it runs, look for errors in its log";

/// What a person has to say.
const RETRY: &str = "look why, then `tollgate effects retry ID` (or POST /v1/effects/{id}/retry), or, of an \
                     unknown one whose end you have found out, POST /v1/effects/{id}/settle";

/// Books of an earlier version.
const CORRECT: &str = "look at the payment, then send what stands at the end of each line; \
                       `tollgate verify --repair-plan` prints them all";

/// Somebody has to ask the provider.
const REFUND: &str = "look at the refund at the provider, then settle or retry its effect";

/// Words are made of documents, so they can be made again.
const WORDS: &str = "the words are made of the orders: run the statement at the end of each line";

/// Figures are sums of entries.
const FIGURES: &str = "run the statement at the end of each line; figures that were not added while somebody \
                       kept their row locked are in the log";

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "documents",
        about: "every document can be read",
        fix: KEEP,
    },
    Invariant {
        name: "columns",
        about: "columns of orders, payments and holds say what their documents say",
        fix: KEEP,
    },
    Invariant {
        name: "told",
        about: "an order, payment or hold is as the last entry of its timeline showed it",
        fix: KEEP,
    },
    Invariant {
        name: "root.parts",
        about: "what hangs on an order or payment has ids in their order and names parts that are there",
        fix: KEEP,
    },
    Invariant {
        name: "stock.held",
        about: "units held of a sku are those of active holds",
        fix: KEEP,
    },
    Invariant {
        name: "stock.on_hand",
        about: "what is on the shelf is what was put there, less what was sold and given back (L5)",
        fix: KEEP,
    },
    Invariant {
        name: "stock.sold",
        about: "what is counted as sold of a sku is what orders have bought, less what was given back (L5)",
        fix: "nothing is decided by it. Run the statement that is shown; it is so where instances of a version that did not \
              count have sold beside later ones",
    },
    Invariant {
        name: "stock.bounds",
        about: "0 <= held <= on_hand (I6)",
        fix: KEEP,
    },
    Invariant {
        name: "slot.held",
        about: "units held in a slot are those of active holds",
        fix: KEEP,
    },
    Invariant {
        name: "slot.sold",
        about: "units sold in a slot are those of consumed holds",
        fix: KEEP,
    },
    Invariant {
        name: "slot.bounds",
        about: "held + sold <= capacity (I6)",
        fix: KEEP,
    },
    Invariant {
        name: "slot.overlap",
        about: "no time of a calendar is sold twice, and a closed slot sells nothing more (L5)",
        fix: "put the calendar again: `PUT /v1/calendars/{name}` lays its slots again",
    },
    Invariant {
        name: "slot.calendar",
        about: "a slot to come belongs to a calendar that is there, and a booking to the slot it names",
        fix: KEEP,
    },
    Invariant {
        name: "order.status",
        about: "an order's status is what its payments come to",
        fix: KEEP,
    },
    Invariant {
        name: "order.total",
        about: "an order's total is its lines less discount plus shipping",
        fix: KEEP,
    },
    Invariant {
        name: "order.hold",
        about: "an order holds what its lines say, and its hold stands as its status says",
        fix: KEEP,
    },
    Invariant {
        name: "hold.taken_over",
        about: "a cart's hold that was taken over is the order's, and the other way round",
        fix: KEEP,
    },
    Invariant {
        name: "payment.receipt",
        about: "every receipt has the effect that issues it (I4)",
        fix: KEEP,
    },
    Invariant {
        name: "payment.status",
        about: "a payment's status and sums are what its facts come to",
        fix: KEEP,
    },
    Invariant {
        name: "receipt.number",
        about: "receipts are numbered without gaps, pending ones too, up to the shop's last number",
        fix: KEEP,
    },
    Invariant {
        name: "receipt.issued",
        about: "a receipt that is issued is known to its root, and one that its root says is issued is there",
        fix: KEEP,
    },
    Invariant {
        name: "receipt.paper",
        about: "an issued receipt says what its root says, and its bytes have their hash",
        fix: KEEP,
    },
    Invariant {
        name: "money.ordered_back",
        about: "no more was ordered back than came (L1)",
        fix: KEEP,
    },
    Invariant {
        name: "money.currency",
        about: "what hangs on a payment is in its currency, and on an order in the order's",
        fix: KEEP,
    },
    Invariant {
        name: "money.papers",
        about: "sales less refunds less reversals are what the ledger says (L3)",
        fix: CORRECT,
    },
    Invariant {
        name: "receipt.share",
        about: "what receipts are over, besides fees, is what they come to (L3)",
        fix: KEEP,
    },
    Invariant {
        name: "money.unrecorded",
        about: "what was given back automatically is a refund (L3)",
        fix: CORRECT,
    },
    Invariant {
        name: "money.stranded",
        about: "captured money is a paid order's, ordered back, or shown to a person (L6)",
        fix: KEEP,
    },
    Invariant {
        name: "question.waits",
        about: "reports that prove nothing are asked about (L7)",
        fix: RUN,
    },
    Invariant {
        name: "question.open",
        about: "a question that is open is waiting or being asked (L7)",
        fix: KEEP,
    },
    Invariant {
        name: "money.refund_open",
        about: "ordered refunds end (L8)",
        fix: REFUND,
    },
    Invariant {
        name: "refund.state",
        about: "a refund has ended as its facts say, and what it gives back was sold",
        fix: KEEP,
    },
    Invariant {
        name: "refund.effect",
        about: "a refund that has not ended was given to a worker, over its amount (L8)",
        fix: KEEP,
    },
    Invariant {
        name: "time.ahead",
        about: "nothing was written at a time that is still to come (L10)",
        fix: "look at `tollgate doctor`, check `clock`; what is ahead comes due when its time has come",
    },
    Invariant {
        name: "time.back",
        about: "times follow one another, but for a clock that stepped (L10)",
        fix: "look whether a clock has stepped: `tollgate doctor`, check `clock`, and the log; else a row was changed by hand",
    },
    Invariant {
        name: "money.unread",
        about: "money counts only with an amount (L11)",
        fix: "look at the payment at the provider, and record what came",
    },
    Invariant {
        name: "payment.refunded",
        about: "no more went back than came, unless attention was raised",
        fix: KEEP,
    },
    Invariant {
        name: "names",
        about: "a payment's reference and id lead to it, and a name to a payment of its source",
        fix: KEEP,
    },
    Invariant {
        name: "codes",
        about: "an order's code leads to it, and a code to an order that is there",
        fix: KEEP,
    },
    Invariant {
        name: "event_keys",
        about: "an event's key leads to it, and a key to one event that is there (I2)",
        fix: KEEP,
    },
    Invariant {
        name: "event.root",
        about: "an event belongs to a root that is there, and that has a name of it",
        fix: KEEP,
    },
    Invariant {
        name: "event.state",
        about: "an event stands as its answer, its payment and the timeline allow",
        fix: KEEP,
    },
    Invariant {
        name: "event.facts",
        about: "what an applied event said is known to its payment",
        fix: KEEP,
    },
    Invariant {
        name: "event.parked",
        about: "a parked event stands at its names, and whatever stands there is one that names it",
        fix: KEEP,
    },
    Invariant {
        name: "event.late",
        about: "parked events are looked at when they are due",
        fix: RUN,
    },
    Invariant {
        name: "effect.key",
        about: "an effect's id is its key's, and its root is there (I4)",
        fix: KEEP,
    },
    Invariant {
        name: "effect.content",
        about: "an effect is addressed and keyed by what it has to do, and belongs to the root it is about",
        fix: KEEP,
    },
    Invariant {
        name: "effect.state",
        about: "an effect has the times, lease and reason that its state asks for, and a receipt's is done once that is issued",
        fix: KEEP,
    },
    Invariant {
        name: "effect.late",
        about: "effects are done within a day of their time",
        fix: RUN,
    },
    Invariant {
        name: "effect.lease",
        about: "what a worker has it has under a lease, and it is taken from it when that has ended",
        fix: RUN,
    },
    Invariant {
        name: "effect.order",
        about: "an effect that waits for its turn has one before it",
        fix: RETRY,
    },
    Invariant {
        name: "effect.given_up",
        about: "no effect is dead or unknown",
        fix: RETRY,
    },
    Invariant {
        name: "effect.endpoint",
        about: "no notice is due to an endpoint that is gone",
        fix: RUN,
    },
    Invariant {
        name: "root.late",
        about: "holds and closings end when they are due",
        fix: RUN,
    },
    Invariant {
        name: "story",
        about: "every entry that an order names is in the timeline and about it, and names what is there",
        fix: KEEP,
    },
    Invariant {
        name: "feed",
        about: "positions of the feed have no gap and end at the shop's head",
        fix: KEEP,
    },
    Invariant {
        name: "idempotency",
        about: "an answer is kept under its operation's and key's hash (K3)",
        fix: KEEP,
    },
    Invariant {
        name: "access",
        about: "keys, users, sessions and tickets are whole, and those of each other that they name are there",
        fix: KEEP,
    },
    Invariant {
        name: "endpoints",
        about: "endpoints are whole",
        fix: KEEP,
    },
    Invariant {
        name: "targets",
        about: "whom effects are addressed to has failed as often and since then as can be",
        fix: KEEP,
    },
    Invariant {
        name: "errors",
        about: "what was refused and has failed is as many as is said",
        fix: "run the statement at the end of the line; where there is none a row was changed by hand",
    },
    Invariant {
        name: "records",
        about: "who changed what stands behind no position that was not given out, at its own time",
        fix: KEEP,
    },
    Invariant {
        name: "alerts",
        about: "alerts are kept under what they are about, and end after they began",
        fix: KEEP,
    },
    Invariant {
        name: "shops",
        about: "rows belong to a shop that is there, and what is forgotten lies behind us",
        fix: KEEP,
    },
    Invariant {
        name: "search_words",
        about: "orders are found by their customer's words and their payments' ids, and by no others",
        fix: WORDS,
    },
    Invariant {
        name: "figures",
        about: "what a dashboard shows is what the timeline tells",
        fix: FIGURES,
    },
];
