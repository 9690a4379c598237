"""What is asked and answered, as dictionaries with types.

Made by scripts/clients of docs/openapi.json; changes are lost.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Dict, List, Literal, Optional, TypedDict, Union

if sys.version_info >= (3, 11):
    from typing import NotRequired
elif TYPE_CHECKING:
    from typing_extensions import NotRequired


class Actor(TypedDict):
    """Who did it."""
    #: The key, if it was one.
    key_id: NotRequired[Optional[str]]
    #: What it was called then.
    name: str
    #: The user, if it was one.
    user_id: NotRequired[Optional[str]]


class AdjustBody(TypedDict):
    """`POST /v1/stock/{sku}/adjust`"""
    #: How many units are added, or with a minus taken away.
    delta: int
    #: Why.
    reason: NotRequired[Optional[str]]


class Adjustment(TypedDict):
    """What somebody has put, added or taken of a sku, or a refund has brought back."""
    #: When it was done.
    at: str
    #: Who did it, where that is known.
    by: NotRequired[Optional[By]]
    #: How many units more, or with a minus fewer; null where an earlier version did not note it.
    delta: Optional[int]
    #: `put`, `adjusted`, `removed` or `returned`.
    kind: str
    #: How many there were then; null where a refund brought them.
    on_hand: Optional[int]
    #: Its place in the shop's feed.
    position: int
    #: Why.
    reason: Optional[str]
    #: The refund that brought them.
    refund_id: NotRequired[Optional[str]]


class By(TypedDict):
    """Who did what an entry tells: the name of the key, the user or the source."""
    #: The key's id; the configuration's key has none.
    key_id: NotRequired[Optional[str]]
    #: The name of the key, the user or the source.
    name: NotRequired[Optional[str]]
    #: The user's id.
    user_id: NotRequired[Optional[str]]
    #: What kind of somebody.
    who: ByWho


ByWho = Literal["key", "user", "provider", "tollgate"]


class Alert(TypedDict):
    """An alert."""
    #: How many it is about.
    count: int
    #: When it ended; null while it is open.
    ended_at: Optional[str]
    #: What distinguishes it: the rule and the subject.
    key: str
    #: When it was seen last.
    last_seen_at: str
    #: `page`: somebody should look now; `warn`: in working hours.
    level: Literal["warn", "page"]
    #: Whose it is: `shop`, or `server` for what is no shop's.
    of: str
    #: What to do, in one sentence.
    remedy: str
    #: What was looked for.
    rule: AlertRule
    #: Since when it is, or was, so.
    since: str
    #: About what: a source, a calendar, an instance; empty where there is only one.
    subject: str
    #: How often it was opened.
    times: int
    #: What is so, in one sentence with figures.
    what: str


AlertRule = Literal[
    "events_parked",
    "events_queued",
    "effects_dead",
    "effects_unknown",
    "signatures_rejected",
    "source_silent",
    "slots_nearly_full",
    "glyphs_missing",
    "many_conflicts",
    "check_fired",
    "month_missing",
    "disk_low",
    "clock_off",
    "standby_lost",
    "certificate_ends",
]


class Alerts(TypedDict):
    """What an operator is to look at."""
    #: Those that ended in the last days, the newest first.
    ended: List[Alert]
    #: Those that are open, the newest first.
    open: List[Alert]


class Answer(TypedDict):
    """How a provider has answered."""
    #: What went wrong.
    error: Optional[str]
    #: The HTTP status.
    status: Optional[int]


class Attempt(TypedDict):
    """One attempt."""
    #: When it was tried.
    at: str
    #: How many milliseconds it took.
    duration_ms: int
    #: What went wrong.
    error: Optional[str]
    #: A third party's text, at most 1 KiB of it.
    response_head: NotRequired[Optional[str]]
    #: The HTTP status of the answer.
    status: Optional[int]


class Audit(TypedDict):
    """One change."""
    #: Who did it.
    actor: Actor
    #: When it was.
    at: str
    #: What changed; never a secret.
    detail: Any
    #: What happened by it in the timeline.
    entries: List[str]
    #: What was wanted, as `create_order`.
    operation: str
    #: The feed's position then.
    position: int
    #: The id of the request that wanted it; null where it came by no request.
    request_id: Optional[str]
    #: On what: an id, or a name.
    target: Optional[str]


class Booking(TypedDict):
    """Room in a slot that is held or sold."""
    #: Its calendar.
    calendar: str
    #: When it ends.
    ends_at: str
    #: The slot's id.
    id: str
    #: When it starts.
    starts_at: str
    #: How much of it, in the calendar's unit.
    units: int
    #: When it is shown to the staff that prepares it.
    visible_at: str


class Calendar(TypedDict):
    """A calendar."""
    #: How many minutes before its start a slot can last be booked.
    booking_lead_minutes: int
    #: The capacity of a slot, in `unit`.
    capacity: int
    #: Dates without slots.
    closed: NotRequired[List[str]]
    #: Whose amounts the unit `amount` counts.
    currency: Optional[str]
    #: How many days ahead slots are made.
    days_ahead: NotRequired[int]
    #: Which slot a late payment may take.
    late: Literal["same", "next"]
    #: Until when slots are made.
    made_until: str
    #: Its name.
    name: str
    #: How many minutes a slot is long.
    slot_minutes: NotRequired[int]
    #: The time zone of the hours.
    timezone: NotRequired[str]
    #: What its slots count.
    unit: Literal["amount", "items", "orders"]
    #: How often it was set.
    version: int
    #: How many minutes before its start a slot is shown to the staff that prepares it.
    visible_lead_minutes: int
    #: The hours of a week.
    weekly: NotRequired[List[Weekly]]


class Weekly(TypedDict):
    """The same hours on some days."""
    #: When it closes; at or before `opens` it is on the next day.
    closes: str
    #: On which days.
    days: List[str]
    #: When it opens.
    opens: str


class CalendarBody(TypedDict):
    """`PUT /v1/calendars/{name}`"""
    #: How many minutes before its start a slot can last be booked; 0 if absent.
    booking_lead_minutes: NotRequired[Optional[int]]
    #: The capacity of a slot, in `unit`.
    capacity: int
    #: Dates without slots.
    closed: NotRequired[Optional[List[str]]]
    #: Three letters of ISO 4217: whose amounts the unit `amount` counts; any if absent.
    currency: NotRequired[Optional[str]]
    #: How many days ahead slots are made; 7 if absent.
    days_ahead: NotRequired[Optional[int]]
    #: Which slot a late payment may take; `same` if absent.
    late: NotRequired[Optional[Literal["same", "next"]]]
    #: How many minutes a slot is long; required with `weekly`.
    slot_minutes: NotRequired[Optional[int]]
    #: The time zone of the hours, as IANA calls it; the shop's if absent.
    timezone: NotRequired[Optional[str]]
    #: What its slots count: an order takes its total (`amount`), the sum of its quantities (`items`) or one
    #: (`orders`).
    unit: Literal["amount", "items", "orders"]
    #: How many minutes before its start a slot is shown to the staff that prepares it; 0 if absent.
    visible_lead_minutes: NotRequired[Optional[int]]
    #: The hours of a week, which are cut into slots; no slots are made if absent.
    weekly: NotRequired[Optional[List[WeeklyBody]]]


class WeeklyBody(TypedDict):
    """The same hours on some days."""
    #: When it closes; at or before `opens` it is on the next day.
    closes: str
    #: On which days.
    days: List[WeeklyBodyDays]
    #: When it opens.
    opens: str


WeeklyBodyDays = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class CaptureBody(TypedDict):
    """`POST /v1/payments/{id}/capture`"""
    #: How much came, in minor units.
    amount: int
    #: How it came: `cash`, `bank transfer: BCA`, or whatever else is to be said.
    note: NotRequired[Optional[str]]


class Check(TypedDict):
    """What one check has found."""
    #: What holds if all is well.
    about: str
    #: What mends it; empty where nothing is wrong.
    fix: str
    #: How many more lines there would be.
    more: int
    #: Its name.
    name: str
    #: What was seen, a line each.
    seen: List[str]
    #: How it ended: `ok`, `warn`, `fail`.
    status: str


class Checked(TypedDict):
    """A payment after its provider was asked."""
    #: The payment as it stands now.
    payment: Optional[Payment]
    #: What its provider said.
    provider: Provider


class Payment(TypedDict):
    """A payment by itself."""
    #: What it is over, in minor units.
    amount: int
    #: What a person has to look at.
    attention: List[PaymentAttention]
    #: What has come, in minor units.
    captured_amount: int
    #: When it was registered.
    created_at: str
    #: Three letters of ISO 4217.
    currency: str
    #: When the attempt ends by the merchant's word.
    expires_at: Optional[str]
    #: What its provider has said, of which its status is made.
    facts: List[Fact]
    #: What of the captured is a fee on top; absent where there is none.
    fee_amount: NotRequired[int]
    #: The payment's id.
    id: str
    #: The merchant's, as it came; only of a payment without an order.
    metadata: NotRequired[Any]
    #: How it was paid, where the provider has said so.
    method: NotRequired[Optional[Method]]
    #: The order that it pays.
    order_id: Optional[str]
    #: The provider's own id of it.
    provider_payment_id: Optional[str]
    #: The name by which the source knows it.
    reference: str
    #: What has gone back, in minor units.
    refunded_amount: int
    #: What goes back of it, the first one first.
    refunds: List[Refund]
    #: The source that it goes through.
    source: str
    #: How it stands.
    status: PaymentStatus
    #: When it was last changed.
    updated_at: str


PaymentAttention = Literal[
    "amount_unreadable",
    "amount_changed",
    "currency_mismatch",
    "mode_mismatch",
    "overpaid",
    "duplicate_payment",
    "paid_unfulfillable",
    "partially_paid_expired",
    "over_refunded",
    "orphan_refund",
    "reference_conflict",
    "unconfirmed",
    "payment_reversed",
    "chargeback",
    "authorization_open",
    "too_many_facts",
]


class Fact(TypedDict):
    """What a provider says about one object of its own."""
    #: How much, in minor units.
    amount: Optional[int]
    #: Three letters of ISO 4217.
    currency: Optional[str]
    #: What of it is a fee on top, in minor units; absent where there is none.
    fee_amount: NotRequired[int]
    #: The provider's object: a transaction, a refund.
    object: str
    #: When it happened, by the provider.
    occurred_at: Optional[str]
    #: What became of it.
    says: str
    #: How well it is known.
    strength: FactStrength


FactStrength = Literal["unsigned", "partly_signed", "signed", "asked"]


class Method(TypedDict):
    """How a payment was paid."""
    #: Whose it is, or its last digits.
    detail: Optional[str]
    #: Which way.
    kind: MethodKind


MethodKind = Literal[
    "card",
    "virtual_account",
    "bank_transfer",
    "qr",
    "upi",
    "wallet",
    "counter",
    "pay_later",
    "cash",
]


class Refund(TypedDict):
    """A refund that was asked for."""
    #: How much, in minor units.
    amount: int
    #: When it was ordered.
    created_at: str
    #: Three letters of ISO 4217.
    currency: str
    #: The refund's id.
    id: str
    #: Who wanted it.
    ordered_by: Literal["merchant", "tollgate"]
    #: The payment that it goes back of.
    payment_id: str
    #: The provider's own id of it.
    provider_refund_id: Optional[str]
    #: Why.
    reason: str
    #: The order has given its slot back with it.
    released_slot: NotRequired[bool]
    #: Units that came back into stock with it.
    restocked: NotRequired[List[Restocked]]
    #: How far it is.
    state: RefundState


class Restocked(TypedDict):
    """Units of a sku that came back with a refund."""
    #: How many units of it.
    quantity: int
    #: The sku.
    sku: str


RefundState = Literal["requested", "sent", "succeeded", "failed", "unknown"]


PaymentStatus = Literal[
    "pending",
    "authorized",
    "review",
    "paid",
    "partially_refunded",
    "refunded",
    "charged_back",
    "failed",
    "expired",
    "cancelled",
]


class Provider(TypedDict):
    """What a provider said when it was asked."""
    #: Its answer.
    answer: Answer
    #: Whether it was reached.
    asked: bool
    #: `done`: it was decided about; `pending`: it said nothing decisive and is asked again; `dead`: it could
    #: not be asked.
    state: str


class Console(TypedDict):
    """What a person does at the provider. Names stand as it writes them."""
    #: Where our URL is put in.
    place: str
    #: In which member of its requests a payment's reference is given.
    reference: Optional[str]
    #: What is copied from there into the configuration.
    secrets: List[ConsoleSecret]
    #: What the field for it is called.
    url_field: str


class ConsoleSecret(TypedDict):
    """Something that is copied into the configuration."""
    #: What the provider calls it.
    called: str
    #: The key of the configuration.
    key: str


#: What there is to do, as it was frozen.
Content = Union[
    "Content1",
    "Content2",
    "Content3",
    "Content4",
    "Content5",
    "Content6",
    "Content7",
    "Content8",
    "Content9",
    "Content10",
]


class Content1(TypedDict):
    """A receipt is made."""
    #: How much, in minor units.
    amount: Optional[int]
    #: Three letters of ISO 4217.
    currency: Optional[str]
    #: Whether money came or went back.
    of: Literal["sale", "refund", "reversal"]
    #: The payment.
    payment_id: str
    #: The receipt.
    receipt_id: Optional[str]


class Content2(TypedDict):
    """A mail is sent."""
    #: What the mail is about.
    about: Literal["paid", "receipt", "refunded"]
    #: The receipt.
    receipt_id: Optional[str]


class Content3(TypedDict):
    """An operator is written about an alert."""
    #: What the mail is about.
    about: str
    #: Whether it has ended.
    ended: bool
    #: Whose the alert is: `shop`, or `server` for what is no shop's.
    of: str
    #: What to do.
    remedy: NotRequired[Optional[str]]
    #: What was looked for. This and what follows of an alert of the server: shown to `admin` keys of shop main.
    rule: NotRequired[Optional[AlertRule]]
    #: About what; empty where there is only one.
    subject: NotRequired[Optional[str]]
    #: Whom it is written to; shown to `admin` keys of shop main.
    to: NotRequired[Optional[str]]
    #: What is so, or was at last.
    what: NotRequired[Optional[str]]


class Content4(TypedDict):
    """A merchant's endpoint is notified."""
    #: The endpoint.
    endpoint_id: str
    #: Its place in the shop's feed.
    position: int
    #: What happened.
    type: str


