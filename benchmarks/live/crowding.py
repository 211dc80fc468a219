"""Many clients at once, each asking again as soon as it is answered: which statuses come back."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.live import asking
from benchmarks.live.asking import Answered, Ask, Line
from benchmarks.live.exports import SEED, HeldBack
from benchmarks.live.hub import Running
from benchmarks.live.intake import Push
from benchmarks.live.looking_up import NOT_COMPARED, run_together

CLIENTS = 32
FEW = 60
"""Customers that all clients read and decide about, so that they meet."""
REASON = {"reason": "measured under load"}


class Crowd:
    """What the clients do, and what became of it. Safe to share by threads."""

    def __init__(
        self, running: Running, samples: dict[str, list[Any]], held: Sequence[HeldBack], pushes: Sequence[Push]
    ) -> None:
        self.running, self.samples, self.held = running, samples, held
        self.few = samples["customers"][:FEW]
        self.documented = read_documented(running)
        self.counts: Counter[tuple[str, int]] = Counter()
        self.undocumented: list[str] = []
        self._pushes = list(pushes)
        self._lock = threading.Lock()

    def send(self, line: Line, operation: str, ask: Ask) -> Answered:
        """Send a request of an operation and count its status."""
        answered = line.send(ask)
        with self._lock:
            self.counts[operation, answered.status] += 1
            if answered.status not in self.documented[operation]:
                self.undocumented.append(
                    f"{answered.status} for {ask.method} {ask.path}: {str(answered.document)[:300]}"
                )
        return answered

    def next_pushes(self, count: int) -> list[Push]:
        """Return pushes that nobody has sent yet; none once all are sent."""
        with self._lock:
            taken, self._pushes = self._pushes[:count], self._pushes[count:]
        return taken


def crowd(crowd: Crowd, *, seconds: float) -> dict[str, Any]:
    """Let the clients work for `seconds`; return the statuses by kind of request and what was not documented."""
    until = time.perf_counter() + seconds

    def work(number: int) -> Callable[[], None]:
        def run() -> None:
            chance = random.Random(f"{SEED} client {number}")
            line = Line(crowd.running)
            while time.perf_counter() < until:
                chance.choices(ACTS, WEIGHTS)[0](crowd, line, chance)
            line.close()

        return run

    started = time.perf_counter()
    run_together([work(number) for number in range(CLIENTS)])
    lasted = time.perf_counter() - started
    rows: dict[str, dict[str, int]] = {}
    for (operation, status), count in sorted(crowd.counts.items()):
        rows.setdefault(operation, {})[str(status)] = count
    total = sum(crowd.counts.values())
    return {
        "requests": total,
        "per_second": round(total / lasted, 1),
        "statuses": rows,
        "undocumented": crowd.undocumented,
    }


def read_documented(running: Running) -> dict[str, frozenset[int]]:
    """Return the statuses that the hub's own description names for each operation."""
    line = Line(running)
    schema = line.send(Ask("GET", "/api/v1/schema/")).document
    line.close()
    operations = [act for acts in schema["paths"].values() for act in acts.values() if "operationId" in act]
    return {act["operationId"]: frozenset(map(int, act["responses"])) for act in operations}


def _look(crowd: Crowd, line: Line, chance: random.Random) -> None:
    source, key, *_ = chance.choice(crowd.samples["records"])
    crowd.send(line, "resolveByKey", asking.by_key(source, key))
    crowd.send(line, "getCustomer", asking.by_gid(chance.choice(crowd.samples["customers"])))
    crowd.send(line, "resolveByKey", asking.by_number(*chance.choice(crowd.samples["numbers"])))
    crowd.send(line, "searchCustomers", asking.by_words(chance.choice(crowd.samples["queries"])[1]))


def _example(crowd: Crowd, line: Line, chance: random.Random) -> None:
    given = chance.choice(crowd.held).attributes
    crowd.send(line, "resolveByExample", asking.by_example({n: v for n, v in given.items() if n not in NOT_COMPARED}))


def _push(crowd: Crowd, line: Line, chance: random.Random) -> None:
    if taken := crowd.next_pushes(chance.choice((1, 1, 1, 20))):
        crowd.send(line, "pushSourceRecords", asking.push(taken))


def _push_same(crowd: Crowd, line: Line, chance: random.Random) -> None:
    """Push another version of one of few records, which other clients push, too."""
    source, key, given, _ = chance.choice(crowd.samples["records"][:FEW])
    attributes = given | {"phone": f"+46 8 {chance.randrange(5_000_000, 9_999_999)}"}
    crowd.send(line, "pushSourceRecords", asking.push([{"source": source, "key": key, "attributes": attributes}]))


def _merge(crowd: Crowd, line: Line, chance: random.Random) -> None:
    one, other = chance.sample(crowd.few, 2)
    seen = [_tag(crowd, line, gid) for gid in (one, other)]
    tags = [tag for tag in seen if tag is not None]
    if len(tags) == 2:
        crowd.send(line, "mergeCustomers", asking.decide(f"customers/{one}/merge", {"with": [other], **REASON}, *tags))


def _split(crowd: Crowd, line: Line, chance: random.Random) -> None:
    gid = chance.choice(crowd.few)
    found = crowd.send(line, "getCustomer", asking.by_gid(gid))
    if found.status != 200 or len(found.document["members"]) < 2:
        return
    first = found.document["members"][0]
    groups = [[f"{_code(first)}:{first['key']}"]]
    body = {"groups": groups, **REASON}
    crowd.send(line, "splitCustomer", asking.decide(f"customers/{gid}/split", body, _tag_of(found.document)))


def _merge_unseen(crowd: Crowd, line: Line, chance: random.Random) -> None:
    one, other = chance.sample(crowd.few, 2)
    crowd.send(line, "mergeCustomers", asking.decide(f"customers/{one}/merge", {"with": [other], **REASON}))


def _undo(crowd: Crowd, line: Line, chance: random.Random) -> None:
    crowd.send(line, "undoDecision", asking.decide(f"decisions/{chance.randrange(1, 200)}/undo", REASON))


def _delete(crowd: Crowd, line: Line, chance: random.Random) -> None:
    source, key, *_ = chance.choice(crowd.samples["records"][FEW : 4 * FEW])
    crowd.send(line, "deleteSourceRecord", asking.delete(source, key))


def _tag(crowd: Crowd, line: Line, gid: str) -> str | None:
    found = crowd.send(line, "getCustomer", asking.by_gid(gid))
    return _tag_of(found.document) if found.status == 200 else None


def _tag_of(document: dict[str, Any]) -> str:
    return f'"{document["gid"]}.{document["version"]}"'


def _code(member: dict[str, Any]) -> str:
    source = member["source"]
    return str(source["code"] if isinstance(source, dict) else source)


ACTS: Sequence[Callable[[Crowd, Line, random.Random], None]] = (
    _look, _example, _push, _push_same, _merge, _split, _merge_unseen, _undo, _delete,
)  # fmt: skip
WEIGHTS = (30, 10, 20, 10, 12, 8, 2, 6, 2)
