"""Seats for test sessions that run side by side: a lock each, which the kernel takes back when its holder dies."""

import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SEAT_COUNT = 16  # as many as Redis has databases


@dataclass(frozen=True, slots=True)
class Seat:
    """A session's place among those that share one pair of servers."""

    number: int
    folder: Path
    lock: IO[str]

    def leave(self) -> bool:
        """Give the seat up; tell whether no other session holds one."""
        others = [number for number in range(_SEAT_COUNT) if number != self.number]
        is_last = not any(_is_held(self.folder / str(number)) for number in others)
        self.lock.close()
        return is_last


def take_seat(folder: Path) -> Seat:
    """Return the first free seat of `folder`.

    Raises RuntimeError where all are taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(_SEAT_COUNT):
        lock = (folder / str(number)).open("w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return Seat(number, folder, lock)
    raise RuntimeError(f"{_SEAT_COUNT} test sessions are running already")


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
