"""The errors of this package, with a class for every code of docs/errors.md.

Made by scripts/clients of docs/errors.md; changes are lost.
"""

from __future__ import annotations

from .problem import ApiError, ConnectionFailed, Place, TollgateError, UnexpectedAnswer

__all__ = [
    "CODES",
    "AccountMismatch",
    "AddressNotAllowed",
    "AlreadyExists",
    "AmountOverflow",
    "ApiError",
    "BelowBooked",
    "BelowHeld",
    "BodySlow",
    "BodyTooLarge",
    "BodyUnreadable",
    "CalendarUnknown",
    "ConnectionFailed",
    "ContentTypeUnsupported",
    "CredentialsInvalid",
    "CsrfFailed",
    "CurrencyMismatch",
    "CurrencyUnknown",
    "EffectState",
    "FirstUserExists",
    "FormerSecretGood",
    "HoldNotActive",
    "HttpsWanted",
    "IdempotencyInProgress",
    "IdempotencyKeyInvalid",
    "IdempotencyKeyRequired",
    "IdempotencyKeyReused",
    "InUse",
    "Internal",
    "KeyEnded",
    "KeyInvalid",
    "KeyMissing",
    "LargerThanSlot",
    "LastAdmin",
    "LinesEmpty",
    "MetadataOfOrder",
    "MetadataTooLarge",
    "MethodNotAllowed",
    "NoSlotWithRoom",
    "NotFound",
    "NotManual",
    "OrderPaid",
    "OrderUnknown",
    "OutOfStock",
    "OutcomeUnknown",
    "Overloaded",
    "Place",
    "ProviderUnavailable",
    "Quarantined",
    "RankMissing",
    "RateLimited",
    "RefundExceedsCaptured",
    "RefundNotSupported",
    "RequestInvalid",
    "RestockExceedsSold",
    "ScopeMissing",
    "SessionInvalid",
    "SignInLocked",
    "SignatureInvalid",
    "SignatureMissing",
    "SkuUnknown",
    "SlotFull",
    "SlotNotSold",
    "SlotUnknown",
    "SourceUnknown",
    "StatusQueryNotSupported",
    "TimestampOutOfTolerance",
    "TollgateError",
    "TooManyEndpoints",
    "TooManyKeys",
    "TooManyPayments",
    "TooManyUsers",
    "TotalNegative",
    "Unavailable",
    "UnexpectedAnswer",
    "VersionMismatch",
]

#: The status of each code, and the milliseconds until it may succeed; `None` where it is not tried again.
CODES = {
    "request_invalid": (400, None),
    "idempotency_key_required": (400, None),
    "idempotency_key_invalid": (400, None),
    "https_wanted": (400, None),
    "body_unreadable": (400, None),
    "key_missing": (401, None),
    "key_invalid": (401, None),
    "session_invalid": (401, None),
    "credentials_invalid": (401, None),
    "signature_invalid": (401, None),
    "signature_missing": (401, None),
    "timestamp_out_of_tolerance": (401, None),
    "scope_missing": (403, None),
    "rank_missing": (403, None),
    "csrf_failed": (403, None),
    "address_not_allowed": (403, None),
    "account_mismatch": (403, None),
    "not_found": (404, None),
    "source_unknown": (404, None),
    "method_not_allowed": (405, None),
    "body_slow": (408, 2000),
    "already_exists": (409, None),
    "out_of_stock": (409, None),
    "slot_full": (409, None),
    "no_slot_with_room": (409, None),
    "below_held": (409, None),
    "below_booked": (409, None),
    "in_use": (409, None),
    "key_ended": (409, None),
    "former_secret_good": (409, None),
    "last_admin": (409, None),
    "first_user_exists": (409, None),
    "order_paid": (409, None),
    "effect_state": (409, None),
    "hold_not_active": (409, None),
    "refund_exceeds_captured": (409, None),
    "restock_exceeds_sold": (409, None),
    "slot_not_sold": (409, None),
    "idempotency_in_progress": (409, 1000),
    "version_mismatch": (412, 0),
    "body_too_large": (413, None),
    "content_type_unsupported": (415, None),
    "idempotency_key_reused": (422, None),
    "currency_unknown": (422, None),
    "currency_mismatch": (422, None),
    "amount_overflow": (422, None),
    "total_negative": (422, None),
    "lines_empty": (422, None),
    "sku_unknown": (422, None),
    "slot_unknown": (422, None),
    "calendar_unknown": (422, None),
    "order_unknown": (422, None),
    "larger_than_slot": (422, None),
    "refund_not_supported": (422, None),
    "status_query_not_supported": (422, None),
    "metadata_too_large": (422, None),
    "metadata_of_order": (422, None),
    "not_manual": (422, None),
    "too_many_payments": (422, None),
    "too_many_endpoints": (422, None),
    "too_many_keys": (422, None),
    "too_many_users": (422, None),
    "sign_in_locked": (429, 30000),
    "rate_limited": (429, 1000),
    "internal": (500, None),
    "quarantined": (500, None),
    "overloaded": (503, 1000),
    "unavailable": (503, 2000),
    "provider_unavailable": (503, 5000),
    "outcome_unknown": (503, 1000),
}


