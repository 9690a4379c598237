// What is asked and answered.
// Made by scripts/clients of docs/openapi.json; changes are lost.

/** Who did it. */
export interface Actor {
  /** The key, if it was one. */
  key_id?: string | null;
  /** What it was called then. */
  name: string;
  /** The user, if it was one. */
  user_id?: string | null;
}

/** `POST /v1/stock/{sku}/adjust` */
export interface AdjustBody {
  /** How many units are added, or with a minus taken away. */
  delta: number;
  /** Why. */
  reason?: string | null;
}

/** What somebody has put, added or taken of a sku, or a refund has brought back. */
export interface Adjustment {
  /** When it was done. */
  at: string;
  /** Who did it, where that is known. */
  by?: By | null;
  /** How many units more, or with a minus fewer; null where an earlier version did not note it. */
  delta: number | null;
  /** `put`, `adjusted`, `removed` or `returned`. */
  kind: string;
  /** How many there were then; null where a refund brought them. */
  on_hand: number | null;
  /** Its place in the shop's feed. */
  position: number;
  /** Why. */
  reason: string | null;
  /** The refund that brought them. */
  refund_id?: string | null;
}

/** Who did what an entry tells: the name of the key, the user or the source. */
export interface By {
  /** The key's id; the configuration's key has none. */
  key_id?: string | null;
  /** The name of the key, the user or the source. */
  name?: string | null;
  /** The user's id. */
  user_id?: string | null;
  /** What kind of somebody. */
  who: ByWho;
}

export type ByWho = "key" | "user" | "provider" | "tollgate";

/** An alert. */
export interface Alert {
  /** How many it is about. */
  count: number;
  /** When it ended; null while it is open. */
  ended_at: string | null;
  /** What distinguishes it: the rule and the subject. */
  key: string;
  /** When it was seen last. */
  last_seen_at: string;
  /** `page`: somebody should look now; `warn`: in working hours. */
  level: "warn" | "page";
  /** Whose it is: `shop`, or `server` for what is no shop's. */
  of: string;
  /** What to do, in one sentence. */
  remedy: string;
  /** What was looked for. */
  rule: AlertRule;
  /** Since when it is, or was, so. */
  since: string;
  /** About what: a source, a calendar, an instance; empty where there is only one. */
  subject: string;
  /** How often it was opened. */
  times: number;
  /** What is so, in one sentence with figures. */
  what: string;
}

export type AlertRule =
  | "events_parked"
  | "events_queued"
  | "effects_dead"
  | "effects_unknown"
  | "signatures_rejected"
  | "source_silent"
  | "slots_nearly_full"
  | "glyphs_missing"
  | "many_conflicts"
  | "check_fired"
  | "month_missing"
  | "disk_low"
  | "clock_off"
  | "standby_lost"
  | "certificate_ends";

/** What an operator is to look at. */
export interface Alerts {
  /** Those that ended in the last days, the newest first. */
  ended: Alert[];
  /** Those that are open, the newest first. */
  open: Alert[];
}

/** How a provider has answered. */
export interface Answer {
  /** What went wrong. */
  error: string | null;
  /** The HTTP status. */
  status: number | null;
}

/** One attempt. */
export interface Attempt {
  /** When it was tried. */
  at: string;
  /** How many milliseconds it took. */
  duration_ms: number;
  /** What went wrong. */
  error: string | null;
  /** A third party's text, at most 1 KiB of it. */
  response_head?: string | null;
  /** The HTTP status of the answer. */
  status: number | null;
}

/** One change. */
export interface Audit {
  /** Who did it. */
  actor: Actor;
  /** When it was. */
  at: string;
  /** What changed; never a secret. */
  detail: unknown;
  /** What happened by it in the timeline. */
  entries: string[];
  /** What was wanted, as `create_order`. */
  operation: string;
  /** The feed's position then. */
  position: number;
  /** The id of the request that wanted it; null where it came by no request. */
  request_id: string | null;
  /** On what: an id, or a name. */
  target: string | null;
}

/** Room in a slot that is held or sold. */
export interface Booking {
  /** Its calendar. */
  calendar: string;
  /** When it ends. */
  ends_at: string;
  /** The slot's id. */
  id: string;
  /** When it starts. */
  starts_at: string;
  /** How much of it, in the calendar's unit. */
  units: number;
  /** When it is shown to the staff that prepares it. */
  visible_at: string;
}

/** A calendar. */
export interface Calendar {
  /** How many minutes before its start a slot can last be booked. */
  booking_lead_minutes: number;
  /** The capacity of a slot, in `unit`. */
  capacity: number;
  /** Dates without slots. */
  closed?: string[];
  /** Whose amounts the unit `amount` counts. */
  currency: string | null;
  /** How many days ahead slots are made. */
  days_ahead?: number;
  /** Which slot a late payment may take. */
  late: "same" | "next";
  /** Until when slots are made. */
  made_until: string;
  /** Its name. */
  name: string;
  /** How many minutes a slot is long. */
  slot_minutes?: number;
  /** The time zone of the hours. */
  timezone?: string;
  /** What its slots count. */
  unit: "amount" | "items" | "orders";
  /** How often it was set. */
  version: number;
  /** How many minutes before its start a slot is shown to the staff that prepares it. */
  visible_lead_minutes: number;
  /** The hours of a week. */
  weekly?: Weekly[];
}

/** The same hours on some days. */
export interface Weekly {
  /** When it closes; at or before `opens` it is on the next day. */
  closes: string;
  /** On which days. */
  days: string[];
  /** When it opens. */
  opens: string;
}

/** `PUT /v1/calendars/{name}` */
export interface CalendarBody {
  /** How many minutes before its start a slot can last be booked; 0 if absent. */
  booking_lead_minutes?: number | null;
  /** The capacity of a slot, in `unit`. */
  capacity: number;
  /** Dates without slots. */
  closed?: string[] | null;
  /** Three letters of ISO 4217: whose amounts the unit `amount` counts; any if absent. */
  currency?: string | null;
  /** How many days ahead slots are made; 7 if absent. */
  days_ahead?: number | null;
  /** Which slot a late payment may take; `same` if absent. */
  late?: "same" | "next" | null;
  /** How many minutes a slot is long; required with `weekly`. */
  slot_minutes?: number | null;
  /** The time zone of the hours, as IANA calls it; the shop's if absent. */
  timezone?: string | null;
  /**
   * What its slots count: an order takes its total (`amount`), the sum of its quantities (`items`) or one
   * (`orders`).
   */
  unit: "amount" | "items" | "orders";
  /** How many minutes before its start a slot is shown to the staff that prepares it; 0 if absent. */
  visible_lead_minutes?: number | null;
  /** The hours of a week, which are cut into slots; no slots are made if absent. */
  weekly?: WeeklyBody[] | null;
}

/** The same hours on some days. */
export interface WeeklyBody {
  /** When it closes; at or before `opens` it is on the next day. */
  closes: string;
  /** On which days. */
  days: WeeklyBodyDays[];
  /** When it opens. */
  opens: string;
}