class Content5(TypedDict):
    """An event is handed on."""
    #: The event.
    event_id: str
    #: Where it is handed on to.
    route: str


class Content6(TypedDict):
    """A provider is asked how a payment stands."""
    #: The event.
    event_id: Optional[str]
    #: Which question about it this is.
    n: int
    #: The provider's object.
    object: str
    #: The names of the payments that are meant.
    references: List[str]
    #: The source.
    source: str
    #: Why it is asked.
    why: Content6Why


Content6Why = Literal["confirm_before", "confirm_after", "contradiction", "closing", "parked", "check", "void"]


class Content7(TypedDict):
    """Money that nobody is waiting for is to go back."""
    #: How much, in minor units.
    amount: Optional[int]
    #: Three letters of ISO 4217.
    currency: Optional[str]
    #: The payment.
    payment_id: Optional[str]
    #: The name by which the source knows the payment.
    reference: str
    #: The source.
    source: str


class Content8(TypedDict):
    """A provider is asked how a refund stands."""
    #: Which question about it this is.
    n: int
    #: The payment.
    payment_id: str
    #: The refund.
    refund_id: str
    #: The source.
    source: str


class Content9(TypedDict):
    """A provider is ordered to give money back."""
    #: How much, in minor units.
    amount: int
    #: Three letters of ISO 4217.
    currency: str
    #: The payment.
    payment_id: str
    #: The refund.
    refund_id: str
    #: The source.
    source: str


