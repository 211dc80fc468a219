"""The stand-in CRM's HTTP calls with typed errors. Answers are read up to a size and a time, never further."""

import json
import time
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx2

from apps.sources.connectors.base import (
    AnswerUnusableError,
    ConnectorError,
    LogInRefusedError,
    RateLimitedError,
    RecordMissingError,
    RequestRefusedError,
    SystemFaultError,
    UnreachableError,
)

# The account's field for the governed id; the only one the hub writes.
SLOT: Final = "Golden_Customer_Id__c"
_ANSWER_BYTES: Final = 32 * 1024 * 1024
_RETRY_AFTER_CAP_SECONDS: Final = 24 * 3600.0


class StandinCrmClient:
    """One connection to one stand-in CRM; a context manager. Every call ends within twice `timeout_seconds`."""

    def __init__(self, url: str, *, timeout_seconds: float = 10.0) -> None:
        self._timeout_seconds = timeout_seconds
        # Environment proxies must not decide where accounts travel; a redirect is no answer.
        self._client = httpx2.Client(
            base_url=url, timeout=timeout_seconds, follow_redirects=False, trust_env=False, verify=_needs_tls(url)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def list_accounts(self, *, since: str | None, page_token: str | None, page_size: int) -> dict[str, Any]:
        """Return one page: `records`, `next_page` (a token or None) and `as_of`, the system's clock."""
        wanted = {"modified_since": since, "page_token": page_token, "page_size": page_size}
        page = self._call(
            "GET", "/accounts", params={name: value for name, value in wanted.items() if value is not None}
        )
        if not isinstance(page, dict) or not isinstance(page.get("records"), list) or "as_of" not in page:
            raise AnswerUnusableError("the page has no records and clock")
        return page

    def get_slot(self, key: str) -> str:
        """Return the id the account carries in the hub's slot; empty text where it carries none.

        Raises RecordMissingError where there is no such account.
        """
        account = self._call("GET", _path(key))
        if not isinstance(account, dict) or not isinstance(account.get(SLOT, ""), str | None):
            raise AnswerUnusableError("the account has no usable slot")
        return account.get(SLOT) or ""

    def set_slot(self, key: str, gid: str) -> None:
        """Write the id into the account's slot. Raises RecordMissingError where there is no such account."""
        self._call("PATCH", _path(key), body={SLOT: gid})

    def _call(
        self, method: str, path: str, *, params: dict[str, Any] | None = None, body: dict[str, str] | None = None
    ) -> Any:  # noqa: ANN401 - JSON is anything until it is checked
        try:
            with self._client.stream(method, path, params=params, json=body) as response:
                content = self._read(response)
        except httpx2.HTTPError as error:
            raise UnreachableError(f"{method} {path}: {type(error).__name__}") from error
        _raise_for(response, method, path)
        if not content:
            return None
        try:
            return json.loads(content)
        except ValueError as error:
            raise AnswerUnusableError(f"{method} {path} answered something that is not JSON") from error

    def _read(self, response: httpx2.Response) -> bytes:
        ends_at = time.monotonic() + self._timeout_seconds
        content = bytearray()
        for block in response.iter_bytes():
            content += block
            if len(content) > _ANSWER_BYTES:
                raise AnswerUnusableError("the answer is longer than any page")
            if time.monotonic() > ends_at:
                raise UnreachableError("the answer took too long to arrive")
        return bytes(content)


def _needs_tls(url: str) -> bool:
    # Loading the trust store takes longer than a call; plain HTTP has no use for it.
    return url.startswith("https:")


def _path(key: str) -> str:
    return f"/accounts/{quote(key, safe='')}"


def _raise_for(response: httpx2.Response, method: str, path: str) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    error = _error_kind(status)(f"{method} {path} answered {status}", answered=status)
    after = response.headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        error.retry_after_seconds = min(float(after[:12]), _RETRY_AFTER_CAP_SECONDS)
    raise error


def _error_kind(status: int) -> type[ConnectorError]:
    known: dict[int, type[ConnectorError]] = {
        401: LogInRefusedError,
        403: LogInRefusedError,
        404: RecordMissingError,
        408: UnreachableError,
        410: RecordMissingError,
        429: RateLimitedError,
    }
    if 300 <= status < 400:
        return AnswerUnusableError
    return known.get(status, SystemFaultError if status >= 500 else RequestRefusedError)
