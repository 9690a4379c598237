"""The examples of README.md, as they stand there."""

import pathlib
import re
import time
import types
import unittest
from typing import Any, Dict, List
from unittest import mock

import tollgate
from tollgate import Notice
from tollgate.testing import SECRET, FakeTollgate, make_webhook

BLOCKS = re.findall(r"```python\n(.*?)```", (pathlib.Path(__file__).parents[1] / "README.md").read_text(), re.S)


class Readme(unittest.TestCase):
    def run_block(self, begin: str, **names: Any) -> Dict[str, Any]:
        """Runs the block that has this in it, with what its reader would have."""
        (block,) = [block for block in BLOCKS if begin in block]
        exec(compile(block, "README.md", "exec"), names)
        return names

    def test_every_block_is_run_below(self) -> None:
        self.assertEqual(len(BLOCKS), 4)

    def test_an_order_that_is_short_of_stock(self) -> None:
        fake = FakeTollgate()
        fake.answer("PUT", "/v1/stock/BATIK-M", {"sku": "BATIK-M"})
        fake.refuse("POST", "/v1/orders", "out_of_stock", skus=[{"sku": "BATIK-M"}])
        printed: List[Any] = []
        with mock.patch.object(tollgate, "Client", lambda url, key: fake.client()):
            self.run_block("import tollgate\n", print=lambda *said: printed.extend(said))
        self.assertEqual(fake.requests[1].idempotency_key, "cart-815")
        self.assertEqual(printed, [[{"sku": "BATIK-M"}], "req_00000000000000000000000000"])

    def test_a_stream_that_is_followed(self) -> None:
        fake = FakeTollgate()
        fake.stream([Notice("reset", "", 6, {"first_position": 7}), Notice("order.paid", "", 7, {"id": "ord_1"})])
        done: List[Any] = []
        # It would listen on; the fake has no more.
        with self.assertRaises(AssertionError):
            self.run_block(
                "client.stream(",
                client=fake.client(),
                load_position=lambda: 3,
                read_the_lists_again=lambda: done.append("read"),
                act=lambda type, data: done.append((type, data["id"])),
                save_position=done.append,
            )
        self.assertEqual(done, ["read", 6, ("order.paid", "ord_1"), 7])

    def test_a_webhook_that_is_verified(self) -> None:
        body, headers = make_webhook("order.paid", {"id": "ord_1"}, now=time.time())
        request = types.SimpleNamespace(body=body, headers=headers)
        names = self.run_block("request.body", tollgate=tollgate, request=request, secret=SECRET)
        self.assertEqual(names["notice"].type, "order.paid")

    def test_a_test_of_ones_own(self) -> None:
        def my_checkout(client: tollgate.Client) -> None:
            client.orders.create({"currency": "IDR", "lines": []})

        self.run_block("FakeTollgate()", tollgate=tollgate, my_checkout=my_checkout)


if __name__ == "__main__":
    unittest.main()
