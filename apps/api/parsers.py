"""Read JSON bodies strictly: what two readers could understand differently is refused."""

import json
import math
from collections.abc import Mapping
from email.message import Message
from typing import IO, Any, ClassVar, Final

from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from apps.base.errors import Invalid
from apps.sources.uploads import Spooled, spool

MAXIMUM_BYTES: Final = 64 * 1024
MAXIMUM_RECORDS_BYTES: Final = 4 * 1024 * 1024


class BodyTooLarge(Invalid):
    """A body is longer than the route reads."""

    code = "http.body_too_large"
    status = 413
    title = "The body is too large"


class StrictJSONParser(BaseParser):
    """A JSON object in UTF-8: no duplicate keys, NaN, infinity, lone surrogates or NUL; bounded size and depth."""

    media_type = "application/json"
    maximum_bytes: ClassVar[int] = MAXIMUM_BYTES

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - the framework's signature
    ) -> dict[str, Any]:
        """Return the object, or raise ParseError (400), BodyTooLarge (413) or UnsupportedMediaType (415)."""
        _refuse_charset(media_type or "")
        content = stream.read(self.maximum_bytes + 1)
        if len(content) > self.maximum_bytes:
            raise BodyTooLarge(f"The body may have at most {self.maximum_bytes:,} bytes.", maximum=self.maximum_bytes)
        try:
            body = json.loads(
                content.decode("utf-8"),
                object_pairs_hook=_object,
                parse_constant=_refuse_constant,
                parse_float=_finite,
            )
            _refuse_broken_text(body)
        except UnicodeDecodeError as error:
            raise ParseError("The body is not UTF-8.") from error
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"The body can't be read as JSON: {error}") from error
        if not isinstance(body, dict):
            raise ParseError("The body must be a JSON object.")
        return body


class RecordsParser(StrictJSONParser):
    """The same for up to a thousand source records."""

    maximum_bytes = MAXIMUM_RECORDS_BYTES


class LengthRequired(Invalid):
    """A file comes without saying how long it is, and would look empty."""

    code = "http.length_required"
    status = 411
    title = "The length of the body is missing"


class _SpoolParser(BaseParser):
    """A file as the whole body, written to the spool as it comes in."""

    suffix: ClassVar[str]

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002 - the framework's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - as above
    ) -> dict[str, Spooled]:
        """Return the file in the spool as `file`; raise UploadTooLarge (413) or UploadEmpty (400)."""
        return {"file": spool(stream, self.suffix)}


class CSVFile(_SpoolParser):
    media_type = "text/csv"
    suffix = ".csv"


class JSONLinesFile(_SpoolParser):
    media_type = "application/x-ndjson"
    suffix = ".jsonl"


class ParquetFile(_SpoolParser):
    media_type = "application/vnd.apache.parquet"
    suffix = ".parquet"


class XLSXFile(_SpoolParser):
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    suffix = ".xlsx"


FILE_PARSERS: Final[list[type[BaseParser]]] = [CSVFile, JSONLinesFile, ParquetFile, XLSXFile]


def _refuse_charset(media_type: str) -> None:
    message = Message()
    message["Content-Type"] = media_type
    charset = message.get_param("charset", "utf-8")
    if str(charset).lower().replace("_", "-") not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(media_type[:100], "The body must be in UTF-8.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is given twice")
    return members


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _refuse_broken_text(body: object) -> None:
    """Refuse text that PostgreSQL or UTF-8 can't hold. Not recursive: the depth is the sender's choice."""
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if "\x00" in value:
                raise ValueError("a text holds a NUL character")
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise ValueError("a text holds half of a surrogate pair")
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
