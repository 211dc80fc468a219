"""Typed readers of the environment.

The law here: a variable that holds nonsense stops the program at start, in one line that names the variable.

The process environment wins over a `.env` file at the root of the checkout. Every read is registered, so that a test
can hold `.env.example` equal to what the program reads, order included.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

PROJECT_ROOT = Path(__file__).resolve().parent.parent

_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_SECONDS_PER_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_DOTENV_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


class BadVariableError(ValueError):
    """A variable of the environment that can't be used; the message names it and says what it takes."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable the program reads: its name, what it takes, and its default as it would be written in `.env`."""

    name: str
    kind: str
    default: str


_registry: dict[str, Variable] = {}


def list_variables() -> list[Variable]:
    """Return every variable read so far, in the order of first reading."""
    return list(_registry.values())


def flag(name: str, default: bool) -> bool:
    """Return a yes-or-no variable; takes 1/0, true/false, yes/no, on/off in any case.

    Raises BadVariableError for anything else.
    """
    given = _read(name, "flag", "1" if default else "0")
    if given is None:
        return default
    if given.lower() not in _FLAGS:
        raise BadVariableError(name, f"{given!r} is not a flag; use 1 or 0")
    return _FLAGS[given.lower()]


def number(name: str, default: int, low: int | None = None, high: int | None = None) -> int:
    """Return a whole number between `low` and `high`, both included.

    Raises BadVariableError for anything else.
    """
    given = _read(name, "number", str(default))
    if given is None:
        return default
    if not re.fullmatch(r"[+-]?[0-9]+", given):
        raise BadVariableError(name, f"{given!r} is not a whole number")
    value = int(given)
    if (low is not None and value < low) or (high is not None and value > high):
        raise BadVariableError(name, f"{value} is outside {_bounds(low, high)}")
    return value


def duration(name: str, default: str) -> timedelta:
    """Return a length of time, written as `90`, `90s`, `15m`, `2h` or `7d`; a bare number is seconds.

    Raises BadVariableError for anything else.
    """
    given = _read(name, "duration", default) or default
    match = _DURATION.fullmatch(given)
    if not match:
        raise BadVariableError(name, f"{given!r} is not a duration; use 90s, 15m, 2h or 7d")
    return timedelta(seconds=float(match[1]) * _SECONDS_PER_UNIT[match[2]])


def text(name: str, default: str) -> str:
    """Return a line of text. Empty counts as not given."""
    return _read(name, "text", default) or default


def folder(name: str, default: str) -> Path:
    """Return a folder's path; a relative one counts from the root of the checkout. It need not exist.

    Raises BadVariableError where something that is no folder has that path.
    """
    path = PROJECT_ROOT / Path(text(name, default)).expanduser()
    if path.exists() and not path.is_dir():
        raise BadVariableError(name, f"{path} is not a folder")
    return path


def choice(name: str, default: str, choices: Sequence[str]) -> str:
    """Return one of `choices`, compared without case and returned as listed there.

    Raises BadVariableError for anything else.
    """
    given = _read(name, "choice", default) or default
    for known in choices:
        if known.lower() == given.lower():
            return known
    raise BadVariableError(name, f"{given!r} is none of {', '.join(choices)}")


def listed(name: str, default: Sequence[str]) -> list[str]:
    """Return a list of texts separated by commas; blanks around each are dropped, empty ones left out."""
    given = _read(name, "list", ",".join(default))
    if given is None:
        return list(default)
    return [part.strip() for part in given.split(",") if part.strip()]


def secret(name: str, default: str) -> str:
    """Return a secret, given as the value itself or as the path of a file that holds it in `NAME_FILE`.

    Raises BadVariableError where both are given or the file can't be read or is empty. The value is never in a message.
    """
    given = _read(name, "secret", default)
    path = _lookup(f"{name}_FILE")
    if path is None:
        return given or default
    if given is not None:
        raise BadVariableError(name, f"is given twice, as {name} and as {name}_FILE; keep one")
    try:
        held = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadVariableError(f"{name}_FILE", f"{path} can't be read: {error}") from error
    if not held:
        raise BadVariableError(f"{name}_FILE", f"{path} is empty")
    return held


def url(name: str, default: str, schemes: Sequence[str]) -> str:
    """Return a URL of one of `schemes`, or the default (which may be empty) where none is given.

    `NAME_FILE` may hold the path of a file with the URL instead, since such URLs carry passwords.
    Raises BadVariableError for another scheme or no scheme; the message never repeats the URL.
    """
    given = secret(name, default)
    _registry[name] = Variable(name, "url", default)
    if given and _scheme(name, given) not in schemes:
        raise BadVariableError(name, f"has to be a URL that starts with {' or '.join(f'{one}://' for one in schemes)}")
    return given


def _scheme(name: str, given: str) -> str:
    try:
        parts = urlsplit(given)
        _ = parts.port  # A port that is no number is only found when asked for.
    except ValueError as error:
        raise BadVariableError(name, f"is not a URL: {_without_values(error)}") from None
    return parts.scheme if "://" in given else ""


def _without_values(error: ValueError) -> str:
    # urlsplit quotes the part it stumbled over, which may be the password.
    return str(error).split(" as ")[0].split(":")[0]


def _bounds(low: int | None, high: int | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"{low} to {high}"


def _read(name: str, kind: str, default: str) -> str | None:
    _registry.setdefault(name, Variable(name, kind, default))
    return _lookup(name)


def _lookup(name: str) -> str | None:
    given = os.environ.get(name)
    if given is None:
        given = _dotenv(PROJECT_ROOT / ".env").get(name)
    return (given or "").strip() or None


@cache
def _dotenv(path: Path) -> Mapping[str, str]:
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for number_of_line, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _DOTENV_LINE.fullmatch(line.strip())
        if not match:
            raise BadVariableError(f"{path}:{number_of_line}", "is neither a comment nor NAME=value")
        found[match[1]] = _unquoted(match[2])
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
