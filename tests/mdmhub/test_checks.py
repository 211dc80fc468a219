"""What the start check says of a server that falls short."""

import pytest
from django.conf import settings
from django.db import connections

from apps.pipeline.live.absorbing import MOST_KEYS
from mdmhub import checks
from mdmhub.embedded import postgres


def test_the_server_of_the_tests_meets_every_need(db: None) -> None:
    assert checks.list_server_problems("default") == []
    assert checks.check_server(databases=["default"]) == []


@pytest.mark.parametrize(
    ("name", "lowest", "told"),
    [
        ("_LOWEST_VERSION", 99, "too old; the hub needs 99"),
        ("_OTHER_CONNECTIONS", 100_000, "max_connections is"),
        ("_OTHER_LOCKS", 100_000, "set it to 100000 or more"),
    ],
)
def test_each_need_that_is_not_met_is_one_line(
    name: str, lowest: int, told: str, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, name, lowest)
    [problem] = checks.list_server_problems("default")
    assert told in problem
    assert [message.id for message in checks.check_server(databases=["default"])] == ["mdmhub.E001"]


def test_a_web_server_of_more_threads_asks_for_more_locks(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "WEB_WORKERS", 64)
    told = checks.list_server_problems("default")
    assert [problem.split(" is ")[0] for problem in told] == [
        "default: max_connections",
        "default: max_locks_per_transaction",
    ]
    assert "set it to 286 or more" in told[0]
    assert "set it to 5486 or more, so that 256 writers" in told[1]


@pytest.mark.parametrize(("writers", "sessions", "lowest"), [(64, 100, 3_922), (8, 100, 491), (1, 1_000, 128)])
def test_the_locks_asked_for_let_every_writer_hold_its_most(writers: int, sessions: int, lowest: int) -> None:
    assert checks.lowest_locks(writers, sessions) == lowest
    assert lowest * sessions >= writers * MOST_KEYS


def test_the_embedded_server_has_room_for_sixty_four_writers() -> None:
    limits = postgres.SETTINGS
    sessions, locks = int(limits["max_connections"]), int(limits["max_locks_per_transaction"])
    assert locks >= checks.lowest_locks(64, sessions)


@pytest.mark.django_db(databases=["default"])
def test_a_server_that_does_not_answer_is_one_line_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = connections["default"].copy()
    gone.settings_dict = {**gone.settings_dict, "HOST": "/nowhere", "PASSWORD": "sesame"}
    monkeypatch.setattr(checks, "connections", {"gone": gone})
    [problem] = checks.list_server_problems("gone")
    assert problem.startswith("gone: PostgreSQL does not answer: ")
    assert "sesame" not in problem
    assert "\n" not in problem


def test_nothing_is_asked_of_servers_that_are_not_checked() -> None:
    assert checks.check_server(databases=None) == []
