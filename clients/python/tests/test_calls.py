"""What a call does when it is refused, is not answered, or is made twice."""

import logging
import unittest
from typing import Any, Callable

import tollgate
from tollgate.errors import OutOfStock, RequestInvalid, Unavailable, VersionMismatch
from tollgate.testing import FakeTollgate

ORDER: tollgate.models.OrderBody = {
    "currency": "IDR",
    "lines": [{"sku": "BATIK-M", "quantity": 2, "unit_amount": 7_500_000}],
}


class Calls(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = FakeTollgate()
        self.client = self.fake.client()

    def tearDown(self) -> None:
        self.assertEqual(self.fake.left(), [])

    def order(self, **options: Any) -> Any:
        return self.client.orders.create(ORDER, **options)

    def test_a_key_is_made_and_kept_over_every_try_of_one_call(self) -> None:
        self.fake.refuse("POST", "/v1/orders", "unavailable")
        self.fake.refuse("POST", "/v1/orders", "outcome_unknown")
        self.fake.fail("POST", "/v1/orders")
        self.fake.answer("POST", "/v1/orders", {"id": "ord_1"}, status=201)
        self.assertEqual(self.order()["id"], "ord_1")
        keys = {request.idempotency_key for request in self.fake.requests}
        self.assertEqual((len(self.fake.requests), len(keys)), (4, 1))
        self.assertGreaterEqual(len(keys.pop() or ""), 32)
        self.assertEqual([request.json for request in self.fake.requests], [ORDER] * 4)

    def test_every_call_has_a_key_of_its_own_unless_one_is_given(self) -> None:
        for _ in range(3):
            self.fake.answer("POST", "/v1/orders", {"id": "ord_1"}, status=201)
        self.order()
        self.order()
        self.order(idempotency_key="cart-7")
        first, second, third = (request.idempotency_key for request in self.fake.requests)
        self.assertNotEqual(first, second)
        self.assertEqual(third, "cart-7")

    def test_reading_sends_no_key(self) -> None:
        self.fake.answer("GET", "/v1/orders/A", {"id": "ord_1"})
        self.client.orders.get("A")
        self.assertIsNone(self.fake.requests[0].idempotency_key)
        self.assertEqual(self.fake.requests[0].headers["authorization"], "Bearer tg_test")

    def test_a_refusal_is_of_the_class_of_its_code_and_not_repeated(self) -> None:
        skus = [{"sku": "BATIK-M", "available": 1, "requested": 2}]
        places = [{"pointer": "/lines/0/sku", "code": "out_of_stock"}]
        self.fake.refuse("POST", "/v1/orders", "out_of_stock", skus=skus, errors=places)
        with self.assertRaises(OutOfStock) as raised:
            self.order()
        error = raised.exception
        self.assertEqual((error.status, error.code), (409, "out_of_stock"))
        self.assertEqual(error.problem["skus"], skus)
        self.assertEqual(error.errors, [tollgate.Place("/lines/0/sku", "out_of_stock")])
        self.assertTrue(error.new_key_required)
        self.assertFalse(error.retryable)
        self.assertTrue((error.request_id or "").startswith("req_"))
        self.assertEqual(len(self.fake.requests), 1)

    def test_what_stays_with_its_key_is_not_repeated_under_it(self) -> None:
        self.fake.refuse("POST", "/v1/orders", "unavailable", new_key_required=True)
        with self.assertRaises(Unavailable):
            self.order()
        self.assertEqual(self.fake.clock.sleeps, [])

    def test_a_version_that_has_moved_is_read_again_by_the_caller(self) -> None:
        self.fake.refuse("PUT", "/v1/stock/A", "version_mismatch", version=5)
        with self.assertRaises(VersionMismatch) as raised:
            self.client.stock.put("A", {"on_hand": 1}, if_match=4)
        self.assertEqual(raised.exception.problem["version"], 5)
        self.assertEqual(self.fake.requests[0].headers["if-match"], '"4"')

    def test_every_wrong_place_is_in_the_sentence(self) -> None:
        places = [{"pointer": "/currency", "code": "missing"}, {"pointer": "?x", "code": "invalid", "detail": "no x"}]
        self.fake.refuse("POST", "/v1/orders", "request_invalid", errors=places)
        with self.assertRaisesRegex(RequestInvalid, r"/currency: missing; \?x: no x \(req_"):
            self.order()


class Waits(unittest.TestCase):
    def test_the_server_says_how_long_to_wait_and_nobody_comes_earlier(self) -> None:
        fake = FakeTollgate()
        fake.refuse("GET", "/v1/orders/A", "provider_unavailable")
        fake.answer("GET", "/v1/orders/A", b"busy", status=503, headers={"Retry-After": "3"})
        fake.answer("GET", "/v1/orders/A", {"id": "ord_1"})
        fake.client().orders.get("A")
        first, second = fake.clock.sleeps
        self.assertTrue(5 <= first <= 5.25, first)
        self.assertTrue(3 <= second <= 3.5, second)

    def test_pauses_grow_and_have_a_bound(self) -> None:
        retries = tollgate.Retries(attempts=9, pause=0.5, pause_max=4)
        for failures, most in [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 4), (1000, 4)]:
            for _ in range(50):
                self.assertTrue(most / 2 <= retries.wait(failures, None) <= most, failures)
        spread = {retries.wait(4, None) for _ in range(20)}
        self.assertGreater(len(spread), 1)

    def test_tries_are_counted(self) -> None:
        fake = FakeTollgate()
        for _ in range(3):
            fake.refuse("GET", "/v1/orders/A", "overloaded")
        with self.assertRaises(tollgate.ApiError):
            fake.client(retries=tollgate.Retries(attempts=3)).orders.get("A")
        self.assertEqual((fake.left(), len(fake.clock.sleeps)), ([], 2))

    def test_nothing_is_waited_for_that_comes_after_the_end(self) -> None:
        fake = FakeTollgate()
        fake.refuse("GET", "/v1/orders/A", "overloaded", retry_after_ms=40_000)
        fake.refuse("GET", "/v1/orders/A", "overloaded", retry_after_ms=40_000)
        with self.assertRaises(tollgate.ApiError):
            fake.client(retries=tollgate.Retries(attempts=9, seconds=60)).orders.get("A")
        self.assertEqual(len(fake.clock.sleeps), 1)


