"""What both stand-ins share: a threaded HTTP server on loopback that answers JSON and reads bounded bodies."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_BODY_BYTES: Final = 1024 * 1024


class StandinServer(ThreadingHTTPServer):
    """Serves each request in a thread; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 64
    is_closed = False

    def server_close(self) -> None:
        """Close the listening socket; what still answers a request ends unheard."""
        self.is_closed = True
        super().server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Report what a request broke, unless the caller hung up or the server is gone."""
        if not self.is_closed and not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        """Return the address under which this server answers."""
        return f"http://127.0.0.1:{self.server_port}"


class JsonHandler(BaseHTTPRequestHandler):
    """Keeps connections open, reads bounded bodies, answers JSON, and logs nothing but failures."""

    protocol_version = "HTTP/1.1"
    # Two small writes an answer would wait for each other's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 30

    def answer(self, status: int, content: object = None, headers: Mapping[str, str] | None = None) -> None:
        """Send one JSON answer; None sends no body."""
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def read_body(self) -> bytes | None:
        """Return the request's body, or None (already answered) where it has no length or is too long."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _BODY_BYTES:
            self.close_connection = True
            self.answer(413 if length.isdigit() else 411, {"error": "a body needs a length of at most 1 MiB"})
            return None
        return self.rfile.read(int(length))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Drop the standard library's line per request."""


def add_address(parser: argparse.ArgumentParser, port: int) -> None:
    """Add the `--port` that both programs take."""
    parser.add_argument("--port", type=int, default=port, help=f"port on 127.0.0.1 (default {port}; 0: a free one)")


def serve_until_stopped(server: StandinServer, name: str) -> None:
    """Print the address and serve until SIGTERM or Ctrl-C."""

    def stop(_number: int, _frame: object) -> None:
        # shutdown() waits for the serving loop, which this handler interrupts: so from a thread of its own.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sys.stdout.write(f"{name} answers at {server.url}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
