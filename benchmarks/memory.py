"""Sample how much memory a set of process trees holds together.

Summed PSS counts a shared page once over all its sharers, so PostgreSQL's shared buffers aren't counted per backend
(Linux, /proc/PID/smaps_rollup).
"""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

import psutil

KIB = 1024


def pss_bytes(pid: int) -> int:
    """Return the process's proportional set size, 0 where it is gone or can't be read."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * KIB
    except OSError:
        # It ended between being listed and being read, or belongs to somebody else.
        return 0
    return 0


def tree_of(pid: int) -> set[int]:
    """Return `pid` and all processes below it."""
    try:
        root = psutil.Process(pid)
        return {pid, *(child.pid for child in root.children(recursive=True))}
    except psutil.NoSuchProcess:
        return set()


class PeakMemory:
    """Samples while the `with` block lasts; `peak_bytes` is the largest sum seen."""

    def __init__(self, roots: Callable[[], Iterable[int]], every_seconds: float = 0.5) -> None:
        self.roots = roots
        self.every_seconds = every_seconds
        self.peak_bytes = 0
        self.samples = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def sample(self) -> int:
        """Return the sum now, and keep it where it is the largest."""
        pids = {pid for root in self.roots() for pid in tree_of(root)}
        total = sum(pss_bytes(pid) for pid in pids)
        self.peak_bytes = max(self.peak_bytes, total)
        self.samples += 1
        return total

    def _run(self) -> None:
        while not self._stop.is_set():
            self.sample()
            self._stop.wait(self.every_seconds)
