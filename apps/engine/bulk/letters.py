"""Texts as arrays of letters, one after the other, as kernels read them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.engine.bulk.frames import Ints

Bytes = npt.NDArray[np.uint8]
Points = npt.NDArray[np.uint32]
ASCII = 128
CONTINUES, MARK = 0x80, 0xC0
"""A byte of UTF-8 whose two highest bits are `CONTINUES` begins no letter."""


class Letters(NamedTuple):
    """Text `n` is `points[starts[n]:starts[n + 1]]`, in Unicode code points."""

    points: Points
    starts: Ints


class Raw(NamedTuple):
    """Text `n` is `content[starts[n]:starts[n + 1]]`, in UTF-8, and has `lengths[n]` letters."""

    content: Bytes
    starts: Ints
    lengths: Ints


def raw_of(texts: pa.Array) -> Raw:
    """Return the texts as Arrow holds them, without copying their bytes."""
    wide = texts.cast(pa.large_string())
    starts = np.zeros(1, dtype=np.int64)
    content = np.zeros(0, dtype=np.uint8)
    if len(wide):
        _, offsets, held = wide.buffers()
        starts = np.frombuffer(offsets, dtype=np.int64)[wide.offset : wide.offset + len(wide) + 1]
        content = np.frombuffer(held, dtype=np.uint8) if held is not None else content
    begins = content[: starts[-1]] & MARK != CONTINUES
    if begins.all():
        return Raw(content, starts, np.diff(starts))
    letters_before = np.r_[0, np.cumsum(begins)]
    return Raw(content, starts, np.diff(letters_before[starts]))


def letters_of(texts: pa.Array) -> Letters:
    """Return the letters of the texts, none of which may be null."""
    raw = raw_of(texts)
    first, last = int(raw.starts[0]), int(raw.starts[-1])
    held = raw.content[first:last]
    starts = np.r_[0, np.cumsum(raw.lengths)]
    if not len(held) or held.max() < ASCII:
        return Letters(held.astype(np.uint32), starts)
    return Letters(np.frombuffer(held.tobytes().decode().encode("utf-32-le"), dtype=np.uint32).copy(), starts)