class Content10(TypedDict):
    """A provider is ordered to let money go that is only set aside."""
    #: The provider's object.
    object: str
    #: The payment.
    payment_id: str
    #: The source.
    source: str


class Customer(TypedDict):
    """Who buys; what is not known is left out."""
    #: Where the customer is.
    address: NotRequired[Optional[str]]
    #: The mail address.
    email: NotRequired[Optional[str]]
    #: The language of mails and receipts, as BCP 47 has it.
    locale: NotRequired[Optional[str]]
    #: The customer's name.
    name: NotRequired[Optional[str]]
    #: The telephone number.
    phone: NotRequired[Optional[str]]
    #: The customer's tax number.
    tax_id: NotRequired[Optional[str]]


class CustomerBody(TypedDict):
    """Who buys."""
    #: Where the customer is, in as many lines as it has.
    address: NotRequired[Optional[str]]
    #: The mail address, to which receipts go.
    email: NotRequired[Optional[str]]
    #: The language of mails and receipts, as BCP 47 has it.
    locale: NotRequired[Optional[str]]
    #: The customer's name.
    name: NotRequired[Optional[str]]
    #: The telephone number.
    phone: NotRequired[Optional[str]]
    #: The customer's tax number.
    tax_id: NotRequired[Optional[str]]


class CustomerChangeBody(TypedDict):
    """What changes about who buys."""
    #: Where the customer is; `null` takes it away.
    address: NotRequired[Optional[str]]
    #: The mail address; `null` takes it away.
    email: NotRequired[Optional[str]]
    #: The language of mails and receipts; `null` takes it away.
    locale: NotRequired[Optional[str]]
    #: The name; `null` takes it away.
    name: NotRequired[Optional[str]]
    #: The telephone number; `null` takes it away.
    phone: NotRequired[Optional[str]]
    #: The tax number; `null` takes it away.
    tax_id: NotRequired[Optional[str]]


class Delivery(TypedDict):
    """A delivery that was refused."""
    #: Its bytes, where they are text.
    body: NotRequired[Optional[str]]
    #: Its bytes in base64, where they are no text.
    body_base64: NotRequired[Optional[str]]
    #: How many bytes its body has.
    body_bytes: int
    #: Why it was refused.
    code: str
    #: Why it was refused, for people.
    detail: str
    #: The headers that it came with, as pairs; secrets only as their HMAC.
    headers: Any
    #: The delivery's id.
    id: str
    #: The address that it came from.
    peer: Optional[str]
    #: When it came.
    received_at: str
    #: The source that it was sent to.
    source: str
    #: How it was judged.
    verdict: Literal["rejected", "verified"]


class Effect(TypedDict):
    """An effect."""
    #: What was tried, the first one first; of one effect only.
    attempts: NotRequired[Optional[List[Attempt]]]
    #: What there is to do.
    content: Content
    #: When it was decided.
    created_at: str
    #: When it is tried next.
    due_at: Optional[str]
    #: The effect's id.
    id: str
    #: Its cause's key: one cause has one effect. Of a mail about the server it is shown to `admin` keys of shop
    #: main.
    key: str
    #: What is done.
    kind: EffectKind
    #: What is done one after the other, in the order of commits.
    order_by: Optional[str]
    #: Why it stands so.
    reason: Optional[str]
    #: What is sent to an endpoint or a handler, without what is secret in it; of one effect only, and to
    #: `admin`.
    request: NotRequired[Optional[Request]]
    #: When it ended.
    settled_at: Optional[str]
    #: How far it is.
    state: EffectState
    #: Whom it goes to; what goes to one target fails and is throttled together.
    target: str
    #: How often it was tried.
    tries: int


EffectKind = Literal[
    "receipt",
    "mail",
    "notify",
    "forward",
    "ask",
    "refund_check",
    "refund_request",
    "refund",
    "void",
]


class Request(TypedDict):
    """What is sent. A signature is made at each try, and is not shown."""
    #: Its bytes, where they are text.
    body: NotRequired[Optional[str]]
    #: Its bytes in base64, where they are no text.
    body_base64: NotRequired[Optional[str]]
    #: Its headers, as pairs.
    headers: List[List[str]]
    #: The HTTP method.
    method: str
    #: Where to; a query is left out, because it may hold a secret.
    url: str


EffectState = Literal["pending", "leased", "started", "done", "unknown", "dead"]


class EffectAttention(TypedDict):
    """An effect that a person must look at."""
    #: The effect's id.
    id: str
    #: What was to be done.
    kind: EffectKind
    #: Why.
    reason: Optional[str]
    #: Since when.
    since: str
    #: Whether it is given up, or not known.
    state: EffectState
    #: Whom it is addressed to.
    target: str


class EffectHead(TypedDict):
    """An effect as a decision about it gives it."""
    #: What there is to do.
    content: Content
    #: When it is tried next.
    due_at: Optional[str]
    #: The effect's id.
    id: str
    #: Its cause's key: one cause has one effect. Of a mail about the server it is shown to `admin` keys of shop
    #: main.
    key: str
    #: What is done.
    kind: EffectKind
    #: What is done one after the other, in the order of commits.
    order_by: Optional[str]
    #: Why it stands so.
    reason: Optional[str]
    #: When it ended.
    settled_at: Optional[str]
    #: How far it is.
    state: EffectState
    #: Whom it goes to; what goes to one target fails and is throttled together.
    target: str
    #: How often it was tried.
    tries: int