export type WeeklyBodyDays = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** `POST /v1/payments/{id}/capture` */
export interface CaptureBody {
  /** How much came, in minor units. */
  amount: number;
  /** How it came: `cash`, `bank transfer: BCA`, or whatever else is to be said. */
  note?: string | null;
}

/** What one check has found. */
export interface Check {
  /** What holds if all is well. */
  about: string;
  /** What mends it; empty where nothing is wrong. */
  fix: string;
  /** How many more lines there would be. */
  more: number;
  /** Its name. */
  name: string;
  /** What was seen, a line each. */
  seen: string[];
  /** How it ended: `ok`, `warn`, `fail`. */
  status: string;
}

/** A payment after its provider was asked. */
export interface Checked {
  /** The payment as it stands now. */
  payment: Payment | null;
  /** What its provider said. */
  provider: Provider;
}

/** A payment by itself. */
export interface Payment {
  /** What it is over, in minor units. */
  amount: number;
  /** What a person has to look at. */
  attention: PaymentAttention[];
  /** What has come, in minor units. */
  captured_amount: number;
  /** When it was registered. */
  created_at: string;
  /** Three letters of ISO 4217. */
  currency: string;
  /** When the attempt ends by the merchant's word. */
  expires_at: string | null;
  /** What its provider has said, of which its status is made. */
  facts: Fact[];
  /** What of the captured is a fee on top; absent where there is none. */
  fee_amount?: number;
  /** The payment's id. */
  id: string;
  /** The merchant's, as it came; only of a payment without an order. */
  metadata?: unknown;
  /** How it was paid, where the provider has said so. */
  method?: Method | null;
  /** The order that it pays. */
  order_id: string | null;
  /** The provider's own id of it. */
  provider_payment_id: string | null;
  /** The name by which the source knows it. */
  reference: string;
  /** What has gone back, in minor units. */
  refunded_amount: number;
  /** What goes back of it, the first one first. */
  refunds: Refund[];
  /** The source that it goes through. */
  source: string;
  /** How it stands. */
  status: PaymentStatus;
  /** When it was last changed. */
  updated_at: string;
}

export type PaymentAttention =
  | "amount_unreadable"
  | "amount_changed"
  | "currency_mismatch"
  | "mode_mismatch"
  | "overpaid"
  | "duplicate_payment"
  | "paid_unfulfillable"
  | "partially_paid_expired"
  | "over_refunded"
  | "orphan_refund"
  | "reference_conflict"
  | "unconfirmed"
  | "payment_reversed"
  | "chargeback"
  | "authorization_open"
  | "too_many_facts";

/** What a provider says about one object of its own. */
export interface Fact {
  /** How much, in minor units. */
  amount: number | null;
  /** Three letters of ISO 4217. */
  currency: string | null;
  /** What of it is a fee on top, in minor units; absent where there is none. */
  fee_amount?: number;
  /** The provider's object: a transaction, a refund. */
  object: string;
  /** When it happened, by the provider. */
  occurred_at: string | null;
  /** What became of it. */
  says: string;
  /** How well it is known. */
  strength: FactStrength;
}

export type FactStrength = "unsigned" | "partly_signed" | "signed" | "asked";

/** How a payment was paid. */
export interface Method {
  /** Whose it is, or its last digits. */
  detail: string | null;
  /** Which way. */
  kind: MethodKind;
}

export type MethodKind =
  | "card"
  | "virtual_account"
  | "bank_transfer"
  | "qr"
  | "upi"
  | "wallet"
  | "counter"
  | "pay_later"
  | "cash";

/** A refund that was asked for. */
export interface Refund {
  /** How much, in minor units. */
  amount: number;
  /** When it was ordered. */
  created_at: string;
  /** Three letters of ISO 4217. */
  currency: string;
  /** The refund's id. */
  id: string;
  /** Who wanted it. */
  ordered_by: "merchant" | "tollgate";
  /** The payment that it goes back of. */
  payment_id: string;
  /** The provider's own id of it. */
  provider_refund_id: string | null;
  /** Why. */
  reason: string;
  /** The order has given its slot back with it. */
  released_slot?: boolean;
  /** Units that came back into stock with it. */
  restocked?: Restocked[];
  /** How far it is. */
  state: RefundState;
}

/** Units of a sku that came back with a refund. */
export interface Restocked {
  /** How many units of it. */
  quantity: number;
  /** The sku. */
  sku: string;
}

export type RefundState = "requested" | "sent" | "succeeded" | "failed" | "unknown";

export type PaymentStatus =
  | "pending"
  | "authorized"
  | "review"
  | "paid"
  | "partially_refunded"
  | "refunded"
  | "charged_back"
  | "failed"
  | "expired"
  | "cancelled";

/** What a provider said when it was asked. */
export interface Provider {
  /** Its answer. */
  answer: Answer;
  /** Whether it was reached. */
  asked: boolean;
  /**
   * `done`: it was decided about; `pending`: it said nothing decisive and is asked again; `dead`: it could
   * not be asked.
   */
  state: string;
}

/** What a person does at the provider. Names stand as it writes them. */
export interface Console {
  /** Where our URL is put in. */
  place: string;
  /** In which member of its requests a payment's reference is given. */
  reference: string | null;
  /** What is copied from there into the configuration. */
  secrets: ConsoleSecret[];
  /** What the field for it is called. */
  url_field: string;
}

/** Something that is copied into the configuration. */
export interface ConsoleSecret {
  /** What the provider calls it. */
  called: string;
  /** The key of the configuration. */
  key: string;
}

/** What there is to do, as it was frozen. */
export type Content =
  | Content1
  | Content2
  | Content3
  | Content4
  | Content5
  | Content6
  | Content7
  | Content8
  | Content9
  | Content10;

/** A receipt is made. */
export interface Content1 {
  /** How much, in minor units. */
  amount: number | null;
  /** Three letters of ISO 4217. */
  currency: string | null;
  /** Whether money came or went back. */
  of: "sale" | "refund" | "reversal";
  /** The payment. */
  payment_id: string;
  /** The receipt. */
  receipt_id: string | null;
}

/** A mail is sent. */
export interface Content2 {
  /** What the mail is about. */
  about: "paid" | "receipt" | "refunded";
  /** The receipt. */
  receipt_id: string | null;
}

/** An operator is written about an alert. */
export interface Content3 {
  /** What the mail is about. */
  about: string;
  /** Whether it has ended. */
  ended: boolean;
  /** Whose the alert is: `shop`, or `server` for what is no shop's. */
  of: string;
  /** What to do. */
  remedy?: string | null;
  /**
   * What was looked for. This and what follows of an alert of the server: shown to `admin` keys of shop
   * main.
   */
  rule?: AlertRule | null;
  /** About what; empty where there is only one. */
  subject?: string | null;
  /** Whom it is written to; shown to `admin` keys of shop main. */
  to?: string | null;
  /** What is so, or was at last. */
  what?: string | null;
}

/** A merchant's endpoint is notified. */
export interface Content4 {
  /** The endpoint. */
  endpoint_id: string;
  /** Its place in the shop's feed. */
  position: number;
  /** What happened. */
  type: string;
}

