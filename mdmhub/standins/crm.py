"""A CRM with accounts, pages, change stamps and a slot for the governed id; as much of one as the hub talks to.

    python -m mdmhub.standins.crm --port 8612 --accounts samples/us_listed/crm.csv --store FILE.sqlite

`GET /accounts?modified_since=&page_size=&page_token=` lists by (SystemModstamp, Id), `GET /accounts/{Id}` answers one,
`PATCH /accounts/{Id}` changes fields and stamps the change. Accounts and changes outlive a restart.
`POST /faults?status=503&times=3` makes the next three calls fail (`method=` limits it, `delay=` waits first,
`retry_after=` sends that header, `html=1` answers a log-in page with 200, `loop=1` hands out one page token for ever,
`forget=1` answers 204 to a PATCH and keeps nothing); `DELETE /faults` ends it.
"""

import argparse
import base64
import binascii
import csv
import json
import sqlite3
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from mdmhub.standins.serving import JsonHandler, StandinServer, add_address, serve_until_stopped

SLOT: Final = "Golden_Customer_Id__c"
_PAGE_ROWS: Final = 2_000
_SCHEMA: Final = """
    PRAGMA journal_mode = wal;
    PRAGMA synchronous = normal;
    CREATE TABLE IF NOT EXISTS accounts (id TEXT PRIMARY KEY, stamp TEXT NOT NULL, fields TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS accounts_by_stamp ON accounts (stamp, id);
"""


class Accounts:
    """The CRM's accounts. A stamp is UTC text of fixed width, so that text order is time order; it only ever grows."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._last_stamp: str = self._database.execute("SELECT coalesce(max(stamp), '') FROM accounts").fetchone()[0]

    def load(self, rows: Iterable[dict[str, str]]) -> int:
        """Add accounts that aren't there yet, stamped as last modified, and return how many there were."""
        fresh = [(row["Id"], _normal(row["LastModifiedDate"]), json.dumps(row)) for row in rows]
        with self._lock:
            self._database.execute("BEGIN")
            before = self._database.total_changes
            self._database.executemany("INSERT OR IGNORE INTO accounts VALUES (?, ?, ?)", fresh)
            added = self._database.total_changes - before
            self._database.execute("COMMIT")
        return added

    def find(self, key: str) -> dict[str, Any] | None:
        """Return one account, or None."""
        with self._lock:
            row = self._database.execute("SELECT stamp, fields FROM accounts WHERE id = ?", [key]).fetchone()
        return _account(*row) if row else None

    def change(self, key: str, fields: dict[str, str]) -> bool:
        """Change fields of an account and stamp the change; False where there is no such account."""
        with self._lock:
            row = self._database.execute("SELECT fields FROM accounts WHERE id = ?", [key]).fetchone()
            if row is None:
                return False
            stamp = self._next_stamp()
            merged = {**json.loads(row[0]), **fields, "LastModifiedDate": stamp}
            self._database.execute(
                "UPDATE accounts SET stamp = ?, fields = ? WHERE id = ?", [stamp, json.dumps(merged), key]
            )
        return True

    def list_after(self, since: str, place: tuple[str, str], limit: int) -> list[dict[str, Any]]:
        """Return up to `limit` accounts stamped at `since` or later that follow `place`, a (stamp, id)."""
        with self._lock:
            rows = self._database.execute(
                "SELECT stamp, fields FROM accounts WHERE stamp >= ? AND (stamp, id) > (?, ?)"
                " ORDER BY stamp, id LIMIT ?",
                [since, *place, limit],
            ).fetchall()
        return [_account(*row) for row in rows]

    def close(self) -> None:
        """Close the store."""
        self._database.close()

    def _next_stamp(self) -> str:
        self._last_stamp = max(_now(), self._last_stamp)
        return self._last_stamp


class CrmServer(StandinServer):
    """The CRM with its accounts and the failures ordered."""

    def __init__(self, *, port: int, store: Path) -> None:
        self.accounts = Accounts(store)
        self.faults: dict[str, str] = {}
        super().__init__(("127.0.0.1", port), _Handler)

    def server_close(self) -> None:
        """Close the sockets and the store."""
        super().server_close()
        self.accounts.close()

    def draw_fault(self, method: str) -> dict[str, str]:
        """Return how this call shall fail; empty when it shall not."""
        fault = self.faults
        if not fault or fault.get("method", method) != method:
            return {}
        left = int(fault.get("times", 1_000_000))
        self.faults = {**fault, "times": str(left - 1)} if left > 1 else {}
        return fault


