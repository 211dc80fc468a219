from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.delivery.models import Subscriber
from apps.delivery.services import register_subscriber
from apps.delivery.services.subscribers import make_secret
from mdmhub.standins.crm import CrmServer
from mdmhub.standins.receiver import ReceiverServer
from tests.delivery.stands import HUB, serving


@pytest.fixture(autouse=True)
def tunables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """The hub's tunables, scaled down and changeable per test."""
    scaled = {
        "HOME": tmp_path,
        "FEED_FOLDER": tmp_path / "feeds",
        "DELIVERY_ATTEMPTS": 4,
        "DELIVERY_SPAN_SECONDS": 0.06,
        "DELIVERY_TIMEOUT_SECONDS": 1.0,
        "DELIVERY_LEASE_SECONDS": 8.0,
        "WRITE_BACK": {},
    }
    for name, value in scaled.items():
        monkeypatch.setitem(settings.MDM, name, value)
    return settings.MDM


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[ReceiverServer]:
    with serving(ReceiverServer(port=0, secret=make_secret(), store=tmp_path / "receiver.sqlite")) as server:
        yield server


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[CrmServer]:
    with serving(CrmServer(port=0, store=tmp_path / "crm.sqlite")) as server:
        yield server


@pytest.fixture
def webhook(receiver: ReceiverServer, transactional_db: None) -> Subscriber:
    import base64

    secret = "whsec_" + base64.b64encode(receiver.webhook._whsecret).decode()
    return register_subscriber(
        code="webshop", transport="webhook", target=f"{receiver.url}/events", secret=secret, actor=HUB
    )


@pytest.fixture
def feed(transactional_db: None) -> Subscriber:
    return register_subscriber(code="warehouse", transport="file", target="warehouse.jsonl", actor=HUB)