/** An event is handed on. */
export interface Content5 {
  /** The event. */
  event_id: string;
  /** Where it is handed on to. */
  route: string;
}

/** A provider is asked how a payment stands. */
export interface Content6 {
  /** The event. */
  event_id: string | null;
  /** Which question about it this is. */
  n: number;
  /** The provider's object. */
  object: string;
  /** The names of the payments that are meant. */
  references: string[];
  /** The source. */
  source: string;
  /** Why it is asked. */
  why: Content6Why;
}

export type Content6Why =
  | "confirm_before"
  | "confirm_after"
  | "contradiction"
  | "closing"
  | "parked"
  | "check"
  | "void";

/** Money that nobody is waiting for is to go back. */
export interface Content7 {
  /** How much, in minor units. */
  amount: number | null;
  /** Three letters of ISO 4217. */
  currency: string | null;
  /** The payment. */
  payment_id: string | null;
  /** The name by which the source knows the payment. */
  reference: string;
  /** The source. */
  source: string;
}

/** A provider is asked how a refund stands. */
export interface Content8 {
  /** Which question about it this is. */
  n: number;
  /** The payment. */
  payment_id: string;
  /** The refund. */
  refund_id: string;
  /** The source. */
  source: string;
}

/** A provider is ordered to give money back. */
export interface Content9 {
  /** How much, in minor units. */
  amount: number;
  /** Three letters of ISO 4217. */
  currency: string;
  /** The payment. */
  payment_id: string;
  /** The refund. */
  refund_id: string;
  /** The source. */
  source: string;
}

/** A provider is ordered to let money go that is only set aside. */
export interface Content10 {
  /** The provider's object. */
  object: string;
  /** The payment. */
  payment_id: string;
  /** The source. */
  source: string;
}

/** Who buys; what is not known is left out. */
export interface Customer {
  /** Where the customer is. */
  address?: string | null;
  /** The mail address. */
  email?: string | null;
  /** The language of mails and receipts, as BCP 47 has it. */
  locale?: string | null;
  /** The customer's name. */
  name?: string | null;
  /** The telephone number. */
  phone?: string | null;
  /** The customer's tax number. */
  tax_id?: string | null;
}

/** Who buys. */
export interface CustomerBody {
  /** Where the customer is, in as many lines as it has. */
  address?: string | null;
  /** The mail address, to which receipts go. */
  email?: string | null;
  /** The language of mails and receipts, as BCP 47 has it. */
  locale?: string | null;
  /** The customer's name. */
  name?: string | null;
  /** The telephone number. */
  phone?: string | null;
  /** The customer's tax number. */
  tax_id?: string | null;
}

/** What changes about who buys. */
export interface CustomerChangeBody {
  /** Where the customer is; `null` takes it away. */
  address?: string | null;
  /** The mail address; `null` takes it away. */
  email?: string | null;
  /** The language of mails and receipts; `null` takes it away. */
  locale?: string | null;
  /** The name; `null` takes it away. */
  name?: string | null;
  /** The telephone number; `null` takes it away. */
  phone?: string | null;
  /** The tax number; `null` takes it away. */
  tax_id?: string | null;
}

/** A delivery that was refused. */
export interface Delivery {
  /** Its bytes, where they are text. */
  body?: string | null;
  /** Its bytes in base64, where they are no text. */
  body_base64?: string | null;
  /** How many bytes its body has. */
  body_bytes: number;
  /** Why it was refused. */
  code: string;
  /** Why it was refused, for people. */
  detail: string;
  /** The headers that it came with, as pairs; secrets only as their HMAC. */
  headers: unknown;
  /** The delivery's id. */
  id: string;
  /** The address that it came from. */
  peer: string | null;
  /** When it came. */
  received_at: string;
  /** The source that it was sent to. */
  source: string;
  /** How it was judged. */
  verdict: "rejected" | "verified";
}

/** An effect. */
export interface Effect {
  /** What was tried, the first one first; of one effect only. */
  attempts?: Attempt[] | null;
  /** What there is to do. */
  content: Content;
  /** When it was decided. */
  created_at: string;
  /** When it is tried next. */
  due_at: string | null;
  /** The effect's id. */
  id: string;
  /**
   * Its cause's key: one cause has one effect. Of a mail about the server it is shown to `admin` keys of
   * shop main.
   */
  key: string;
  /** What is done. */
  kind: EffectKind;
  /** What is done one after the other, in the order of commits. */
  order_by: string | null;
  /** Why it stands so. */
  reason: string | null;
  /**
   * What is sent to an endpoint or a handler, without what is secret in it; of one effect only, and to
   * `admin`.
   */
  request?: Request | null;
  /** When it ended. */
  settled_at: string | null;
  /** How far it is. */
  state: EffectState;
  /** Whom it goes to; what goes to one target fails and is throttled together. */
  target: string;
  /** How often it was tried. */
  tries: number;
}

export type EffectKind =
  | "receipt"
  | "mail"
  | "notify"
  | "forward"
  | "ask"
  | "refund_check"
  | "refund_request"
  | "refund"
  | "void";

/** What is sent. A signature is made at each try, and is not shown. */
export interface Request {
  /** Its bytes, where they are text. */
  body?: string | null;
  /** Its bytes in base64, where they are no text. */
  body_base64?: string | null;
  /** Its headers, as pairs. */
  headers: string[][];
  /** The HTTP method. */
  method: string;
  /** Where to; a query is left out, because it may hold a secret. */
  url: string;
}

export type EffectState = "pending" | "leased" | "started" | "done" | "unknown" | "dead";

/** An effect that a person must look at. */
export interface EffectAttention {
  /** The effect's id. */
  id: string;
  /** What was to be done. */
  kind: EffectKind;
  /** Why. */
  reason: string | null;
  /** Since when. */
  since: string;
  /** Whether it is given up, or not known. */
  state: EffectState;
  /** Whom it is addressed to. */
  target: string;
}

/** An effect as a decision about it gives it. */
export interface EffectHead {
  /** What there is to do. */
  content: Content;
  /** When it is tried next. */
  due_at: string | null;
  /** The effect's id. */
  id: string;
  /**
   * Its cause's key: one cause has one effect. Of a mail about the server it is shown to `admin` keys of
   * shop main.
   */
  key: string;
  /** What is done. */
  kind: EffectKind;
  /** What is done one after the other, in the order of commits. */
  order_by: string | null;
  /** Why it stands so. */
  reason: string | null;
  /** When it ended. */
  settled_at: string | null;
  /** How far it is. */
  state: EffectState;
  /** Whom it goes to; what goes to one target fails and is throttled together. */
  target: string;
  /** How often it was tried. */
  tries: number;
}

