"""Command line of the embedded servers: `python -m mdmhub.embedded start|stop|status|urls`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mdmhub import embedded
from mdmhub.env import BadVariableError


def main(words: Sequence[str] | None = None) -> int:
    """Carry one command out; return the exit code: 0 done (for `status`: both run), 1 not."""
    given = _parse(words)
    try:
        place = embedded.find_place(home=given.home, tcp_port=given.tcp)
        return _COMMANDS[given.command](place)
    except (embedded.EmbeddedServerError, BadVariableError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m mdmhub.embedded", description="The hub's own PostgreSQL and Redis."
    )
    parser.add_argument("command", choices=sorted(_COMMANDS))
    parser.add_argument("--home", type=Path, help="folder of the servers (default: MDMHUB_HOME, else var/)")
    parser.add_argument(
        "--tcp", type=int, metavar="PORT", help="also listen on 127.0.0.1: PostgreSQL at PORT, Redis at PORT + 1"
    )
    return parser.parse_args(words)


def _start(place: embedded.Place) -> int:
    embedded.ensure_postgres(place)
    embedded.ensure_redis(place)
    sys.stdout.write(f"PostgreSQL and Redis run in {place.root}\n")
    return 0


def _stop(place: embedded.Place) -> int:
    stopped = embedded.stop_all(place)
    sys.stdout.write(f"stopped {' and '.join(stopped)}\n" if stopped else "nothing was running\n")
    return 0


def _status(place: embedded.Place) -> int:
    found = embedded.status(place)
    for name, alive in (("PostgreSQL", found.has_postgres), ("Redis", found.has_redis)):
        sys.stdout.write(f"{name} {'runs' if alive else 'is stopped'} ({place.root})\n")
    return 0 if found.has_postgres and found.has_redis else 1


def _urls(place: embedded.Place) -> int:
    sys.stdout.write(f"DATABASE_URL={embedded.database_url(place)}\n")
    sys.stdout.write(f"DATABASE_OWNER_URL={embedded.database_owner_url(place)}\n")
    sys.stdout.write(f"REDIS_URL={embedded.redis_url(place)}\n")
    return 0


_COMMANDS = {"start": _start, "stop": _stop, "status": _status, "urls": _urls}

if __name__ == "__main__":
    sys.exit(main())
