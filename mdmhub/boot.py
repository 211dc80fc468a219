"""What has to run before a management command does."""

import os
import sys
from collections.abc import Sequence

from mdmhub import embedded, env

# Commands that neither read nor write the database, so that they work on a machine where no server can start.
_WITHOUT_SERVERS = frozenset(
    {"check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages", "match",
     "sendtestemail", "spectacular", "startapp", "startproject", "test", "testserver", "version"}
)  # fmt: skip


def needs_servers(words: Sequence[str]) -> bool:
    """Tell whether a `manage.py` command line works with the database."""
    if len(words) < 2 or {"--help", "-h", "--version"} & set(words[1:]):
        return False
    if words[1] == "makemigrations":
        return False
    return words[1] not in _WITHOUT_SERVERS


def ensure_servers() -> None:
    """Start the embedded servers that no URL replaces, and hand their URLs to this process and its children.

    Raises EmbeddedServerError where one can't be started.
    """
    if not env.secret("DATABASE_URL", ""):
        urls = embedded.ensure_postgres()
        os.environ["DATABASE_URL"] = urls.app_url
        os.environ["DATABASE_OWNER_URL"] = urls.owner_url
    if not env.secret("REDIS_URL", ""):
        os.environ["REDIS_URL"] = embedded.ensure_redis()
    if not env.secret("SECRET_KEY", ""):
        os.environ["SECRET_KEY"] = embedded.secret_key()


def ensure_servers_for(words: Sequence[str]) -> None:
    """Start what a `manage.py` command line needs; end the program with one line where that fails."""
    try:
        if needs_servers(words):
            ensure_servers()
    except (embedded.EmbeddedServerError, env.BadVariableError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from error
