"""What every connector offers, as plain data; everything else is private to its folder.

The law here: a cursor handed out with a page lies behind every row of that page and the pages before it, so saving it
after those rows have landed loses nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from apps.base.errors import HubError

Cursor = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as the system names their columns, and the ids it carries in the hub's slot, by source key.

    `found` has every row's key; an empty slot is empty text. The slot is not among the rows' columns, so that our own
    write never looks like a change.
    """

    rows: list[dict[str, str]]
    found: dict[str, str]
    next_cursor: dict[str, Any]


class Connector(Protocol):
    """A system that can be read by pages."""

    def list_pages(self, cursor: Cursor) -> Iterator[Page]:
        """Yield what changed since `cursor` (empty: everything), overlapping what was read before.

        Raises ConnectorError; pages yielded before it stay good.
        """


class ConnectorError(HubError):
    """A system didn't answer as it should. `is_transient` says whether a later try may go better."""

    code = "connector.error"
    status = 502
    title = "A connected system failed"
    is_transient: ClassVar[bool] = False
    retry_after_seconds: float | None = None


class UnreachableError(ConnectorError):
    """Nobody answered in time, or the connection broke; what was sent may or may not have arrived."""

    code = "connector.unreachable"
    is_transient = True


class RateLimitedError(ConnectorError):
    """The system asks for less traffic."""

    code = "connector.rate_limited"
    is_transient = True


class SystemFaultError(ConnectorError):
    """The system failed inside (5xx)."""

    code = "connector.system_fault"
    is_transient = True


class LogInRefusedError(ConnectorError):
    """The log-in or its rights are not accepted; a person has to mend that."""

    code = "connector.log_in_refused"


class RecordMissingError(ConnectorError):
    """The system has no record of that key any more."""

    code = "connector.record_missing"


class RequestRefusedError(ConnectorError):
    """The system refuses this request whatever the time."""

    code = "connector.request_refused"


class AnswerUnusableError(ConnectorError):
    """The answer is not what the contract says: a log-in page, a missing field, too many bytes."""

    code = "connector.answer_unusable"


class PagesLoopError(ConnectorError):
    """The system hands out a page token a second time, so that reading would never end."""

    code = "connector.pages_loop"