class Endpoint(TypedDict):
    """An endpoint, without its secrets."""
    #: When it was made.
    created_at: str
    #: What it is, for people.
    description: str
    #: When it was switched off.
    disabled_at: Optional[str]
    #: Why it was switched off.
    disabled_reason: Optional[str]
    #: Whether it is called.
    enabled: bool
    #: What it is told.
    events: List[str]
    #: Since when it fails.
    failing_since: Optional[str]
    #: The endpoint's id.
    id: str
    #: How telling it has ended over the last 24 hours.
    last_24_hours: Told
    #: Until when the secret before signs along.
    old_secret_until: Optional[str]
    #: What notices are signed with; only when it was made just now.
    secret: NotRequired[Optional[str]]
    #: When it was last changed.
    updated_at: str
    #: Where it is called.
    url: str


class Told(TypedDict):
    """How telling an endpoint has ended, to a quarter of an hour."""
    #: Notices that it took.
    delivered: int
    #: Notices that were given up.
    given_up: int


class EndpointBody(TypedDict):
    """`POST /v1/endpoints`"""
    #: What it is, for people.
    description: NotRequired[Optional[str]]
    #: Types (`order.paid`), groups (`order.*`) or `*`.
    events: List[EndpointBodyEvents]
    #: Where it is called: `http` or `https`.
    url: str


EndpointBodyEvents = Literal[
    "*",
    "alert.*",
    "event.*",
    "hold.*",
    "order.*",
    "payment.*",
    "receipt.*",
    "slot.*",
    "stock.*",
    "order.created",
    "order.paid",
    "order.partially_paid",
    "order.completed",
    "order.expired",
    "order.cancelled",
    "order.refunded",
    "order.attention",
    "payment.authorized",
    "payment.paid",
    "payment.failed",
    "payment.expired",
    "payment.cancelled",
    "payment.refunded",
    "payment.charged_back",
    "hold.expired",
    "stock.low",
    "slot.full",
    "receipt.issued",
    "event.orphaned",
    "alert.opened",
    "alert.ended",
]


class EndpointChangeBody(TypedDict):
    """`PATCH /v1/endpoints/{id}`"""
    #: What it is, for people.
    description: NotRequired[Optional[str]]
    #: `false` switches it off, `true` on again.
    enabled: NotRequired[Optional[bool]]
    #: Types (`order.paid`), groups (`order.*`) or `*`.
    events: NotRequired[Optional[List[EndpointBodyEvents]]]
    #: Where it is called: `http` or `https`.
    url: NotRequired[Optional[str]]


class EndpointTest(TypedDict):
    """How an endpoint has answered a test."""
    #: How many milliseconds it took.
    duration_ms: int
    #: What went wrong.
    error: Optional[str]
    #: The beginning of its answer, at most 1 KiB.
    response_head: Optional[str]
    #: The HTTP status of its answer.
    status: Optional[int]


class Entry(TypedDict):
    """An entry of a root's timeline."""
    #: When it was decided.
    at: str
    #: Who did it, where that is known.
    by: NotRequired[Optional[By]]
    #: What else is to be said of it; a program reads this and `kind`.
    detail: Any
    #: The effect that it is about.
    effect_id: NotRequired[Optional[str]]
    #: The event that it came from.
    event_id: NotRequired[Optional[str]]
    #: What happened, in a word.
    kind: str
    #: Its place in the shop's feed, which is the order of commits.
    position: int
    #: What happened, for people, in English.
    summary: str


class ErrorCode(TypedDict):
    """Of one code and cause."""
    #: What tells it apart from others of its code.
    cause: Optional[str]
    #: The code.
    code: str
    #: How many errors had them.
    count: int
    #: `warn` for what was refused, `error` for what has failed.
    level: Literal["warn", "error"]


class ErrorDay(TypedDict):
    """Of one day, UTC's."""
    #: How many errors it had.
    count: int
    #: The day, as `2026-01-22`.
    day: str


class ErrorHour(TypedDict):
    """Of one hour, by its beginning."""
    #: How many errors it had.
    count: int
    #: When the hour began.
    hour: str


class ErrorOperation(TypedDict):
    """Of one operation."""
    #: How many errors it had.
    count: int
    #: The method and the template of the path, or the name of the work.
    operation: str


class ErrorSource(TypedDict):
    """Of one source."""
    #: How many errors were about it.
    count: int
    #: The source's name.
    source: str


class ErrorStats(TypedDict):
    """How many errors there were."""
    #: A line for a code and cause, those with the most first, at most 100.
    by_code: List[ErrorCode]
    #: A line for every day that was asked for, in UTC, the oldest first.
    by_day: List[ErrorDay]
    #: A line for each of the last 48 hours, the oldest first.
    by_hour: List[ErrorHour]
    #: A line for an operation, those with the most first, at most 100.
    by_operation: List[ErrorOperation]
    #: A line for a source, those with the most first, at most 100.
    by_source: List[ErrorSource]
    #: How many there were in all.
    total: int


class Event(TypedDict):
    """An event."""
    #: Its bytes, where they are text; to `admin` only.
    body: NotRequired[Optional[str]]
    #: Its bytes in base64, where they are no text; to `admin` only.
    body_base64: NotRequired[Optional[str]]
    #: The code of an order that it mentions.
    code: Optional[str]
    #: When it is looked at again.
    due_at: Optional[str]
    #: What it says.
    facts: List[Fact]
    #: The headers that it came with, as pairs; to `admin` only.
    headers: NotRequired[Any]
    #: The event's id.
    id: str
    #: What identifies it at its source.
    key: str
    #: When it happened, by the provider.
    occurred_at: Optional[str]
    #: What was answered when it came; it never changes.
    outcome: EventOutcome
    #: The provider's own id of the payment.
    provider_payment_id: Optional[str]
    #: Why it stands so.
    reason: Optional[EventReason]
    #: When it came.
    received_at: str
    #: The names of payments that it mentions.
    references: List[str]
    #: The source that sent it.
    source: str
    #: How it stands now.
    state: EventState
    #: Its type, as the source calls it.
    type: str


EventOutcome = Literal["applied", "duplicate", "parked", "stale", "queued", "attention", "stored", "rejected"]


EventReason = Literal[
    "amount_unreadable",
    "known_fact",
    "late",
    "no_name",
    "no_payment",
    "other_payment",
    "paid_unfulfillable",
    "parked_full",
    "reference_conflict",
    "see_order",
    "too_many_facts",
    "too_many_payments",
    "too_many_wait",
    "unconfirmed",
    "weaker",
]


EventState = Literal["applied", "parked", "queued", "stale", "stored", "attention", "orphan", "dead"]


class Hit(TypedDict):
    """Something that was found."""
    #: Its id; of a customer, the id of an order of theirs.
    id: str
    #: `order`, `payment`, `event`, `receipt` or `customer`.
    kind: str
    #: The member that matched.
    matched: str
    #: The id of the order it belongs to.
    order_id: Optional[str]
    #: What a person knows it by.
    title: str


class Hold(TypedDict):
    """A cart's hold."""
    #: Until when it is set aside.
    expires_at: str
    #: The hold's id.
    id: str
    #: What is held of stock.
    lines: List[HoldLine]
    #: The slot that is held.
    slot: Optional[Booking]
    #: How it stands: `active`, or how it ended.
    state: str


class HoldLine(TypedDict):
    """Units of a sku that are held."""
    #: How many units.
    quantity: int
    #: The sku.
    sku: str


