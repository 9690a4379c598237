"""A proxy on loopback that loses answers and cuts connections when it is told to."""

import socket
import threading
from typing import List
from urllib.parse import urlsplit


class FaultProxy:
    """Passes bytes on both ways. `url` is where it listens."""

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        self._upstream = (split.hostname or "", split.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: List[socket.socket] = []
        self._lock = threading.Lock()
        self._loses = threading.Event()
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_next_answer(self) -> None:
        """The next answer is read to its first bytes, so the request was done, and its connection is cut."""
        self._loses.set()

    def cut(self) -> None:
        """Ends every connection there is."""
        with self._lock:
            ended, self._open = self._open, []
        for one in ended:
            end(one)

    def close(self) -> None:
        end(self._listener)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                below, _ = self._listener.accept()
                above = socket.create_connection(self._upstream)
            except OSError:
                return
            with self._lock:
                self._open += [below, above]
            for source, sink, answers in ((below, above, False), (above, below, True)):
                threading.Thread(target=self._pass, args=(source, sink, answers), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        try:
            while part := source.recv(65536):
                if answers and self._loses.is_set():
                    self._loses.clear()
                    self.lost += 1
                    break
                sink.sendall(part)
        except OSError:
            pass
        end(source)
        end(sink)


def end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    one.close()
