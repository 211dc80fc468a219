"""A real Celery worker with beat, a real Redis: kill the one, empty the other, and nothing is lost."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pyarrow as pa
import pytest
from django.conf import settings
from django.db import connection, transaction

from apps.base.actors import acting
from apps.base.ids import uuid7
from apps.delivery import services
from apps.delivery.models import Delivery, LedgerEntry
from apps.delivery.services import waking
from apps.delivery.services.subscribers import make_secret
from mdmhub import embedded, env
from mdmhub.standins.crm import SLOT, CrmServer
from mdmhub.standins.receiver import ReceiverServer
from tests.delivery.stands import HUB, announce, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.concurrency,
]
SUBJECTS, EVENTS_EACH, RECORDS = 60, 4, 150


@pytest.fixture
def redis(short_folder: Path) -> Iterator[str]:
    """A Redis of this test's own, so that emptying it empties nobody else's."""
    place = embedded.find_place(home=short_folder)
    yield embedded.ensure_redis(place)
    embedded.stop_all(place)


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReceiverServer]:
    server = ReceiverServer(port=0, secret=make_secret(), store=tmp_path / "receiver.sqlite")
    take = server.inbox.take

    def take_slowly(event: dict[str, Any], body: bytes) -> str:
        time.sleep(0.03)
        return take(event, body)

    monkeypatch.setattr(server.inbox, "take", take_slowly)
    with serving(server):
        yield server


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[CrmServer]:
    with serving(CrmServer(port=0, store=tmp_path / "crm.sqlite")) as server:
        server.accounts.load(
            {"Id": f"K{n}", "Name": f"Nr. {n}", "LastModifiedDate": "2025-01-01T00:00:00+00:00"} for n in range(RECORDS)
        )
        yield server


@pytest.fixture
def worker_environment(tmp_path: Path, redis: str, crm: CrmServer) -> dict[str, str]:
    owner = urlsplit(env.secret("DATABASE_OWNER_URL", "") or env.secret("DATABASE_URL", ""))
    tunables = {
        "FEED_FOLDER": str(tmp_path / "feeds"),
        "DELIVERY_LEASE_SECONDS": 4,
        "DELIVERY_TIMEOUT_SECONDS": 1,
        "WRITE_BACK": {"crm": {"transport": "standin_crm", "url": crm.url}},
    }
    database = urlunsplit(owner._replace(path=f"/{connection.settings_dict['NAME']}"))
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.journeys.worker_settings",
        "DATABASE_URL": database,
        "DATABASE_OWNER_URL": database,
        "REDIS_URL": redis,
        "MDMHUB_HOME": str(tmp_path / "home"),
        "TEST_TUNABLES": json.dumps(tunables),
    }


@contextmanager
def working(environment: dict[str, str], log: Path, *options: str) -> Iterator[Callable[[], None]]:
    """Run a worker; yields what kills it and all its children at one stroke."""
    home = Path(environment["MDMHUB_HOME"])
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "celery", "-A", "mdmhub.celery", "worker", "--concurrency", "2"]
    command += ["--schedule", str(home / "beat"), "--without-gossip", "--without-mingle", *options]
    with log.open("ab") as output:
        worker = subprocess.Popen(
            command, cwd=env.PROJECT_ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )

    def kill() -> None:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    try:
        yield kill
    finally:
        kill()


def wait_for(is_reached: Callable[[], bool], seconds: float, log: Path) -> None:
    deadline = time.monotonic() + seconds
    while not is_reached():
        if time.monotonic() > deadline:
            pytest.fail(f"not reached in {seconds} s; the worker said: {log.read_text()[-3000:]}")
        time.sleep(0.05)


def expect_all() -> None:
    frame = pa.table(
        {
            "record_id": pa.array(range(1, RECORDS + 1), pa.int64()),
            "source_code": ["crm"] * RECORDS,
            "source_key": [f"K{n}" for n in range(RECORDS)],
            "gid": [f"GC-{n:012d}-0" for n in range(RECORDS)],
        }
    )
    with acting(HUB, reason="test"):
        services.expect_ids(frame=frame, correlation_id=uuid7(), actor=HUB)


def register_both(receiver: ReceiverServer) -> None:
    secret = "whsec_" + base64.b64encode(receiver.webhook._whsecret).decode()
    services.register_subscriber(
        code="webshop", transport="webhook", target=f"{receiver.url}/events", secret=secret, actor=HUB
    )
    services.register_subscriber(code="warehouse", transport="file", target="warehouse.jsonl", actor=HUB)


def is_all_done() -> bool:
    is_delivered = not Delivery.objects.exclude(state="delivered").exists()
    return is_delivered and not LedgerEntry.objects.exclude(state="acknowledged").exists()


def test_killing_the_worker_mid_way_and_emptying_redis_loses_nothing(
    receiver: ReceiverServer, crm: CrmServer, worker_environment: dict[str, str], tmp_path: Path
) -> None:
    register_both(receiver)
    for number in range(SUBJECTS):
        announce(f"GC-{number}", 1, EVENTS_EACH)
    expect_all()
    log, total = tmp_path / "worker.log", SUBJECTS * EVENTS_EACH

    with working(worker_environment, log, "--beat") as kill:
        wait_for(lambda: len(receiver.inbox.list_arrivals()) >= total // 4, 40, log)
        # The worker dies while it waits for an answer, and not between two.
        receiver.faults.order({"times": "1", "delay": "3"})
        wait_for(lambda: any(row["remark"] == "failed on order" for row in receiver.inbox.list_arrivals()), 20, log)
        kill()
    arrived_before = len(receiver.inbox.list_arrivals())
    assert arrived_before < total
    assert Delivery.objects.filter(state="in_flight").exists()
    with embedded.connect_redis(worker_environment["REDIS_URL"]) as client:
        client.flushall()

    with working(worker_environment, log, "--beat"):
        wait_for(lambda: len(receiver.inbox.list_arrivals()) > arrived_before, 40, log)
        with embedded.connect_redis(worker_environment["REDIS_URL"]) as client:
            client.flushall()
        wait_for(is_all_done, 60, log)

    assert_everything_arrived(receiver, crm, tmp_path / "feeds" / "warehouse.jsonl")


def assert_everything_arrived(receiver: ReceiverServer, crm: CrmServer, feed: Path) -> None:
    arrivals = receiver.inbox.list_arrivals()
    lines = [json.loads(line) for line in feed.read_text(encoding="utf-8").splitlines()]
    for number in range(SUBJECTS):
        subject = f"GC-{number}"
        # At least once: what was in flight when the worker died came again, under the same id and in its place.
        tried = [row["sequence"] for row in arrivals if row["subject"] == subject]
        assert tried == sorted(tried)
        assert sorted(set(tried)) == list(range(1, EVENTS_EACH + 1))
        assert sorted({line["subjectsequence"] for line in lines if line["subject"] == subject}) == sorted(set(tried))
    assert not [row for row in arrivals if row["remark"] == "conflict"]
    assert len(receiver.inbox.list_events()) == SUBJECTS * EVENTS_EACH
    for number in range(RECORDS):
        account = crm.accounts.find(f"K{number}")
        assert account is not None
        assert account[SLOT] == f"GC-{number:012d}-0"


def test_a_wake_up_after_the_commit_brings_an_event_out_without_any_poll(
    receiver: ReceiverServer, worker_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waking._publisher.cache_clear()
    monkeypatch.setitem(settings.CELERY, "broker_url", worker_environment["REDIS_URL"])
    register_both(receiver)
    log = tmp_path / "worker.log"
    with working(worker_environment, log):
        wait_for(lambda: "[queues]" in log.read_text(), 40, log)
        with transaction.atomic():
            services.wake()
            announce("GC-A")
        wait_for(lambda: len(receiver.inbox.list_arrivals()) == 1, 10, log)
    waking._publisher.cache_clear()
