"""A CSV of `source_key,governed_id` for systems that take ids by file import. The last line of a key counts."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from apps.delivery.appending import append_lines
from apps.delivery.targets.base import Answer, Intent, Written

_HEADER = b"source_key,governed_id\n"


class FileList:
    """Appends a batch in one write and one fsync. A file can't be read back, so writing it is its acknowledgement."""

    batch_size = 200

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, intents: Sequence[Intent]) -> list[Answer]:
        """Append every id, or none; see `Target.write`."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows((intent.source_key, intent.gid) for intent in intents)
        try:
            append_lines(self.path, text.getvalue().encode("utf-8"), header=_HEADER)
        except OSError as error:
            return [Answer(Written.UNREACHABLE, detail=f"{type(error).__name__}: {error.strerror}")] * len(intents)
        return [Answer(Written.APPLIED)] * len(intents)
