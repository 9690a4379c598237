"""A shop's endpoint on loopback: it keeps what it is sent and answers 204."""

import http.server
import queue
import threading
from typing import Dict, Tuple


class Receiver:
    """What came is in `sent`: bodies with their headers."""

    def __init__(self) -> None:
        self.sent: "queue.Queue[Tuple[bytes, Dict[str, str]]]" = queue.Queue()
        sent = self.sent

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sent.put((body, dict(self.headers.items())))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
