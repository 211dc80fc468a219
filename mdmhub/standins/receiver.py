"""A subscriber as ours should be: it verifies signatures, takes each event once, and keeps the last number per subject.

    python -m mdmhub.standins.receiver --port 8611 --secret-file FILE --store FILE.sqlite

`POST /events` takes events. `GET /seen` answers what arrived, `GET /subjects/{subject}` the last number of one.
`POST /faults?status=503&times=3` makes the next three posts fail (`subject=` limits it to one, `delay=` waits before
answering, `retry_after=` sends that header); `DELETE /faults` ends it.
"""

import argparse
import hashlib
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from standardwebhooks import Webhook, WebhookVerificationError

from mdmhub.standins.serving import JsonHandler, StandinServer, add_address, serve_until_stopped

_SCHEMA = """
    PRAGMA journal_mode = wal;
    PRAGMA synchronous = normal;
    CREATE TABLE IF NOT EXISTS arrivals (
        number INTEGER PRIMARY KEY, at REAL NOT NULL, event_id TEXT NOT NULL, subject TEXT NOT NULL,
        sequence INTEGER NOT NULL, digest TEXT NOT NULL, status INTEGER NOT NULL, remark TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS events (
        event_id TEXT PRIMARY KEY, subject TEXT NOT NULL, sequence INTEGER NOT NULL, type TEXT NOT NULL,
        correlation_id TEXT NOT NULL, digest TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS subjects (subject TEXT PRIMARY KEY, sequence INTEGER NOT NULL);
"""


class Inbox:
    """What arrived, kept in SQLite so that a test, or a curious person, can ask at any time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._database.row_factory = sqlite3.Row

    def take(self, event: dict[str, Any], body: bytes) -> str:
        """Take an event once and return what became of it: new, again, conflict (same id, other body) or older."""
        digest = hashlib.sha256(body).hexdigest()
        event_id, subject, sequence = event["id"], event["subject"], event["subjectsequence"]
        with self._lock:
            known = self._database.execute("SELECT digest FROM events WHERE event_id = ?", [event_id]).fetchone()
            if known:
                return "again" if known["digest"] == digest else "conflict"
            last = self._database.execute("SELECT sequence FROM subjects WHERE subject = ?", [subject]).fetchone()
            self._database.execute("BEGIN")
            row = (event_id, subject, sequence, event["type"], event["correlationid"], digest)
            self._database.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", row)
            self._database.execute(
                "INSERT INTO subjects VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET sequence = max(sequence, excluded.sequence)",
                [subject, sequence],
            )
            self._database.execute("COMMIT")
            return "older" if last and last["sequence"] > sequence else "new"

    def note_arrival(self, event: dict[str, Any], body: bytes, status: int, remark: str) -> None:
        """Keep that a post arrived, whatever became of it, in the order of arrival."""
        digest = hashlib.sha256(body).hexdigest()
        row = (time.time(), event["id"], event["subject"], event["subjectsequence"], digest, status, remark)
        with self._lock:
            self._database.execute(
                "INSERT INTO arrivals (at, event_id, subject, sequence, digest, status, remark)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def list_arrivals(self) -> list[dict[str, Any]]:
        """Return every verified post in the order of arrival."""
        return self._rows("SELECT * FROM arrivals ORDER BY number")

    def list_events(self) -> list[dict[str, Any]]:
        """Return the events taken, each once."""
        return self._rows("SELECT * FROM events ORDER BY subject, sequence")

    def last_sequence(self, subject: str) -> int | None:
        """Return the highest number taken of one subject, or None."""
        found = self._rows("SELECT sequence FROM subjects WHERE subject = ?", subject)
        return int(found[0]["sequence"]) if found else None

    def close(self) -> None:
        """Close the store."""
        self._database.close()

    def _rows(self, query: str, *params: str) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._database.execute(query, params)]


class Faults:
    """Failures on order: what the next posts answer instead of taking the event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: dict[str, str] = {}
        self._left = 0

    def order(self, wanted: dict[str, str]) -> None:
        """Fail the next `times` posts (default: all) as `wanted` says."""
        with self._lock:
            self._wanted, self._left = wanted, int(wanted.get("times", 1_000_000))

    def draw(self, subject: str) -> dict[str, str] | None:
        """Return how this post shall fail, or None."""
        with self._lock:
            if self._left <= 0 or self._wanted.get("subject", subject) != subject:
                return None
            self._left -= 1
            return dict(self._wanted)


class ReceiverServer(StandinServer):
    """The receiver with its secret, its inbox and the failures ordered."""

    def __init__(self, *, port: int, secret: str, store: Path) -> None:
        self.webhook = Webhook(secret)
        self.inbox = Inbox(store)
        self.faults = Faults()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_close(self) -> None:
        """Close the sockets and the store."""
        super().server_close()
        self.inbox.close()


class _Handler(JsonHandler):
    server: ReceiverServer

    def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
        parts = urlsplit(self.path)
        body = self.read_body()
        if body is None:
            return None
        if parts.path == "/faults":
            self.server.faults.order({name: values[-1] for name, values in parse_qs(parts.query).items()})
            return self.answer(204)
        if parts.path != "/events":
            return self.answer(404, {"error": "POST /events"})
        try:
            event = self.server.webhook.verify(body, dict(self.headers.items()))
        except (WebhookVerificationError, ValueError) as error:
            return self.answer(401, {"error": str(error)})
        return self._take(event, body)

    def do_GET(self) -> None:  # noqa: N802 - the name http.server calls
        path = urlsplit(self.path).path
        if path == "/seen":
            return self.answer(200, {"arrivals": self.server.inbox.list_arrivals()})
        if path.startswith("/subjects/"):
            last = self.server.inbox.last_sequence(path.removeprefix("/subjects/"))
            return self.answer(404 if last is None else 200, {"sequence": last})
        return self.answer(200, {"events": len(self.server.inbox.list_events())})

    def do_DELETE(self) -> None:  # noqa: N802 - the name http.server calls
        self.server.faults.order({"times": "0"})
        self.answer(204)

    def _take(self, event: dict[str, Any], body: bytes) -> None:
        fault = self.server.faults.draw(event["subject"])
        if fault:
            status = int(fault.get("status", 503))
            self.server.inbox.note_arrival(event, body, status, "failed on order")
            time.sleep(float(fault.get("delay", 0)))
            headers = {"Retry-After": fault["retry_after"]} if "retry_after" in fault else {}
            if 300 <= status < 400:
                headers["Location"] = f"{self.server.url}/events"
            return self.answer(status, {"error": "failed on order"}, headers)
        remark = self.server.inbox.take(event, body)
        status = 409 if remark == "conflict" else 200
        self.server.inbox.note_arrival(event, body, status, remark)
        return self.answer(status, {"taken": remark})


def main() -> None:
    """Run the receiver."""
    parser = argparse.ArgumentParser(prog="python -m mdmhub.standins.receiver", description=__doc__.splitlines()[0])
    add_address(parser, 8611)
    parser.add_argument(
        "--secret-file", type=Path, required=True, help="file that holds the subscriber's signing secret"
    )
    parser.add_argument("--store", type=Path, required=True, help="SQLite file that keeps what arrived")
    given = parser.parse_args()
    secret = given.secret_file.read_text(encoding="utf-8").strip()
    with ReceiverServer(port=given.port, secret=secret, store=given.store) as server:
        serve_until_stopped(server, "receiver")


if __name__ == "__main__":
    main()
