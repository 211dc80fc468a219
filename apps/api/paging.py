"""Pages by cursor. A cursor is signed and bound to its route and question: none is made up or carried over."""

from typing import Any, Final

from django.core import signing

from apps.base.errors import Invalid

DEFAULT_LIMIT: Final = 25
MAXIMUM_LIMIT: Final = 100
_LONGEST_CURSOR: Final = 4_000


class CursorInvalid(Invalid):
    """A cursor was changed, cut, or belongs to another question."""

    code = "page.cursor_invalid"
    title = "The cursor can't be used"


class LimitInvalid(Invalid):
    """A page size is no number or out of range."""

    code = "page.limit_invalid"
    title = "The page size can't be used"


def write_cursor(route: str, question: str, position: list[Any]) -> str:
    """Return the cursor that goes on after `position` for the same route and question."""
    return signing.dumps([question, position], salt=f"mdmhub.page.{route}")


def read_cursor(route: str, question: str, cursor: str) -> list[Any]:
    """Return the position inside a cursor, or raise CursorInvalid."""
    if len(cursor) <= _LONGEST_CURSOR:
        try:
            asked, position = signing.loads(cursor, salt=f"mdmhub.page.{route}")
        except signing.BadSignature:
            pass
        else:
            if asked == question:
                return list(position)
    raise CursorInvalid("The cursor is not one this route gave for this question. Start again without it.")


def read_limit(text: str | None, *, default: int = DEFAULT_LIMIT, maximum: int = MAXIMUM_LIMIT) -> int:
    """Return the page size asked for, or raise LimitInvalid where it isn't a whole number from 1 to `maximum`."""
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= maximum):
        raise LimitInvalid(f"limit must be a whole number from 1 to {maximum}.", parameter="limit", maximum=maximum)
    return int(text)
