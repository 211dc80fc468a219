"""Kernels: functions over arrays, compiled to machine code by Numba when they are first called, and kept on disk.

Numba notices when a kernel's own file changed, but not when a kernel that it calls did, or a constant of the row code
that it holds. So compiled code is kept in a folder named by the digest of all that it may be made of: code of another
state is never run.
"""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Held = TypeVar("Held")
_SOURCES: Final = Path(__file__).parent
_HOLDS_KERNELS: Final = b"\n@compiled\n"


def compiled(function: Kernel) -> Kernel:
    """Return the function compiled: it lets go of the interpreter's lock while it runs, and sees arrays unchecked."""
    folder = kernel_folder()
    if folder is None:
        return _made(function, cached=False)
    # Where a kernel is kept is settled when it is made.
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        return _made(function, cached=True)
    finally:
        config.CACHE_DIR = before


def frozen(held: Held) -> Held:
    """Return an array, or the arrays in a tuple and the tuples in it, as read-only ones without gaps.

    Numba compiles a kernel anew for arrays that may be written to, and Arrow's may not.
    """
    if isinstance(held, tuple):
        fields: Any = [frozen(field) for field in held]
        return cast(Held, type(held)(*fields) if hasattr(held, "_fields") else type(held)(fields))
    if not isinstance(held, np.ndarray):
        return held
    view: Any = np.ascontiguousarray(held).view()
    view.flags.writeable = False
    return cast(Held, view)


@cache
def kernel_folder() -> Path | None:
    """Return the folder for compiled kernels: beside the source, else in the user's cache; None where neither can be.

    A folder that others may write to is never taken: what lies in it is run.
    """
    digest = hashlib.md5(usedforsecurity=False)
    for source in _made_of():
        digest.update(source)
    name = f"kernels-{numba.__version__}-{digest.hexdigest()[:12]}"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never raises
    for parent in (_SOURCES / "__pycache__", Path(home) / "mdmhub"):
        folder = parent / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK) and folder.stat().st_uid == os.getuid():
            return folder
    return None


def _made_of() -> list[bytes]:
    """Return the sources of all kernels and of the constants in them."""
    ours = [path.read_bytes() for path in sorted(_SOURCES.glob("*.py"))]
    constants = [path for verb in ("compare", "cluster") for path in sorted((_SOURCES.parent / verb).glob("*.py"))]
    constants += [_SOURCES / "frames.py", Path(__file__)]
    return [*(source for source in ours if _HOLDS_KERNELS in source), *(path.read_bytes() for path in constants)]


def _made(function: Kernel, *, cached: bool) -> Kernel:
    kernel: Any = numba.njit(nogil=True, cache=cached)(function)
    made: Kernel = kernel
    return made