/** An endpoint, without its secrets. */
export interface Endpoint {
  /** When it was made. */
  created_at: string;
  /** What it is, for people. */
  description: string;
  /** When it was switched off. */
  disabled_at: string | null;
  /** Why it was switched off. */
  disabled_reason: string | null;
  /** Whether it is called. */
  enabled: boolean;
  /** What it is told. */
  events: string[];
  /** Since when it fails. */
  failing_since: string | null;
  /** The endpoint's id. */
  id: string;
  /** How telling it has ended over the last 24 hours. */
  last_24_hours: Told;
  /** Until when the secret before signs along. */
  old_secret_until: string | null;
  /** What notices are signed with; only when it was made just now. */
  secret?: string | null;
  /** When it was last changed. */
  updated_at: string;
  /** Where it is called. */
  url: string;
}

/** How telling an endpoint has ended, to a quarter of an hour. */
export interface Told {
  /** Notices that it took. */
  delivered: number;
  /** Notices that were given up. */
  given_up: number;
}

/** `POST /v1/endpoints` */
export interface EndpointBody {
  /** What it is, for people. */
  description?: string | null;
  /** Types (`order.paid`), groups (`order.*`) or `*`. */
  events: EndpointBodyEvents[];
  /** Where it is called: `http` or `https`. */
  url: string;
}

export type EndpointBodyEvents =
  | "*"
  | "alert.*"
  | "event.*"
  | "hold.*"
  | "order.*"
  | "payment.*"
  | "receipt.*"
  | "slot.*"
  | "stock.*"
  | "order.created"
  | "order.paid"
  | "order.partially_paid"
  | "order.completed"
  | "order.expired"
  | "order.cancelled"
  | "order.refunded"
  | "order.attention"
  | "payment.authorized"
  | "payment.paid"
  | "payment.failed"
  | "payment.expired"
  | "payment.cancelled"
  | "payment.refunded"
  | "payment.charged_back"
  | "hold.expired"
  | "stock.low"
  | "slot.full"
  | "receipt.issued"
  | "event.orphaned"
  | "alert.opened"
  | "alert.ended";

/** `PATCH /v1/endpoints/{id}` */
export interface EndpointChangeBody {
  /** What it is, for people. */
  description?: string | null;
  /** `false` switches it off, `true` on again. */
  enabled?: boolean | null;
  /** Types (`order.paid`), groups (`order.*`) or `*`. */
  events?: EndpointBodyEvents[] | null;
  /** Where it is called: `http` or `https`. */
  url?: string | null;
}

/** How an endpoint has answered a test. */
export interface EndpointTest {
  /** How many milliseconds it took. */
  duration_ms: number;
  /** What went wrong. */
  error: string | null;
  /** The beginning of its answer, at most 1 KiB. */
  response_head: string | null;
  /** The HTTP status of its answer. */
  status: number | null;
}

/** An entry of a root's timeline. */
export interface Entry {
  /** When it was decided. */
  at: string;
  /** Who did it, where that is known. */
  by?: By | null;
  /** What else is to be said of it; a program reads this and `kind`. */
  detail: unknown;
  /** The effect that it is about. */
  effect_id?: string | null;
  /** The event that it came from. */
  event_id?: string | null;
  /** What happened, in a word. */
  kind: string;
  /** Its place in the shop's feed, which is the order of commits. */
  position: number;
  /** What happened, for people, in English. */
  summary: string;
}

/** Of one code and cause. */
export interface ErrorCode {
  /** What tells it apart from others of its code. */
  cause: string | null;
  /** The code. */
  code: string;
  /** How many errors had them. */
  count: number;
  /** `warn` for what was refused, `error` for what has failed. */
  level: "warn" | "error";
}

/** Of one day, UTC's. */
export interface ErrorDay {
  /** How many errors it had. */
  count: number;
  /** The day, as `2026-01-22`. */
  day: string;
}

/** Of one hour, by its beginning. */
export interface ErrorHour {
  /** How many errors it had. */
  count: number;
  /** When the hour began. */
  hour: string;
}

/** Of one operation. */
export interface ErrorOperation {
  /** How many errors it had. */
  count: number;
  /** The method and the template of the path, or the name of the work. */
  operation: string;
}

/** Of one source. */
export interface ErrorSource {
  /** How many errors were about it. */
  count: number;
  /** The source's name. */
  source: string;
}

/** How many errors there were. */
export interface ErrorStats {
  /** A line for a code and cause, those with the most first, at most 100. */
  by_code: ErrorCode[];
  /** A line for every day that was asked for, in UTC, the oldest first. */
  by_day: ErrorDay[];
  /** A line for each of the last 48 hours, the oldest first. */
  by_hour: ErrorHour[];
  /** A line for an operation, those with the most first, at most 100. */
  by_operation: ErrorOperation[];
  /** A line for a source, those with the most first, at most 100. */
  by_source: ErrorSource[];
  /** How many there were in all. */
  total: number;
}

/** An event. */
export interface Event {
  /** Its bytes, where they are text; to `admin` only. */
  body?: string | null;
  /** Its bytes in base64, where they are no text; to `admin` only. */
  body_base64?: string | null;
  /** The code of an order that it mentions. */
  code: string | null;
  /** When it is looked at again. */
  due_at: string | null;
  /** What it says. */
  facts: Fact[];
  /** The headers that it came with, as pairs; to `admin` only. */
  headers?: unknown;
  /** The event's id. */
  id: string;
  /** What identifies it at its source. */
  key: string;
  /** When it happened, by the provider. */
  occurred_at: string | null;
  /** What was answered when it came; it never changes. */
  outcome: EventOutcome;
  /** The provider's own id of the payment. */
  provider_payment_id: string | null;
  /** Why it stands so. */
  reason: EventReason | null;
  /** When it came. */
  received_at: string;
  /** The names of payments that it mentions. */
  references: string[];
  /** The source that sent it. */
  source: string;
  /** How it stands now. */
  state: EventState;
  /** Its type, as the source calls it. */
  type: string;
}

export type EventOutcome =
  | "applied"
  | "duplicate"
  | "parked"
  | "stale"
  | "queued"
  | "attention"
  | "stored"
  | "rejected";

export type EventReason =
  | "amount_unreadable"
  | "known_fact"
  | "late"
  | "no_name"
  | "no_payment"
  | "other_payment"
  | "paid_unfulfillable"
  | "parked_full"
  | "reference_conflict"
  | "see_order"
  | "too_many_facts"
  | "too_many_payments"
  | "too_many_wait"
  | "unconfirmed"
  | "weaker";

export type EventState =
  | "applied"
  | "parked"
  | "queued"
  | "stale"
  | "stored"
  | "attention"
  | "orphan"
  | "dead";

/** Something that was found. */
export interface Hit {
  /** Its id; of a customer, the id of an order of theirs. */
  id: string;
  /** `order`, `payment`, `event`, `receipt` or `customer`. */
  kind: string;
  /** The member that matched. */
  matched: string;
  /** The id of the order it belongs to. */
  order_id: string | null;
  /** What a person knows it by. */
  title: string;
}

/** A cart's hold. */
export interface Hold {
  /** Until when it is set aside. */
  expires_at: string;
  /** The hold's id. */
  id: string;
  /** What is held of stock. */
  lines: HoldLine[];
  /** The slot that is held. */
  slot: Booking | null;
  /** How it stands: `active`, or how it ended. */
  state: string;
}

