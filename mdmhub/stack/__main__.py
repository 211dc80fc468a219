"""Command line of the stack: `python -m mdmhub.stack up|down`."""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mdmhub import embedded, env
from mdmhub.boot import ensure_servers
from mdmhub.stack import Stack, StackError, heeded_signals, hub_children
from mdmhub.stack.supervisor import write_line

_DOWN_SECONDS = 90.0


def main(words: Sequence[str] | None = None) -> int:
    """Carry one command out; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mdmhub.stack", description="The whole hub on one machine.")
    parser.add_argument("command", choices=("up", "down"))
    command = parser.parse_args(words).command
    try:
        return run_up() if command == "up" else run_down()
    except KeyboardInterrupt:
        return 0
    except (StackError, embedded.EmbeddedServerError, env.BadVariableError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def run_up() -> int:
    """Run the hub until Ctrl-C or SIGTERM, then stop all of it, the embedded servers last.

    Raises StackError or EmbeddedServerError where it can't run.
    """
    home = env.folder("MDMHUB_HOME", "var")
    port = env.number("WEB_PORT", 8600, 1, 65535)
    children = hub_children(
        web_port=port, web_workers=env.number("WEB_WORKERS", 2, 1, 64), log_level=env.text("LOG_LEVEL", "INFO")
    )
    has_own_servers = not (env.secret("DATABASE_URL", "") and env.secret("REDIS_URL", ""))
    with heeded_signals():
        try:
            with Stack(home=home, folder=env.PROJECT_ROOT) as stack:
                ensure_servers()
                prepare_database()
                stack.start(children)
                write_line(f"the hub is up: http://127.0.0.1:{port}/ (Ctrl-C stops it)")
                stack.wait()
        finally:
            if has_own_servers and not _is_held(home):
                embedded.stop_all()
    return 0


def prepare_database() -> None:
    """Check the server, migrate as its owner, collect static files; in a process of its own.

    Raises StackError where that fails; its output has said why.
    """
    done = subprocess.run([sys.executable, "-m", "mdmhub.prepare"], cwd=env.PROJECT_ROOT, check=False)
    if done.returncode:
        raise StackError("the database could not be prepared")


def run_down() -> int:
    """Stop a running stack and the embedded servers; nothing running is fine.

    Raises StackError where the stack doesn't end.
    """
    home = env.folder("MDMHUB_HOME", "var")
    if _is_held(home):
        os.kill(int((home / "stack.lock").read_text(encoding="ascii")), signal.SIGTERM)
    deadline = time.monotonic() + _DOWN_SECONDS
    while _is_held(home):
        if time.monotonic() > deadline:
            raise StackError("the running hub does not stop")
        time.sleep(0.1)
    stopped = embedded.stop_all()
    write_line(f"stopped {' and '.join(stopped)}" if stopped else "nothing else was running")
    return 0


def _is_held(home: Path) -> bool:
    path = home / "stack.lock"
    if not path.exists():
        return False
    with path.open(encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
