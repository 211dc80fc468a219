"""Compiled functions over flat arrays: loops that NumPy can't say in whole columns.

They let go of the interpreter's lock, so threads run them side by side. They are compiled when they are first called
and kept on disk from then on. Numba has no types of its own, hence the cast.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Return the function compiled: same arguments, same answer; integers wrap at 64 bits, indices aren't checked."""
    return cast(Kernel, njit(nogil=True, cache=True)(function))