/** Units of a sku that are held. */
export interface HoldLine {
  /** How many units. */
  quantity: number;
  /** The sku. */
  sku: string;
}

/** `POST /v1/holds` */
export interface HoldBody {
  /** What is held of stock. */
  lines?: HoldLineBody[] | null;
  /** For how many seconds it is set aside; 900 if absent. */
  seconds?: number | null;
  /** The time slot that is held. */
  slot?: HoldSlotBody | null;
}

/** Units of a sku that are held. */
export interface HoldLineBody {
  /** How many units. */
  quantity: number;
  /** The sku. */
  sku: unknown;
}

/** The time slot that is held. */
export interface HoldSlotBody {
  /** The calendar whose earliest slot with room is wanted. */
  calendar?: unknown;
  /** The slot starts then or later; now if absent. */
  not_before?: string | null;
  /** The id of the one slot that is wanted, instead of a calendar. */
  slot_id?: string | null;
  /** How much of it, in the unit of its calendar. */
  units: number;
}

/** What is set aside, and how long. */
export interface HoldHead {
  /** Until when it is set aside. */
  expires_at: string;
  /** The hold's id. */
  id: string;
  /** How it stands: `active`, or how it ended. */
  state: string;
}

/** One of them. */
export interface Instance {
  /** Whether it is the one that has answered this request. */
  current: boolean;
  /** Drawn when the process began: a restart is another one. */
  id: string;
  /** The name of its machine, and its port. */
  name: string;
  /** Why it takes no requests, as it said last. */
  reason: string | null;
  /** `all`: it takes requests and does effects. `api`: it takes requests. `worker`: it does effects. */
  role: string;
  /** When it said last that it is there. */
  seen_at: string;
  /** Since when it runs. */
  started_at: string;
  /**
   * `ready`: it takes requests. `not_ready`: it does not, as it says itself. `silent`: it has said nothing
   * for more than half a minute.
   */
  state: string;
  /** For how many seconds it has run when it was heard last. */
  uptime_seconds: number;
  /** The version of its program. */
  version: string;
}

/** An API key, without the key. */
export interface Key {
  /** When it was made. */
  created_at: string;
  /** When it ends by itself. */
  expires_at: string | null;
  /** Until when its former secret still opens; nothing once that is over. */
  former_ends_at: string | null;
  /** The key's id. */
  id: string;
  /** The key itself; only when it was made just now. */
  key?: string | null;
  /** When it was used last, to a minute. */
  last_used_at: string | null;
  /** What it is called, for people. */
  name: string;
  /** What it begins with; nothing of keys that were made before that was kept. */
  prefix: string | null;
  /** When it was revoked. */
  revoked_at: string | null;
  /** When it was given another secret last. */
  rotated_at: string | null;
  /** What it may do. */
  scopes: string[];
  /** The shop that it opens, by its name. */
  shop: string;
}

/** `POST /v1/keys` */
export interface KeyBody {
  /** When it ends by itself; absent, it does not. */
  expires_at?: string | null;
  /** What it is called, for people. */
  name: string;
  /** What it may do. */
  scopes: ("read" | "write" | "admin")[];
  /** The name of the shop that it opens; that of the caller's key if absent. */
  shop?: string | null;
}

/** `PATCH /v1/keys/{id}` */
export interface KeyChangeBody {
  /** What it is called, for people. */
  name?: string | null;
}

/** A line of an order. */
export interface Line {
  /** What people call it. */
  name: string | null;
  /** How many units. */
  quantity: number;
  /** The sku. */
  sku: string;
  /** Whether stock is kept of it. */
  stocked: boolean;
  /** The price of a unit, in minor units. */
  unit_amount: number;
}

/** A line of an order. */
export interface LineBody {
  /** What people call it; line breaks become spaces. */
  name?: string | null;
  /** How many units. */
  quantity: number;
  /** The sku, as your catalogue has it. */
  sku: unknown;
  /** `false`: no stock is kept of it; `true` if absent. */
  stocked?: boolean | null;
  /** The price of a unit, in minor units. */
  unit_amount: number;
}

/** What waits for a person. */
export interface NeedsPerson {
  /** Effects that are given up, or of which nobody knows whether they were done. */
  effects: EffectAttention[];
  /** Whether there is more of a kind than is told. */
  is_cut: boolean;
  /** Orders with an open code of attention: an item for each code. */
  orders: OrderAttention[];
  /** Payments without an order, likewise. */
  payments: PaymentAttention[];
}

/** An order that a person must look at. */
export interface OrderAttention {
  /** What it is. */
  attention: PaymentAttention;
  /** The merchant's code of it. */
  code: string;
  /** The order's id. */
  id: string;
  /** The payment that it is about, where it is about one. */
  payment_id: string | null;
  /** Since when. */
  since: string;
}

/** A slot that is put. */
export interface NewSlotBody {
  /** Its capacity, in the calendar's unit; the calendar's if absent. */
  capacity?: number | null;
  /** When it ends, at most 31 days after it starts. */
  ends_at: string;
  /** When it starts. */
  starts_at: string;
}

/** An order. */
export interface Order {
  /** What a person has to look at. */
  attention: PaymentAttention[];
  /** What has come, in minor units. */
  captured_amount: number;
  /** The merchant's code of it. */
  code: string;
  /** When it was made. */
  created_at: string;
  /** Three letters of ISO 4217. */
  currency: string;
  /** Who buys. */
  customer: Customer;
  /** What is taken off, in minor units. */
  discount_amount: number;
  /** What of the captured is a fee on top; absent where there is none. */
  fee_amount?: number;
  /** Its latest hold. */
  hold: HoldHead | null;
  /** The order's id. */
  id: string;
  /** What is bought. */
  lines: Line[];
  /** The merchant's, as it came. */
  metadata: unknown;
  /** A note of the merchant alone. */
  note: string | null;
  /** Its payments, the first one first. */
  payments: PaymentHead[];
  /** What has gone back, in minor units. */
  refunded_amount: number;
  /** What is put on for shipping, in minor units. */
  shipping_amount: number;
  /** The slot of its latest hold. */
  slot: Booking | null;
  /** How it stands. */
  status: OrderStatus;
  /** What is to be paid, in minor units: the lines, less the discount, with shipping. */
  total_amount: number;
  /** When it was last changed. */
  updated_at: string;
  /** How often it was changed; `If-Match` takes it. */
  version: number;
}

/** A payment as an order shows it. */
export interface PaymentHead {
  /** What it is over, in minor units. */
  amount: number;
  /** What has come, in minor units. */
  captured_amount: number;
  /** When it was registered. */
  created_at: string;
  /** Three letters of ISO 4217. */
  currency: string;
  /** When the attempt ends by the merchant's word. */
  expires_at: string | null;
  /** What of the captured is a fee on top; absent where there is none. */
  fee_amount?: number;
  /** The payment's id. */
  id: string;
  /** How it was paid, where the provider has said so. */
  method?: Method | null;
  /** The provider's own id of it. */
  provider_payment_id: string | null;
  /** The name by which the source knows it. */
  reference: string;
  /** What has gone back, in minor units. */
  refunded_amount: number;
  /** What goes back of it, the first one first. */
  refunds: Refund[];
  /** The source that it goes through. */
  source: string;
  /** How it stands. */
  status: PaymentStatus;
  /** When it was last changed. */
  updated_at: string;
}

