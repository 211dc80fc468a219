import socket
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction

from apps.delivery.services import wake, waking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    waking._publisher.cache_clear()
    monkeypatch.setattr(waking, "_breaker", waking._Breaker())
    monkeypatch.setattr(waking, "_gathering", waking._Gathering())
    yield monkeypatch
    waking._publisher.cache_clear()


def seconds_of_a_commit() -> float:
    begun = time.monotonic()
    with transaction.atomic():
        wake()
    return time.monotonic() - begun


def test_a_dead_redis_neither_fails_nor_holds_up_a_commit_and_is_counted(fresh: pytest.MonkeyPatch) -> None:
    fresh.setitem(settings.CELERY, "broker_url", "redis://127.0.0.1:9/0")
    # The first call of a process also loads the broker's client.
    seconds_of_a_commit()
    fresh.setattr(waking, "_breaker", waking._Breaker())
    fresh.setattr(waking, "_gathering", waking._Gathering())
    assert seconds_of_a_commit() < 0.5
    assert waking.count_failed_wake_ups() == 1


def test_a_redis_that_accepts_and_never_answers_costs_half_a_second_once(fresh: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        fresh.setitem(settings.CELERY, "broker_url", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert seconds_of_a_commit() < 0.6
        assert seconds_of_a_commit() < 0.05
    assert waking.count_failed_wake_ups() == 1


def test_nothing_is_published_when_the_transaction_rolls_back(fresh: pytest.MonkeyPatch) -> None:
    published: list[int] = []
    fresh.setattr(waking, "publish_wake_ups", lambda _names: published.append(1))
    with transaction.atomic():
        wake()
        transaction.set_rollback(True)
    assert published == []
    with transaction.atomic():
        wake()
    assert published == [1]


def test_commits_that_follow_each_other_share_one_more_wake_up(fresh: pytest.MonkeyPatch) -> None:
    published: list[int] = []
    fresh.setattr(waking, "publish_wake_ups", lambda _names: published.append(1))
    for _ in range(5):
        seconds_of_a_commit()
    deadline = time.monotonic() + 5
    while len(published) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(2 * waking._TOGETHER_SECONDS)
    assert len(published) == 2


def test_a_wake_up_lands_in_the_workers_queue(fresh: pytest.MonkeyPatch, redis_url: str) -> None:
    from mdmhub import embedded

    fresh.setitem(settings.CELERY, "broker_url", redis_url)
    seconds_of_a_commit()
    with embedded.connect_redis(redis_url) as client:
        messages = client.lrange("celery", 0, -1)
    assert sorted(name for name in (waking.DELIVER, waking.WRITE_BACK) for m in messages if name.encode() in m) == [
        waking.DELIVER,
        waking.WRITE_BACK,
    ]


def test_only_workers_with_something_to_do_are_woken(fresh: pytest.MonkeyPatch) -> None:
    published: list[tuple[str, ...]] = []
    fresh.setattr(waking, "_TOGETHER_SECONDS", 0.05)
    fresh.setattr(waking, "publish_wake_ups", lambda names: published.append(tuple(names)))
    with transaction.atomic():
        wake(deliver=False, write_back=False)
    assert published == []
    with transaction.atomic():
        wake(deliver=False)
        wake(deliver=False)
        wake(write_back=False)
    deadline = time.monotonic() + 5
    while len(published) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert published == [(waking.WRITE_BACK,), tuple(sorted((waking.DELIVER, waking.WRITE_BACK)))]
