"""A load killed with SIGKILL at any point and started again ends as one that nobody touched."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection, transaction

from apps.golden.models import GoldenRecord
from apps.outbox.models import Event
from apps.pipeline.loading import SourceFile
from apps.pipeline.models import Run, RunStage
from apps.quality.selectors import list_broken
from apps.sources.models import RecordVersion, SourceRecord
from mdmhub import env
from tests.pipeline.files import cut_sample, load, write_rows
from tests.pipeline.reading import Hub, read_hub

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.concurrency]
COMPANIES, CHUNK_RECORDS = 220, 20


def has_begun(stage: str) -> Callable[[], bool]:
    return RunStage.objects.filter(name=stage).exists


KILL_POINTS: dict[str, Callable[[], bool]] = {
    "between two files of the intake": RecordVersion.objects.exists,
    "while it standardises": has_begun("standardise"),
    "before anything is stored": has_begun("survive"),
    "between two chunks": GoldenRecord.objects.exists,
    "late in storing": lambda: GoldenRecord.objects.count() > COMPANIES // 2,
}


@pytest.fixture
def files(tmp_path: Path) -> list[SourceFile]:
    return [write_rows(tmp_path / "files", code, rows) for code, rows in cut_sample(COMPANIES).items()]


@pytest.fixture
def untouched(files: list[SourceFile], monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The hub after a load that nobody touched; nothing of it stays."""
    monkeypatch.setitem(settings.MDM, "CHUNK_RECORDS", CHUNK_RECORDS)
    with transaction.atomic():
        load(*files)
        found = read_hub()
        transaction.set_rollback(True)
    return found


def start_load(files: list[SourceFile], home: Path) -> subprocess.Popen[bytes]:
    """Start the command in a process of its own, with small chunks."""
    owner = urlsplit(env.secret("DATABASE_OWNER_URL", "") or env.secret("DATABASE_URL", ""))
    database = urlunsplit(owner._replace(path=f"/{connection.settings_dict['NAME']}"))
    words = [f"--source={file.code}={file.path}" for file in files]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.journeys.worker_settings",
        "DATABASE_URL": database,
        "DATABASE_OWNER_URL": database,
        "MDMHUB_HOME": str(home),
        "TEST_TUNABLES": json.dumps({"CHUNK_RECORDS": CHUNK_RECORDS, "LOAD_WORKERS": 2}),
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "load", *words],
        cwd=env.PROJECT_ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def kill_when(is_reached: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not is_reached():
        if process.poll() is not None or time.monotonic() > deadline:
            said = process.communicate()[1] if process.poll() is not None else b"nothing"
            pytest.fail(f"the load never got there; it said: {said.decode()[-2000:]}")
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "the load ended before it was killed"


@pytest.mark.parametrize("point", KILL_POINTS)
def test_a_killed_load_resumes_to_what_an_untouched_one_gives(
    point: str, files: list[SourceFile], untouched: Hub, tmp_path: Path
) -> None:
    kill_when(KILL_POINTS[point], start_load(files, tmp_path / "home"))
    _wait_until_its_sessions_ended()
    assert Run.objects.get().state == Run.State.RUNNING
    run = load(*files)
    resumed = read_hub()
    assert resumed.partition == untouched.partition
    assert resumed.content == untouched.content
    assert list_broken() == []
    assert Run.objects.get() == run
    assert run.state == Run.State.DONE
    assert not SourceRecord.objects.exclude(state=SourceRecord.State.LIVE).exists()
    assert Event.objects.count() == len(resumed.customers)


@pytest.mark.parametrize("point", ["between two chunks"])
def test_what_a_killed_load_left_is_sound_as_it_stands(
    point: str, files: list[SourceFile], untouched: Hub, tmp_path: Path
) -> None:
    kill_when(KILL_POINTS[point], start_load(files, tmp_path / "home"))
    _wait_until_its_sessions_ended()
    left = read_hub()
    assert 0 < len(left.partition) < len(untouched.partition)
    assert left.partition <= untouched.partition
    assert [(f.number, f.rows) for f in list_broken()] == []


def _wait_until_its_sessions_ended() -> None:
    """The server notices a dead client when it next writes to it; until then its locks stand."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.05)
    pytest.fail("the killed load's sessions are still there")