class RequestInvalid(ApiError, code="request_invalid"):
    """400: The request is not as documented; `errors` names every place that is wrong. Every wrong place
    stands in `errors`: a JSON pointer into the body, `?name` for a query parameter, `If-Match` or `last-
    event-id` for a header, `{sku}` or `{name}` for a part of the path. The `code` of a place is
    `missing`, `unknown_member` or `invalid`.
    """


class IdempotencyKeyRequired(ApiError, code="idempotency_key_required"):
    """400: Send an Idempotency-Key header with a value of your own that stays the same when this request is
    repeated. [idempotency](idempotency.md) lists which requests need one.
    """


class IdempotencyKeyInvalid(ApiError, code="idempotency_key_invalid"):
    """400: Send one Idempotency-Key header of 1 to 255 printable ASCII characters without spaces."""


class HttpsWanted(ApiError, code="https_wanted"):
    """400: This port speaks HTTPS: put https:// in the place of http://. `[server] tls` is configured."""


class BodyUnreadable(ApiError, code="body_unreadable"):
    """400: The body is not what was announced. A webhook whose provider sends something else, or a body that
    broke off. A webhook is kept as a refused delivery.
    """


class KeyMissing(ApiError, code="key_missing"):
    """401: Send the header Authorization: Bearer tg_…, or sign in with POST /v1/session. Comes with `WWW-
    Authenticate: Bearer`.
    """


class KeyInvalid(ApiError, code="key_invalid"):
    """401: The API key is not known or was revoked; make a new one with `tollgate keys create`. Comes with
    `WWW-Authenticate: Bearer`.
    """


class SessionInvalid(ApiError, code="session_invalid"):
    """401: The session has ended, or there was none; sign in with POST /v1/session. Also what `GET` and
    `DELETE /v1/session` answer to a key. [When sessions end](access.md#sessions).
    """


class CredentialsInvalid(ApiError, code="credentials_invalid"):
    """401: Nobody signs in with this address and this password at this shop. The same is said whatever of it
    is wrong, and of a user who is disabled. ### ticket_invalid
    """


class SignatureInvalid(ApiError, code="signature_invalid"):
    """401: The webhook is not signed with one of the configured secrets; compare them with the provider's.
    Kept as a refused delivery: `tollgate deliveries list` says why, with the likely cause, and `tollgate
    deliveries verify` takes it once the secret is right ([operating](operating.md#refused-webhooks)).
    """


class SignatureMissing(ApiError, code="signature_missing"):
    """401: The webhook carries nothing to verify. Kept as a refused delivery."""


class TimestampOutOfTolerance(ApiError, code="timestamp_out_of_tolerance"):
    """401: The webhook was signed too long ago, or ahead of our clock; check both clocks. Kept as a refused
    delivery; verified again later it is judged by the time it arrived at.
    """


class ScopeMissing(ApiError, code="scope_missing"):
    """403: Use a key with the scope that `scope` names. Member `scope`: the scope that is needed."""


class RankMissing(ApiError, code="rank_missing"):
    """403: Only the key of the configuration, an admin of shop main who has signed in, and the command line
    make, change or delete an admin of shop main: such a one [stands above the shops](access.md#roles),
    and a key of main does not.
    """


class CsrfFailed(ApiError, code="csrf_failed"):
    """403: A session changes something only with the header X-CSRF-Token as GET /v1/session shows it, and
    from pages of this server's own address. A proxy in front that changes `Host` needs `[server]
    public_url`.
    """


class AddressNotAllowed(ApiError, code="address_not_allowed"):
    """403: The webhook comes from an address that is not among the source's; if a proxy stands between, name
    it in server.trusted_proxies. Checked before the signature. Kept as a refused delivery.
    """


class AccountMismatch(ApiError, code="account_mismatch"):
    """403: The webhook is genuine but about another account than the source's. Kept as a refused delivery."""


class NotFound(ApiError, code="not_found"):
    """404: There is no such thing in this shop, or no such path. Also for ids of another shop, and for the
    PDF of a receipt that is still pending.
    """


