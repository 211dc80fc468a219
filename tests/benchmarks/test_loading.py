import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks import loading
from benchmarks.memory import PeakMemory
from mdmhub import embedded


def interrupt(_: Iterable[int]) -> None:
    raise KeyboardInterrupt


def test_a_load_that_fails_ends_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "print('reading'); raise SystemExit('crm.csv: no such column')"
    monkeypatch.setattr(loading, "load_command", lambda _: [sys.executable, "-c", script])
    with pytest.raises(loading.LoadFailedError, match=r"ended with 1: .*crm.csv: no such column"):
        loading.timed_load(tmp_path, dict(os.environ), embedded.find_place(home=tmp_path))


def test_an_interrupted_measurement_leaves_no_load_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def start(*args: object, **kwargs: object) -> subprocess.Popen[bytes]:
        started.append(real(*args, **kwargs))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(loading, "load_command", lambda _: [sys.executable, "-c", "import time; time.sleep(600)"])
    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(PeakMemory, "__enter__", interrupt)
    with pytest.raises(KeyboardInterrupt):
        loading.timed_load(tmp_path, dict(os.environ), embedded.find_place(home=tmp_path))
    assert [process.poll() is not None for process in started] == [True]


def test_the_load_sees_no_other_servers_than_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody.else/hub")
    environment = loading.environment_for(embedded.find_place(home=tmp_path))
    assert environment["DATABASE_URL"] == ""
    assert environment["MDMHUB_HOME"] == str(tmp_path.resolve())


def test_the_table_has_a_row_per_stage_and_a_column_per_load() -> None:
    yardstick = {"copy_rows_per_second": 1_000_000, "cpdist_pairs_per_second": 2_500_000}
    loads = [
        {"records": 10, "seconds": 3.0, "peak_pss_mib": 500, "yardstick": yardstick, "stages": stages}
        for stages in ([{"stage": "read", "seconds": 1.0}], [{"stage": "store", "seconds": 2.0}])
    ]
    table = loading.load_table(loads)
    assert "| read | 1.0 | 0.0 |" in table
    assert "| store | 0.0 | 2.0 |" in table
    assert "| yardstick: COPY rows per second | 1,000,000 | 1,000,000 |" in table
