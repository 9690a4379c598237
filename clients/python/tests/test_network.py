"""The transport over real connections that end, hang and lie."""

import socket
import threading
import unittest
from typing import Callable, List, Optional

import tollgate

#: A server here never waits longer, and no test should come near.
PATIENCE = 30.0

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"id\": \"a\"} "
ROTATE = tollgate.operations.ROTATE_SECRET


class Server:
    """A server on loopback. `serve` has a connection, and its number; what it returns from is closed."""

    def __init__(self, serve: Callable[[socket.socket, int], None]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections = 0
        self.over = threading.Event()
        self._serve = serve
        self._threads: List[threading.Thread] = []
        self._begin(self._accept)

    def _begin(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            number = self.connections
            self._begin(lambda connection=connection: self._one(connection, number))  # type: ignore[misc]

    def _one(self, connection: socket.socket, number: int) -> None:
        connection.settimeout(PATIENCE)
        with connection:
            try:
                self._serve(connection, number)
            except OSError:
                pass

    def close(self) -> None:
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def request(connection: socket.socket) -> Optional[bytes]:
    """The head of the next request; nothing where no more comes."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return None
        head += byte
    return head


class Networked(unittest.TestCase):
    def server(self, serve: Callable[[socket.socket, int], None]) -> Server:
        server = Server(serve)
        self.addCleanup(server.close)
        return server

    def client(self, url: str, attempts: int = 1, timeout: float = PATIENCE) -> tollgate.Client:
        retries = tollgate.Retries(attempts=attempts, pause=0.001)
        client = tollgate.Client(url, "tg_1", timeout=timeout, retries=retries)
        self.addCleanup(client.close)
        return client


class Downloading(Networked):
    HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"

    def test_a_table_may_take_long_and_is_handed_out_while_it_comes(self) -> None:
        read = threading.Semaphore(0)

        def serve(connection: socket.socket, _: int) -> None:
            request(connection)
            connection.sendall(self.HEAD)
            for _ in range(8):
                connection.sendall(b"a,b\r\n")
                # Longer in all than the time-out; and nothing more comes before this was handed out.
                read.acquire(timeout=PATIENCE)
                server.over.wait(0.1)

        server = self.server(serve)
        rows = b""
        with self.client(server.url, timeout=0.6).receipts.csv() as table:
            for part in table:
                rows += part
                read.release()
        self.assertEqual(rows, b"a,b\r\n" * 8)

    def test_a_table_that_falls_silent_or_breaks_off_is_not_begun_again(self) -> None:
        for is_silent in (True, False):

            def serve(connection: socket.socket, _: int) -> None:
                request(connection)
                connection.sendall(self.HEAD + b"a,b\r\n")
                if is_silent:
                    server.over.wait(PATIENCE)

            server = self.server(serve)
            parts = []
            with self.assertRaises(tollgate.ConnectionFailed):
                for part in self.client(server.url, attempts=3, timeout=0.3).receipts.csv():
                    parts.append(part)
            self.assertEqual((b"".join(parts), server.connections), (b"a,b\r\n", 1))

    def test_what_fails_before_the_first_byte_is_asked_for_again(self) -> None:
        def serve(connection: socket.socket, number: int) -> None:
            request(connection)
            if number == 2:
                connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            if number == 3:
                connection.sendall(self.HEAD + b"a,b\r\n" * 8)

        server = self.server(serve)
        self.assertEqual(self.client(server.url, attempts=3).receipts.csv().read(), b"a,b\r\n" * 8)
        self.assertEqual(server.connections, 3)


class Calling(Networked):
    def test_a_connection_is_kept_for_the_next_request(self) -> None:
        def serve(connection: socket.socket, _: int) -> None:
            while request(connection):
                connection.sendall(OK)

        server = self.server(serve)
        client = self.client(server.url)
        for _ in range(3):
            self.assertEqual(client.orders.get("A"), {"id": "a"})
        self.assertEqual(server.connections, 1)

    def test_a_connection_that_ended_while_it_was_idle_fails_nobody(self) -> None:
        ended = threading.Semaphore(0)

        def serve(connection: socket.socket, _: int) -> None:
            request(connection)
            connection.sendall(OK)
            connection.shutdown(socket.SHUT_WR)
            ended.release()

        server = self.server(serve)
        client = self.client(server.url)
        for number in range(1, 4):
            client.orders.get("A")
            self.assertTrue(ended.acquire(timeout=PATIENCE))
            self.assertEqual(server.connections, number)

    def test_what_must_not_be_repeated_goes_over_a_new_connection(self) -> None:
        def serve(connection: socket.socket, _: int) -> None:
            while request(connection):
                connection.sendall(OK)

        server = self.server(serve)
        client = self.client(server.url)
        client.orders.get("A")
        client.endpoints.rotate("ep_1")
        self.assertEqual(server.connections, 2)

    def test_an_answer_that_is_cut_is_none_and_asked_for_again(self) -> None:
        for cut in (0, 5, len(OK) - 1):

            def serve(connection: socket.socket, number: int) -> None:
                request(connection)
                connection.sendall(OK if number == 2 else OK[:cut])

            server = self.server(serve)
            self.assertEqual(self.client(server.url, attempts=2).orders.get("A"), {"id": "a"})
            self.assertEqual(server.connections, 2)

    def test_a_lost_answer_says_that_the_request_may_have_arrived(self) -> None:
        server = self.server(lambda connection, _: void(request(connection)))
        with self.assertRaises(tollgate.ConnectionFailed) as raised:
            self.client(server.url, attempts=3).call(ROTATE, ("ep_1",))
        self.assertTrue(raised.exception.may_have_arrived)
        self.assertEqual(server.connections, 1)

    def test_a_refused_connection_says_that_it_has_not(self) -> None:
        # Bound, so nobody else has it, and nobody listens.
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with self.assertRaises(tollgate.ConnectionFailed) as raised:
                self.client(f"http://127.0.0.1:{taken.getsockname()[1]}").orders.get("A")
        self.assertFalse(raised.exception.may_have_arrived)

    def test_a_server_that_says_nothing_costs_its_time_and_no_more(self) -> None:
        server = self.server(lambda connection, _: void(request(connection), server.over.wait(PATIENCE)))
        with self.assertRaisesRegex(tollgate.ConnectionFailed, "in time"):
            self.client(server.url, timeout=0.1).orders.get("A")

    def test_a_server_that_dribbles_costs_no_more_either(self) -> None:
        def serve(connection: socket.socket, _: int) -> None:
            request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not server.over.wait(0.02):
                connection.sendall(b" ")

        server = self.server(serve)
        with self.assertRaisesRegex(tollgate.ConnectionFailed, "in time"):
            self.client(server.url, timeout=0.2).orders.get("A")

    def test_a_redirect_is_not_followed_with_the_key(self) -> None:
        def serve(connection: socket.socket, _: int) -> None:
            request(connection)
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")

        with self.assertRaises(tollgate.ApiError) as raised:
            self.client(self.server(serve).url, attempts=3).orders.get("A")
        self.assertEqual((raised.exception.status, raised.exception.code), (302, None))

    def test_what_is_no_http_is_a_failed_connection(self) -> None:
        def serve(connection: socket.socket, _: int) -> None:
            request(connection)
            connection.sendall(b"SSH-2.0-x\r\n")

        with self.assertRaises(tollgate.ConnectionFailed):
            self.client(self.server(serve).url).orders.get("A")

    def test_threads_may_share_a_client(self) -> None:
        def serve(connection: socket.socket, _: int) -> None:
            while head := request(connection):
                name = head.split(b" ")[1].rsplit(b"/")[-1]
                body = b'{"id": "%s"}' % name
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        client = self.client(self.server(serve).url)
        wrong: List[str] = []

        def ask(name: str) -> None:
            for _ in range(20):
                if client.orders.get(name)["id"] != name:
                    wrong.append(name)

        threads = [threading.Thread(target=ask, args=(f"order-{number}",)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive())
        self.assertEqual(wrong, [])


class Streaming(Networked):
    HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    def test_a_stream_is_read_as_it_comes_and_gone_on_with(self) -> None:
        heads: List[bytes] = []

        def serve(connection: socket.socket, number: int) -> None:
            heads.append(request(connection) or b"")
            body = b'id: %d\nevent: a\ndata: {"type":"a","position":%d,"data":{}}\n\n' % (number, number)
            connection.sendall(self.HEAD + b"%x\r\n%s\r\n" % (len(body), body))
            if number == 2:
                server.over.wait(PATIENCE)

        server = self.server(serve)
        with self.client(server.url).stream(["orders"], after=0) as stream:
            self.assertEqual([next(stream).position, next(stream).position], [1, 2])
        self.assertEqual([b"Last-Event-ID: %d\r\n" % at in head for at, head in enumerate(heads)], [True, True])

    def test_another_thread_may_end_it(self) -> None:
        listening = threading.Event()

        def serve(connection: socket.socket, _: int) -> None:
            request(connection)
            connection.sendall(self.HEAD + b"9\r\n:\nid: 7\n\n\r\n")
            listening.set()
            server.over.wait(4 * PATIENCE)

        server = self.server(serve)
        stream = self.client(server.url).stream()
        listener = threading.Thread(target=lambda: void(list(stream)), daemon=True)
        listener.start()
        self.assertTrue(listening.wait(PATIENCE))
        while stream.position != 7 and listener.is_alive():
            listener.join(0.01)
        # It waits for the next message now, or is about to.
        listener.join(0.05)
        ender = threading.Thread(target=stream.close, daemon=True)
        ender.start()
        ender.join(PATIENCE)
        listener.join(PATIENCE)
        self.assertFalse(ender.is_alive() or listener.is_alive())


def void(*_: object) -> None:
    pass


if __name__ == "__main__":
    unittest.main()
