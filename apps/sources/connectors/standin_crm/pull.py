"""Pull the stand-in CRM's changes by pages.

The cursor is `{"version": 1, "since": <the CRM's clock>}`. Each pull starts some minutes before it, so that a change
committed late under an earlier stamp is still seen; intake finds the rest unchanged.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from apps.sources.connectors.base import AnswerUnusableError, Cursor, Page, PagesLoopError
from apps.sources.connectors.standin_crm.client import SLOT, StandinCrmClient

KEY: Final = "Id"
STAMP: Final = "SystemModstamp"
OVERLAP: Final = timedelta(minutes=15)
_VERSION: Final = 1


def list_pages(
    cursor: Cursor, *, url: str, page_size: int = 500, overlap: timedelta = OVERLAP, timeout_seconds: float = 10.0
) -> Iterator[Page]:
    """Yield what changed in the CRM at `url` since `cursor`; `{}` reads everything.

    Rows come in order of change, so the cursor of a page may be saved once that page has landed. Raises ConnectorError.
    """
    with StandinCrmClient(url, timeout_seconds=timeout_seconds) as client:
        yield from pull_since(client, cursor, page_size=page_size, overlap=overlap)


def pull_since(
    client: StandinCrmClient, cursor: Cursor, *, page_size: int = 500, overlap: timedelta = OVERLAP
) -> Iterator[Page]:
    """Yield the pages of one pull over an open connection; see `list_pages`."""
    saved = _read_cursor(cursor)
    since = (saved - overlap).isoformat() if saved else None
    token: str | None = None
    tokens_seen: set[str] = set()
    reached = saved
    ends_at: datetime | None = None
    while True:
        answer = client.list_accounts(since=since, page_token=token, page_size=page_size)
        # The first page's clock: what changed during the pull is the next pull's.
        if ends_at is None:
            ends_at = _moment(answer["as_of"], "as_of")
        token = answer.get("next_page")
        rows, found, latest = _take_rows(answer["records"])
        reached = max((moment for moment in (reached, latest) if moment), default=None)
        # The last page is done with everything up to the pull's start, also where nothing changed.
        position = reached if token else max(ends_at, saved or ends_at)
        yield Page(rows, found, {"version": _VERSION, "since": position.isoformat()} if position else dict(cursor))
        if token is None:
            return
        if not isinstance(token, str) or token in tokens_seen:
            raise PagesLoopError("the page token was handed out before, or is no text")
        tokens_seen.add(token)


def _read_cursor(cursor: Cursor) -> datetime | None:
    if not cursor:
        return None
    if cursor.get("version") != _VERSION:
        raise AnswerUnusableError(f"the cursor has version {cursor.get('version')!r}; this connector reads {_VERSION}")
    return _moment(cursor.get("since"), "since")


def _take_rows(records: list[Any]) -> tuple[list[dict[str, str]], dict[str, str], datetime | None]:
    rows: list[dict[str, str]] = []
    found: dict[str, str] = {}
    latest: datetime | None = None
    for record in records:
        if not isinstance(record, Mapping) or not isinstance(record.get(KEY), str) or not record[KEY]:
            raise AnswerUnusableError(f"a record has no {KEY}")
        stamp = _moment(record.get(STAMP), STAMP)
        latest = max(latest, stamp) if latest else stamp
        found[record[KEY]] = str(record.get(SLOT) or "")
        rows.append({name: _text(value) for name, value in record.items() if name not in (SLOT, STAMP)})
    return rows, found, latest


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _moment(value: object, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise AnswerUnusableError(f"{name} is not a moment: {str(value)[:40]!r}") from error
    if moment.tzinfo is None:
        raise AnswerUnusableError(f"{name} has no time zone")
    return moment
