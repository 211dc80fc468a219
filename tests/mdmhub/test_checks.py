"""What the start check says of a server that falls short."""

import pytest
from django.db import connections

from mdmhub import checks


def test_the_server_of_the_tests_meets_every_need(db: None) -> None:
    assert checks.list_server_problems("default") == []
    assert checks.check_server(databases=["default"]) == []


@pytest.mark.parametrize(
    ("name", "lowest", "told"),
    [
        ("_LOWEST_VERSION", 99, "too old; the hub needs 99"),
        ("_LOWEST_CONNECTIONS", 100_000, "max_connections is"),
        ("_LOWEST_LOCKS", 100_000, "set it to 100000 or more"),
    ],
)
def test_each_need_that_is_not_met_is_one_line(
    name: str, lowest: int, told: str, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, name, lowest)
    [problem] = checks.list_server_problems("default")
    assert told in problem
    assert [message.id for message in checks.check_server(databases=["default"])] == ["mdmhub.E001"]


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
