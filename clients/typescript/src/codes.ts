// Every code of docs/errors.md.
// Made by scripts/clients of docs/errors.md; changes are lost.

/** The status of each code, and the milliseconds until it may succeed; `null` where it is not tried again. */
export const CODES = {
  /**
   * The request is not as documented; `errors` names every place that is wrong. Every wrong place stands in
   * `errors`: a JSON pointer into the body, `?name` for a query parameter, `If-Match` or `last-event-id`
   * for a header, `{sku}` or `{name}` for a part of the path. The `code` of a place is `missing`,
   * `unknown_member` or `invalid`.
   */
  request_invalid: [400, null],
  /**
   * Send an Idempotency-Key header with a value of your own that stays the same when this request is
   * repeated. [idempotency](idempotency.md) lists which requests need one.
   */
  idempotency_key_required: [400, null],
  /** Send one Idempotency-Key header of 1 to 255 printable ASCII characters without spaces. */
  idempotency_key_invalid: [400, null],
  /** This port speaks HTTPS: put https:// in the place of http://. `[server] tls` is configured. */
  https_wanted: [400, null],
  /**
   * The body is not what was announced. A webhook whose provider sends something else, or a body that broke
   * off. A webhook is kept as a refused delivery.
   */
  body_unreadable: [400, null],
  /**
   * Send the header Authorization: Bearer tg_…, or sign in with POST /v1/session. Comes with `WWW-
   * Authenticate: Bearer`.
   */
  key_missing: [401, null],
  /**
   * The API key is not known or was revoked; make a new one with `tollgate keys create`. Comes with `WWW-
   * Authenticate: Bearer`.
   */
  key_invalid: [401, null],
  /**
   * The session has ended, or there was none; sign in with POST /v1/session. Also what `GET` and `DELETE
   * /v1/session` answer to a key. [When sessions end](access.md#sessions).
   */
  session_invalid: [401, null],
  /**
   * Nobody signs in with this address and this password at this shop. The same is said whatever of it is
   * wrong, and of a user who is disabled. ### ticket_invalid
   */
  credentials_invalid: [401, null],
  /**
   * The webhook is not signed with one of the configured secrets; compare them with the provider's. Kept as
   * a refused delivery: `tollgate deliveries list` says why, with the likely cause, and `tollgate
   * deliveries verify` takes it once the secret is right ([operating](operating.md#refused-webhooks)).
   */
  signature_invalid: [401, null],
  /** The webhook carries nothing to verify. Kept as a refused delivery. */
  signature_missing: [401, null],
  /**
   * The webhook was signed too long ago, or ahead of our clock; check both clocks. Kept as a refused
   * delivery; verified again later it is judged by the time it arrived at.
   */
  timestamp_out_of_tolerance: [401, null],
  /** Use a key with the scope that `scope` names. Member `scope`: the scope that is needed. */
  scope_missing: [403, null],
  /**
   * Only the key of the configuration, an admin of shop main who has signed in, and the command line make,
   * change or delete an admin of shop main: such a one [stands above the shops](access.md#roles), and a key
   * of main does not.
   */
  rank_missing: [403, null],
  /**
   * A session changes something only with the header X-CSRF-Token as GET /v1/session shows it, and from
   * pages of this server's own address. A proxy in front that changes `Host` needs `[server] public_url`.
   */
  csrf_failed: [403, null],
  /**
   * The webhook comes from an address that is not among the source's; if a proxy stands between, name it in
   * server.trusted_proxies. Checked before the signature. Kept as a refused delivery.
   */
  address_not_allowed: [403, null],
  /** The webhook is genuine but about another account than the source's. Kept as a refused delivery. */
  account_mismatch: [403, null],
  /**
   * There is no such thing in this shop, or no such path. Also for ids of another shop, and for the PDF of
   * a receipt that is still pending.
   */
  not_found: [404, null],
  /**
   * No source of this name is configured; add [sources.NAME]. 404 for a webhook path or a delivery of a
   * source that is gone; the same status when an order or payment names a source that is not configured,
   * with the pointer `/source` or `/payment/source`.
   */
  source_unknown: [404, null],
  /** This path does not take this method; `Allow` says which it takes. Comes with `Allow`. */
  method_not_allowed: [405, null],
  /**
   * The body did not come to its end in time; nothing was stored. After `[server] body_timeout_ms`. The
   * connection is closed.
   */
  body_slow: [408, 2000],
  /**
   * This code or reference is taken; `id` names what has it. Member `id`: the order, payment or endpoint
   * that has it.
   */
  already_exists: [409, null],
  /**
   * There is not enough in stock. Member `skus`: a list of `{"sku", "available", "requested"}`;
   * `payment_waiting: true` if captured money waits for this order.
   */
  out_of_stock: [409, null],
  /**
   * This time slot is full; choose another one. `payment_waiting: true` if captured money waits for this
   * order.
   */
  slot_full: [409, null],
  /** No time slot has room for this. `payment_waiting: true` if captured money waits for this order. */
  no_slot_with_room: [409, null],
  /** Orders hold more than this; `held` says how much. Member `held`, in units. */
  below_held: [409, null],
  /**
   * A booked slot would have less than what is booked, or end earlier; nothing was changed. Members
   * `starts_at` and `booked`: the slot, and the units booked in it.
   */
  below_booked: [409, null],
  /**
   * Holds have units of this sku (`held`), or a slot of this calendar that is not over is booked
   * (`starts_at`, `booked`). It can be deleted once they have ended.
   */
  in_use: [409, null],
  /** The API key was revoked or has expired, so it gets no new secret; make a new key. */
  key_ended: [409, null],
  /**
   * The API key was given a new secret a short while ago, and the one before that still opens until
   * `former_ends_at`. Rotate again after that, or with `overlap_hours` 0, which ends every secret but the
   * new one at once. Member `former_ends_at`. [What a repetition needs](idempotency.md#which-requests-take-
   * one).
   */
  former_secret_good: [409, null],
  /** No other admin of this shop may sign in; make another one first, or let an admin of shop main do it. */
  last_admin: [409, null],
  /**
   * Shop main has a user: sign in, and let an admin make others (POST /v1/users, or `tollgate users
   * create`). Somebody else has used [their link](access.md#the-first-user) meanwhile.
   */
  first_user_exists: [409, null],
  /** The order is paid and cannot be cancelled; refund it instead. */
  order_paid: [409, null],
  /**
   * The effect is in the state that `state` names: only dead, unknown and waiting ones are retried, only
   * unknown ones are settled by hand. Member `state`.
   */
  effect_state: [409, null],
  /** Nothing is set aside for this cart any more: its time ran out, it was released or it was ordered. */
  hold_not_active: [409, null],
  /**
   * No more than `refundable_amount` can be refunded. Member `refundable_amount`, in minor units: what is
   * free of this payment ([money](money.md)).
   */
  refund_exceeds_captured: [409, null],
  /**
   * Of the sku in `sku` the order was sold no more than `left` that have not come back yet. Members `sku`
   * and `left`.
   */
  restock_exceeds_sold: [409, null],
  /** The order has no sold slot, or has given it back already; leave `release_slot` out. */
  slot_not_sold: [409, null],
  /**
   * The same request is being handled; ask again in a moment. Reserved: this version never answers it. A
   * request that waits too long for the first one of its key is 503 `outcome_unknown`.
   */
  idempotency_in_progress: [409, 1000],
  /**
   * It has changed since you read it; read it again and repeat with the version of `version`. Member
   * `version`: the version now.
   */
  version_mismatch: [412, 0],
  /**
   * The body is larger than server.body_bytes_max, or holds more events than server.delivery_items_max. The
   * connection is closed.
   */
  body_too_large: [413, null],
  /** Send JSON with Content-Type: application/json. */
  content_type_unsupported: [415, null],
  /** This Idempotency-Key was used for another request; use a new key for a new request. */
  idempotency_key_reused: [422, null],
  /** Use an active currency code of ISO 4217. */
  currency_unknown: [422, null],
  /**
   * The currency is not that of the order or the calendar. Also for a payment without an order that names
   * no currency.
   */
  currency_mismatch: [422, null],
  /** A sum is larger than 9007199254740991. Also for sums of quantities. */
  amount_overflow: [422, null],
  /** The discount is larger than lines and shipping together. */
  total_negative: [422, null],
  /** An order has at least one line. */
  lines_empty: [422, null],
  /** Put its stock first; a line of an order may say "stocked": false instead. Member `sku`. */
  sku_unknown: [422, null],
  /** There is no such slot, or it lies in the past. */
  slot_unknown: [422, null],
  /** Put the calendar first. Member `calendar`. */
  calendar_unknown: [422, null],
  /** There is no order of this id or code in this shop. */
  order_unknown: [422, null],
  /** This is larger than any time slot. */
  larger_than_slot: [422, null],
  /** Payments of this source cannot be refunded from here; refund at the provider. */
  refund_not_supported: [422, null],
  /** The provider of this payment cannot be asked, or the source has no credentials to ask it. */
  status_query_not_supported: [422, null],
  /** What is kept and what is added come to more than 16 KiB. Take something away with `null`. */
  metadata_too_large: [422, null],
  /** This payment has an order, and no metadata of its own; change the order's. */
  metadata_of_order: [422, null],
  /** Only payments of source manual can be captured by hand. */
  not_manual: [422, null],
  /**
   * The order has as many payments as it may have (orders.payments_max). Also for a root that has as many
   * refunds as it may have (65 535).
   */
  too_many_payments: [422, null],
  /**
   * The shop has as many endpoints as it may have; `endpoints_max` says how many. Delete one first. Member
   * `endpoints_max`.
   */
  too_many_endpoints: [422, null],
  /**
   * The shop has as many API keys as it may have; `keys_max` says how many. Revoke one first. Member
   * `keys_max`.
   */
  too_many_keys: [422, null],
  /** The shop has as many users as it may have; `users_max` says how many. Delete one first. */
  too_many_users: [422, null],
  /**
   * Signing in has failed too often for this address or from there; wait as long as Retry-After says, or
   * have an admin unlock the user. [How long](access.md#lock-out).
   */
  sign_in_locked: [429, 30000],
  /**
   * You ask too often; wait a moment. `GET /r/{token}`: one address, once every two seconds, ten times at
   * once. Below `/v1`: one key, as often as `[limits] per_key_per_second` says.
   */
  rate_limited: [429, 1000],
  /** This is an error of ours; it is in the log under this request_id. */
  internal: [500, null],
  /** Deciding about it failed; it is kept and an alert was raised. */
  quarantined: [500, null],
  /**
   * Too much is waiting; nothing was stored. Try again in a moment. The queue is full
   * ([gate](gate.md#bounds)), as many requests of this class are worked on as `[limits]` allows, more
   * webhooks of a source come than its `per_second`, the live stream has as many listeners as it takes, or
   * a shop as many tickets.
   */
  overloaded: [503, 1000],
  /**
   * It cannot be stored right now; nothing was stored. Try again in a moment. The disk is full or read-
   * only, the server is away, the database's file was taken away, another session keeps the shop locked for
   * more than 4 s or a row that this request needs, or the server is being stopped. At `GET /readyz`
   * whoever may see `/metrics` finds the cause in the member `reason`.
   */
  unavailable: [503, 2000],
  /**
   * The provider was asked and has not answered; it is asked again by itself. Only `POST
   * /v1/payments/{id}/check`. The question stays open.
   */
  provider_unavailable: [503, 5000],
  /**
   * It may have been stored or not; repeating the same request is safe. The answer did not come within
   * `[server] request_timeout_ms` (`webhook_timeout_ms` for webhooks), or the end of a COMMIT was not seen.
   */
  outcome_unknown: [503, 1000],
} as const;

export type Code = keyof typeof CODES;