class NotTwice(unittest.TestCase):
    """Operations that keep no answer are repeated only where nothing was done."""

    def tries(self, tell: Callable[[FakeTollgate], None]) -> int:
        fake = FakeTollgate()
        tell(fake)
        fake.answer("POST", "/v1/endpoints/ep_1/rotate", {"id": "ep_1"})
        try:
            fake.client().endpoints.rotate("ep_1")
        except tollgate.TollgateError:
            pass
        return len(fake.requests)

    def test_what_may_have_been_done_is_not_done_again(self) -> None:
        path = "/v1/endpoints/ep_1/rotate"
        for name, tell in {
            "lost": lambda fake: fake.fail("POST", path),
            "unknown": lambda fake: fake.refuse("POST", path, "outcome_unknown"),
            "a proxy's": lambda fake: fake.answer("POST", path, b"bad gateway", status=502),
            "a proxy's code": lambda fake: fake.answer("POST", path, {"code": "upstream_reset"}, status=503),
        }.items():
            self.assertEqual(self.tries(tell), 1, name)

    def test_what_was_not_done_is_done(self) -> None:
        path = "/v1/endpoints/ep_1/rotate"
        for name, tell in {
            "never sent": lambda fake: fake.fail("POST", path, may_have_arrived=False),
            "stored nothing": lambda fake: fake.refuse("POST", path, "unavailable"),
            "too many": lambda fake: fake.answer("POST", path, b"slower", status=429),
        }.items():
            self.assertEqual(self.tries(tell), 2, name)

    def test_no_key_is_sent_that_would_keep_nothing(self) -> None:
        fake = FakeTollgate()
        fake.answer("POST", "/v1/endpoints/ep_1/rotate", {"id": "ep_1"})
        fake.client().endpoints.rotate("ep_1")
        self.assertIsNone(fake.requests[0].idempotency_key)

    def test_what_is_gone_after_a_lost_answer_was_deleted(self) -> None:
        path = "/v1/stock/A"
        cases: dict[str, Callable[[FakeTollgate], None]] = {
            "lost": lambda fake: fake.fail("DELETE", path),
            "unknown": lambda fake: fake.refuse("DELETE", path, "outcome_unknown"),
            "a proxy's": lambda fake: fake.answer("DELETE", path, b"time-out", status=504),
            "a proxy's code": lambda fake: fake.answer("DELETE", path, {"code": "upstream_reset"}, status=503),
        }
        for name, tell in cases.items():
            with self.subTest(name):
                fake = FakeTollgate()
                tell(fake)
                fake.refuse("DELETE", path, "not_found")
                fake.client().stock.delete("A")

    def test_what_was_never_there_is_not_found(self) -> None:
        path = "/v1/stock/A"
        cases: dict[str, Callable[[FakeTollgate], None]] = {
            "never sent": lambda fake: fake.fail("DELETE", path, may_have_arrived=False),
            "stored nothing": lambda fake: fake.refuse("DELETE", path, "unavailable"),
            "too many": lambda fake: fake.answer("DELETE", path, b"slower", status=429),
        }
        for name, tell in cases.items():
            with self.subTest(name):
                fake = FakeTollgate()
                tell(fake)
                fake.refuse("DELETE", path, "not_found")
                with self.assertRaises(tollgate.errors.NotFound):
                    fake.client().stock.delete("A")


