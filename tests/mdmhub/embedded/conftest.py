"""Homes for embedded servers of a test's own.

They lie directly below /tmp, open to pass through, since pytest's own folders are closed to the servers' account.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mdmhub import embedded


def make_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="hub-"))
    home.chmod(0o711)
    return home


def remove(place: embedded.Place) -> None:
    embedded.stop_all(place)
    for folder in (place.home, place.root, place.sockets):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def place() -> Iterator[embedded.Place]:
    """A place where nothing has been started yet."""
    found = embedded.find_place(home=make_home())
    yield found
    remove(found)


@pytest.fixture(scope="module")
def running() -> Iterator[embedded.Place]:
    """A place whose servers run, for tests that leave them as they found them."""
    found = embedded.find_place(home=make_home())
    embedded.ensure_postgres(found)
    embedded.ensure_redis(found)
    yield found
    remove(found)
