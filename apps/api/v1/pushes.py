"""Read the body of a push strictly: what is no record is refused by name, before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from apps.base.errors import Invalid
from apps.sources.pushing import Push

MOST_TOGETHER: Final = 100
MOST_APART: Final = 1_000
MOST_VALUES: Final = 20
LONGEST_TEXT: Final = 500
MEMBERS: Final = frozenset({"source", "key", "attributes", "raw", "modified_at", "deleted", "merged_into"})


class RecordInvalid(Invalid):
    """A record of the body lacks a member, has one too many, or one of the wrong kind."""

    code = "intake.record_invalid"
    title = "A record of the body can't be read"


class TooManyRecords(Invalid):
    """More records than one request may carry."""

    code = "intake.too_many_records"
    status = 413
    title = "Too many records"


@dataclass(frozen=True, slots=True)
class PushedBody:
    """The records of a body, and whether they land together or each for itself."""

    pushes: tuple[Push, ...]
    is_atomic: bool


def read_body(body: object) -> PushedBody:
    """Return the records of a body, or raise RecordInvalid (400) or TooManyRecords (413)."""
    if not isinstance(body, Mapping):
        raise RecordInvalid("Send a JSON object: a record, or records.")
    if "records" not in body:
        return PushedBody((_read_push(body, 1),), is_atomic=True)
    if unknown := sorted(body.keys() - {"records", "atomic"}):
        raise RecordInvalid(f"Beside records, {unknown[0][:60]!r} is not known.", member=unknown[0][:60])
    is_atomic, records = body.get("atomic", True), body["records"]
    if not isinstance(is_atomic, bool):
        raise RecordInvalid("atomic is true or false.", member="atomic")
    if not isinstance(records, list) or not records:
        raise RecordInvalid("records is a list of at least one record.", member="records")
    most = MOST_TOGETHER if is_atomic else MOST_APART
    if len(records) > most:
        hint = " Send atomic false, or more requests." if is_atomic else " Send more requests, or a file as a job."
        raise TooManyRecords(f"{len(records):,} records are more than {most:,}.{hint}", maximum=most)
    return PushedBody(tuple(_read_push(record, n) for n, record in enumerate(records, start=1)), is_atomic)


def _read_push(record: object, position: int) -> Push:
    if not isinstance(record, Mapping):
        raise RecordInvalid(f"Record {position} is no JSON object.", record=position)
    if unknown := sorted(record.keys() - MEMBERS):
        raise _fail(position, unknown[0][:60], f"is not known; known: {', '.join(sorted(MEMBERS))}")
    source = _text(record, "source", position, is_needed=True) or ""
    key = _text(record, "key", position, is_needed="raw" not in record) or ""
    is_deleted = record.get("deleted", False)
    if not isinstance(is_deleted, bool):
        raise _fail(position, "deleted", "is true or false")
    merged_into = _text(record, "merged_into", position)
    _refuse_mixture(record, position, is_gone=is_deleted or merged_into is not None)
    return Push(
        source_code=source,
        key=key,
        attributes=_attributes(record["attributes"], position) if "attributes" in record else {},
        modified_at=_text(record, "modified_at", position),
        is_deleted=is_deleted,
        merged_into=merged_into,
        raw=_raw(record["raw"], position) if "raw" in record else None,
    )


def _refuse_mixture(record: Mapping[str, Any], position: int, *, is_gone: bool) -> None:
    says = [name for name in ("attributes", "raw") if name in record] + (["deleted or merged_into"] if is_gone else [])
    if len(says) != 1:
        words = "needs exactly one of attributes, raw, or deleted or merged_into"
        raise _fail(position, says[-1] if says else "attributes", words)
    if "raw" in record and ("key" in record or "modified_at" in record):
        raise _fail(position, "raw", "stands alone: the mapping finds key and modified_at in it")


def _text(record: Mapping[str, Any], name: str, position: int, *, is_needed: bool = False) -> str | None:
    value = record.get(name)
    if value is None and not is_needed:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _fail(position, name, f"must be a text of at most {LONGEST_TEXT} characters")
    return value


def _attributes(value: object, position: int) -> dict[str, str | Sequence[str]]:
    if not isinstance(value, Mapping) or not value:
        raise _fail(position, "attributes", "must be an object with at least one attribute")
    given: dict[str, str | Sequence[str]] = {}
    for name, said in value.items():
        texts = said if isinstance(said, list) else [said]
        if said is None:
            continue
        if not 1 <= len(texts) <= MOST_VALUES or not all(isinstance(text, str) for text in texts):
            words = (
                f"must be a text or a list of 1 to {MOST_VALUES} texts; send numbers as text, so that no digit is lost"
            )
            raise _fail(position, name[:60], words)
        given[name] = said
    return given


def _raw(value: object, position: int) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not value:
        raise _fail(position, "raw", "must be an object: the row as the source has it")
    return value


def _fail(position: int, member: str, words: str) -> RecordInvalid:
    return RecordInvalid(f"Record {position}: {member} {words}.", record=position, member=member)
