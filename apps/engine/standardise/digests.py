"""The digest that tells whether two runs standardised alike: libraries, tables, and the code's own version."""

from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from typing import Final

from apps.engine.tables import table_paths

_VERSION: Final = "6"
"""Raised with every change of this package that changes a part of any record."""
_LIBRARIES: Final = ("anyascii", "email-validator", "phonenumbers", "python-stdnum", "tldextract")
_DIGEST_BYTES: Final = 16


@cache
def digest() -> str:
    """Return 32 hexadecimal digits that change whenever a library, a table or this package may standardise otherwise.

    Records standardised under another digest must be standardised again before they are matched.
    """
    hashed = blake2b(digest_size=_DIGEST_BYTES)
    hashed.update(f"standardise {_VERSION}\n".encode())
    for library in _LIBRARIES:
        hashed.update(f"{library} {version(library)}\n".encode())
    for path in table_paths():
        hashed.update(f"{path.name}\n".encode() + path.read_bytes())
    return hashed.hexdigest()
