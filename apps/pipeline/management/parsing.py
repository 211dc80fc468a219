"""Options that can't be used end a command with one line and exit code 2."""

import sys
from typing import NoReturn

from django.core.management.base import CommandParser


def speak_in_one_line(parser: CommandParser) -> None:
    """Make the parser name what is wrong without repeating its whole usage."""

    def refuse(message: str) -> NoReturn:
        sys.stderr.write(f"{parser.prog}: {message}\n")
        raise SystemExit(2)

    parser.error = refuse  # type: ignore[method-assign]
