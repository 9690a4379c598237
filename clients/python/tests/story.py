"""One day of a shop against the real server, over connections that break. `scripts/test-clients` starts it.

The server is at TOLLGATE_URL and has the source `midtrans`; TOLLGATE_BINARY with TOLLGATE_CONFIG sends webhooks.
"""

import os
import queue
import subprocess
import threading
import unittest
from typing import Any, Iterator, List

import standardwebhooks
import tollgate
from proxy import FaultProxy
from receiver import Receiver
from tollgate import Notice

URL = os.environ["TOLLGATE_URL"]
KEY = os.environ["TOLLGATE_API_KEY"]

#: How long anything may take before the story fails.
PATIENCE = 30.0


def order_of(code: str, reference: str, source: str = "midtrans", quantity: int = 1) -> tollgate.models.OrderBody:
    return {
        "code": code,
        "currency": "IDR",
        "lines": [{"sku": "PY-SHIRT/M #2", "name": "Батик", "quantity": quantity, "unit_amount": 7_500_000}],
        "payment": {"source": source, "reference": reference},
    }


def pay(reference: str, amount: int) -> None:
    """What the provider sends when its customer has paid."""
    send = [os.environ["TOLLGATE_BINARY"], "--config", os.environ["TOLLGATE_CONFIG"], "send", "midtrans"]
    send += ["--reference", reference, "--amount", str(amount), "--to", f"{URL}/webhooks/midtrans"]
    subprocess.run(send, check=True, capture_output=True, timeout=PATIENCE)


class Listener:
    """A stream that a thread reads."""

    def __init__(self, client: tollgate.Client) -> None:
        self.stream = client.stream(after=0)
        self.heard: List[Notice] = []
        self._queue: "queue.Queue[Notice]" = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for notice in self.stream:
            self._queue.put(notice)

    def until(self, type: str, code: str) -> Notice:
        """The next message of this type about an order of this code; what comes before it is heard too."""
        while True:
            notice = self._queue.get(timeout=PATIENCE)
            self.heard.append(notice)
            if notice.type == type and notice.data.get("code") == code:
                return notice


