"""Every operation of the API, as methods of nouns: `client.orders.create`.

Made by scripts/clients of docs/openapi.json; changes are lost.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Literal, Optional, Union

from . import models
from .download import Download
from .operation import Caller, Operation, version
from .pages import Pages

LIST_ALERTS = Operation("GET", "/v1/alerts")
LIST_ATTENTION = Operation("GET", "/v1/attention")
LIST_AUDIT = Operation("GET", "/v1/audit")
LIST_CALENDARS = Operation("GET", "/v1/calendars")
REMOVE_CALENDAR = Operation("DELETE", "/v1/calendars/{name}")
SHOW_CALENDAR = Operation("GET", "/v1/calendars/{name}")
PUT_CALENDAR = Operation("PUT", "/v1/calendars/{name}")
LIST_SLOTS = Operation("GET", "/v1/calendars/{name}/slots")
PUT_SLOTS = Operation("PUT", "/v1/calendars/{name}/slots")
LIST_DELIVERIES = Operation("GET", "/v1/deliveries")
SHOW_DELIVERY = Operation("GET", "/v1/deliveries/{id}")
VERIFY_DELIVERY = Operation("POST", "/v1/deliveries/{id}/verify")
DOCTOR = Operation("GET", "/v1/doctor")
LIST_EFFECTS = Operation("GET", "/v1/effects")
RETRY_EFFECTS = Operation("POST", "/v1/effects/retry")
SHOW_EFFECT = Operation("GET", "/v1/effects/{id}")
RETRY_EFFECT = Operation("POST", "/v1/effects/{id}/retry", keyed=True)
SETTLE_EFFECT = Operation("POST", "/v1/effects/{id}/settle", keyed=True)
LIST_ENDPOINTS = Operation("GET", "/v1/endpoints")
CREATE_ENDPOINT = Operation("POST", "/v1/endpoints")
DELETE_ENDPOINT = Operation("DELETE", "/v1/endpoints/{id}")
SHOW_ENDPOINT = Operation("GET", "/v1/endpoints/{id}")
CHANGE_ENDPOINT = Operation("PATCH", "/v1/endpoints/{id}")
ROTATE_SECRET = Operation("POST", "/v1/endpoints/{id}/rotate")
TEST_ENDPOINT = Operation("POST", "/v1/endpoints/{id}/test")
LIST_ERRORS = Operation("GET", "/v1/errors")
SHOW_ERROR_STATS = Operation("GET", "/v1/errors/stats")
LIST_EVENTS = Operation("GET", "/v1/events")
REPLAY_EVENTS = Operation("POST", "/v1/events/replay")
SHOW_EVENT = Operation("GET", "/v1/events/{id}")
REPLAY_EVENT = Operation("POST", "/v1/events/{id}/replay", keyed=True)
EXPORT_ORDERS = Operation("GET", "/v1/exports/orders.csv")
EXPORT_PAYMENTS = Operation("GET", "/v1/exports/payments.csv")
EXPORT_RECEIPTS = Operation("GET", "/v1/exports/receipts.csv")
EXPORT_REFUNDS = Operation("GET", "/v1/exports/refunds.csv")
TAKE_HOLD = Operation("POST", "/v1/holds", keyed=True)
SHOW_HOLD = Operation("GET", "/v1/holds/{id}")
RELEASE_HOLD = Operation("POST", "/v1/holds/{id}/release", keyed=True)
LIST_INSTANCES = Operation("GET", "/v1/instances")
LIST_KEYS = Operation("GET", "/v1/keys")
CREATE_KEY = Operation("POST", "/v1/keys")
REVOKE_KEY = Operation("DELETE", "/v1/keys/{id}")
SHOW_KEY = Operation("GET", "/v1/keys/{id}")
CHANGE_KEY = Operation("PATCH", "/v1/keys/{id}")
ROTATE_KEY = Operation("POST", "/v1/keys/{id}/rotate")
LIST_ORDERS = Operation("GET", "/v1/orders")
CREATE_ORDER = Operation("POST", "/v1/orders", keyed=True)
SHOW_ORDER = Operation("GET", "/v1/orders/{id}")
CHANGE_ORDER = Operation("PATCH", "/v1/orders/{id}", keyed=True)
RESOLVE_ATTENTION_OF_ORDER = Operation("POST", "/v1/orders/{id}/attention/{code}/resolve", keyed=True)
CANCEL_ORDER = Operation("POST", "/v1/orders/{id}/cancel", keyed=True)
LIST_RECEIPTS_OF_ORDER = Operation("GET", "/v1/orders/{id}/receipts")
SHOW_TIMELINE = Operation("GET", "/v1/orders/{id}/timeline")
LIST_PAYMENTS = Operation("GET", "/v1/payments")
REGISTER_PAYMENT = Operation("POST", "/v1/payments", keyed=True)
SHOW_PAYMENT = Operation("GET", "/v1/payments/{id}")
CHANGE_PAYMENT = Operation("PATCH", "/v1/payments/{id}", keyed=True)
RESOLVE_ATTENTION_OF_PAYMENT = Operation("POST", "/v1/payments/{id}/attention/{code}/resolve", keyed=True)
CAPTURE_PAYMENT = Operation("POST", "/v1/payments/{id}/capture", keyed=True)
CHECK_PAYMENT = Operation("POST", "/v1/payments/{id}/check")
LIST_RECEIPTS_OF_PAYMENT = Operation("GET", "/v1/payments/{id}/receipts")
CORRECT_RECEIPTS = Operation("POST", "/v1/payments/{id}/receipts/correct", keyed=True)
REFUND_PAYMENT = Operation("POST", "/v1/payments/{id}/refund", keyed=True)
LIST_RECEIPTS = Operation("GET", "/v1/receipts")
TABLE_OF_RECEIPTS = Operation("GET", "/v1/receipts.csv")
SHOW_RECEIPT = Operation("GET", "/v1/receipts/{id}")
RECEIPT_FILE = Operation("GET", "/v1/receipts/{id}.pdf")
LIST_REFUNDS = Operation("GET", "/v1/refunds")
SHOW_REFUND = Operation("GET", "/v1/refunds/{id}")
SEARCH = Operation("GET", "/v1/search")
LIST_SOURCES = Operation("GET", "/v1/sources")
SHOW_STATS = Operation("GET", "/v1/stats")
SHOW_STATS_SERIES = Operation("GET", "/v1/stats/series")
LIST_STOCK = Operation("GET", "/v1/stock")
PUT_STOCKS = Operation("PUT", "/v1/stock")
REMOVE_STOCK = Operation("DELETE", "/v1/stock/{sku}")
SHOW_STOCK = Operation("GET", "/v1/stock/{sku}")
PUT_STOCK = Operation("PUT", "/v1/stock/{sku}")
ADJUST_STOCK = Operation("POST", "/v1/stock/{sku}/adjust", keyed=True)
LIST_ADJUSTMENTS = Operation("GET", "/v1/stock/{sku}/adjustments")
CREATE_TICKET = Operation("POST", "/v1/stream/tickets")
LIST_USERS = Operation("GET", "/v1/users")
CREATE_USER = Operation("POST", "/v1/users")
DELETE_USER = Operation("DELETE", "/v1/users/{id}")
SHOW_USER = Operation("GET", "/v1/users/{id}")
CHANGE_USER = Operation("PATCH", "/v1/users/{id}")
CHANGE_PASSWORD = Operation("POST", "/v1/users/{id}/password")
VERIFY = Operation("GET", "/v1/verify")


class Alerts:
    """`/v1/alerts`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self) -> models.Alerts:
        """List alerts"""
        answer: models.Alerts = self._caller.call(LIST_ALERTS).json()
        return answer


