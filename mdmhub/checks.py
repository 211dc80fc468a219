"""What the hub needs of its PostgreSQL server, checked at start and by `manage.py check --database default`."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.utils import OperationalError

from mdmhub.stack.children import WEB_THREADS

_LOWEST_VERSION = 16
_OTHER_CONNECTIONS = 30
"""For the worker, loads, schedules, people at a prompt, and those that PostgreSQL reserves."""
_OTHER_LOCKS = 128
"""Of a transaction: tables, their indexes, gates."""


@register(Tags.database)
def check_server(*, databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Return an error for each way in which a server of `databases` falls short."""
    return [Error(problem, id="mdmhub.E001") for alias in databases or () for problem in list_server_problems(alias)]


def list_server_problems(alias: str) -> list[str]:
    """Return one line for each need that the server behind `alias` doesn't meet, each with its remedy."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version_num')::int / 10000, current_setting('max_connections')::int, "
                "current_setting('max_prepared_transactions')::int, current_setting('max_locks_per_transaction')::int, "
                "current_setting('server_encoding')"
            )
            version, connection_limit, prepared, locks, encoding = cursor.fetchone()
    except OperationalError as error:
        return [f"{alias}: PostgreSQL does not answer: {' '.join(str(error).split())}"]
    problems = []
    if version < _LOWEST_VERSION:
        problems.append(f"{alias}: PostgreSQL {version} is too old; the hub needs {_LOWEST_VERSION} or newer")
    writers = count_writers()
    fewest = writers + _OTHER_CONNECTIONS
    if connection_limit < fewest:
        problems.append(f"{alias}: max_connections is {connection_limit}; set it to {fewest} or more")
    # Each remedy counts on the other.
    lowest = lowest_locks(writers, max(connection_limit, fewest) + prepared)
    if locks < lowest:
        problems.append(
            f"{alias}: max_locks_per_transaction is {locks}; set it to {lowest} or more, so that {writers} writers "
            "can hold their match keys"
        )
    if encoding != "UTF8":
        problems.append(f"{alias}: the database's encoding is {encoding}; make it anew with encoding UTF8")
    return problems


def count_writers() -> int:
    """Return how many requests may take records in at one moment: every thread of the web server."""
    return int(settings.WEB_WORKERS) * WEB_THREADS


def lowest_locks(writers: int, sessions: int) -> int:
    """Return the `max_locks_per_transaction` with which that many live writers never run out of locks.

    The server has room for that many locks times its `sessions`, connections and prepared transactions (PostgreSQL,
    "Lock Management"), wherever they are held. So each writer may hold as many match keys as the live path takes.
    """
    # Late: models can't be loaded before Django is set up, and settings are read by processes that never are.
    from apps.pipeline.live.absorbing import MOST_KEYS

    return max(_OTHER_LOCKS, -(-writers * (MOST_KEYS + _OTHER_LOCKS) // sessions))
