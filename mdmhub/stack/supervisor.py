"""Keep a set of processes alive, and stop them in reverse.

The laws here: one stack per home, held by a lock that the kernel takes back when its holder dies; whatever a killed
stack left running is ended before the next one starts; nothing a stack started outlives an orderly end.
"""

import contextlib
import fcntl
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

from mdmhub.stack.child import Child, RunningChild
from mdmhub.stack.leftovers import end_leftovers, record
from mdmhub.stack.lines import render

_POLL_SECONDS = 0.2
_READY_SECONDS = 60.0
# A process that lived this long was healthy; its next crash starts the count anew.
_HEALTHY_SECONDS = 30.0
# Waits before a restart; a process that fails more often in a row won't be mended by another try.
_RESTART_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)


class StackError(RuntimeError):
    """The stack can't start or go on; the message is one line that says why and what helps."""


def write_line(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Stack:
    """A supervised set of processes, used as a context: entered it holds the home's lock, left it has stopped all.

    `show` gets each line of each process as `name | line`; give None to leave them in the log files only.
    """

    def __init__(self, *, home: Path, folder: Path, show: Callable[[str], None] | None = write_line) -> None:
        self._home, self._folder = home, folder
        self._show = show or (lambda _line: None)
        self._running: list[RunningChild] = []
        self._failures: dict[str, int] = {}
        self._over = threading.Event()
        self._failed: str | None = None
        self._watcher: threading.Thread | None = None
        self._changing = threading.Lock()
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Take the home's lock and end what a killed stack left behind.

        Raises StackError where another stack runs on this home.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        (self._home / "logs").mkdir(exist_ok=True)
        self._lock = (self._home / "stack.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise StackError(
                f"the hub runs already on {self._home}; stop that one first (Ctrl-C or make down)"
            ) from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        if ended := end_leftovers(self._record):
            self._show(f"ended what an earlier run left behind: {', '.join(ended)}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every process, last started first."""
        # A second Ctrl-C would leave processes behind.
        with _handled(signal.SIG_IGN, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._over.set()
            if self._watcher:
                self._watcher.join()
            for one in reversed(self._running):
                self._show(render("stack", f"stopping {one.child.name}"))
                one.stop()
            self._running.clear()
            self._record.unlink(missing_ok=True)
            if self._lock:
                self._lock.close()

    def start(self, children: Sequence[Child]) -> None:
        """Start `children` in order, each once the one before answers, and watch them from now on.

        Raises StackError where a port is taken or a process doesn't come up.
        """
        for child in children:
            if child.port and _is_open(child.port):
                raise StackError(f"{child.name} needs port {child.port}, which another program holds")
            self._launch(child)
            self._wait_until_up(child)
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()

    def wait(self) -> None:
        """Return at Ctrl-C, or under `heeded_signals` at SIGTERM; call it from the main thread.

        Raises StackError where a process keeps failing.
        """
        with contextlib.suppress(KeyboardInterrupt):
            # Not the event's own wait: a signal that interrupts it can leave its lock held, and then nothing ever ends.
            while not self._over.is_set():
                time.sleep(_POLL_SECONDS)
        if self._failed:
            raise StackError(self._failed)

    @property
    def _record(self) -> Path:
        return self._home / "stack.json"

    def _launch(self, child: Child, position: int | None = None) -> None:
        log = self._home / "logs" / f"{child.name}.log"
        with self._changing:
            running = RunningChild(
                child, log=log, folder=self._folder, show=lambda name, line: self._show(render(name, line))
            )
            self._running.insert(len(self._running) if position is None else position, running)
            record(self._record, self._running)

    def _wait_until_up(self, child: Child) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while child.port and not _is_open(child.port):
            has_ended = all(one.exit_code is not None for one in self._running if one.child is child)
            if has_ended or time.monotonic() > deadline:
                raise StackError(f"{child.name} did not come up; see {self._home / 'logs' / child.name}.log")
            time.sleep(0.05)

    def _watch(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            for one in [one for one in self._running if one.exit_code is not None]:
                if not self._restart(one):
                    self._over.set()
                    return

    def _restart(self, dead: RunningChild) -> bool:
        """Start a dead process again after a wait that grows with each failure; False where that is given up."""
        name = dead.child.name
        was_healthy = time.monotonic() - dead.started_at > _HEALTHY_SECONDS
        failures = 1 if was_healthy else self._failures.get(name, 0) + 1
        self._failures[name] = failures
        with self._changing:
            position = self._running.index(dead)
            self._running.remove(dead)
        dead.stop()
        if failures > len(_RESTART_WAITS):
            self._failed = f"{name} failed {failures} times in a row; see {self._home / 'logs' / name}.log"
            return False
        wait = _RESTART_WAITS[failures - 1]
        self._show(render("stack", f"{name} ended with {dead.exit_code}; starting it again in {wait:g} s"))
        if not self._over.wait(wait):
            self._launch(dead.child, position)  # In its old place, since processes are stopped in reverse.
        return True


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def heeded_signals() -> Iterator[None]:
    """Treat SIGTERM and a closed terminal as Ctrl-C, so that every `with` and `finally` is run through.

    Ctrl-C is heeded even where a shell started the process in the background and had it ignored; a closed terminal is
    not where `nohup` asked for that. What comes after the first signal is ignored: it could hit an orderly end.
    """
    ignores_hangup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    heeded = [signal.SIGINT, signal.SIGTERM, *([] if ignores_hangup else [signal.SIGHUP])]

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        for one in heeded:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    with _handled(interrupt, *heeded):
        yield


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None] | signal.Handlers, *signals: int) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Only the main thread may set handlers, and only it is interrupted.
        return
    former = {one: signal.signal(one, handler) for one in signals}
    try:
        yield
    finally:
        for one, before in former.items():
            signal.signal(one, before)
