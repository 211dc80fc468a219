"""An act that is interrupted, at whichever of its statements, leaves nothing behind; untouched, it leaves all of it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, transaction

from apps.quality.selectors import list_broken
from mdmhub import env
from tests.concurrency.acts import ACTS, digest_everything, interrupting, prepare

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MOST_STATEMENTS = 1_000
AT_THE_COMMIT = 0


class Interrupted(Exception):
    """Raised in place of a statement."""


def interrupt() -> None:
    raise Interrupted


@pytest.fixture
def before() -> dict[str, tuple[int, int]]:
    prepare()
    return digest_everything()


@pytest.mark.parametrize("act", ACTS)
def test_an_act_interrupted_at_any_statement_leaves_nothing(act: str, before: dict[str, tuple[int, int]]) -> None:
    for number in range(1, MOST_STATEMENTS):
        try:
            with interrupting(number, interrupt):
                ACTS[act]()
        except Interrupted:
            assert digest_everything() == before, f"statement {number}"
            continue
        break
    assert number > 20
    after = digest_everything()
    changed = {table for table in after if after[table] != before[table]}
    assert {"golden_goldenrecord", "golden_historicalgoldenrecord", "outbox_event"} <= changed
    assert [(finding.number, finding.rows) for finding in list_broken()] == []


@pytest.fixture
def dying(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process whose children die in the middle of an act."""
    owner = urlsplit(env.secret("DATABASE_OWNER_URL", "") or env.secret("DATABASE_URL", ""))
    database = urlunsplit(owner._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.journeys.worker_settings",
        "DATABASE_URL": database,
        "DATABASE_OWNER_URL": database,
        "MDMHUB_HOME": str(tmp_path / "home"),
        "TEST_TUNABLES": json.dumps({}),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.dying"],
        cwd=env.PROJECT_ROOT,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.concurrency
def test_a_process_killed_in_the_middle_of_an_act_leaves_nothing(
    before: dict[str, tuple[int, int]], dying: "subprocess.Popen[str]"
) -> None:
    assert dying.stdin is not None
    assert dying.stdout is not None
    killed = 0
    for act in ACTS:
        for number in (4, 10, 16, 22, 28, AT_THE_COMMIT):
            dying.stdin.write(f"{number} {act}\n")
            dying.stdin.flush()
            ended_by = int(dying.stdout.readline())
            assert ended_by == signal.SIGKILL, f"{act} took fewer than {number} statements"
            _wait_for_the_server()
            assert digest_everything() == before, f"{act}, statement {number}"
            assert list_broken() == [], f"{act}, statement {number}"
            killed += 1
    assert killed == 6 * len(ACTS)
    assert [(finding.number, finding.rows) for finding in list_broken()] == []


def _wait_for_the_server() -> None:
    """The server rolls back when it notices that its client is dead: nobody else's locks stand then."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1, 0), pg_advisory_xact_lock(5, 0)")
