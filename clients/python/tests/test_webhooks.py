"""What is taken for a webhook of Tollgate's, and what is not."""

import base64
import datetime
import json
import pathlib
import time
import unittest
from typing import Any, Mapping, Sequence, Union

import standardwebhooks
import tollgate
from tollgate.testing import NOW, SECRET, make_webhook

#: What the server signs, checked there by a test, too.
VECTORS = json.loads((pathlib.Path(__file__).parents[2] / "webhooks.json").read_text())

OTHER = "whsec_" + base64.b64encode(b"another secret of the tests!").decode()


class Webhooks(unittest.TestCase):
    def setUp(self) -> None:
        self.body, self.headers = make_webhook("order.paid", {"id": "ord_1", "name": "Батик"}, position=7)

    def refused(
        self, reason: str, headers: Mapping[str, str], body: bytes, secrets: Union[str, Sequence[str]] = SECRET, **options: Any
    ) -> None:
        with self.assertRaises(tollgate.WebhookRefused) as raised:
            tollgate.webhooks.verify(body, headers, secrets, **{"now": NOW, **options})
        self.assertEqual(raised.exception.reason, reason)

    def test_what_the_server_signs_is_taken(self) -> None:
        self.assertGreaterEqual(len(VECTORS), 4)
        for vector in VECTORS:
            headers = {
                "Webhook-Id": vector["id"],
                "Webhook-Timestamp": str(vector["timestamp"]),
                "Webhook-Signature": vector["signature"],
            }
            for secret in vector["secrets"]:
                notice = tollgate.webhooks.verify(vector["body"], headers, secret, now=vector["timestamp"])
                self.assertEqual((notice.id, notice.type), (vector["id"], json.loads(vector["body"])["type"]))
            self.refused("signature_invalid", headers, vector["body"].encode(), OTHER, now=vector["timestamp"])

    def test_another_library_takes_what_is_made_here_and_makes_what_is_taken_here(self) -> None:
        notice = json.loads(self.body)
        # Its own clock is the only one it has.
        body, headers = make_webhook("order.paid", notice["data"], now=time.time())
        read = standardwebhooks.Webhook(SECRET).verify(body, headers)
        self.assertEqual(read["data"], notice["data"])
        moment = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc)
        signature = standardwebhooks.Webhook(SECRET).sign("msg_1", moment, self.body.decode())
        theirs = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW), "webhook-signature": signature}
        self.assertEqual(tollgate.webhooks.verify(self.body, theirs, SECRET, now=NOW).position, 7)

    def test_the_notice_is_read(self) -> None:
        notice = tollgate.webhooks.verify(self.body, self.headers, SECRET, now=NOW)
        self.assertEqual((notice.type, notice.position, notice.id), ("order.paid", 7, "notify:ep_test:7"))
        self.assertEqual(notice.data["name"], "Батик")

    def test_whatever_was_changed_is_refused(self) -> None:
        self.refused("signature_invalid", self.headers, self.body + b" ")
        self.refused("signature_invalid", self.headers, b"")
        for name, value in [("webhook-id", "notify:ep_test:8"), ("webhook-timestamp", str(NOW + 1))]:
            self.refused("signature_invalid", {**self.headers, name: value}, self.body)
        for signature in ("v1,", "v1", ",", "v1,AAAA", "v1a" + self.headers["webhook-signature"][2:], "v1,ключ"):
            self.refused("signature_invalid", {**self.headers, "webhook-signature": signature}, self.body)

    def test_another_secret_is_refused_and_so_is_none(self) -> None:
        self.refused("signature_invalid", self.headers, self.body, OTHER)
        self.refused("signature_invalid", self.headers, self.body, [])

    def test_one_of_several_signatures_and_secrets_is_enough(self) -> None:
        _, others = make_webhook("order.paid", {"id": "ord_1", "name": "Батик"}, position=7, secret=OTHER)
        both = f"{others['webhook-signature']} v2,x {self.headers['webhook-signature']}"
        headers = {**self.headers, "webhook-signature": both}
        for secrets in (SECRET, OTHER, [OTHER, SECRET]):
            self.assertEqual(tollgate.webhooks.verify(self.body, headers, secrets, now=NOW).position, 7)
        self.assertEqual(tollgate.webhooks.verify(self.body, self.headers, [OTHER, SECRET], now=NOW).position, 7)

    def test_time_may_be_off_by_five_minutes(self) -> None:
        for off in (-300, 300):
            tollgate.webhooks.verify(self.body, self.headers, SECRET, now=NOW + off)
        for off in (-301, 301, 10**9):
            self.refused("timestamp_out_of_tolerance", self.headers, self.body, now=NOW + off)
        self.refused("timestamp_out_of_tolerance", self.headers, self.body, now=NOW + 11, tolerance=10)
        # By the clock this one is long over.
        with self.assertRaises(tollgate.WebhookRefused):
            tollgate.webhooks.verify(self.body, self.headers, SECRET)

    def test_a_time_that_is_none_is_refused(self) -> None:
        for text in ("x", "1.5", "-1", "１", "9" * 400, f" {NOW}"):
            self.refused("timestamp_invalid", {**self.headers, "webhook-timestamp": text}, self.body)

    def test_headers_may_be_missing_and_of_any_case(self) -> None:
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
            left = {key: value for key, value in self.headers.items() if key != name}
            self.refused("header_missing", left, self.body)
            self.refused("header_missing", {**left, name: ""}, self.body)
        upper = {name.upper(): value for name, value in self.headers.items()}
        tollgate.webhooks.verify(self.body, upper, SECRET, now=NOW)

    def test_what_is_signed_and_no_notice_says_so(self) -> None:
        for body in (b"{", b"[]", b"\xff"):
            signature = tollgate.webhooks.sign(SECRET, "a", NOW, body)
            headers = {"webhook-id": "a", "webhook-timestamp": str(NOW), "webhook-signature": signature}
            self.refused("body_unreadable", headers, body)

    def test_a_secret_is_whsec_and_24_to_64_bytes_and_is_not_shown(self) -> None:
        def of(count: int) -> str:
            return "whsec_" + base64.b64encode(b"\x07" * count).decode()

        for secret in (of(24), of(64), of(25).rstrip("="), f" {of(32)}\n"):
            tollgate.webhooks.sign(secret, "a", 1, b"")
        for secret in (of(23), of(65), of(32).replace("whsec_", ""), "whsec_not base64 at all, not at all", ""):
            with self.assertRaises(ValueError) as raised:
                tollgate.webhooks.verify(self.body, self.headers, secret, now=NOW)
            self.assertNotIn("not base64", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
