"""One supervised process: what to run, and the running of it, with its log."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil


@dataclass(frozen=True, slots=True)
class Child:
    """A process the stack keeps alive: a name for the log, the command's words, and what its environment adds.

    `port` is one on 127.0.0.1 that it has to answer on before it counts as up.
    """

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    stop_seconds: float = 20.0


class RunningChild:
    """A started child. Its lines go to a log file, and to `show` one by one."""

    def __init__(self, child: Child, *, log: Path, folder: Path, show: Callable[[str, str], None]) -> None:
        self.child = child
        self.started_at = time.monotonic()
        self._show = show
        self._process = subprocess.Popen(
            child.words,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **child.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Its own session: Ctrl-C reaches the supervisor only, which then stops all in order.
            start_new_session=True,
        )
        output = self._process.stdout
        assert output is not None
        self._reader = threading.Thread(target=self._copy_lines, args=(output, log), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id, which is also its group's."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def started_when(self) -> float:
        """Return the start time the kernel keeps, which tells this process from a later one of the same id."""
        try:
            return float(psutil.Process(self.pid).create_time())
        except psutil.NoSuchProcess:
            return 0.0

    def stop(self) -> None:
        """Ask the process to end, and end its whole group where it hasn't within its time."""
        if self.exit_code is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self.child.stop_seconds)
        # Also after a clean end or a crash: nothing it started may outlive it.
        kill_group(self.pid)
        self._process.wait()
        self._reader.join(timeout=5)

    def _copy_lines(self, output: IO[bytes], log: Path) -> None:
        with output, log.open("ab") as kept:
            for line in output:
                kept.write(line)
                kept.flush()
                self._show(self.child.name, line.decode("utf-8", errors="replace").rstrip())


def kill_group(group: int) -> None:
    """End every process of a group at once; a group that is gone already is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
