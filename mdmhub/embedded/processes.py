"""Processes of the servers: run a tool as their account, and tell a live server from a stale or re-used process id.

A server is recognised by the folder it works in, not by its number or its title: numbers are re-used, Redis rewrites
its title, and both servers change into their data folder before they write a pid file.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from mdmhub.embedded.place import Account, EmbeddedServerError


def run_tool(command: Sequence[str | Path], account: Account | None, folder: Path = Path("/")) -> str:
    """Run a server's tool as `account` in `folder`, closed off from the caller's terminal and environment.

    Returns its output.
    Raises EmbeddedServerError with the output where it fails.
    """
    words = [str(word) for word in command]
    # A file, never a pipe: a daemon started by the tool would hold a pipe open for ever.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                umask=0o077,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                start_new_session=True,  # Ctrl-C in the terminal is the caller's to handle, not the server's.
                check=False,
            )
        except OSError as error:
            raise EmbeddedServerError(f"{words[0]} can't be run: {error}") from error
        output.seek(0)
        said = output.read().strip()
    if done.returncode:
        raise EmbeddedServerError(f"{Path(words[0]).name} failed ({done.returncode}): {said[-2000:]}")
    return said


def find_server(pid_file: Path, folder: Path) -> psutil.Process | None:
    """Return the live process named in `pid_file` if it works in `folder`, else None."""
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(pid_file.read_bytes().split()[0]))
        if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(folder):
            return process
    return None


def list_workers(folder: Path) -> list[psutil.Process]:
    """Return every live process that works in `folder`, a killed server's left-over children included."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.cwd() == str(folder):
                found.append(process)
    return found


def wait_until_idle(folder: Path, seconds: float) -> None:
    """Wait until no process works in `folder`.

    Raises EmbeddedServerError naming those that still do after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while left := list_workers(folder):
        if time.monotonic() > deadline:
            pids = ", ".join(str(process.pid) for process in left)
            raise EmbeddedServerError(f"{folder} is still in use by process {pids}; end it and start again")
        time.sleep(0.1)
