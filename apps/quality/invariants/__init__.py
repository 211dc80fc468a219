"""The hub's invariants: what holds at every commit, whatever was killed, repeated or reordered before it."""

from apps.quality.invariants import decisions, events, intake, links, partition, questions, values
from apps.quality.invariants.contract import Invariant

MODULES = (partition, decisions, links, values, intake, events, questions)
INVARIANTS: tuple[Invariant, ...] = tuple(
    sorted((i for module in MODULES for i in module.INVARIANTS), key=lambda i: i.number)
)