export type OrderStatus =
  | "awaiting_payment"
  | "partially_paid"
  | "closing"
  | "paid"
  | "completed"
  | "partially_refunded"
  | "refunded"
  | "expired"
  | "cancelled";

/** `POST /v1/orders` */
export interface OrderBody {
  /** Your name of the order, unique in the shop; one is made (`T-…`) if it is absent. */
  code?: unknown;
  /** Three letters of ISO 4217. */
  currency: string;
  /** Who buys; no one if absent. */
  customer?: CustomerBody | null;
  /** What is taken off, in minor units; 0 if absent. */
  discount_amount?: number | null;
  /** The id of a cart's hold that is taken over; stock and slot are held again if it is absent. */
  hold?: string | null;
  /** For how many seconds stock and slot are set aside; 900 if absent. */
  hold_seconds?: number | null;
  /** What is bought. An empty list is refused as `lines_empty`. */
  lines: LineBody[];
  /** Yours, kept as it came: an object of up to 16 KiB without NUL. */
  metadata?: Record<string, unknown> | null;
  /** The payment that was begun with the order, over its whole total. */
  payment?: OrderPaymentBody | null;
  /** What is put on for shipping, in minor units; 0 if absent. */
  shipping_amount?: number | null;
  /** The time slot that is wanted; the one of `hold`, or none, if absent. */
  slot?: SlotBody | null;
}

/** The payment that was begun with an order. */
export interface OrderPaymentBody {
  /** The name by which the source knows it. */
  reference: string;
  /** A configured source, or `manual`. */
  source: string;
}

/** `{"calendar", "not_before"?}` or `{"slot_id"}`; a hold's also has `units`. */
export interface SlotBody {
  /** The calendar whose earliest slot with room is wanted. */
  calendar?: unknown;
  /** The slot starts then or later; now if absent. */
  not_before?: string | null;
  /** The id of the one slot that is wanted, instead of a calendar. */
  slot_id?: string | null;
}

/** `PATCH /v1/orders/{id}` */
export interface OrderChangeBody {
  /** Members that are changed; `null` in one takes it away, `null` here all of them. */
  customer?: CustomerChangeBody | null;
  /** Laid over what is kept as a JSON merge patch (RFC 7386); `null` empties it. */
  metadata?: Record<string, unknown> | null;
  /** Yours alone, on no paper and in no mail; `null` takes it away. */
  note?: string | null;
}

/** `POST /v1/users/{id}/password` */
export interface PasswordBody {
  /** The password until now; users have to give their own. */
  current?: string | null;
  /** The password from now on: neither the name nor the address, nor one letter throughout. */
  password: string;
}

/** `POST /v1/payments` */
export interface PaymentBody {
  /**
   * How much it is over, in minor units; what the order still owes if absent, and required without an
   * order.
   */
  amount?: number | null;
  /** Three letters of ISO 4217; the order's if absent, and required without an order. */
  currency?: string | null;
  /** When the attempt ends by your word; never if absent. */
  expires_at?: string | null;
  /** Yours, kept as it came; only of a payment without an order. */
  metadata?: Record<string, unknown> | null;
  /** The id or code of the order that it pays; it stands alone if absent. */
  order?: unknown;
  /** The name by which the source knows it. */
  reference: string;
  /** A configured source, or `manual`. */
  source: string;
}

/** `PATCH /v1/payments/{id}` */
export interface PaymentChangeBody {
  /** Laid over what is kept as a JSON merge patch (RFC 7386); `null` empties it. */
  metadata?: Record<string, unknown> | null;
}

/** A receipt, issued or not. */
export interface Receipt {
  /** What it is over, in minor units. */
  amount: number | null;
  /** Three letters of ISO 4217. */
  currency: string | null;
  /** The receipt's id. */
  id: string;
  /** When it was issued. */
  issued_at: string | null;
  /** Whether money came or went back. */
  kind: "sale" | "refund" | "reversal";
  /** Its number, in the form that the shop has chosen. */
  number: string | null;
  /** The order that it is about. */
  order_id: string | null;
  /** The payment that it is about. */
  payment_id: string;
  /** Where its file is. */
  pdf: string | null;
  /** The SHA-256 of its file, in hexadecimal digits. */
  sha256: string | null;
  /** `pending` until its file is stored, then `issued`. */
  state: string;
}

/** What was refused or has failed, of one kind and time. */
export interface RecordedError {
  /** When the first of them was. */
  at: string;
  /** What tells it apart from others of its code. */
  cause: string | null;
  /** The code of the refusal, or of what has failed. */
  code: string;
  /** How many there were. */
  count: number;
  /** The delivery that was refused, the first of them. */
  delivery_id: string | null;
  /** What is said of the first of them, for people. */
  detail: string;
  /** The effect that has failed, the first of them. */
  effect_id: string | null;
  /** The error's id. */
  id: string;
  /** The key that was sent. */
  key_id: string | null;
  /** What that key was called. */
  key_name: string | null;
  /** When the last of them was. */
  last_at: string;
  /** The id of the last request of them. */
  last_request_id: string | null;
  /** `warn` for what was refused, `error` for what has failed. */
  level: "warn" | "error";
  /** What was asked or done: the method and the template of the path, or the name of the work. */
  operation: string;
  /** The id of the first request of them. */
  request_id: string | null;
  /** The shop's name; null for what is no shop's. */
  shop: string | null;
  /** The source that it is about. */
  source: string | null;
  /** The HTTP status of the answer; null where nobody was answered. */
  status: number | null;
}

/** `POST /v1/payments/{id}/refund` */
export interface RefundBody {
  /** How much goes back, in minor units. */
  amount: number;
  /** Why. */
  reason?: string | null;
  /** The money has gone back already, by another way: no provider is called. */
  recorded?: boolean | null;
  /** The order gives its slot back. */
  release_slot?: boolean | null;
  /** Units that have come back, by sku. */
  restock?: RestockBody[] | null;
}

/** Units of one sku that have come back with a refund. */
export interface RestockBody {
  /** How many units of it. */
  quantity: number;
  /** The sku. */
  sku: unknown;
}

/** A delivery that was refused. */
export interface Refused {
  /** Why, by a code. */
  code: string;
  /** The delivery. */
  delivery_id: string;
  /** Why, for people, with the likely cause. */
  detail: string;
  /** When it came. */
  received_at: string;
}

/** Events that are decided about again. */
export interface Replay {
  /** Whether nothing is done. */
  dry_run: boolean;
  /** How many events. */
  events: number;
  /** The ids of the first hundred. */
  first: string[];
  /** Whether the filter finds others, for the next request. */
  more: boolean;
  /** How many a second at most. */
  per_second: number;
}

/** `POST /v1/events/replay` */
export interface ReplayBody {
  /** `true`: only say which; `false` if absent. */
  dry_run?: boolean | null;
  /** Which events; an empty object is all of them. */
  filter: ReplayFilterBody;
  /** How many a second at most; 50 if absent. */
  per_second?: number | null;
}

