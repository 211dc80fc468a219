"""Append lines to a file that several processes share, so that a line acknowledged is a line on disk."""

import fcntl
import os
from pathlib import Path

_BLOCK_BYTES = 64 * 1024


def append_lines(path: Path, lines: bytes, *, header: bytes = b"") -> None:
    """Append whole lines in one piece and return once they are on disk; `header` opens a file that is empty.

    A line that a killed writer left unfinished at the end is cut off first: it was never acknowledged, so its owner
    writes it again.
    Raises OSError where the file can't be written; then nothing counts as written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _cut_unfinished_line(descriptor)
        remaining = memoryview(lines if os.fstat(descriptor).st_size else header + lines)
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        _sync_folder(path.parent)


def _cut_unfinished_line(descriptor: int) -> None:
    end = os.fstat(descriptor).st_size
    while end:
        start = max(end - _BLOCK_BYTES, 0)
        block = os.pread(descriptor, end - start, start)
        newline = block.rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != os.fstat(descriptor).st_size:
        os.ftruncate(descriptor, end)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
