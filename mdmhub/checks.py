"""What the hub needs of its PostgreSQL server, checked at start and by `manage.py check --database default`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.utils import OperationalError

_LOWEST_VERSION = 16
_LOWEST_CONNECTIONS = 50
_LOWEST_LOCKS = 128


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
                "current_setting('max_locks_per_transaction')::int, current_setting('server_encoding')"
            )
            version, connection_limit, locks, encoding = cursor.fetchone()
    except OperationalError as error:
        return [f"{alias}: PostgreSQL does not answer: {' '.join(str(error).split())}"]
    problems = []
    if version < _LOWEST_VERSION:
        problems.append(f"{alias}: PostgreSQL {version} is too old; the hub needs {_LOWEST_VERSION} or newer")
    if connection_limit < _LOWEST_CONNECTIONS:
        problems.append(f"{alias}: max_connections is {connection_limit}; set it to {_LOWEST_CONNECTIONS} or more")
    if locks < _LOWEST_LOCKS:
        problems.append(f"{alias}: max_locks_per_transaction is {locks}; set it to {_LOWEST_LOCKS} or more")
    if encoding != "UTF8":
        problems.append(f"{alias}: the database's encoding is {encoding}; make it anew with encoding UTF8")
    return problems