class HoldBody(TypedDict):
    """`POST /v1/holds`"""
    #: What is held of stock.
    lines: NotRequired[Optional[List[HoldLineBody]]]
    #: For how many seconds it is set aside; 900 if absent.
    seconds: NotRequired[Optional[int]]
    #: The time slot that is held.
    slot: NotRequired[Optional[HoldSlotBody]]


class HoldLineBody(TypedDict):
    """Units of a sku that are held."""
    #: How many units.
    quantity: int
    #: The sku.
    sku: Any


class HoldSlotBody(TypedDict):
    """The time slot that is held."""
    #: The calendar whose earliest slot with room is wanted.
    calendar: NotRequired[Any]
    #: The slot starts then or later; now if absent.
    not_before: NotRequired[Optional[str]]
    #: The id of the one slot that is wanted, instead of a calendar.
    slot_id: NotRequired[Optional[str]]
    #: How much of it, in the unit of its calendar.
    units: int


class HoldHead(TypedDict):
    """What is set aside, and how long."""
    #: Until when it is set aside.
    expires_at: str
    #: The hold's id.
    id: str
    #: How it stands: `active`, or how it ended.
    state: str


class Instance(TypedDict):
    """One of them."""
    #: Whether it is the one that has answered this request.
    current: bool
    #: Drawn when the process began: a restart is another one.
    id: str
    #: The name of its machine, and its port.
    name: str
    #: Why it takes no requests, as it said last.
    reason: Optional[str]
    #: `all`: it takes requests and does effects. `api`: it takes requests. `worker`: it does effects.
    role: str
    #: When it said last that it is there.
    seen_at: str
    #: Since when it runs.
    started_at: str
    #: `ready`: it takes requests. `not_ready`: it does not, as it says itself. `silent`: it has said nothing
    #: for more than half a minute.
    state: str
    #: For how many seconds it has run when it was heard last.
    uptime_seconds: int
    #: The version of its program.
    version: str


class Key(TypedDict):
    """An API key, without the key."""
    #: When it was made.
    created_at: str
    #: When it ends by itself.
    expires_at: Optional[str]
    #: Until when its former secret still opens; nothing once that is over.
    former_ends_at: Optional[str]
    #: The key's id.
    id: str
    #: The key itself; only when it was made just now.
    key: NotRequired[Optional[str]]
    #: When it was used last, to a minute.
    last_used_at: Optional[str]
    #: What it is called, for people.
    name: str
    #: What it begins with; nothing of keys that were made before that was kept.
    prefix: Optional[str]
    #: When it was revoked.
    revoked_at: Optional[str]
    #: When it was given another secret last.
    rotated_at: Optional[str]
    #: What it may do.
    scopes: List[str]
    #: The shop that it opens, by its name.
    shop: str


class KeyBody(TypedDict):
    """`POST /v1/keys`"""
    #: When it ends by itself; absent, it does not.
    expires_at: NotRequired[Optional[str]]
    #: What it is called, for people.
    name: str
    #: What it may do.
    scopes: List[Literal["read", "write", "admin"]]
    #: The name of the shop that it opens; that of the caller's key if absent.
    shop: NotRequired[Optional[str]]


class KeyChangeBody(TypedDict):
    """`PATCH /v1/keys/{id}`"""
    #: What it is called, for people.
    name: NotRequired[Optional[str]]


class Line(TypedDict):
    """A line of an order."""
    #: What people call it.
    name: Optional[str]
    #: How many units.
    quantity: int
    #: The sku.
    sku: str
    #: Whether stock is kept of it.
    stocked: bool
    #: The price of a unit, in minor units.
    unit_amount: int


class LineBody(TypedDict):
    """A line of an order."""
    #: What people call it; line breaks become spaces.
    name: NotRequired[Optional[str]]
    #: How many units.
    quantity: int
    #: The sku, as your catalogue has it.
    sku: Any
    #: `false`: no stock is kept of it; `true` if absent.
    stocked: NotRequired[Optional[bool]]
    #: The price of a unit, in minor units.
    unit_amount: int


class NeedsPerson(TypedDict):
    """What waits for a person."""
    #: Effects that are given up, or of which nobody knows whether they were done.
    effects: List[EffectAttention]
    #: Whether there is more of a kind than is told.
    is_cut: bool
    #: Orders with an open code of attention: an item for each code.
    orders: List[OrderAttention]
    #: Payments without an order, likewise.
    payments: List[PaymentAttention]


class OrderAttention(TypedDict):
    """An order that a person must look at."""
    #: What it is.
    attention: PaymentAttention
    #: The merchant's code of it.
    code: str
    #: The order's id.
    id: str
    #: The payment that it is about, where it is about one.
    payment_id: Optional[str]
    #: Since when.
    since: str


class NewSlotBody(TypedDict):
    """A slot that is put."""
    #: Its capacity, in the calendar's unit; the calendar's if absent.
    capacity: NotRequired[Optional[int]]
    #: When it ends, at most 31 days after it starts.
    ends_at: str
    #: When it starts.
    starts_at: str


class Order(TypedDict):
    """An order."""
    #: What a person has to look at.
    attention: List[PaymentAttention]
    #: What has come, in minor units.
    captured_amount: int
    #: The merchant's code of it.
    code: str
    #: When it was made.
    created_at: str
    #: Three letters of ISO 4217.
    currency: str
    #: Who buys.
    customer: Customer
    #: What is taken off, in minor units.
    discount_amount: int
    #: What of the captured is a fee on top; absent where there is none.
    fee_amount: NotRequired[int]
    #: Its latest hold.
    hold: Optional[HoldHead]
    #: The order's id.
    id: str
    #: What is bought.
    lines: List[Line]
    #: The merchant's, as it came.
    metadata: Any
    #: A note of the merchant alone.
    note: Optional[str]
    #: Its payments, the first one first.
    payments: List[PaymentHead]
    #: What has gone back, in minor units.
    refunded_amount: int
    #: What is put on for shipping, in minor units.
    shipping_amount: int
    #: The slot of its latest hold.
    slot: Optional[Booking]
    #: How it stands.
    status: OrderStatus
    #: What is to be paid, in minor units: the lines, less the discount, with shipping.
    total_amount: int
    #: When it was last changed.
    updated_at: str
    #: How often it was changed; `If-Match` takes it.
    version: int


class PaymentHead(TypedDict):
    """A payment as an order shows it."""
    #: What it is over, in minor units.
    amount: int
    #: What has come, in minor units.
    captured_amount: int
    #: When it was registered.
    created_at: str
    #: Three letters of ISO 4217.
    currency: str
    #: When the attempt ends by the merchant's word.
    expires_at: Optional[str]
    #: What of the captured is a fee on top; absent where there is none.
    fee_amount: NotRequired[int]
    #: The payment's id.
    id: str
    #: How it was paid, where the provider has said so.
    method: NotRequired[Optional[Method]]
    #: The provider's own id of it.
    provider_payment_id: Optional[str]
    #: The name by which the source knows it.
    reference: str
    #: What has gone back, in minor units.
    refunded_amount: int
    #: What goes back of it, the first one first.
    refunds: List[Refund]
    #: The source that it goes through.
    source: str
    #: How it stands.
    status: PaymentStatus
    #: When it was last changed.
    updated_at: str