/** Which events are meant. */
export interface ReplayFilterBody {
  /** Events that the timeline of this order (id or code) names. */
  order?: unknown;
  /** Events that were answered so. */
  outcome?: EventOutcome | null;
  /** Events that came then or later. */
  received_after?: string | null;
  /** Events that mention this name. */
  reference?: string | null;
  /** Events of this source. */
  source?: string | null;
  /** Events that stand so now. */
  state?: EventState | null;
  /** Events with this type, or with one that begins so: `transaction.*`. */
  type?: string | null;
}

/** An event that was decided about again. */
export interface Replayed {
  /** The event's id. */
  id: string;
  /** What was answered when it came. */
  outcome: EventOutcome;
  /** How it stands now. */
  state: EventState;
}

/** A report as the API and `--json` show it. */
export interface Report {
  /** What was checked. */
  checks: Check[];
  /** How the worst check has ended: `ok`, `warn`, `fail`. */
  status: string;
  /** What the ledgers come to, by shop and currency; only `verify` has read them. */
  totals?: Totals[];
}

/** What the ledgers of one shop and currency come to. */
export interface Totals {
  /** What has come, in minor units. */
  captured: number;
  /** What disputes keep away, the open ones and the lost ones, in minor units. */
  charged_back: number;
  /** The currency, ISO 4217. */
  currency: string;
  /** What of it is fees on top, in minor units. */
  fee: number;
  /** What is kept, in minor units. */
  kept: number;
  /** How many orders there are. */
  orders: number;
  /** How many payments there are. */
  payments: number;
  /** What the receipts that are issued come to, in minor units: sales less refunds less reversals. */
  receipts: number;
  /** What has gone back, in minor units. */
  refunded: number;
  /** What is on its way back, in minor units. */
  reserved: number;
  /** The shop's name. */
  shop: string;
}

/** `POST /v1/orders/{id}/attention/{code}/resolve` */
export interface ResolveBody {
  /** What the person has to say. */
  note?: string | null;
}

/** Effects that were tried again. */
export interface Retried {
  /** Whether nothing is done. */
  dry_run: boolean;
  /** How many effects. */
  effects: number;
  /** Which effects. */
  ids: string[];
  /** Whether the filter finds others, for the next request. */
  more: boolean;
  /** Those that were named and are not tried. */
  skipped: Skipped[];
}

/** One that was not, though it was named. */
export interface Skipped {
  /** Why not. */
  code: string;
  /** The effect's id. */
  id: string;
  /** The state that it is in. */
  state: EffectState | null;
}

/** `POST /v1/effects/retry` */
export interface RetryBody {
  /** `true`: only say which; `false` if absent. */
  dry_run?: boolean | null;
  /** Which effects. */
  filter: RetryFilterBody;
  /** None but these of them; no id stands twice. */
  ids?: string[] | null;
}

/** Which effects are meant. */
export interface RetryFilterBody {
  /** Effects of this kind. */
  kind?: EffectKind | null;
  /** Effects in this state; `dead` if absent. */
  state?: "dead" | "unknown" | "pending" | null;
  /** Effects that go to this target, or to one that begins so: `notify:*`. */
  target?: string | null;
}

/** `POST /v1/keys/{id}/rotate` */
export interface RotateBody {
  /** How many hours the former secret still opens; 24 if absent, and none at all with 0. */
  overlap_hours?: number | null;
}

/** `POST /v1/effects/{id}/settle` */
export interface SettleBody {
  /** What became of it. */
  as: "done" | "dead";
  /** How that is known. */
  reason: string;
}

/** A slot. */
export interface Slot {
  /** What is left. */
  available: number;
  /** Its capacity, in the calendar's unit. */
  capacity: number;
  /** When it ends. */
  ends_at: string;
  /** What active holds have set aside of it. */
  held: number;
  /** The slot's id. */
  id: string;
  /** What is sold of it. */
  sold: number;
  /** When it starts. */
  starts_at: string;
  /** When it is shown to the staff that prepares it. */
  visible_at: string;
}

/** `PUT /v1/calendars/{name}/slots` */
export interface SlotsBody {
  /** The slots; no two start together. */
  slots: NewSlotBody[];
}

/** A source. */
export interface Source {
  /** The keys of the configuration that it is asked with; none where it cannot be. */
  asks_with: string[];
  /** Whether the provider can be asked, and is. */
  can_ask: boolean;
  /** Whether money can be given back from here. */
  can_refund: boolean;
  /** When the provider is asked whether an event is true. */
  confirm: "before" | "after" | "never";
  /** How the provider is told where we are. */
  console: Console;
  /** How many of its deliveries were refused today. */
  deliveries_refused_today: number;
  /** The page of the documentation about the provider. */
  docs: string;
  /** Whether it says nothing while its payments are open. */
  is_silent: boolean;
  /** When it was heard last; null if none of the shop's newest 5 000 events is its. */
  last_event_at: string | null;
  /** The newest delivery that was refused and still is; to `admin` only. */
  last_refused?: Refused | null;
  /** Whether it stands for real money. */
  live: boolean;
  /** Its name in the configuration. */
  name: string;
  /** The paths at which it is called, the regular one first. */
  paths: string[];
  /** Whether its events are about payments; documents are only handed on. */
  payments: boolean;
  /** The provider that it is configured for. */
  provider: string;
  /** How much of a delivery its signature vouches for: `nothing`, `sender`, `some_fields` or `whole_body`. */
  signature_covers: string;
  /** What the provider is called, for people. */
  title: string;
  /** How many of its events were answered what today, in the shop's time zone. */
  today: Record<string, number>;
  /** What an operator should know before trusting it. */
  warnings: string[];
}

/** How a shop stands. */
export interface Stats {
  /** Today and the six days before. */
  last_7_days: StatsPeriod;
  /** What is open now. */
  open: StatsOpen;
  /** The shop's time zone, in which its days begin. */
  timezone: string;
  /** Since midnight. */
  today: StatsPeriod;
  /** How long the process that answers took for webhooks since its start; null where there was none yet. */
  webhook_latency: StatsLatency | null;
}

/** What has happened since a time. */
export interface StatsPeriod {
  /** The day on which it begins, in the shop's time zone. */
  day: string;
  /** Events that came before their payment and were applied. */
  early_caught: number;
  /** Effects that were given up. */
  effects_dead: number;
  /** What webhooks were answered. */
  events: StatsEvents;
  /** A line for each currency in which money came or went back. */
  money: StatsMoney[];
  /** What has happened to orders, whenever they were made. */
  orders: StatsOrders;
  /** Orders and holds that were refused for want of stock or of a slot, by whole hours. */
  oversells_refused: number;
  /** Receipts that were issued. */
  receipts_issued: number;
  /** When it begins. */
  since: string;
}

