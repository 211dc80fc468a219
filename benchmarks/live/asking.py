"""One connection to the hub: a request sent, its status and document received."""

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks.live.hub import Running

TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to come."""

    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back; `document` is None for an empty answer."""

    status: int
    document: Any


class Line:
    """A kept-alive connection; where the server has closed it meanwhile, it is opened anew."""

    def __init__(self, running: Running) -> None:
        self._headers = {"Authorization": f"Bearer {running.token}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=TIMEOUT_SECONDS)

    def send(self, ask: Ask) -> Answered:
        """Return the answer. Raises OSError where the server can't be reached."""
        try:
            return self._send(ask)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # Idle for longer than the server keeps a connection: nothing was read of the request.
            self._connection.close()
            return self._send(ask)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, ask: Ask) -> Answered:
        self._connection.request(ask.method, ask.path, body=ask.body, headers=self._headers | ask.headers)
        response = self._connection.getresponse()
        content = response.read()
        return Answered(response.status, json.loads(content) if content else None)


def by_key(source: str, key: str) -> Ask:
    """Ask whose record this is."""
    return Ask("GET", "/api/v1/resolve?" + urlencode({"source": source, "key": key}))


def by_gid(gid: str) -> Ask:
    """Ask for the whole customer."""
    return Ask("GET", f"/api/v1/customers/{gid}")


def by_number(scheme: str, value: str) -> Ask:
    """Ask who carries an identifier."""
    return Ask("GET", "/api/v1/resolve?" + urlencode({"scheme": scheme, "value": value}))


def by_example(attributes: dict[str, str]) -> Ask:
    """Ask who this may be."""
    return Ask("POST", "/api/v1/resolve", json.dumps(attributes).encode())


def by_words(text: str) -> Ask:
    """Search."""
    return Ask("GET", "/api/v1/customers?" + urlencode({"q": text}))


def push(records: list[dict[str, Any]]) -> Ask:
    """Push one record, or several in one transaction."""
    body = records[0] if len(records) == 1 else {"records": records}
    return Ask("POST", "/api/v1/source-records", json.dumps(body).encode())


def delete(source: str, key: str) -> Ask:
    """Say that a record is gone."""
    return Ask("DELETE", f"/api/v1/source-records/{quote(source)}/{quote(key, safe='')}")


def decide(path: str, body: dict[str, Any], *tags: str) -> Ask:
    """Decide about customers as they were seen."""
    headers = {"If-Match": ", ".join(tags)} if tags else {}
    return Ask("POST", f"/api/v1/{path}", json.dumps(body).encode(), headers)