OrderStatus = Literal[
    "awaiting_payment",
    "partially_paid",
    "closing",
    "paid",
    "completed",
    "partially_refunded",
    "refunded",
    "expired",
    "cancelled",
]


class OrderBody(TypedDict):
    """`POST /v1/orders`"""
    #: Your name of the order, unique in the shop; one is made (`T-…`) if it is absent.
    code: NotRequired[Any]
    #: Three letters of ISO 4217.
    currency: str
    #: Who buys; no one if absent.
    customer: NotRequired[Optional[CustomerBody]]
    #: What is taken off, in minor units; 0 if absent.
    discount_amount: NotRequired[Optional[int]]
    #: The id of a cart's hold that is taken over; stock and slot are held again if it is absent.
    hold: NotRequired[Optional[str]]
    #: For how many seconds stock and slot are set aside; 900 if absent.
    hold_seconds: NotRequired[Optional[int]]
    #: What is bought. An empty list is refused as `lines_empty`.
    lines: List[LineBody]
    #: Yours, kept as it came: an object of up to 16 KiB without NUL.
    metadata: NotRequired[Optional[Dict[str, Any]]]
    #: The payment that was begun with the order, over its whole total.
    payment: NotRequired[Optional[OrderPaymentBody]]
    #: What is put on for shipping, in minor units; 0 if absent.
    shipping_amount: NotRequired[Optional[int]]
    #: The time slot that is wanted; the one of `hold`, or none, if absent.
    slot: NotRequired[Optional[SlotBody]]


class OrderPaymentBody(TypedDict):
    """The payment that was begun with an order."""
    #: The name by which the source knows it.
    reference: str
    #: A configured source, or `manual`.
    source: str


class SlotBody(TypedDict):
    """`{"calendar", "not_before"?}` or `{"slot_id"}`; a hold's also has `units`."""
    #: The calendar whose earliest slot with room is wanted.
    calendar: NotRequired[Any]
    #: The slot starts then or later; now if absent.
    not_before: NotRequired[Optional[str]]
    #: The id of the one slot that is wanted, instead of a calendar.
    slot_id: NotRequired[Optional[str]]


class OrderChangeBody(TypedDict):
    """`PATCH /v1/orders/{id}`"""
    #: Members that are changed; `null` in one takes it away, `null` here all of them.
    customer: NotRequired[Optional[CustomerChangeBody]]
    #: Laid over what is kept as a JSON merge patch (RFC 7386); `null` empties it.
    metadata: NotRequired[Optional[Dict[str, Any]]]
    #: Yours alone, on no paper and in no mail; `null` takes it away.
    note: NotRequired[Optional[str]]


class PasswordBody(TypedDict):
    """`POST /v1/users/{id}/password`"""
    #: The password until now; users have to give their own.
    current: NotRequired[Optional[str]]
    #: The password from now on: neither the name nor the address, nor one letter throughout.
    password: str


class PaymentBody(TypedDict):
    """`POST /v1/payments`"""
    #: How much it is over, in minor units; what the order still owes if absent, and required without an order.
    amount: NotRequired[Optional[int]]
    #: Three letters of ISO 4217; the order's if absent, and required without an order.
    currency: NotRequired[Optional[str]]
    #: When the attempt ends by your word; never if absent.
    expires_at: NotRequired[Optional[str]]
    #: Yours, kept as it came; only of a payment without an order.
    metadata: NotRequired[Optional[Dict[str, Any]]]
    #: The id or code of the order that it pays; it stands alone if absent.
    order: NotRequired[Any]
    #: The name by which the source knows it.
    reference: str
    #: A configured source, or `manual`.
    source: str


class PaymentChangeBody(TypedDict):
    """`PATCH /v1/payments/{id}`"""
    #: Laid over what is kept as a JSON merge patch (RFC 7386); `null` empties it.
    metadata: NotRequired[Optional[Dict[str, Any]]]


class Receipt(TypedDict):
    """A receipt, issued or not."""
    #: What it is over, in minor units.
    amount: Optional[int]
    #: Three letters of ISO 4217.
    currency: Optional[str]
    #: The receipt's id.
    id: str
    #: When it was issued.
    issued_at: Optional[str]
    #: Whether money came or went back.
    kind: Literal["sale", "refund", "reversal"]
    #: Its number, in the form that the shop has chosen.
    number: Optional[str]
    #: The order that it is about.
    order_id: Optional[str]
    #: The payment that it is about.
    payment_id: str
    #: Where its file is.
    pdf: Optional[str]
    #: The SHA-256 of its file, in hexadecimal digits.
    sha256: Optional[str]
    #: `pending` until its file is stored, then `issued`.
    state: str


class RecordedError(TypedDict):
    """What was refused or has failed, of one kind and time."""
    #: When the first of them was.
    at: str
    #: What tells it apart from others of its code.
    cause: Optional[str]
    #: The code of the refusal, or of what has failed.
    code: str
    #: How many there were.
    count: int
    #: The delivery that was refused, the first of them.
    delivery_id: Optional[str]
    #: What is said of the first of them, for people.
    detail: str
    #: The effect that has failed, the first of them.
    effect_id: Optional[str]
    #: The error's id.
    id: str
    #: The key that was sent.
    key_id: Optional[str]
    #: What that key was called.
    key_name: Optional[str]
    #: When the last of them was.
    last_at: str
    #: The id of the last request of them.
    last_request_id: Optional[str]
    #: `warn` for what was refused, `error` for what has failed.
    level: Literal["warn", "error"]
    #: What was asked or done: the method and the template of the path, or the name of the work.
    operation: str
    #: The id of the first request of them.
    request_id: Optional[str]
    #: The shop's name; null for what is no shop's.
    shop: Optional[str]
    #: The source that it is about.
    source: Optional[str]
    #: The HTTP status of the answer; null where nobody was answered.
    status: Optional[int]


class RefundBody(TypedDict):
    """`POST /v1/payments/{id}/refund`"""
    #: How much goes back, in minor units.
    amount: int
    #: Why.
    reason: NotRequired[Optional[str]]
    #: The money has gone back already, by another way: no provider is called.
    recorded: NotRequired[Optional[bool]]
    #: The order gives its slot back.
    release_slot: NotRequired[Optional[bool]]
    #: Units that have come back, by sku.
    restock: NotRequired[Optional[List[RestockBody]]]


class RestockBody(TypedDict):
    """Units of one sku that have come back with a refund."""
    #: How many units of it.
    quantity: int
    #: The sku.
    sku: Any


class Refused(TypedDict):
    """A delivery that was refused."""
    #: Why, by a code.
    code: str
    #: The delivery.
    delivery_id: str
    #: Why, for people, with the likely cause.
    detail: str
    #: When it came.
    received_at: str


class Replay(TypedDict):
    """Events that are decided about again."""
    #: Whether nothing is done.
    dry_run: bool
    #: How many events.
    events: int
    #: The ids of the first hundred.
    first: List[str]
    #: Whether the filter finds others, for the next request.
    more: bool
    #: How many a second at most.
    per_second: int


