"""PostgreSQL and Redis without installing them: the hub's default when no server is configured.

The laws here: naming the servers' URLs starts nothing and writes nothing; starting is repeatable and safe for several
processes at once; one lock per place orders every start and stop.
"""

import contextlib
import fcntl
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from mdmhub.embedded import postgres, provision, redis
from mdmhub.embedded.place import APP_ROLE, OWNER_ROLE, EmbeddedServerError, Place, find_place
from mdmhub.embedded.redis import connect as connect_redis

__all__ = [
    "EmbeddedServerError",
    "Place",
    "Status",
    "Urls",
    "connect_redis",
    "database_owner_url",
    "database_url",
    "ensure_postgres",
    "ensure_redis",
    "find_place",
    "redis_url",
    "secret_key",
    "status",
    "stop_all",
]

# A first start makes the cluster, and a start after a crash may recover for minutes.
_LOCK_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Urls:
    """The hub's database as the application sees it, and as its owner does."""

    app_url: str
    owner_url: str


@dataclass(frozen=True, slots=True)
class Status:
    """Which of the embedded servers are alive, and where."""

    place: Place
    has_postgres: bool
    has_redis: bool


def database_url(place: Place | None = None) -> str:
    """Return the URL of the embedded database for the application's role; starts nothing."""
    return provision.role_url(place or find_place(), APP_ROLE)


def database_owner_url(place: Place | None = None) -> str:
    """Return the URL of the embedded database for the role that owns and migrates it; starts nothing."""
    return provision.role_url(place or find_place(), OWNER_ROLE)


def redis_url(place: Place | None = None) -> str:
    """Return the URL of the embedded Redis in the form Celery takes; starts nothing."""
    return redis.redis_url(place or find_place())


def secret_key(place: Place | None = None) -> str:
    """Return the key drawn at the first start of this place; before that, one that lasts as long as the process."""
    return (place or find_place()).read_secret("secret_key") or secrets.token_urlsafe(48)


def ensure_postgres(place: Place | None = None) -> Urls:
    """Return the URLs of a running PostgreSQL with both roles and the hub's database; start and set it up where needed.

    Raises EmbeddedServerError where that can't be done.
    """
    place = place or find_place()
    with _locked(place):
        if not postgres.is_running(place):
            _say_where(place)
        _bring_postgres_up(place)
        place.make_secret("secret_key")
    return Urls(app_url=database_url(place), owner_url=database_owner_url(place))


def ensure_redis(place: Place | None = None) -> str:
    """Return the URL of a running Redis; start it where needed.

    Raises EmbeddedServerError where that can't be done.
    """
    place = place or find_place()
    with _locked(place):
        if not (redis.is_running(place) and redis.answers(place)):
            if redis.is_running(place):
                redis.stop(place)
            redis.start(place)
    return redis.redis_url(place)


def stop_all(place: Place | None = None) -> list[str]:
    """Stop Redis, then PostgreSQL; return the names of those that were running.

    Raises EmbeddedServerError where one won't stop.
    """
    place = place or find_place()
    if not place.root.is_dir():
        return []
    with _locked(place):
        stops = {"Redis": redis.stop, "PostgreSQL": postgres.stop}
        return [name for name, stop in stops.items() if stop(place)]


def status(place: Place | None = None) -> Status:
    """Tell which embedded servers are alive; changes nothing."""
    place = place or find_place()
    return Status(place, has_postgres=postgres.is_running(place), has_redis=redis.is_running(place))


def _bring_postgres_up(place: Place) -> None:
    while True:
        has_started = not postgres.is_running(place)
        if has_started:
            postgres.start(place)
        if provision.is_provisioned(place):
            return
        try:
            provision.provision(place)
        except EmbeddedServerError:
            # A server found running may have been killed a moment ago; one that was just started may not.
            if has_started or postgres.is_running(place):
                raise


@contextlib.contextmanager
def _locked(place: Place) -> Iterator[None]:
    place.prepare()
    deadline = time.monotonic() + _LOCK_SECONDS
    # The kernel lets go of this lock when its holder dies, so it can't be left behind.
    with (place.root / "secrets" / "servers.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(f"another process has been starting {place.root} for too long") from None
                time.sleep(0.05)
        yield


def _say_where(place: Place) -> None:
    if place.has_moved and place.account:
        who = place.account.name
        sys.stderr.write(f"database user {who} can't enter {place.home}; the servers' data lie in {place.root}\n")