class Attention:
    """`/v1/attention`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self) -> models.NeedsPerson:
        """List what a person must look at"""
        answer: models.NeedsPerson = self._caller.call(LIST_ATTENTION).json()
        return answer


class Audit:
    """`/v1/audit`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        *,
        actor: Optional[str] = None,
        operation: Optional[str] = None,
        target: Optional[str] = None,
        since: Optional[str] = None,
        until: Optional[str] = None,
        shop: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Pages[models.Audit]:
        """List who changed what"""
        return self._caller.pages(
            LIST_AUDIT,
            (),
            {
                "actor": actor,
                "operation": operation,
                "target": target,
                "since": since,
                "until": until,
                "shop": shop,
                "limit": limit,
            },
        )


class Calendars:
    """`/v1/calendars`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, *, limit: Optional[int] = None) -> Pages[models.Calendar]:
        """List calendars"""
        return self._caller.pages(LIST_CALENDARS, (), {"limit": limit})

    def delete(self, name: str) -> None:
        """Give a calendar up"""
        self._caller.call(REMOVE_CALENDAR, (name,))

    def get(self, name: str) -> models.Calendar:
        """Show a calendar"""
        answer: models.Calendar = self._caller.call(SHOW_CALENDAR, (name,)).json()
        return answer

    def put(self, name: str, body: models.CalendarBody) -> models.Calendar:
        """Set a calendar"""
        answer: models.Calendar = self._caller.call(PUT_CALENDAR, (name,), body=body).json()
        return answer

    def slots(
        self,
        name: str,
        *,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Pages[models.Slot]:
        """List the slots of a calendar"""
        return self._caller.pages(LIST_SLOTS, (name,), {"from": from_, "to": to, "limit": limit})

    def put_slots(self, name: str, body: models.SlotsBody) -> List[models.Slot]:
        """Set single slots of a calendar"""
        answer: List[models.Slot] = self._caller.call(PUT_SLOTS, (name,), body=body).json()["data"]
        return answer


class Deliveries:
    """`/v1/deliveries`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        *,
        verdict: Optional[Literal["rejected", "verified"]] = None,
        source: Optional[str] = None,
        limit: Optional[int] = None,
        sort: Optional[Literal["asc", "desc"]] = None,
    ) -> Pages[models.Delivery]:
        """List refused deliveries"""
        return self._caller.pages(
            LIST_DELIVERIES,
            (),
            {"verdict": verdict, "source": source, "limit": limit, "sort": sort},
        )

    def get(self, id: str) -> models.Delivery:
        """Show a refused delivery"""
        answer: models.Delivery = self._caller.call(SHOW_DELIVERY, (id,)).json()
        return answer

    def verify(self, id: str) -> models.Taken:
        """Judge a refused delivery again"""
        answer: models.Taken = self._caller.call(VERIFY_DELIVERY, (id,)).json()
        return answer


