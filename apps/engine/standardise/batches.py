"""Batches of raw values, and the worker processes that standardise them.

A worker process loads this package and the key functions, nothing of `bulk`: it starts in a fraction of a second and
stays small. So batches come and go as plain lists and bytes, not as Arrow.
"""

import os
import signal
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, repeat
from multiprocessing import parent_process
from threading import Thread

from apps.engine.standardise.registry import STANDARDISERS

Packed = tuple[bytes, bytes]
"""Texts one behind the other: offsets as 32-bit integers (one more than texts) and UTF-8. Nothing is an empty text."""


def standardise_batch(
    kind: str, option: str | None, raws: Sequence[str | None], contexts: Sequence[Sequence[str | None] | None]
) -> list[Packed]:
    """Return the parts of the raw values of one kind of attribute: one packed column for each part.

    `contexts` holds a column for each context part of the kind, None where no record has that part. Raises KeyError
    for an unknown kind.
    """
    standardiser = STANDARDISERS[kind]
    columns: list[Iterable[str | None]] = [repeat(None) if column is None else column for column in contexts]
    known = zip(*columns, strict=False) if columns else repeat(())
    outputs = [standardiser.function(raw or "", context, option) for raw, context in zip(raws, known, strict=False)]
    if not outputs:
        return [pack(()) for _ in standardiser.parts]
    return [pack(values) for values in zip(*outputs, strict=True)]


def pack(values: Iterable[str | None]) -> Packed:
    """Return texts packed; None becomes the empty text. Raises UnicodeEncodeError for a lone surrogate."""
    texts = [value or "" for value in values]
    joined = "".join(texts)
    if joined.isascii():
        return array("i", accumulate(map(len, texts), initial=0)).tobytes(), joined.encode("ascii")
    encoded = [text.encode() for text in texts]
    return array("i", accumulate(map(len, encoded), initial=0)).tobytes(), b"".join(encoded)


def start_worker() -> None:
    """Make this process a worker: deaf to Ctrl-C, which its parent answers, and gone as soon as its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A killed parent can't dismiss its workers, and they would wait for its next batch for ever.
    Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
