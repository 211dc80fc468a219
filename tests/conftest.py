"""How the tests get their servers.

Tests run on a real PostgreSQL and a real Redis: those of DATABASE_URL and REDIS_URL where given, else a pair of
embedded ones of their own under `var/test`, so that a running hub is never touched. They are started here, before
settings are read. Sockets other than loopback and unix ones are refused (pyproject.toml). The Redis database of a
given REDIS_URL is emptied again and again, so it has to be one for tests.

Sessions may run side by side: each holds a seat, which is its number of test database and of Redis database. Who leaves
last stops the servers.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

from mdmhub import embedded, env
from tests.seats import Seat, take_seat

_TEST_PLACE = embedded.find_place(home=env.PROJECT_ROOT / "var" / "test")


def _start_servers(seat: Seat) -> None:
    if not env.secret("DATABASE_URL", ""):
        urls = embedded.ensure_postgres(_TEST_PLACE)
        os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = urls.app_url, urls.owner_url
    if not env.secret("REDIS_URL", ""):
        url = embedded.ensure_redis(_TEST_PLACE)
        os.environ["REDIS_URL"] = re.sub(r"virtual_host=\d+", f"virtual_host={seat.number}", url)
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
