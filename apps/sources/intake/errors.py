"""What intake refuses and what it sets aside, each with a stable code and a sentence for its reader."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

RAW_EXCERPT_CHARACTERS = 2_000


class MappingError(ValueError):
    """A mapping file can't be used: which file, which key in it, and what to do about it."""

    code = "intake.mapping"

    def __init__(self, file: str, key: str, advice: str) -> None:
        """Keep the parts apart, so that a page or a terminal can lay them out."""
        self.file = file
        self.key = key
        self.advice = advice
        super().__init__(f"{file}: {key}: {advice}" if key else f"{file}: {advice}")


class FileRefused(ValueError):
    """A whole file can't be taken in; nothing of it was applied."""

    def __init__(self, code: str, reason: str, file: str | Path) -> None:
        """Name the file by its last part only: folders are nobody's business in a report."""
        self.code = code
        self.reason = reason
        self.file = printable_name(str(file))
        super().__init__(f"{self.file}: {reason} [{code}]")


class Outcome(StrEnum):
    """What became of the row a fault speaks about."""

    QUARANTINED = "quarantined"  # set aside: the row is not in any frame
    SUPERSEDED = "superseded"  # left out because another row of the same file stands for the same key
    KEPT = "kept"  # the row is in the frame; one of its values was mended or dropped, or deserves a look


@dataclass(frozen=True, slots=True)
class RowFault:
    """One row's trouble: line (1 = first line of the file), column as received, code, sentence, excerpt."""

    line: int
    column: str | None
    code: str
    reason: str
    raw: str | None
    outcome: Outcome = Outcome.QUARANTINED


def excerpt(raw: bytes | str) -> str:
    """Return at most 2,000 characters of a row, with bytes that are no text written as escapes."""
    if isinstance(raw, bytes):
        # Four bytes a character at most, and a little more so that the cut falls outside the excerpt.
        raw = raw[: 4 * RAW_EXCERPT_CHARACTERS + 8].decode("utf-8", "backslashreplace")
    text = raw[:RAW_EXCERPT_CHARACTERS].encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("\x00", "\\x00").rstrip("\r\n")


def printable_name(path: str) -> str:
    """Return a file's last name part, at most 100 characters, with what can't be printed written as escapes."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name)
    return shown if len(shown) <= 100 else shown[:97] + "..."
