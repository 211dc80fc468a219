"""How the tests get their servers.

Tests run on a real PostgreSQL and a real Redis: those of DATABASE_URL and REDIS_URL where given, else a pair of
embedded ones of their own under `var/test`, so that a running hub is never touched. They are started here, before
settings are read. Sockets other than loopback and unix ones are refused (pyproject.toml). The Redis database of a
given REDIS_URL is emptied again and again, so it has to be one for tests, and so do those of the next numbers, one for
each further worker.

Sessions may run side by side, and so do the workers of one: each holds a seat, which is its number of test database and
of Redis database. Who leaves last stops the servers.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import pytest

from mdmhub import embedded, env
from mdmhub.embedded import postgres
from tests.seats import Seat, take_seat

# Where the servers are ours, the session's workers inherit this, and take a database of their own there.
_OWN_REDIS = "MDMHUB_TEST_REDIS"
_TEST_PLACE = embedded.find_place(home=env.PROJECT_ROOT / "var" / "test")


def _redis_of(seat: Seat) -> str:
    """Return the URL of a Redis database that nobody else's tests use."""
    if own := os.environ.get(_OWN_REDIS):
        return re.sub(r"virtual_host=\d+", f"virtual_host={seat.number}", own)
    # The workers of one session take the databases from the given one up.
    given, worker = env.secret("REDIS_URL", ""), int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    own, found = re.subn(r"((?:virtual_host=|db=|:\d+/))(\d+)$", lambda m: f"{m[1]}{int(m[2]) + worker}", given)
    return own if found or not worker else f"{given.rstrip('/')}/{worker}"


@contextmanager
def _hasty_postgres() -> Iterator[None]:
    """Have the server that is started here wait for no disk; what it holds is worth nothing after a power cut."""
    careful = dict(postgres.SETTINGS)
    postgres.SETTINGS.update({"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
    try:
        yield
    finally:
        postgres.SETTINGS.clear()
        postgres.SETTINGS.update(careful)


def _start_servers(seat: Seat) -> None:
    if not env.secret("DATABASE_URL", ""):
        with _hasty_postgres():
            urls = embedded.ensure_postgres(_TEST_PLACE)
        os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = urls.app_url, urls.owner_url
    if not env.secret("REDIS_URL", ""):
        os.environ[_OWN_REDIS] = embedded.ensure_redis(_TEST_PLACE)
    os.environ["REDIS_URL"] = _redis_of(seat)
    os.environ["SECRET_KEY"] = "a-key-for-tests-only-" + "0" * 40
    os.environ["MDMHUB_HOME"] = str(_TEST_PLACE.home / f"seat-{seat.number}")


def _set_up_django(seat: Seat) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "mdmhub.settings.test"
    django.setup()
    from django.conf import settings

    if seat.number:
        settings.DATABASES["default"]["TEST"]["NAME"] += f"_{seat.number}"


_SEAT = take_seat(_TEST_PLACE.home / "seats")
_start_servers(_SEAT)
_set_up_django(_SEAT)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the seat; stop the embedded servers where no other session has one."""
    if _SEAT.leave():
        embedded.stop_all(_TEST_PLACE)


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The URL of a Redis database, emptied before and after."""
    url = os.environ["REDIS_URL"]
    with embedded.connect_redis(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new folder whose path is short enough for a Unix socket."""
    return tmp_path_factory.mktemp("s")
