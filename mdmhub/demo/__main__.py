"""Run the demo: start the stack, load the samples once, show what happened, leave the pages up."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from mdmhub import embedded, env
from mdmhub.boot import ensure_servers
from mdmhub.stack import Child, Stack, StackError, heeded_signals, hub_children
from mdmhub.stack.__main__ import prepare_database

if TYPE_CHECKING:
    from mdmhub.demo.seeding import Seeded

# The stand-ins listen beside the web server's port.
RECEIVER_OFFSET, CRM_OFFSET = 11, 12


def main() -> int:
    """Return the exit code: 0 when the demo ran, 1 with one line where it could not."""
    parser = argparse.ArgumentParser(prog="make demo", description="Run the hub on three real account sources.")
    parser.add_argument("--once", action="store_true", help="exit after the load instead of leaving the pages up")
    once = parser.parse_args().once
    console = Console()
    try:
        return _run(console, once=once)
    except (StackError, embedded.EmbeddedServerError, env.BadVariableError) as error:
        console.print(f"[red]{error}[/red]")
        return 1


def _run(console: Console, *, once: bool) -> int:
    home = env.folder("MDMHUB_HOME", "var")
    port = env.number("WEB_PORT", 8600, 1, 65535 - CRM_OFFSET)
    os.environ["STANDIN_CRM_URL"] = f"http://127.0.0.1:{port + CRM_OFFSET}"
    has_own_servers = not (env.secret("DATABASE_URL", "") and env.secret("REDIS_URL", ""))
    with heeded_signals():
        try:
            with Stack(home=home, folder=env.PROJECT_ROOT, show=None) as stack, console.status("") as status:
                status.update("Starting PostgreSQL and Redis")
                ensure_servers()
                status.update("Preparing the database")
                prepare_database()
                seeded = _seed(port)
                status.update("Starting web, worker, beat and the stand-ins")
                stack.start([*_standins(home, port), *hub_children(web_port=port, web_workers=2, log_level="INFO")])
                status.stop()
                _show(console, port, seeded, once=once)
                if not once:
                    stack.wait()
        except KeyboardInterrupt:
            console.print("Stopped. What was loaded stays; the next start takes up the rest.")
        finally:
            if has_own_servers:
                embedded.stop_all()
    return 0


def _standins(home: Path, port: int) -> list[Child]:
    return [
        Child(
            "receiver",
            (sys.executable, "-m", "mdmhub.standins.receiver", "--port", str(port + RECEIVER_OFFSET),
             "--secret-file", str(home / "demo" / "receiver-secret"),
             "--store", str(home / "demo" / "receiver.sqlite")),
            port=port + RECEIVER_OFFSET,
        ),
        Child(
            "crm",
            (sys.executable, "-m", "mdmhub.standins.crm", "--port", str(port + CRM_OFFSET),
             "--accounts", "samples/us_listed/crm.csv", "--store", str(home / "demo" / "crm.sqlite")),
            port=port + CRM_OFFSET,
        ),
    ]  # fmt: skip


def _seed(port: int) -> "Seeded":
    # Django starts only now: its settings read the servers' addresses.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdmhub.settings.dev")
    import django

    django.setup()
    from mdmhub.demo.seeding import seed

    return seed(receiver_url=f"http://127.0.0.1:{port + RECEIVER_OFFSET}/events")


def _show(console: Console, port: int, seeded: "Seeded", *, once: bool) -> None:
    from mdmhub.demo.loading import load_samples
    from mdmhub.demo.summary import show_summary

    load_samples(console)
    show_summary(console, address=f"http://127.0.0.1:{port}/", seeded=seeded, once=once)


if __name__ == "__main__":
    sys.exit(main())
