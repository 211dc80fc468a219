"""The live path: what a bulk run does for a million records, for a few, while somebody waits."""

from apps.pipeline.live.absorbing import Absorbed, absorb, take_turn
from apps.pipeline.live.redoing import queue_redo

__all__ = ["Absorbed", "absorb", "queue_redo", "take_turn"]
