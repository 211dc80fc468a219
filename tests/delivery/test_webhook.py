"""The signature as the public verifier sees it, and a transport that nothing on the other side can hold up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from apps.delivery.services.subscribers import make_secret
from apps.delivery.transports.base import Address, Outcome, Parcel, Result
from apps.delivery.transports.webhook import SignedWebhook

BODY = '{"data":{"name":"Größe"},"id":"x"}'.encode()
SECRET = make_secret()


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Listen on a port, keep each request and let `answer` do what it likes with the connection."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    requests.append(read_request(connection))
                    try:
                        answer(connection)
                    except OSError:
                        continue

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", requests
        listener.shutdown(socket.SHUT_RDWR)


def read_request(connection: socket.socket) -> bytes:
    request = b""
    while not request.endswith(BODY):
        request += connection.recv(65_536)
    return request


def send(url: str, count: int = 1) -> list[Outcome]:
    parcels = [Parcel(number, uuid4(), BODY) for number in range(count)]
    return SignedWebhook().send(Address(url, SECRET), parcels)


def accept_all(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


def parse(request: bytes) -> tuple[dict[str, str], bytes]:
    head, body = request.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}, body


def signed_request() -> tuple[dict[str, str], bytes]:
    with answering(accept_all) as (url, requests):
        assert send(url)[0].result is Result.DELIVERED
    return parse(requests[0])


def test_the_public_verifier_accepts_what_is_sent() -> None:
    headers, body = signed_request()
    assert body == BODY
    assert Webhook(SECRET).verify(body, headers) == {"data": {"name": "Größe"}, "id": "x"}
    assert headers["content-type"].startswith("application/cloudevents+json")


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "webhook-signature", "body", "secret"])
def test_every_flipped_character_is_rejected(part: str) -> None:
    headers, body = signed_request()
    if part == "secret":
        with pytest.raises(WebhookVerificationError):
            Webhook(make_secret()).verify(body, headers)
        return
    text = body.decode("latin-1") if part == "body" else headers[part]
    # The scheme's mark "v1," is no signature, and the last base64 digit holds two bits that nobody reads.
    positions = range(3, len(text) - 2) if part == "webhook-signature" else range(len(text))
    for position in positions:
        flipped = text[:position] + chr(ord(text[position]) ^ 1) + text[position + 1 :]
        changed = headers if part == "body" else {**headers, part: flipped}
        with pytest.raises((WebhookVerificationError, ValueError)):
            Webhook(SECRET).verify(flipped.encode("latin-1") if part == "body" else body, changed)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_older_or_newer_than_five_minutes_is_rejected(seconds: int) -> None:
    webhook, at = Webhook(SECRET), datetime.now(UTC) + timedelta(seconds=seconds)
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": webhook.sign("1", at, "{}"),
    }
    with pytest.raises(WebhookVerificationError, match="timestamp"):
        webhook.verify("{}", headers)


@pytest.mark.parametrize(
    ("answer", "result", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Result.DELIVERED, 200),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Result.DELIVERED, 204),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", Result.FAILED, 302),
        (b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n", Result.FAILED, 400),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", Result.GONE, 410),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", Result.FAILED, 500),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", Result.UNREACHABLE, 503),
        (b"HTTP/1.1 200 OK\r\nConte", Result.UNREACHABLE, None),
        (b"", Result.UNREACHABLE, None),
        (b"SSH-2.0-OpenSSH_9.9\r\n", Result.UNREACHABLE, None),
    ],
)
def test_each_answer_has_one_meaning(answer: bytes, result: Result, status: int | None) -> None:
    with answering(lambda connection: connection.sendall(answer)) as (url, _):
        (outcome,) = send(url)
    assert (outcome.result, outcome.status) == (result, status)


def test_a_gigabyte_in_answer_is_not_read() -> None:
    sent: list[int] = []

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        block = b"x" * 65_536
        while True:
            sent.append(connection.send(block))

    with answering(flood) as (url, _):
        (outcome,) = send(url)
    assert outcome.result is Result.DELIVERED
    assert sum(sent) < 20_000_000


@pytest.mark.parametrize(
    "prelude", [b"", b"HTTP/1.1 200 OK\r\nX-Drip: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"]
)
def test_an_answer_that_drips_for_ever_is_cut_off(prelude: bytes, tunables: dict[str, Any]) -> None:
    tunables["DELIVERY_TIMEOUT_SECONDS"] = 0.4

    def drip(connection: socket.socket) -> None:
        connection.sendall(prelude)
        for _ in range(60):
            connection.sendall(b"x" if prelude else b"")
            time.sleep(0.05)

    with answering(drip) as (url, _):
        begun = time.monotonic()
        (outcome,) = send(url)
    assert outcome.result is Result.UNREACHABLE
    assert time.monotonic() - begun < 1.5


def test_nobody_listening_stops_the_batch_after_those_under_way() -> None:
    outcomes = send("http://127.0.0.1:9/", count=32)
    results = [outcome.result for outcome in outcomes]
    assert results.count(Result.UNREACHABLE) <= 8
    assert set(results) == {Result.UNREACHABLE, Result.UNSENT}


def test_retry_after_is_passed_on() -> None:
    answer = b"HTTP/1.1 429 Slow\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n"
    with answering(lambda connection: connection.sendall(answer)) as (url, _):
        (outcome,) = send(url)
    assert (outcome.result, outcome.retry_after_seconds) == (Result.UNREACHABLE, 90)
