"""The record of a stack's processes on disk, by which the next stack ends what a killed one left behind.

The law here: a process is ended only if both its id and its start time are those on record; ids are re-used.
"""

import contextlib
import json
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from mdmhub.stack.child import RunningChild, kill_group

_END_SECONDS = 10.0


def record(path: Path, running: Iterable[RunningChild]) -> None:
    """Write down which processes run now; a reader sees the old record or the new one."""
    rows = [{"name": one.child.name, "pid": one.pid, "started": one.started_when()} for one in running]
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(rows), encoding="utf-8")
    draft.rename(path)


def end_leftovers(path: Path) -> list[str]:
    """End the processes on record that still run, with all they started; return their names."""
    ended = []
    for row in _read(path):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(row["pid"])
            if process.create_time() == row["started"]:
                _end(process)
                ended.append(str(row["name"]))
    path.unlink(missing_ok=True)
    return ended


def _end(process: psutil.Process) -> None:
    offspring = process.children(recursive=True)
    kill_group(process.pid)
    for one in offspring:  # Those that left the group.
        with contextlib.suppress(psutil.Error):
            one.kill()
    _, alive = psutil.wait_procs([process, *offspring], timeout=_END_SECONDS)
    deadline = time.monotonic() + _END_SECONDS
    while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in alive):
        if time.monotonic() > deadline:
            return
        time.sleep(0.1)


def _read(path: Path) -> list[dict[str, object]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [row for row in rows if {"name", "pid", "started"} <= row.keys()]