class ReplayBody(TypedDict):
    """`POST /v1/events/replay`"""
    #: `true`: only say which; `false` if absent.
    dry_run: NotRequired[Optional[bool]]
    #: Which events; an empty object is all of them.
    filter: ReplayFilterBody
    #: How many a second at most; 50 if absent.
    per_second: NotRequired[Optional[int]]


class ReplayFilterBody(TypedDict):
    """Which events are meant."""
    #: Events that the timeline of this order (id or code) names.
    order: NotRequired[Any]
    #: Events that were answered so.
    outcome: NotRequired[Optional[EventOutcome]]
    #: Events that came then or later.
    received_after: NotRequired[Optional[str]]
    #: Events that mention this name.
    reference: NotRequired[Optional[str]]
    #: Events of this source.
    source: NotRequired[Optional[str]]
    #: Events that stand so now.
    state: NotRequired[Optional[EventState]]
    #: Events with this type, or with one that begins so: `transaction.*`.
    type: NotRequired[Optional[str]]


class Replayed(TypedDict):
    """An event that was decided about again."""
    #: The event's id.
    id: str
    #: What was answered when it came.
    outcome: EventOutcome
    #: How it stands now.
    state: EventState


class Report(TypedDict):
    """A report as the API and `--json` show it."""
    #: What was checked.
    checks: List[Check]
    #: How the worst check has ended: `ok`, `warn`, `fail`.
    status: str
    #: What the ledgers come to, by shop and currency; only `verify` has read them.
    totals: NotRequired[List[Totals]]


class Totals(TypedDict):
    """What the ledgers of one shop and currency come to."""
    #: What has come, in minor units.
    captured: int
    #: What disputes keep away, the open ones and the lost ones, in minor units.
    charged_back: int
    #: The currency, ISO 4217.
    currency: str
    #: What of it is fees on top, in minor units.
    fee: int
    #: What is kept, in minor units.
    kept: int
    #: How many orders there are.
    orders: int
    #: How many payments there are.
    payments: int
    #: What the receipts that are issued come to, in minor units: sales less refunds less reversals.
    receipts: int
    #: What has gone back, in minor units.
    refunded: int
    #: What is on its way back, in minor units.
    reserved: int
    #: The shop's name.
    shop: str


class ResolveBody(TypedDict):
    """`POST /v1/orders/{id}/attention/{code}/resolve`"""
    #: What the person has to say.
    note: NotRequired[Optional[str]]


class Retried(TypedDict):
    """Effects that were tried again."""
    #: Whether nothing is done.
    dry_run: bool
    #: How many effects.
    effects: int
    #: Which effects.
    ids: List[str]
    #: Whether the filter finds others, for the next request.
    more: bool
    #: Those that were named and are not tried.
    skipped: List[Skipped]


class Skipped(TypedDict):
    """One that was not, though it was named."""
    #: Why not.
    code: str
    #: The effect's id.
    id: str
    #: The state that it is in.
    state: Optional[EffectState]


class RetryBody(TypedDict):
    """`POST /v1/effects/retry`"""
    #: `true`: only say which; `false` if absent.
    dry_run: NotRequired[Optional[bool]]
    #: Which effects.
    filter: RetryFilterBody
    #: None but these of them; no id stands twice.
    ids: NotRequired[Optional[List[str]]]


class RetryFilterBody(TypedDict):
    """Which effects are meant."""
    #: Effects of this kind.
    kind: NotRequired[Optional[EffectKind]]
    #: Effects in this state; `dead` if absent.
    state: NotRequired[Optional[Literal["dead", "unknown", "pending"]]]
    #: Effects that go to this target, or to one that begins so: `notify:*`.
    target: NotRequired[Optional[str]]


class RotateBody(TypedDict):
    """`POST /v1/keys/{id}/rotate`"""
    #: How many hours the former secret still opens; 24 if absent, and none at all with 0.
    overlap_hours: NotRequired[Optional[int]]


#: `POST /v1/effects/{id}/settle`
SettleBody = TypedDict("SettleBody", {
    #: What became of it.
    "as": 'Literal["done", "dead"]',
    #: How that is known.
    "reason": 'str',
})


class Slot(TypedDict):
    """A slot."""
    #: What is left.
    available: int
    #: Its capacity, in the calendar's unit.
    capacity: int
    #: When it ends.
    ends_at: str
    #: What active holds have set aside of it.
    held: int
    #: The slot's id.
    id: str
    #: What is sold of it.
    sold: int
    #: When it starts.
    starts_at: str
    #: When it is shown to the staff that prepares it.
    visible_at: str


class SlotsBody(TypedDict):
    """`PUT /v1/calendars/{name}/slots`"""
    #: The slots; no two start together.
    slots: List[NewSlotBody]


class Source(TypedDict):
    """A source."""
    #: The keys of the configuration that it is asked with; none where it cannot be.
    asks_with: List[str]
    #: Whether the provider can be asked, and is.
    can_ask: bool
    #: Whether money can be given back from here.
    can_refund: bool
    #: When the provider is asked whether an event is true.
    confirm: Literal["before", "after", "never"]
    #: How the provider is told where we are.
    console: Console
    #: How many of its deliveries were refused today.
    deliveries_refused_today: int
    #: The page of the documentation about the provider.
    docs: str
    #: Whether it says nothing while its payments are open.
    is_silent: bool
    #: When it was heard last; null if none of the shop's newest 5 000 events is its.
    last_event_at: Optional[str]
    #: The newest delivery that was refused and still is; to `admin` only.
    last_refused: NotRequired[Optional[Refused]]
    #: Whether it stands for real money.
    live: bool
    #: Its name in the configuration.
    name: str
    #: The paths at which it is called, the regular one first.
    paths: List[str]
    #: Whether its events are about payments; documents are only handed on.
    payments: bool
    #: The provider that it is configured for.
    provider: str
    #: How much of a delivery its signature vouches for: `nothing`, `sender`, `some_fields` or `whole_body`.
    signature_covers: str
    #: What the provider is called, for people.
    title: str
    #: How many of its events were answered what today, in the shop's time zone.
    today: Dict[str, int]
    #: What an operator should know before trusting it.
    warnings: List[str]


class Stats(TypedDict):
    """How a shop stands."""
    #: Today and the six days before.
    last_7_days: StatsPeriod
    #: What is open now.
    open: StatsOpen
    #: The shop's time zone, in which its days begin.
    timezone: str
    #: Since midnight.
    today: StatsPeriod
    #: How long the process that answers took for webhooks since its start; null where there was none yet.
    webhook_latency: Optional[StatsLatency]


class StatsPeriod(TypedDict):
    """What has happened since a time."""
    #: The day on which it begins, in the shop's time zone.
    day: str
    #: Events that came before their payment and were applied.
    early_caught: int
    #: Effects that were given up.
    effects_dead: int
    #: What webhooks were answered.
    events: StatsEvents
    #: A line for each currency in which money came or went back.
    money: List[StatsMoney]
    #: What has happened to orders, whenever they were made.
    orders: StatsOrders
    #: Orders and holds that were refused for want of stock or of a slot, by whole hours.
    oversells_refused: int
    #: Receipts that were issued.
    receipts_issued: int
    #: When it begins.
    since: str