class Story(unittest.TestCase):
    def setUp(self) -> None:
        self.client = tollgate.Client(URL, KEY)
        self.proxy = FaultProxy(URL)
        self.through = tollgate.Client(self.proxy.url, KEY)
        self.receiver = Receiver()
        for one in (self.client, self.proxy, self.through, self.receiver):
            self.addCleanup(one.close)

    def test_a_day_of_a_shop(self) -> None:
        endpoint = self.client.endpoints.create({"url": self.receiver.url, "events": ["order.paid"]})
        self.addCleanup(self.client.endpoints.delete, endpoint["id"])
        self.stock_is_put()
        order = self.an_order_whose_answer_is_lost_is_one_order()
        self.what_is_refused_says_why(order)
        listener = Listener(self.through)
        self.addCleanup(listener.stream.close)
        self.the_stream_goes_on_where_it_was_cut(listener)
        self.the_endpoint_is_told(endpoint)
        self.lists_go_on_to_their_end()
        self.money_goes_back(listener)

    def stock_is_put(self) -> None:
        put = self.client.stock.put("PY-SHIRT/M #2", {"on_hand": 5})
        self.assertEqual((put["sku"], put["available"], put["version"]), ("PY-SHIRT/M #2", 5, 1))
        with self.assertRaises(tollgate.errors.VersionMismatch) as raised:
            self.client.stock.put("PY-SHIRT/M #2", {"on_hand": 6}, if_match=7)
        self.assertEqual(raised.exception.problem["version"], 1)
        self.assertEqual(self.client.stock.put("PY-SHIRT/M #2", {"on_hand": 6}, if_match=1)["version"], 2)

    def an_order_whose_answer_is_lost_is_one_order(self) -> tollgate.models.Order:
        self.proxy.lose_next_answer()
        order = self.through.orders.create(order_of("PY-1", "PY-1-77"), idempotency_key="py-cart-1")
        self.assertEqual((self.proxy.lost, order["status"]), (1, "awaiting_payment"))
        self.assertEqual([one["id"] for one in self.client.orders.list(code="PY-1")], [order["id"]])
        self.assertEqual(self.client.stock.get("PY-SHIRT/M #2")["held"], 1)
        create = tollgate.operations.CREATE_ORDER
        again = self.client.call(create, body=order_of("PY-1", "PY-1-77"), idempotency_key="py-cart-1")
        self.assertEqual((again.status, again.replayed, again.json()), (201, True, order))
        self.assertTrue((again.request_id or "").startswith("req_"))
        return order

    def what_is_refused_says_why(self, order: tollgate.models.Order) -> None:
        with self.assertRaises(tollgate.errors.AlreadyExists) as exists:
            self.client.orders.create(order_of("PY-1", "PY-1-78"))
        self.assertEqual(exists.exception.problem["id"], order["id"])
        with self.assertRaises(tollgate.errors.OutOfStock) as short:
            self.client.orders.create(order_of("PY-2", "PY-2-77", quantity=99))
        skus = [{"sku": "PY-SHIRT/M #2", "available": 5, "requested": 99}]
        self.assertEqual((short.exception.problem["skus"], short.exception.errors[0].pointer), (skus, "/lines/0/sku"))
        self.assertTrue(short.exception.new_key_required)
        wrong: Any = {"currency": "IDR", "lines": [], "colour": "red"}
        with self.assertRaises(tollgate.errors.RequestInvalid) as invalid:
            self.client.orders.create(wrong)
        self.assertEqual([place.pointer for place in invalid.exception.errors], ["/colour"])
        with tollgate.Client(URL, "tg_nobody") as nobody, self.assertRaises(tollgate.errors.KeyInvalid):
            nobody.orders.get("PY-1")
        with self.assertRaises(tollgate.errors.NotFound):
            self.client.orders.get("PY-99")

    def the_stream_goes_on_where_it_was_cut(self, listener: Listener) -> None:
        pay("PY-1-77", 7_500_000)
        paid = listener.until("order.paid", "PY-1")
        self.assertEqual(paid.data["total_amount"], 7_500_000)
        self.proxy.cut()
        self.client.orders.create(order_of("PY-3", "PY-3-77"))
        pay("PY-3-77", 7_500_000)
        last = listener.until("order.paid", "PY-3")
        heard = [notice.position for notice in listener.heard]
        with self.client.stream(after=0) as whole:
            self.assertEqual(heard, list(up_to(whole, last)))
        self.assertEqual(heard, sorted(set(heard), key=lambda position: position or 0))

    def the_endpoint_is_told(self, endpoint: Any) -> None:
        secret = endpoint["secret"]
        codes: "set[str]" = set()
        while codes != {"PY-1", "PY-3"}:
            body, headers = self.receiver.sent.get(timeout=PATIENCE)
            notice = tollgate.webhooks.verify(body, headers, secret)
            # Orders of others may be paid meanwhile.
            if notice.data["code"].startswith("PY-"):
                codes.add(notice.data["code"])
            self.assertEqual((notice.type, notice.id), ("order.paid", headers["webhook-id"]))
            standardwebhooks.Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
            with self.assertRaises(tollgate.WebhookRefused):
                tollgate.webhooks.verify(body + b" ", headers, secret)
        renewed = self.client.endpoints.rotate(endpoint["id"])["secret"] or ""
        self.assertEqual(self.client.endpoints.test(endpoint["id"])["status"], 204)
        body, headers = self.receiver.sent.get(timeout=PATIENCE)
        for one in (secret, renewed):
            self.assertEqual(tollgate.webhooks.verify(body, headers, one).type, "endpoint.test")

    def lists_go_on_to_their_end(self) -> None:
        names = [f"PY-{number}" for number in range(5)]
        self.client.stock.put_many({"items": [{"sku": name, "on_hand": 1} for name in names]})
        stock = [one["sku"] for one in self.client.stock.list(limit=2)]
        self.assertEqual([sku for sku in stock if sku in names], names)
        self.assertEqual(len(stock), len(set(stock)))
        orders = self.client.orders.list(search="PY-", sort="asc", limit=1)
        self.assertEqual([order["code"] for order in orders], ["PY-1", "PY-3"])

    def money_goes_back(self, listener: Listener) -> None:
        order = self.client.orders.create(order_of("PY-4", "PY-4-cash", source="manual"))
        payment = order["payments"][0]["id"]
        self.client.payments.capture(payment, {"amount": 7_500_000, "note": "cash"})
        listener.until("order.completed", "PY-4")
        refund = self.client.payments.refund(payment, {"amount": 500_000, "reason": "scratched"})
        self.assertEqual(self.client.refunds.get(refund["id"])["state"], "succeeded")
        receipts = self.client.orders.receipts("PY-4")
        self.assertEqual(sorted(receipt["kind"] for receipt in receipts), ["refund", "sale"])
        sale = next(receipt for receipt in receipts if receipt["kind"] == "sale")
        self.assertTrue(self.client.receipts.pdf(sale["id"]).read().startswith(b"%PDF"))
        self.assertIn(b"PY-4", self.client.receipts.csv().read())
        self.assertIn("order.completed", [entry["kind"] for entry in self.client.orders.timeline("PY-4")["data"]])


def up_to(stream: Iterator[Notice], last: Notice) -> Iterator[Any]:
    for notice in stream:
        yield notice.position
        if notice.position == last.position:
            return


if __name__ == "__main__":
    # For what waits without knowing an end: a stream that stays silent.
    timer = threading.Timer(4 * PATIENCE, lambda: os._exit(3))
    timer.daemon = True
    timer.start()
    unittest.main(verbosity=2)