class Requests(unittest.TestCase):
    def test_a_name_is_one_segment_whatever_is_in_it(self) -> None:
        for name, path in [
            ("SHIRT/M #2", "/v1/stock/SHIRT%2FM%20%232"),
            ("a?b%2F", "/v1/stock/a%3Fb%252F"),
            ("Батик", "/v1/stock/%D0%91%D0%B0%D1%82%D0%B8%D0%BA"),
        ]:
            fake = FakeTollgate()
            fake.answer("GET", path, {"sku": name})
            fake.client().stock.get(name)
            self.assertEqual(fake.requests[0].path, path)

    def test_what_would_name_another_path_is_not_sent(self) -> None:
        for name in ("", ".", ".."):
            fake = FakeTollgate()
            with self.assertRaises(ValueError):
                fake.client().stock.get(name)
            self.assertEqual(fake.requests, [])

    def test_a_query_says_what_was_asked_and_no_more(self) -> None:
        fake = FakeTollgate()
        fake.answer("GET", "/v1/orders", {"data": [], "next_cursor": None})
        list(fake.client().orders.list(status=["paid", "completed"], code="A&B", limit=2))
        wanted = {"status": ["paid", "completed"], "code": ["A&B"], "limit": ["2"]}
        self.assertEqual(fake.requests[0].query, wanted)

    def test_texts_of_every_script_are_sent_as_they_are(self) -> None:
        fake = FakeTollgate()
        fake.answer("POST", "/v1/stock/A/adjust", {"sku": "A"})
        fake.client().stock.adjust("A", {"delta": -1, "reason": "сломан 🙂"})
        self.assertIn("сломан 🙂".encode(), fake.requests[0].body or b"")
        self.assertEqual(fake.requests[0].headers["content-type"], "application/json")

    def test_a_server_may_live_below_a_path(self) -> None:
        fake = FakeTollgate()
        fake.answer("GET", "/shop/v1/orders/A", {"id": "ord_1"})
        tollgate.Client("https://example.org/shop/", "tg_1", transport=fake).orders.get("A")

    def test_an_answer_that_is_no_json_is_no_tollgates(self) -> None:
        fake = FakeTollgate()
        fake.answer("GET", "/v1/orders/A", b"<html>")
        with self.assertRaises(tollgate.UnexpectedAnswer):
            fake.client().orders.get("A")

    def test_a_url_that_is_none_is_refused_at_once(self) -> None:
        for url in ("tollgate.example", "ftp://x", "http://", "http://u:p@x", "http://x?a=1", "http://x#a"):
            with self.assertRaises(ValueError, msg=url):
                tollgate.Client(url, "tg_1")

    def test_the_key_is_shown_nowhere(self) -> None:
        fake = FakeTollgate()
        client = tollgate.Client("http://tollgate.test", "tg_secret", transport=fake, clock=fake.clock)
        fake.fail("GET", "/v1/orders/A")
        fake.refuse("GET", "/v1/orders/A", "key_invalid")
        with self.assertLogs("tollgate", logging.INFO) as logs, self.assertRaises(tollgate.ApiError) as raised:
            client.orders.get("A")
        request = tollgate.Request("GET", "http://x", {"Authorization": "Bearer tg_secret"}, None, 1)
        shown = [repr(client), str(raised.exception), repr(raised.exception), repr(request), *logs.output]
        self.assertNotIn("tg_secret", " ".join(shown))
        with self.assertRaises(ValueError) as refused:
            tollgate.Client("http://tollgate.test", "tg_secret\r\nX: y")
        self.assertNotIn("tg_secret", str(refused.exception))


