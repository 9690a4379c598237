"""What a listener is handed out, over connections that break."""

import itertools
import unittest
from typing import Optional

import tollgate
from tollgate import Notice
from tollgate.stream import Stream
from tollgate.testing import FakeClock, FakeReply, FakeTollgate


def notice(position: int, type: str = "order.paid") -> Notice:
    return Notice(type, "2026-01-22T10:00:00.000Z", position, {"id": f"ord_{position}"})


def positions(fake: FakeTollgate, count: int, after: Optional[int] = None) -> "list[Optional[int]]":
    with fake.client().stream(after=after) as stream:
        return [one.position for one in itertools.islice(stream, count)]


class Streams(unittest.TestCase):
    def test_it_goes_on_behind_the_last_message(self) -> None:
        fake = FakeTollgate()
        fake.stream([notice(5), notice(9)])
        fake.fail("GET", "/v1/stream")
        fake.refuse("GET", "/v1/stream", "overloaded")
        fake.stream([notice(12)])
        self.assertEqual(positions(fake, 3), [5, 9, 12])
        resumed = [request.headers.get("last-event-id") for request in fake.requests]
        self.assertEqual(resumed, [None, "9", "9", "9"])
        # Overloaded wants a second; by then it had failed three times.
        self.assertTrue(1 <= fake.clock.sleeps[2] <= 2, fake.clock.sleeps)

    def test_it_waits_longer_the_more_often_it_fails_and_begins_anew_after_a_message(self) -> None:
        fake = FakeTollgate()
        for _ in range(5):
            fake.fail("GET", "/v1/stream")
        fake.stream([notice(5)])
        fake.stream([notice(6)])
        self.assertEqual(positions(fake, 2), [5, 6])
        sleeps = fake.clock.sleeps
        self.assertTrue(2 <= sleeps[4] <= 4, sleeps)
        self.assertTrue(0.125 <= sleeps[5] <= 0.25, sleeps)

    def test_it_begins_where_it_is_told(self) -> None:
        fake = FakeTollgate()
        fake.stream([notice(8)])
        self.assertEqual(positions(fake, 1, after=7), [8])
        self.assertEqual(fake.requests[0].headers["last-event-id"], "7")

    def test_it_asks_for_its_topics(self) -> None:
        fake = FakeTollgate()
        fake.stream([notice(8)])
        next(fake.client().stream(["orders", "alerts"]))
        self.assertEqual(fake.requests[0].query, {"topics": ["orders,alerts"]})

    def test_a_refusal_that_no_wait_can_mend_is_raised(self) -> None:
        fake = FakeTollgate()
        fake.refuse("GET", "/v1/stream", "scope_missing", scope="read")
        with self.assertRaises(tollgate.errors.ScopeMissing):
            next(fake.client().stream())

    def test_a_reset_is_told(self) -> None:
        fake = FakeTollgate()
        fake.stream([Notice("reset", "", 41, {"first_position": 42}), notice(42)])
        first, second = itertools.islice(fake.client().stream(after=3), 2)
        self.assertTrue(first.is_reset)
        self.assertEqual(first.data["first_position"], 42)
        self.assertFalse(second.is_reset)


class Frames(unittest.TestCase):
    def read(self, *bodies: str) -> "tuple[list[Notice], list[object]]":
        """What comes of bodies that are sent one after the other, and where each was asked to begin."""
        begun: "list[object]" = []
        left = list(bodies)

        def open_at(position: object, _: float) -> FakeReply:
            begun.append(position)
            if not left:
                stream.close()
                return FakeReply(200, {}, b"")
            return FakeReply(200, {}, left.pop(0).encode())

        stream = Stream(open_at, tollgate.Retries(), FakeClock(), None)
        return list(stream), begun

    def test_a_bare_id_is_no_message_and_moves_the_position(self) -> None:
        notices, begun = self.read(":\nid: 7\n\n", ":\nid: 8\n\n:\n\n")
        self.assertEqual((notices, begun), ([], [None, 7, 8]))

    def test_what_was_cut_off_is_not_handed_out_and_comes_again(self) -> None:
        whole = 'id: 9\nevent: order.paid\ndata: {"type":"order.paid","position":9,"data":{}}\n\n'
        for cut in range(1, len(whole)):
            notices, begun = self.read("id: 8\n\n" + whole[:cut], whole)
            self.assertEqual(([one.position for one in notices], begun), ([9], [None, 8, 9]), cut)

    def test_lines_may_end_as_on_windows_and_data_may_have_several(self) -> None:
        notices, begun = self.read('id:9\r\ndata:{"type":\r\ndata: "order.paid"}\r\nretry: 5\r\n\r\n')
        self.assertEqual(([one.type for one in notices], begun), (["order.paid"], [None, 9]))

    def test_what_is_no_message_is_an_error(self) -> None:
        for data in ("{", "[]", "{}", '{"type":3}'):
            with self.assertRaises(tollgate.UnexpectedAnswer, msg=data):
                self.read(f"id: 1\ndata: {data}\n\n")


if __name__ == "__main__":
    unittest.main()
