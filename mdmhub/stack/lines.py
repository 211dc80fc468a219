"""Turn a process's log line into one a person reads at a glance."""

import json

_NAME_WIDTH = 8


def render(name: str, line: str) -> str:
    """Return `name | line`; a JSON log line becomes its time, level and message, and its other fields follow."""
    return f"{name:<{_NAME_WIDTH}} | {_plain(line)}"


def _plain(line: str) -> str:
    if not line.startswith("{"):
        return line
    try:
        fields = json.loads(line)
    except ValueError:
        return line
    if not isinstance(fields, dict) or "message" not in fields:
        return line
    at = str(fields.pop("at", ""))[11:19]
    head = " ".join(part for part in (at, str(fields.pop("level", "")), str(fields.pop("message"))) if part)
    fields.pop("logger", None)
    exception = fields.pop("exception", None)
    rest = " ".join(f"{key}={value}" for key, value in fields.items())
    return "\n".join(part for part in (f"{head} {rest}".rstrip(), exception) if part)
