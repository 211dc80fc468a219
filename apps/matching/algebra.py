"""What decisions say together. Pure: pairs of records in, contradictions out.

The laws: "same" is closed transitively; "different" and "related" keep whole closed groups apart; nothing is decided
that contradicts what stands, unless it cites what it puts out of force.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

SAME = "same"
APART = ("different", "related")
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Said:
    """What one decision says of a pair of records, the lower id first; `verdict` 0 is the one about to be made."""

    low: int
    high: int
    kind: str
    verdict: int = 0

    @property
    def pair(self) -> Pair:
        """The two records."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a chain, read from `left` to `right`."""

    left: int
    right: int
    said: Said


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What can't be decided, and the steps that lead from its lower record to its higher one and say otherwise."""

    asked: Said
    chain: tuple[Step, ...]


def close_groups(said: Iterable[Said]) -> dict[int, int]:
    """Return the smallest record of the closed group of every record that a "same" names."""
    ties = _ties(said)
    group: dict[int, int] = {}
    for record in sorted(ties):
        if record not in group:
            group |= dict.fromkeys(_reach(ties, record), record)
    return group


def find_contradiction(standing: Sequence[Said], asked: Sequence[Said]) -> Contradiction | None:
    """Return the shortest chain of what stands that contradicts what is asked, or None where all can be true at once.

    Chains of one length are told apart by their records. What is asked may contradict itself, too; its own pairs then
    stand in the chain under verdict 0.
    """
    plain = _find_denial(standing, asked)
    if plain is not None:
        return plain
    every = [*standing, *asked]
    group = close_groups(every)
    inside = [
        said for said in every if said.kind in APART and said.low in group and group[said.low] == group.get(said.high)
    ]
    if not inside:
        return None
    ties = _ties(every)
    cycles = [(said, _walk(ties, said.low, said.high)) for said in inside]
    apart, path = min(cycles, key=lambda cycle: (len(cycle[1]), cycle[0].pair, cycle[0].verdict))
    return _open_cycle(apart, path)


def find_overruled(
    standing: Sequence[Said], asked: Sequence[Said], *, cited: Collection[int], sides: Mapping[int, int]
) -> list[Said]:
    """Return what a decision puts out of force of the decisions it cites, and no more.

    That is their word on the very pairs asked; every "same" of theirs that crosses `sides` (side by record); and what
    still stands against the rest of what is asked. Of several ways through a chain, its "different" gives way first.
    """
    pairs = {said.pair for said in asked}
    overruled = [said for said in standing if said.verdict in cited and (said.pair in pairs or _crosses(said, sides))]
    left = [said for said in standing if said not in overruled]
    while (contradiction := find_contradiction(left, asked)) is not None:
        giving = [step.said for step in contradiction.chain if step.said.verdict in cited]
        giving = [said for said in giving if said.kind in APART] or giving
        if not giving:
            break
        overruled += giving
        left = [said for said in left if said not in giving]
    return overruled


def _crosses(said: Said, sides: Mapping[int, int]) -> bool:
    ours, theirs = sides.get(said.low), sides.get(said.high)
    return said.kind == SAME and None not in (ours, theirs) and ours != theirs


def _find_denial(standing: Sequence[Said], asked: Sequence[Said]) -> Contradiction | None:
    """Return the first pair of which something else is said outright."""
    word = {said.pair: said for said in sorted(standing, key=lambda said: -said.verdict)}
    for said in sorted(asked, key=lambda said: said.pair):
        other = word.get(said.pair)
        if other is not None and other.kind != said.kind:
            return Contradiction(said, (Step(said.low, said.high, other),))
    return None


def _open_cycle(apart: Said, path: list[Step]) -> Contradiction:
    """Cut a cycle at what is asked: the rest of it, read from one end to the other, says otherwise."""
    at = next((place for place, step in enumerate(path) if not step.said.verdict), None)
    if not apart.verdict or at is None:
        return Contradiction(apart, tuple(path))
    cut = path[at]
    back = [Step(step.right, step.left, step.said) for step in reversed(path)]
    rest = len(path) - 1 - at
    chain = [*back[rest + 1 :], Step(apart.low, apart.high, apart), *back[:rest]]
    if cut.left != cut.said.low:
        chain = [Step(step.right, step.left, step.said) for step in reversed(chain)]
    return Contradiction(cut.said, tuple(chain))


def _ties(said: Iterable[Said]) -> dict[int, list[Said]]:
    """Return the "same" pairs of each record, what stands before what is asked."""
    ties: dict[int, list[Said]] = defaultdict(list)
    for one in sorted(said, key=lambda one: (one.pair, one.verdict == 0, one.verdict)):
        if one.kind == SAME:
            ties[one.low].append(one)
            ties[one.high].append(one)
    return ties


def _reach(ties: Mapping[int, Sequence[Said]], start: int) -> Iterator[int]:
    seen, waiting = {start}, deque([start])
    while waiting:
        record = waiting.popleft()
        yield record
        for said in ties[record]:
            other = said.high if said.low == record else said.low
            if other not in seen:
                seen.add(other)
                waiting.append(other)


def _walk(ties: Mapping[int, Sequence[Said]], start: int, end: int) -> list[Step]:
    """Return the shortest walk over "same" pairs between two records of one group."""
    came: dict[int, Step] = {}
    waiting = deque([start])
    while waiting and end not in came:
        record = waiting.popleft()
        for said in ties[record]:
            other = said.high if said.low == record else said.low
            if other != start and other not in came:
                came[other] = Step(record, other, said)
                waiting.append(other)
    steps: list[Step] = []
    while end != start:
        steps.append(came[end])
        end = came[end].left
    return steps[::-1]
