import threading
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction

from apps.base.retrying import Busy, longest_pause, retrying


def lose(sqlstate: str = "40P01") -> None:
    """Fail as PostgreSQL does."""
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '{sqlstate}'; END $$")


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.base.retrying.time.sleep", lambda _seconds: None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_work_that_lost_is_tried_again_from_the_start(sqlstate: str) -> None:
    tries = []

    def work() -> str:
        tries.append(connection.in_atomic_block)
        if len(tries) < 3:
            lose(sqlstate)
        return "done"

    assert retrying(work) == "done"
    assert tries == [True, True, True]


@pytest.mark.django_db(transaction=True)
def test_who_loses_each_time_is_told_to_come_back() -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        lose()

    with pytest.raises(Busy):
        retrying(work, attempts=4)
    assert len(tries) == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("sqlstate", "kind"), [("23505", IntegrityError), ("57014", OperationalError)])
def test_any_other_error_is_not_tried_again(sqlstate: str, kind: type[Exception]) -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        lose(sqlstate)

    with pytest.raises(kind):
        retrying(work)
    assert len(tries) == 1


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_there_is_one_try() -> None:
    with pytest.raises(OperationalError), transaction.atomic():
        retrying(lose)


def test_pauses_grow_to_a_bound() -> None:
    assert [longest_pause(number) for number in (1, 2, 3, 10)] == [0.02, 0.04, 0.08, 0.5]


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_two_that_lock_each_other_both_get_done() -> None:
    meet = threading.Barrier(2, timeout=10)
    tries: list[str] = []
    done: list[str] = []

    def both(name: str, keys: tuple[int, int]) -> None:
        first = True

        def work() -> None:
            nonlocal first
            tries.append(name)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [keys[0]])
                if first:
                    first = False
                    meet.wait()
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [keys[1]])

        try:
            retrying(work)
            done.append(name)
        finally:
            connections.close_all()

    threads: list[Any] = [
        threading.Thread(target=both, args=("up", (8_001, 8_002))),
        threading.Thread(target=both, args=("down", (8_002, 8_001))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(done) == ["down", "up"]
    assert len(tries) == 3
