//! The steps of a story.

/// One step of a story. Orders, attempts and things are named by small numbers.
#[expect(missing_docs, reason = "the variants say what their numbers are")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Staff says how much of a sku there is.
    Stock { sku: u8, n: u8 },
    /// Staff corrects that.
    Adjust { sku: u8, by: i8 },
    /// Staff puts opening hours.
    Calendar { shape: u8 },
    /// The shop creates an order, with a payment or by its code alone.
    Order {
        order: u8,
        shape: u8,
        attempt: Option<u8>,
    },
    /// The shop registers a payment: over what is due, or over two fifths.
    Register { order: u8, attempt: u8, part: bool },
    /// Staff cancels.
    Cancel { order: u8 },
    /// Staff takes cash.
    Cash { order: u8, mood: u8 },
    /// Staff gives back: all that is left by the engine's figures, two fifths of what was taken, or
    /// all that was ever taken.
    Refund { order: u8, attempt: u8, part: u8 },
    /// Staff gives back and takes back: all that is left or two fifths of the money, so many units, and
    /// the slot.
    Return {
        order: u8,
        attempt: u8,
        part: bool,
        units: u8,
        slot: bool,
    },
    /// Staff hands back in cash and notes it: all that is left, or two fifths of what was taken.
    HandBack { order: u8, attempt: u8, part: bool },
    /// The shop registers a payment that ends after five minutes, or after two days.
    Attempt { order: u8, attempt: u8, days: bool },
    /// The shop registers a payment without an order, over 100 or over 40.
    Alone { order: u8, attempt: u8, part: bool },
    /// Staff has looked at an alarm of a payment without an order.
    ResolveAlone { which: u8 },
    /// Staff has the receipts of a payment corrected.
    Correct { order: u8, attempt: u8 },
    /// Whatever waits under a reference is drawn once more.
    Drain { order: u8, attempt: u8 },
    /// A cart sets one or two units aside, and the earliest slot.
    Cart {
        sku: u8,
        two: bool,
        slot: bool,
        days: bool,
    },
    /// A cart gives that back.
    EmptyCart { which: u8 },
    /// The shop makes an order of a cart, to be paid by an attempt or by its code alone.
    CheckOut {
        order: u8,
        which: u8,
        attempt: Option<u8>,
    },
    /// Staff puts a slot by hand: within the hours, over two of their slots, or after them.
    Slot { day: u8, place: u8, capacity: u8 },
    /// Staff wants the provider asked.
    Check { order: u8, attempt: u8 },
    /// Staff has looked at an alarm.
    Resolve { order: u8, which: u8 },
    /// Staff tries a dead or unknown effect again.
    Retry { which: u8 },
    /// Staff has looked at the provider and says what became of an unknown refund.
    Close { which: u8 },
    /// Staff has an event decided again.
    Replay { which: u8 },
    /// A customer pays.
    Pay { order: u8, attempt: u8, mood: u8 },
    /// What was set aside is taken: all, or two fifths.
    Take { order: u8, attempt: u8, part: bool },
    /// The provider pays out: all, less a fee, or two fifths.
    Settle { order: u8, attempt: u8, how: u8 },
    /// The provider takes more on the same charge, up to what the order asks.
    Grow { order: u8, attempt: u8 },
    /// What was set aside, or only begun, comes to nothing.
    Lapse { order: u8, attempt: u8 },
    /// Money is given back at the provider: all, or two fifths.
    GiveBack { order: u8, attempt: u8, part: bool },
    /// The provider decides about a refund that waits.
    Decide { which: u8, well: bool },
    /// A refund comes back to the shop.
    Bounce { order: u8, attempt: u8 },
    /// Taken money goes back without a refund.
    Reverse { order: u8, attempt: u8 },
    /// The customer's bank disputes.
    Dispute { order: u8, attempt: u8 },
    /// A dispute ends.
    Judge { order: u8, attempt: u8, won: bool },
    /// A stranger posts a report to the page's source.
    Forge { order: u8, how: u8 },
    /// A stranger posts seventy.
    Storm { order: u8 },
    /// A message arrives.
    Deliver { which: u8 },
    /// A message that has arrived comes again: the same, or with other bytes.
    Again { which: u8, fresh: bool },
    /// A message arrives with an amount that cannot be read, beside the good one.
    Garble { which: u8 },
    /// A worker does an effect, and the world treats it well or badly.
    Work { which: u8, how: u8 },
    /// The next refund that is sent, or the next question, meets bad luck.
    Trouble { asks: bool, how: u8 },
    /// A worker begins an effect; the provider's answer is on its way.
    Begin { which: u8 },
    /// The answer arrives.
    End { which: u8 },
    /// Time passes.
    Wait { how: u8 },
    /// Time passes while nothing is done.
    Sleep { how: u8 },
    /// The process dies after so many commands more, in one of the ways of `backend::Death`. It has no
    /// process in memory, and nothing happens.
    Crash { after: u8, how: u8 },
}