class SourceUnknown(ApiError, code="source_unknown"):
    """404: No source of this name is configured; add [sources.NAME]. 404 for a webhook path or a delivery of
    a source that is gone; the same status when an order or payment names a source that is not configured,
    with the pointer `/source` or `/payment/source`.
    """


class MethodNotAllowed(ApiError, code="method_not_allowed"):
    """405: This path does not take this method; `Allow` says which it takes. Comes with `Allow`."""


class BodySlow(ApiError, code="body_slow"):
    """408: The body did not come to its end in time; nothing was stored. After `[server] body_timeout_ms`.
    The connection is closed.
    """


class AlreadyExists(ApiError, code="already_exists"):
    """409: This code or reference is taken; `id` names what has it. Member `id`: the order, payment or
    endpoint that has it.
    """


class OutOfStock(ApiError, code="out_of_stock"):
    """409: There is not enough in stock. Member `skus`: a list of `{"sku", "available", "requested"}`;
    `payment_waiting: true` if captured money waits for this order.
    """


class SlotFull(ApiError, code="slot_full"):
    """409: This time slot is full; choose another one. `payment_waiting: true` if captured money waits for
    this order.
    """


class NoSlotWithRoom(ApiError, code="no_slot_with_room"):
    """409: No time slot has room for this. `payment_waiting: true` if captured money waits for this order."""


class BelowHeld(ApiError, code="below_held"):
    """409: Orders hold more than this; `held` says how much. Member `held`, in units."""


class BelowBooked(ApiError, code="below_booked"):
    """409: A booked slot would have less than what is booked, or end earlier; nothing was changed. Members
    `starts_at` and `booked`: the slot, and the units booked in it.
    """


class InUse(ApiError, code="in_use"):
    """409: Holds have units of this sku (`held`), or a slot of this calendar that is not over is booked
    (`starts_at`, `booked`). It can be deleted once they have ended.
    """


class KeyEnded(ApiError, code="key_ended"):
    """409: The API key was revoked or has expired, so it gets no new secret; make a new key."""


class FormerSecretGood(ApiError, code="former_secret_good"):
    """409: The API key was given a new secret a short while ago, and the one before that still opens until
    `former_ends_at`. Rotate again after that, or with `overlap_hours` 0, which ends every secret but the
    new one at once. Member `former_ends_at`. [What a repetition needs](idempotency.md#which-requests-
    take-one).
    """


class LastAdmin(ApiError, code="last_admin"):
    """409: No other admin of this shop may sign in; make another one first, or let an admin of shop main do
    it.
    """


class FirstUserExists(ApiError, code="first_user_exists"):
    """409: Shop main has a user: sign in, and let an admin make others (POST /v1/users, or `tollgate users
    create`). Somebody else has used [their link](access.md#the-first-user) meanwhile.
    """


class OrderPaid(ApiError, code="order_paid"):
    """409: The order is paid and cannot be cancelled; refund it instead."""


class EffectState(ApiError, code="effect_state"):
    """409: The effect is in the state that `state` names: only dead, unknown and waiting ones are retried,
    only unknown ones are settled by hand. Member `state`.
    """


class HoldNotActive(ApiError, code="hold_not_active"):
    """409: Nothing is set aside for this cart any more: its time ran out, it was released or it was ordered."""


class RefundExceedsCaptured(ApiError, code="refund_exceeds_captured"):
    """409: No more than `refundable_amount` can be refunded. Member `refundable_amount`, in minor units:
    what is free of this payment ([money](money.md)).
    """


class RestockExceedsSold(ApiError, code="restock_exceeds_sold"):
    """409: Of the sku in `sku` the order was sold no more than `left` that have not come back yet. Members
    `sku` and `left`.
    """


class SlotNotSold(ApiError, code="slot_not_sold"):
    """409: The order has no sold slot, or has given it back already; leave `release_slot` out."""


class IdempotencyInProgress(ApiError, code="idempotency_in_progress"):
    """409: The same request is being handled; ask again in a moment. Reserved: this version never answers
    it. A request that waits too long for the first one of its key is 503 `outcome_unknown`.
    """


class VersionMismatch(ApiError, code="version_mismatch"):
    """412: It has changed since you read it; read it again and repeat with the version of `version`. Member
    `version`: the version now.
    """


class BodyTooLarge(ApiError, code="body_too_large"):
    """413: The body is larger than server.body_bytes_max, or holds more events than
    server.delivery_items_max. The connection is closed.
    """


class ContentTypeUnsupported(ApiError, code="content_type_unsupported"):
    """415: Send JSON with Content-Type: application/json."""


class IdempotencyKeyReused(ApiError, code="idempotency_key_reused"):
    """422: This Idempotency-Key was used for another request; use a new key for a new request."""