class StatsEvents(TypedDict):
    """How many events came, by what was answered."""
    #: How many have changed something.
    applied: int
    #: How many want a person to look.
    attention: int
    #: How many webhooks were not taken at all; they are no events.
    deliveries_refused: int
    #: How many had come before.
    duplicate: int
    #: How many have waited for their payment in vain.
    orphaned: int
    #: How many came before their payment and wait for it.
    parked: int
    #: How many wait until their payment is decided about.
    queued: int
    #: How many came; the sum of those that follow, up to `rejected`.
    received: int
    #: How many say what cannot be.
    rejected: int
    #: How many say what is known already.
    stale: int
    #: How many are kept and change nothing.
    stored: int


class StatsMoney(TypedDict):
    """Money of one currency."""
    #: The currency, ISO 4217.
    currency: str
    #: What went back, in its minor units.
    given_back_amount: int
    #: What came, in its minor units.
    taken_amount: int


class StatsOrders(TypedDict):
    """How many orders were made, and came to what."""
    #: How many were cancelled.
    cancelled: int
    #: How many were completed.
    completed: int
    #: How many were made.
    created: int
    #: How many have expired.
    expired: int
    #: How many were paid.
    paid: int
    #: How many were paid in part.
    partially_paid: int
    #: How many were given back all of their money.
    refunded: int


class StatsOpen(TypedDict):
    """What is open; each counted up to a bound."""
    #: Orders and payments that want a person to look.
    attention: int
    #: Up to here each figure is counted; it then stands for as many or more.
    counted_up_to: int
    #: Effects that were given up.
    effects_dead: int
    #: Effects that are due or have a time.
    effects_pending: int
    #: Effects of which nobody knows whether they were done.
    effects_unknown: int
    #: Events that wait for their payment.
    events_parked: int
    #: Events that wait until their payment is decided about.
    events_queued: int
    #: When the oldest of them came.
    oldest_parked_at: Optional[str]
    #: When the oldest of them came.
    oldest_queued_at: Optional[str]
    #: Orders that wait for something until a time, by status.
    orders: Dict[str, int]


class StatsLatency(TypedDict):
    """How long webhooks took to answer, stored and decided; rounded up to a power of two."""
    #: Half of them took no longer, in microseconds.
    p50_us: int
    #: All but a hundredth took no longer, in microseconds.
    p99_us: int


class StatsSeries(TypedDict):
    """A shop's figures, step by step."""
    #: What has happened in each step, the oldest first; it begins at its `since` and ends where the next
    #: begins.
    data: List[StatsPeriod]
    #: How long a step is: `hour` or `day`.
    step: str
    #: The shop's time zone, in which its days begin.
    timezone: str


class Stock(TypedDict):
    """Units of a sku."""
    #: `on_hand` less `held`.
    available: int
    #: What active holds have set aside of them.
    held: int
    #: `stock.low` is reported when what is available falls to this.
    low_at: Optional[int]
    #: Units that are not sold yet.
    on_hand: int
    #: The sku.
    sku: str
    #: Units that orders have bought and no refund has brought back. What was put in is `on_hand`, `sold` and
    #: what was taken out by hand.
    sold: int
    #: How often `on_hand` was changed; `If-Match` takes it.
    version: int


class StockBody(TypedDict):
    """`PUT /v1/stock/{sku}`"""
    #: Report `stock.low` when what is available falls to this; absent keeps what was said before.
    low_at: NotRequired[Optional[int]]
    #: How many units there are that are not sold yet.
    on_hand: int


class StockItemBody(TypedDict):
    """The stock of one sku."""
    #: Report `stock.low` when what is available falls to this; absent keeps what was said before.
    low_at: NotRequired[Optional[int]]
    #: How many units there are that are not sold yet.
    on_hand: int
    #: The sku.
    sku: Any
    #: It is done only if this still is the version; a sku that was never put has 0.
    version: NotRequired[Optional[int]]


class StocksBody(TypedDict):
    """`PUT /v1/stock`"""
    #: The stock of each sku; none stands twice.
    items: List[StockItemBody]


class Taken(TypedDict):
    """What became of a delivery."""
    #: Its events, in the order of the delivery.
    events: List[TakenItem]


class TakenItem(TypedDict):
    """What became of one event of a delivery."""
    #: Why it could not be read, by a code; only where it is rejected.
    code: NotRequired[Optional[str]]
    #: Why it could not be read, for people; only where it is rejected.
    detail: NotRequired[Optional[str]]
    #: The event's id; null where it could not be read.
    id: Optional[str]
    #: What identifies the event at its source.
    key: str
    #: What became of it when it came; it never changes.
    outcome: EventOutcome
    #: Its type, as the source calls it.
    type: str


class Ticket(TypedDict):
    """A ticket."""
    #: Until when it does.
    expires_at: str
    #: The ticket, which opens one stream.
    ticket: str


class TicketBody(TypedDict):
    """`POST /v1/stream/tickets`"""
    #: What the stream is about; everything if absent.
    topics: NotRequired[Optional[List[TicketBodyTopics]]]


TicketBodyTopics = Literal["orders", "payments", "events", "effects", "alerts"]


class Timeline(TypedDict):
    """A whole timeline."""
    #: What happened, the oldest first.
    data: List[Entry]
    #: There are no pages.
    next_cursor: Optional[str]
    #: What the order waits for, as it stands now.
    waits_for: List[Wait]


class Wait(TypedDict):
    """One thing that an order waits for."""
    #: The effect that is tried.
    effect_id: NotRequired[Optional[str]]
    #: When it was last tried.
    last_at: NotRequired[Optional[str]]
    #: When it is tried again.
    next_at: NotRequired[Optional[str]]
    #: The same for people, in English.
    summary: str
    #: How often it was tried.
    tries: NotRequired[Optional[int]]
    #: What is waited for.
    what: WaitWhat


WaitWhat = Literal["money", "confirmation", "receipt", "refund", "person", "mail"]


class User(TypedDict):
    """A user; nothing of the password."""
    #: When it was made.
    created_at: str
    #: Since when the user may not sign in.
    disabled_at: Optional[str]
    #: The mail address, by which the user signs in.
    email: str
    #: The user's id.
    id: str
    #: What the user is called.
    name: str
    #: What the user may do.
    role: str
    #: The shop whose user it is, by its name.
    shop: str
    #: When the user signed in last.
    signed_in_at: Optional[str]
    #: When it was changed last.
    updated_at: str


class UserBody(TypedDict):
    """`POST /v1/users`"""
    #: The mail address, by which the user signs in.
    email: str
    #: What the user is called.
    name: str
    #: The password: neither the name nor the address, nor one letter throughout.
    password: str
    #: What the user may do.
    role: Literal["viewer", "operator", "admin"]
    #: The name of the shop whose user it is; the one that is open to the caller if absent.
    shop: NotRequired[Optional[str]]


class UserChangeBody(TypedDict):
    """`PATCH /v1/users/{id}`"""
    #: Whether the user may not sign in; sessions end.
    disabled: NotRequired[Optional[bool]]
    #: What the user is called.
    name: NotRequired[Optional[str]]
    #: What the user may do; sessions end.
    role: NotRequired[Optional[Literal["viewer", "operator", "admin"]]]
    #: `true` forgets the tries to sign in that failed.
    unlock: NotRequired[Optional[bool]]