class Lists(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = FakeTollgate()
        for data, cursor in [([1, 2], "b"), ([], "c"), ([3], None)]:
            page = {"data": [{"id": f"ord_{number}"} for number in data], "next_cursor": cursor}
            self.fake.answer("GET", "/v1/orders", page)

    def test_a_list_goes_on_to_its_end_over_empty_pages_with_the_whole_query(self) -> None:
        orders = self.fake.client().orders.list(status="paid", sort="asc")
        self.assertEqual([order["id"] for order in orders], ["ord_1", "ord_2", "ord_3"])
        asked = [(one.query.get("cursor"), one.query["status"], one.query["sort"]) for one in self.fake.requests]
        self.assertEqual(asked, [(None, ["paid"], ["asc"]), (["b"], ["paid"], ["asc"]), (["c"], ["paid"], ["asc"])])

    def test_a_page_is_fetched_when_it_is_read(self) -> None:
        orders = iter(self.fake.client().orders.list())
        self.assertEqual(len(self.fake.requests), 0)
        next(orders)
        next(orders)
        self.assertEqual(len(self.fake.requests), 1)
        self.assertEqual(next(orders)["id"], "ord_3")
        self.assertEqual(len(self.fake.requests), 3)

    def test_pages_can_be_turned_by_hand(self) -> None:
        orders = self.fake.client().orders.list()
        first = orders.page()
        self.assertEqual((len(first.data), first.next_cursor), (2, "b"))
        rest = list(orders.pages(first.next_cursor))
        self.assertEqual([len(page.data) for page in rest], [0, 1])
        self.assertEqual(self.fake.requests[1].query["cursor"], ["b"])


class Raw(unittest.TestCase):
    def test_an_answer_says_whether_it_is_a_repetition(self) -> None:
        fake = FakeTollgate()
        headers = {"Idempotency-Replayed": "true", "X-Request-Id": "req_7"}
        fake.answer("POST", "/v1/orders", {"id": "ord_1"}, status=201, headers=headers)
        answer = fake.client().call(tollgate.operations.CREATE_ORDER, body=ORDER, idempotency_key="k")
        self.assertEqual((answer.status, answer.replayed, answer.request_id), (201, True, "req_7"))
        self.assertEqual(answer.json()["id"], "ord_1")


if __name__ == "__main__":
    unittest.main()