class CurrencyUnknown(ApiError, code="currency_unknown"):
    """422: Use an active currency code of ISO 4217."""


class CurrencyMismatch(ApiError, code="currency_mismatch"):
    """422: The currency is not that of the order or the calendar. Also for a payment without an order that
    names no currency.
    """


class AmountOverflow(ApiError, code="amount_overflow"):
    """422: A sum is larger than 9007199254740991. Also for sums of quantities."""


class TotalNegative(ApiError, code="total_negative"):
    """422: The discount is larger than lines and shipping together."""


class LinesEmpty(ApiError, code="lines_empty"):
    """422: An order has at least one line."""


class SkuUnknown(ApiError, code="sku_unknown"):
    """422: Put its stock first; a line of an order may say "stocked": false instead. Member `sku`."""


class SlotUnknown(ApiError, code="slot_unknown"):
    """422: There is no such slot, or it lies in the past."""


class CalendarUnknown(ApiError, code="calendar_unknown"):
    """422: Put the calendar first. Member `calendar`."""


class OrderUnknown(ApiError, code="order_unknown"):
    """422: There is no order of this id or code in this shop."""


class LargerThanSlot(ApiError, code="larger_than_slot"):
    """422: This is larger than any time slot."""


class RefundNotSupported(ApiError, code="refund_not_supported"):
    """422: Payments of this source cannot be refunded from here; refund at the provider."""


class StatusQueryNotSupported(ApiError, code="status_query_not_supported"):
    """422: The provider of this payment cannot be asked, or the source has no credentials to ask it."""


class MetadataTooLarge(ApiError, code="metadata_too_large"):
    """422: What is kept and what is added come to more than 16 KiB. Take something away with `null`."""


class MetadataOfOrder(ApiError, code="metadata_of_order"):
    """422: This payment has an order, and no metadata of its own; change the order's."""


class NotManual(ApiError, code="not_manual"):
    """422: Only payments of source manual can be captured by hand."""


class TooManyPayments(ApiError, code="too_many_payments"):
    """422: The order has as many payments as it may have (orders.payments_max). Also for a root that has as
    many refunds as it may have (65 535).
    """


class TooManyEndpoints(ApiError, code="too_many_endpoints"):
    """422: The shop has as many endpoints as it may have; `endpoints_max` says how many. Delete one first.
    Member `endpoints_max`.
    """


class TooManyKeys(ApiError, code="too_many_keys"):
    """422: The shop has as many API keys as it may have; `keys_max` says how many. Revoke one first. Member
    `keys_max`.
    """


class TooManyUsers(ApiError, code="too_many_users"):
    """422: The shop has as many users as it may have; `users_max` says how many. Delete one first."""


class SignInLocked(ApiError, code="sign_in_locked"):
    """429: Signing in has failed too often for this address or from there; wait as long as Retry-After says,
    or have an admin unlock the user. [How long](access.md#lock-out).
    """


class RateLimited(ApiError, code="rate_limited"):
    """429: You ask too often; wait a moment. `GET /r/{token}`: one address, once every two seconds, ten
    times at once. Below `/v1`: one key, as often as `[limits] per_key_per_second` says.
    """


class Internal(ApiError, code="internal"):
    """500: This is an error of ours; it is in the log under this request_id."""


class Quarantined(ApiError, code="quarantined"):
    """500: Deciding about it failed; it is kept and an alert was raised."""


class Overloaded(ApiError, code="overloaded"):
    """503: Too much is waiting; nothing was stored. Try again in a moment. The queue is full
    ([gate](gate.md#bounds)), as many requests of this class are worked on as `[limits]` allows, more
    webhooks of a source come than its `per_second`, the live stream has as many listeners as it takes, or
    a shop as many tickets.
    """


class Unavailable(ApiError, code="unavailable"):
    """503: It cannot be stored right now; nothing was stored. Try again in a moment. The disk is full or
    read-only, the server is away, the database's file was taken away, another session keeps the shop
    locked for more than 4 s or a row that this request needs, or the server is being stopped. At `GET
    /readyz` whoever may see `/metrics` finds the cause in the member `reason`.
    """


class ProviderUnavailable(ApiError, code="provider_unavailable"):
    """503: The provider was asked and has not answered; it is asked again by itself. Only `POST
    /v1/payments/{id}/check`. The question stays open.
    """


class OutcomeUnknown(ApiError, code="outcome_unknown"):
    """503: It may have been stored or not; repeating the same request is safe. The answer did not come
    within `[server] request_timeout_ms` (`webhook_timeout_ms` for webhooks), or the end of a COMMIT was
    not seen.
    """