/** How many events came, by what was answered. */
export interface StatsEvents {
  /** How many have changed something. */
  applied: number;
  /** How many want a person to look. */
  attention: number;
  /** How many webhooks were not taken at all; they are no events. */
  deliveries_refused: number;
  /** How many had come before. */
  duplicate: number;
  /** How many have waited for their payment in vain. */
  orphaned: number;
  /** How many came before their payment and wait for it. */
  parked: number;
  /** How many wait until their payment is decided about. */
  queued: number;
  /** How many came; the sum of those that follow, up to `rejected`. */
  received: number;
  /** How many say what cannot be. */
  rejected: number;
  /** How many say what is known already. */
  stale: number;
  /** How many are kept and change nothing. */
  stored: number;
}

/** Money of one currency. */
export interface StatsMoney {
  /** The currency, ISO 4217. */
  currency: string;
  /** What went back, in its minor units. */
  given_back_amount: number;
  /** What came, in its minor units. */
  taken_amount: number;
}

/** How many orders were made, and came to what. */
export interface StatsOrders {
  /** How many were cancelled. */
  cancelled: number;
  /** How many were completed. */
  completed: number;
  /** How many were made. */
  created: number;
  /** How many have expired. */
  expired: number;
  /** How many were paid. */
  paid: number;
  /** How many were paid in part. */
  partially_paid: number;
  /** How many were given back all of their money. */
  refunded: number;
}

/** What is open; each counted up to a bound. */
export interface StatsOpen {
  /** Orders and payments that want a person to look. */
  attention: number;
  /** Up to here each figure is counted; it then stands for as many or more. */
  counted_up_to: number;
  /** Effects that were given up. */
  effects_dead: number;
  /** Effects that are due or have a time. */
  effects_pending: number;
  /** Effects of which nobody knows whether they were done. */
  effects_unknown: number;
  /** Events that wait for their payment. */
  events_parked: number;
  /** Events that wait until their payment is decided about. */
  events_queued: number;
  /** When the oldest of them came. */
  oldest_parked_at: string | null;
  /** When the oldest of them came. */
  oldest_queued_at: string | null;
  /** Orders that wait for something until a time, by status. */
  orders: Record<string, number>;
}

/** How long webhooks took to answer, stored and decided; rounded up to a power of two. */
export interface StatsLatency {
  /** Half of them took no longer, in microseconds. */
  p50_us: number;
  /** All but a hundredth took no longer, in microseconds. */
  p99_us: number;
}

/** A shop's figures, step by step. */
export interface StatsSeries {
  /**
   * What has happened in each step, the oldest first; it begins at its `since` and ends where the next
   * begins.
   */
  data: StatsPeriod[];
  /** How long a step is: `hour` or `day`. */
  step: string;
  /** The shop's time zone, in which its days begin. */
  timezone: string;
}

/** Units of a sku. */
export interface Stock {
  /** `on_hand` less `held`. */
  available: number;
  /** What active holds have set aside of them. */
  held: number;
  /** `stock.low` is reported when what is available falls to this. */
  low_at: number | null;
  /** Units that are not sold yet. */
  on_hand: number;
  /** The sku. */
  sku: string;
  /**
   * Units that orders have bought and no refund has brought back. What was put in is `on_hand`, `sold` and
   * what was taken out by hand.
   */
  sold: number;
  /** How often `on_hand` was changed; `If-Match` takes it. */
  version: number;
}

/** `PUT /v1/stock/{sku}` */
export interface StockBody {
  /** Report `stock.low` when what is available falls to this; absent keeps what was said before. */
  low_at?: number | null;
  /** How many units there are that are not sold yet. */
  on_hand: number;
}

/** The stock of one sku. */
export interface StockItemBody {
  /** Report `stock.low` when what is available falls to this; absent keeps what was said before. */
  low_at?: number | null;
  /** How many units there are that are not sold yet. */
  on_hand: number;
  /** The sku. */
  sku: unknown;
  /** It is done only if this still is the version; a sku that was never put has 0. */
  version?: number | null;
}

/** `PUT /v1/stock` */
export interface StocksBody {
  /** The stock of each sku; none stands twice. */
  items: StockItemBody[];
}

/** What became of a delivery. */
export interface Taken {
  /** Its events, in the order of the delivery. */
  events: TakenItem[];
}

/** What became of one event of a delivery. */
export interface TakenItem {
  /** Why it could not be read, by a code; only where it is rejected. */
  code?: string | null;
  /** Why it could not be read, for people; only where it is rejected. */
  detail?: string | null;
  /** The event's id; null where it could not be read. */
  id: string | null;
  /** What identifies the event at its source. */
  key: string;
  /** What became of it when it came; it never changes. */
  outcome: EventOutcome;
  /** Its type, as the source calls it. */
  type: string;
}

/** A ticket. */
export interface Ticket {
  /** Until when it does. */
  expires_at: string;
  /** The ticket, which opens one stream. */
  ticket: string;
}

/** `POST /v1/stream/tickets` */
export interface TicketBody {
  /** What the stream is about; everything if absent. */
  topics?: TicketBodyTopics[] | null;
}

export type TicketBodyTopics = "orders" | "payments" | "events" | "effects" | "alerts";

/** A whole timeline. */
export interface Timeline {
  /** What happened, the oldest first. */
  data: Entry[];
  /** There are no pages. */
  next_cursor: string | null;
  /** What the order waits for, as it stands now. */
  waits_for: Wait[];
}

/** One thing that an order waits for. */
export interface Wait {
  /** The effect that is tried. */
  effect_id?: string | null;
  /** When it was last tried. */
  last_at?: string | null;
  /** When it is tried again. */
  next_at?: string | null;
  /** The same for people, in English. */
  summary: string;
  /** How often it was tried. */
  tries?: number | null;
  /** What is waited for. */
  what: WaitWhat;
}

export type WaitWhat = "money" | "confirmation" | "receipt" | "refund" | "person" | "mail";

/** A user; nothing of the password. */
export interface User {
  /** When it was made. */
  created_at: string;
  /** Since when the user may not sign in. */
  disabled_at: string | null;
  /** The mail address, by which the user signs in. */
  email: string;
  /** The user's id. */
  id: string;
  /** What the user is called. */
  name: string;
  /** What the user may do. */
  role: string;
  /** The shop whose user it is, by its name. */
  shop: string;
  /** When the user signed in last. */
  signed_in_at: string | null;
  /** When it was changed last. */
  updated_at: string;
}

/** `POST /v1/users` */
export interface UserBody {
  /** The mail address, by which the user signs in. */
  email: string;
  /** What the user is called. */
  name: string;
  /** The password: neither the name nor the address, nor one letter throughout. */
  password: string;
  /** What the user may do. */
  role: "viewer" | "operator" | "admin";
  /** The name of the shop whose user it is; the one that is open to the caller if absent. */
  shop?: string | null;
}

/** `PATCH /v1/users/{id}` */
export interface UserChangeBody {
  /** Whether the user may not sign in; sessions end. */
  disabled?: boolean | null;
  /** What the user is called. */
  name?: string | null;
  /** What the user may do; sessions end. */
  role?: "viewer" | "operator" | "admin" | null;
  /** `true` forgets the tries to sign in that failed. */
  unlock?: boolean | null;
}