class Doctor:
    """`/v1/doctor`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self) -> models.Report:
        """Check everything around the data"""
        answer: models.Report = self._caller.call(DOCTOR).json()
        return answer


class Effects:
    """`/v1/effects`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        *,
        kind: Optional[Union[models.EffectKind, Iterable[models.EffectKind]]] = None,
        state: Optional[Union[models.EffectState, Iterable[models.EffectState]]] = None,
        order: Optional[str] = None,
        target: Optional[str] = None,
        limit: Optional[int] = None,
        sort: Optional[Literal["asc", "desc"]] = None,
    ) -> Pages[models.Effect]:
        """List effects"""
        return self._caller.pages(
            LIST_EFFECTS,
            (),
            {
                "kind": kind,
                "state": state,
                "order": order,
                "target": target,
                "limit": limit,
                "sort": sort,
            },
        )

    def retry_many(self, body: models.RetryBody) -> models.Retried:
        """Try many effects again"""
        answer: models.Retried = self._caller.call(RETRY_EFFECTS, body=body).json()
        return answer

    def get(self, id: str) -> models.Effect:
        """Show an effect"""
        answer: models.Effect = self._caller.call(SHOW_EFFECT, (id,)).json()
        return answer

    def retry(self, id: str, *, idempotency_key: Optional[str] = None) -> models.EffectHead:
        """Try an effect again"""
        answer: models.EffectHead = self._caller.call(
            RETRY_EFFECT,
            (id,),
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def settle(
        self,
        id: str,
        body: models.SettleBody,
        *,
        idempotency_key: Optional[str] = None,
    ) -> models.EffectHead:
        """Say what became of an effect"""
        answer: models.EffectHead = self._caller.call(
            SETTLE_EFFECT,
            (id,),
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return answer


class Endpoints:
    """`/v1/endpoints`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, *, limit: Optional[int] = None) -> Pages[models.Endpoint]:
        """List endpoints"""
        return self._caller.pages(LIST_ENDPOINTS, (), {"limit": limit})

    def create(self, body: models.EndpointBody) -> models.Endpoint:
        """Create an endpoint"""
        answer: models.Endpoint = self._caller.call(CREATE_ENDPOINT, body=body).json()
        return answer

    def delete(self, id: str) -> None:
        """Delete an endpoint"""
        self._caller.call(DELETE_ENDPOINT, (id,))

    def get(self, id: str) -> models.Endpoint:
        """Show an endpoint"""
        answer: models.Endpoint = self._caller.call(SHOW_ENDPOINT, (id,)).json()
        return answer

    def update(self, id: str, body: Optional[models.EndpointChangeBody] = None) -> models.Endpoint:
        """Change an endpoint"""
        answer: models.Endpoint = self._caller.call(CHANGE_ENDPOINT, (id,), body=body).json()
        return answer

    def rotate(self, id: str) -> models.Endpoint:
        """Make another secret for an endpoint"""
        answer: models.Endpoint = self._caller.call(ROTATE_SECRET, (id,)).json()
        return answer

    def test(self, id: str) -> models.EndpointTest:
        """Send an endpoint a test"""
        answer: models.EndpointTest = self._caller.call(TEST_ENDPOINT, (id,)).json()
        return answer


class Errors:
    """`/v1/errors`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        *,
        search: Optional[str] = None,
        code: Optional[str] = None,
        cause: Optional[str] = None,
        level: Optional[Literal["warn", "error"]] = None,
        source: Optional[str] = None,
        since: Optional[str] = None,
        until: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Pages[models.RecordedError]:
        """List errors"""
        return self._caller.pages(
            LIST_ERRORS,
            (),
            {
                "search": search,
                "code": code,
                "cause": cause,
                "level": level,
                "source": source,
                "since": since,
                "until": until,
                "limit": limit,
            },
        )

    def stats(self, *, days: Optional[int] = None) -> models.ErrorStats:
        """Count errors"""
        answer: models.ErrorStats = self._caller.call(SHOW_ERROR_STATS, query={"days": days}).json()
        return answer


class Events:
    """`/v1/events`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        *,
        source: Optional[str] = None,
        type: Optional[str] = None,
        outcome: Optional[Union[models.EventOutcome, Iterable[models.EventOutcome]]] = None,
        state: Optional[Union[models.EventState, Iterable[models.EventState]]] = None,
        reference: Optional[str] = None,
        order: Optional[str] = None,
        received_after: Optional[str] = None,
        search: Optional[str] = None,
        limit: Optional[int] = None,
        sort: Optional[Literal["asc", "desc"]] = None,
    ) -> Pages[models.Event]:
        """List events"""
        return self._caller.pages(
            LIST_EVENTS,
            (),
            {
                "source": source,
                "type": type,
                "outcome": outcome,
                "state": state,
                "reference": reference,
                "order": order,
                "received_after": received_after,
                "search": search,
                "limit": limit,
                "sort": sort,
            },
        )

    def replay_many(self, body: models.ReplayBody) -> models.Replay:
        """Decide about many events again"""
        answer: models.Replay = self._caller.call(REPLAY_EVENTS, body=body).json()
        return answer

    def get(self, id: str) -> models.Event:
        """Show an event"""
        answer: models.Event = self._caller.call(SHOW_EVENT, (id,)).json()
        return answer

    def replay(self, id: str, *, idempotency_key: Optional[str] = None) -> models.Replayed:
        """Decide about an event again"""
        answer: models.Replayed = self._caller.call(
            REPLAY_EVENT,
            (id,),
            idempotency_key=idempotency_key,
        ).json()
        return answer


class Exports:
    """`/v1/exports`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def orders_csv(self, *, from_: Optional[str] = None, to: Optional[str] = None) -> Download:
        """Export orders"""
        return self._caller.download(EXPORT_ORDERS, query={"from": from_, "to": to})

    def payments_csv(self, *, from_: Optional[str] = None, to: Optional[str] = None) -> Download:
        """Export payments"""
        return self._caller.download(EXPORT_PAYMENTS, query={"from": from_, "to": to})

    def receipts_csv(self, *, from_: Optional[str] = None, to: Optional[str] = None) -> Download:
        """Export receipts"""
        return self._caller.download(EXPORT_RECEIPTS, query={"from": from_, "to": to})

    def refunds_csv(self, *, from_: Optional[str] = None, to: Optional[str] = None) -> Download:
        """Export refunds"""
        return self._caller.download(EXPORT_REFUNDS, query={"from": from_, "to": to})


class Holds:
    """`/v1/holds`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(self, body: models.HoldBody, *, idempotency_key: Optional[str] = None) -> models.Hold:
        """Set stock and a slot aside for a cart"""
        answer: models.Hold = self._caller.call(TAKE_HOLD, body=body, idempotency_key=idempotency_key).json()
        return answer

    def get(self, id: str) -> models.Hold:
        """Show a hold"""
        answer: models.Hold = self._caller.call(SHOW_HOLD, (id,)).json()
        return answer

    def release(self, id: str, *, idempotency_key: Optional[str] = None) -> models.Hold:
        """Give back what a cart has set aside"""
        answer: models.Hold = self._caller.call(RELEASE_HOLD, (id,), idempotency_key=idempotency_key).json()
        return answer


class Instances:
    """`/v1/instances`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self) -> List[models.Instance]:
        """List the processes that share the database"""
        answer: List[models.Instance] = self._caller.call(LIST_INSTANCES).json()["data"]
        return answer


class Keys:
    """`/v1/keys`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, *, shop: Optional[str] = None, limit: Optional[int] = None) -> Pages[models.Key]:
        """List API keys"""
        return self._caller.pages(LIST_KEYS, (), {"shop": shop, "limit": limit})

    def create(self, body: models.KeyBody) -> models.Key:
        """Create an API key"""
        answer: models.Key = self._caller.call(CREATE_KEY, body=body).json()
        return answer

    def delete(self, id: str, *, shop: Optional[str] = None) -> None:
        """Revoke an API key"""
        self._caller.call(REVOKE_KEY, (id,), query={"shop": shop})

    def get(self, id: str, *, shop: Optional[str] = None) -> models.Key:
        """Show an API key"""
        answer: models.Key = self._caller.call(SHOW_KEY, (id,), query={"shop": shop}).json()
        return answer

    def update(
        self,
        id: str,
        body: Optional[models.KeyChangeBody] = None,
        *,
        shop: Optional[str] = None,
    ) -> models.Key:
        """Change an API key"""
        answer: models.Key = self._caller.call(CHANGE_KEY, (id,), body=body, query={"shop": shop}).json()
        return answer

    def rotate(
        self,
        id: str,
        body: Optional[models.RotateBody] = None,
        *,
        shop: Optional[str] = None,
    ) -> models.Key:
        """Give an API key another secret"""
        answer: models.Key = self._caller.call(ROTATE_KEY, (id,), body=body, query={"shop": shop}).json()
        return answer


class Orders:
    """`/v1/orders`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        *,
        status: Optional[Union[models.OrderStatus, Iterable[models.OrderStatus]]] = None,
        code: Optional[str] = None,
        reference: Optional[str] = None,
        customer: Optional[str] = None,
        search: Optional[str] = None,
        attention: Optional[bool] = None,
        created_after: Optional[str] = None,
        created_before: Optional[str] = None,
        limit: Optional[int] = None,
        sort: Optional[Literal["asc", "desc"]] = None,
    ) -> Pages[models.Order]:
        """List orders"""
        return self._caller.pages(
            LIST_ORDERS,
            (),
            {
                "status": status,
                "code": code,
                "reference": reference,
                "customer": customer,
                "search": search,
                "attention": attention,
                "created_after": created_after,
                "created_before": created_before,
                "limit": limit,
                "sort": sort,
            },
        )

    def create(self, body: models.OrderBody, *, idempotency_key: Optional[str] = None) -> models.Order:
        """Create an order"""
        answer: models.Order = self._caller.call(
            CREATE_ORDER,
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def get(self, id: str) -> models.Order:
        """Show an order"""
        answer: models.Order = self._caller.call(SHOW_ORDER, (id,)).json()
        return answer

    def update(
        self,
        id: str,
        body: Optional[models.OrderChangeBody] = None,
        *,
        if_match: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> models.Order:
        """Change what is kept with an order"""
        answer: models.Order = self._caller.call(
            CHANGE_ORDER,
            (id,),
            body=body,
            headers={"If-Match": version(if_match)},
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def resolve_attention(
        self,
        id: str,
        code: str,
        body: Optional[models.ResolveBody] = None,
        *,
        idempotency_key: Optional[str] = None,
    ) -> models.Order:
        """Say that a person has looked at an order"""
        answer: models.Order = self._caller.call(
            RESOLVE_ATTENTION_OF_ORDER,
            (id, code),
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def cancel(self, id: str, *, idempotency_key: Optional[str] = None) -> models.Order:
        """Cancel an order"""
        answer: models.Order = self._caller.call(CANCEL_ORDER, (id,), idempotency_key=idempotency_key).json()
        return answer

    def receipts(self, id: str, *, limit: Optional[int] = None) -> Pages[models.Receipt]:
        """List the receipts of an order"""
        return self._caller.pages(LIST_RECEIPTS_OF_ORDER, (id,), {"limit": limit})

    def timeline(self, id: str) -> models.Timeline:
        """Show what happened to an order"""
        answer: models.Timeline = self._caller.call(SHOW_TIMELINE, (id,)).json()
        return answer


class Payments:
    """`/v1/payments`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        *,
        reference: Optional[str] = None,
        status: Optional[Union[models.PaymentStatus, Iterable[models.PaymentStatus]]] = None,
        attention: Optional[bool] = None,
        limit: Optional[int] = None,
        sort: Optional[Literal["asc", "desc"]] = None,
    ) -> Pages[models.Payment]:
        """List payments"""
        return self._caller.pages(
            LIST_PAYMENTS,
            (),
            {
                "reference": reference,
                "status": status,
                "attention": attention,
                "limit": limit,
                "sort": sort,
            },
        )

    def create(self, body: models.PaymentBody, *, idempotency_key: Optional[str] = None) -> models.Payment:
        """Register a payment"""
        answer: models.Payment = self._caller.call(
            REGISTER_PAYMENT,
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def get(self, id: str) -> models.Payment:
        """Show a payment"""
        answer: models.Payment = self._caller.call(SHOW_PAYMENT, (id,)).json()
        return answer

    def update(
        self,
        id: str,
        body: Optional[models.PaymentChangeBody] = None,
        *,
        idempotency_key: Optional[str] = None,
    ) -> models.Payment:
        """Change what is kept with a payment"""
        answer: models.Payment = self._caller.call(
            CHANGE_PAYMENT,
            (id,),
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def resolve_attention(
        self,
        id: str,
        code: str,
        body: Optional[models.ResolveBody] = None,
        *,
        idempotency_key: Optional[str] = None,
    ) -> models.Payment:
        """Say that a person has looked at a payment"""
        answer: models.Payment = self._caller.call(
            RESOLVE_ATTENTION_OF_PAYMENT,
            (id, code),
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def capture(
        self,
        id: str,
        body: models.CaptureBody,
        *,
        idempotency_key: Optional[str] = None,
    ) -> models.Payment:
        """Record money that came by hand"""
        answer: models.Payment = self._caller.call(
            CAPTURE_PAYMENT,
            (id,),
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def check(self, id: str) -> models.Checked:
        """Ask the provider about a payment now"""
        answer: models.Checked = self._caller.call(CHECK_PAYMENT, (id,)).json()
        return answer

    def receipts(self, id: str, *, limit: Optional[int] = None) -> Pages[models.Receipt]:
        """List the receipts of a payment"""
        return self._caller.pages(LIST_RECEIPTS_OF_PAYMENT, (id,), {"limit": limit})

    def correct_receipts(self, id: str, *, idempotency_key: Optional[str] = None) -> models.Payment:
        """Issue the receipts that a payment's ledger lacks"""
        answer: models.Payment = self._caller.call(
            CORRECT_RECEIPTS,
            (id,),
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def refund(
        self,
        id: str,
        body: models.RefundBody,
        *,
        idempotency_key: Optional[str] = None,
    ) -> models.Refund:
        """Give money back"""
        answer: models.Refund = self._caller.call(
            REFUND_PAYMENT,
            (id,),
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return answer


class Receipts:
    """`/v1/receipts`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        *,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        kind: Optional[Union[Literal["sale", "refund", "reversal"], Iterable[Literal["sale", "refund", "reversal"]]]] = None,
        number: Optional[str] = None,
        limit: Optional[int] = None,
        sort: Optional[Literal["asc", "desc"]] = None,
    ) -> Pages[models.Receipt]:
        """List receipts"""
        return self._caller.pages(
            LIST_RECEIPTS,
            (),
            {
                "from": from_,
                "to": to,
                "kind": kind,
                "number": number,
                "limit": limit,
                "sort": sort,
            },
        )

    def csv(
        self,
        *,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        kind: Optional[Union[Literal["sale", "refund", "reversal"], Iterable[Literal["sale", "refund", "reversal"]]]] = None,
    ) -> Download:
        """Get receipts as a table"""
        return self._caller.download(TABLE_OF_RECEIPTS, query={"from": from_, "to": to, "kind": kind})

    def get(self, id: str) -> models.Receipt:
        """Show a receipt"""
        answer: models.Receipt = self._caller.call(SHOW_RECEIPT, (id,)).json()
        return answer

    def pdf(self, id: str) -> Download:
        """Get a receipt's file"""
        return self._caller.download(RECEIPT_FILE, (id,))


class Refunds:
    """`/v1/refunds`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, *, payment: str, limit: Optional[int] = None) -> Pages[models.Refund]:
        """List the refunds of a payment"""
        return self._caller.pages(LIST_REFUNDS, (), {"payment": payment, "limit": limit})

    def get(self, id: str) -> models.Refund:
        """Show a refund"""
        answer: models.Refund = self._caller.call(SHOW_REFUND, (id,)).json()
        return answer


class Search:
    """`/v1/search`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, *, q: str, limit: Optional[int] = None) -> Pages[models.Hit]:
        """Search"""
        return self._caller.pages(SEARCH, (), {"q": q, "limit": limit})


class Sources:
    """`/v1/sources`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self) -> Pages[models.Source]:
        """List sources"""
        return self._caller.pages(LIST_SOURCES, (), {})


class Stats:
    """`/v1/stats`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self) -> models.Stats:
        """Show a shop's figures"""
        answer: models.Stats = self._caller.call(SHOW_STATS).json()
        return answer

    def series(self, *, days: Optional[int] = None) -> models.StatsSeries:
        """Show a shop's figures over time"""
        answer: models.StatsSeries = self._caller.call(SHOW_STATS_SERIES, query={"days": days}).json()
        return answer


class Stock:
    """`/v1/stock`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, *, limit: Optional[int] = None) -> Pages[models.Stock]:
        """List stock"""
        return self._caller.pages(LIST_STOCK, (), {"limit": limit})

    def put_many(self, body: models.StocksBody) -> List[models.Stock]:
        """Set the stock of several skus"""
        answer: List[models.Stock] = self._caller.call(PUT_STOCKS, body=body).json()["data"]
        return answer

    def delete(self, sku: str) -> None:
        """Stock a sku no more"""
        self._caller.call(REMOVE_STOCK, (sku,))

    def get(self, sku: str) -> models.Stock:
        """Show the stock of a sku"""
        answer: models.Stock = self._caller.call(SHOW_STOCK, (sku,)).json()
        return answer

    def put(self, sku: str, body: models.StockBody, *, if_match: Optional[int] = None) -> models.Stock:
        """Set the stock of a sku"""
        answer: models.Stock = self._caller.call(
            PUT_STOCK,
            (sku,),
            body=body,
            headers={"If-Match": version(if_match)},
        ).json()
        return answer

    def adjust(
        self,
        sku: str,
        body: models.AdjustBody,
        *,
        idempotency_key: Optional[str] = None,
    ) -> models.Stock:
        """Add units of a sku, or take some away"""
        answer: models.Stock = self._caller.call(
            ADJUST_STOCK,
            (sku,),
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return answer

    def adjustments(self, sku: str, *, limit: Optional[int] = None) -> Pages[models.Adjustment]:
        """List why there is as much of a sku as there is"""
        return self._caller.pages(LIST_ADJUSTMENTS, (sku,), {"limit": limit})


class Streams:
    """`/v1/streams`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def tickets(self, body: Optional[models.TicketBody] = None) -> models.Ticket:
        """Create a ticket for the stream"""
        answer: models.Ticket = self._caller.call(CREATE_TICKET, body=body).json()
        return answer


class Users:
    """`/v1/users`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, *, shop: Optional[str] = None, limit: Optional[int] = None) -> Pages[models.User]:
        """List users"""
        return self._caller.pages(LIST_USERS, (), {"shop": shop, "limit": limit})

    def create(self, body: models.UserBody) -> models.User:
        """Create a user"""
        answer: models.User = self._caller.call(CREATE_USER, body=body).json()
        return answer

    def delete(self, id: str, *, shop: Optional[str] = None) -> None:
        """Delete a user"""
        self._caller.call(DELETE_USER, (id,), query={"shop": shop})

    def get(self, id: str, *, shop: Optional[str] = None) -> models.User:
        """Show a user"""
        answer: models.User = self._caller.call(SHOW_USER, (id,), query={"shop": shop}).json()
        return answer

    def update(
        self,
        id: str,
        body: Optional[models.UserChangeBody] = None,
        *,
        shop: Optional[str] = None,
    ) -> models.User:
        """Change a user"""
        answer: models.User = self._caller.call(CHANGE_USER, (id,), body=body, query={"shop": shop}).json()
        return answer

    def password(self, id: str, body: models.PasswordBody, *, shop: Optional[str] = None) -> None:
        """Change a user's password"""
        self._caller.call(CHANGE_PASSWORD, (id,), body=body, query={"shop": shop})


class Verify:
    """`/v1/verify`"""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self) -> models.Report:
        """Check every invariant of the data"""
        answer: models.Report = self._caller.call(VERIFY).json()
        return answer


class Nouns:
    """What a client has."""

    def __init__(self, caller: Caller) -> None:
        self.alerts = Alerts(caller)
        self.attention = Attention(caller)
        self.audit = Audit(caller)
        self.calendars = Calendars(caller)
        self.deliveries = Deliveries(caller)
        self.doctor = Doctor(caller)
        self.effects = Effects(caller)
        self.endpoints = Endpoints(caller)
        self.errors = Errors(caller)
        self.events = Events(caller)
        self.exports = Exports(caller)
        self.holds = Holds(caller)
        self.instances = Instances(caller)
        self.keys = Keys(caller)
        self.orders = Orders(caller)
        self.payments = Payments(caller)
        self.receipts = Receipts(caller)
        self.refunds = Refunds(caller)
        self.search = Search(caller)
        self.sources = Sources(caller)
        self.stats = Stats(caller)
        self.stock = Stock(caller)
        self.streams = Streams(caller)
        self.users = Users(caller)
        self.verify = Verify(caller)