class _Handler(JsonHandler):
    server: CrmServer

    def do_GET(self) -> None:  # noqa: N802 - the name http.server calls
        parts = urlsplit(self.path)
        fault = self.server.draw_fault("GET")
        if self._fails(fault):
            return None
        if parts.path == "/accounts":
            given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            return self._list(given, is_looping="loop" in fault)
        account = self.server.accounts.find(_key(parts.path))
        return self.answer(404, {"error": "no such account"}) if account is None else self.answer(200, account)

    def do_PATCH(self) -> None:  # noqa: N802 - the name http.server calls
        body = self.read_body()
        fault = self.server.draw_fault("PATCH")
        if body is None or self._fails(fault):
            return None
        try:
            fields = json.loads(body)
        except ValueError:
            return self.answer(400, {"error": "not JSON"})
        if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
            return self.answer(400, {"error": "fields are texts by name"})
        key = _key(urlsplit(self.path).path)
        is_known = (
            self.server.accounts.find(key) is not None
            if "forget" in fault
            else self.server.accounts.change(key, fields)
        )
        return self.answer(204) if is_known else self.answer(404, {"error": "no such account"})

    def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
        parts = urlsplit(self.path)
        if parts.path != "/faults":
            return self.answer(404, {"error": "POST /faults"})
        self.server.faults = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return self.answer(204)

    def do_DELETE(self) -> None:  # noqa: N802 - the name http.server calls
        self.server.faults = {}
        self.answer(204)

    def _fails(self, fault: dict[str, str]) -> bool:
        time.sleep(float(fault.get("delay", 0)))
        if "html" in fault:
            self.answer(200, "<html>Log in</html>")
            return True
        if "status" in fault:
            headers = {"Retry-After": fault["retry_after"]} if "retry_after" in fault else {}
            self.answer(int(fault["status"]), {"error": "failed on order"}, headers)
            return True
        return False

    def _list(self, given: dict[str, str], *, is_looping: bool) -> None:
        try:
            size = min(max(int(given.get("page_size", "200")), 1), _PAGE_ROWS)
            since = _normal(given["modified_since"]) if "modified_since" in given else ""
            place = _read_token(given["page_token"]) if "page_token" in given else ("", "")
        except ValueError as error:
            return self.answer(400, {"error": str(error)})
        as_of = _now()
        records = self.server.accounts.list_after(since, place, size)
        last = records[-1] if records else None
        token = _write_token(last["SystemModstamp"], last["Id"]) if last and len(records) == size else None
        if is_looping:
            token = _write_token("", "")
        return self.answer(200, {"records": records, "next_page": token, "as_of": as_of})


def _account(stamp: str, fields: str) -> dict[str, Any]:
    return {**json.loads(fields), "SystemModstamp": stamp}


def _key(path: str) -> str:
    return unquote(path.removeprefix("/accounts/"))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _normal(moment: str) -> str:
    parsed = datetime.fromisoformat(moment)
    if parsed.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return parsed.astimezone(UTC).isoformat(timespec="microseconds")


def _write_token(stamp: str, key: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([stamp, key]).encode()).decode()


def _read_token(token: str) -> tuple[str, str]:
    try:
        stamp, key = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError, TypeError) as error:
        raise ValueError("unknown page token") from error
    return str(stamp), str(key)


def main() -> None:
    """Run the CRM."""
    parser = argparse.ArgumentParser(prog="python -m mdmhub.standins.crm", description=__doc__.splitlines()[0])
    add_address(parser, 8612)
    parser.add_argument("--accounts", type=Path, required=True, help="CSV of accounts in Salesforce's layout")
    parser.add_argument(
        "--store", type=Path, required=True, help="SQLite file that keeps the accounts and their changes"
    )
    given = parser.parse_args()
    with CrmServer(port=given.port, store=given.store) as server:
        with given.accounts.open(encoding="utf-8", newline="") as file:
            server.accounts.load(csv.DictReader(file))
        serve_until_stopped(server, "stand-in CRM")


if __name__ == "__main__":
    main()
