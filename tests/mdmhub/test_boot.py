"""Which commands start servers, and what is handed on."""

import os

import pytest

from mdmhub import boot, embedded


@pytest.mark.parametrize("words", [["load", "--source", "crm=x.csv"], ["migrate"], ["shell"], ["check_invariants"]])
def test_commands_that_use_the_database_need_servers(words: list[str]) -> None:
    assert boot.needs_servers(["manage.py", *words])


@pytest.mark.parametrize(
    "words", [[], ["help"], ["check"], ["makemigrations", "--check"], ["match", "--source", "a=b"], ["load", "--help"]]
)
def test_commands_that_do_not_use_it_start_nothing(words: list[str]) -> None:
    assert not boot.needs_servers(["manage.py", *words])


def test_given_urls_start_nothing_and_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_words: object) -> None:
        raise AssertionError("started a server")

    monkeypatch.setattr(embedded, "ensure_postgres", refuse)
    monkeypatch.setattr(embedded, "ensure_redis", refuse)
    monkeypatch.setenv("DATABASE_URL", "postgresql://given/hub")
    monkeypatch.setenv("REDIS_URL", "redis://given/0")
    monkeypatch.setenv("SECRET_KEY", "given")
    boot.ensure_servers()
    assert os.environ["DATABASE_URL"] == "postgresql://given/hub"
    assert os.environ["REDIS_URL"] == "redis://given/0"


def test_started_servers_are_handed_to_this_process_and_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(embedded, "ensure_postgres", lambda: embedded.Urls("postgresql://app", "postgresql://owner"))
    monkeypatch.setattr(embedded, "ensure_redis", lambda: "redis://own")
    boot.ensure_servers()
    assert os.environ["DATABASE_URL"] == "postgresql://app"
    assert os.environ["DATABASE_OWNER_URL"] == "postgresql://owner"
    assert os.environ["REDIS_URL"] == "redis://own"
    assert os.environ["SECRET_KEY"]


def test_a_server_that_does_not_start_ends_the_command_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise embedded.EmbeddedServerError("PostgreSQL did not start: disk full")

    monkeypatch.setattr(boot, "ensure_servers", fail)
    with pytest.raises(SystemExit) as ended:
        boot.ensure_servers_for(["manage.py", "load"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "PostgreSQL did not start: disk full\n"
