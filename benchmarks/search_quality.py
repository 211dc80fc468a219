"""How well search finds the customer that is meant: queries drawn from a hub's own customers, and how long they take.

    python -m benchmarks.search_quality --queries 1000 --seed 7

Reads the hub that DATABASE_URL names (else the embedded one). Every query is made from one live customer and spoilt as
people spoil them; it counts as found where that customer is among the first three.
"""

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import django
from django.db import connection

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
FIRST: Final = 3


@dataclass(frozen=True, slots=True)
class Known:
    """What a query is made from: one live customer and the keys of its members as search keeps them."""

    gid: str
    name: str
    city: str
    values: dict[str, str]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One query: how it was made, its text, who was meant, the place at which it was found (0: not), seconds."""

    kind: str
    query: str
    gid: str
    place: int
    seconds: float


def draw_customers(count: int, seed: int) -> list[Known]:
    """Return `count` live customers, the same for the same hub and seed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT gid, name, city, values, search_terms FROM golden_goldenrecord"
            " WHERE state = 'live' AND name <> '' ORDER BY md5(search_terms::text || %s) LIMIT %s",
            [f"seed {seed}", count],
        )
        return [
            Known(
                gid=gid,
                name=name,
                city=city,
                values={attribute: entry["value"] for attribute, entry in _read_json(values).items()},
                keys=tuple(term.partition(":")[2] for term in terms if ":" in term),
            )
            for gid, name, city, values, terms in cursor.fetchall()
        ]


def make_queries(customers: Sequence[Known], seed: int) -> list[tuple[str, str, str]]:
    """Return (kind, query, governed id) for each customer, the kinds by turns; a kind it can't serve gives way."""
    chance = random.Random(seed)
    makers = list(KINDS.items())
    queries = []
    for number, known in enumerate(customers):
        for step in range(len(makers)):
            kind, maker = makers[(number + step) % len(makers)]
            text = maker(known, chance)
            if text:
                queries.append((kind, text, known.gid))
                break
    return queries


def ask(queries: Sequence[tuple[str, str, str]]) -> list[Outcome]:
    """Search for each query and say at which place its customer came."""
    from apps.golden.selectors import search_customers

    outcomes = []
    for kind, query, gid in queries:
        began = time.perf_counter()
        hits = search_customers(query, limit=FIRST)
        seconds = time.perf_counter() - began
        place = next((place for place, hit in enumerate(hits, 1) if hit.customer.gid == gid), 0)
        outcomes.append(Outcome(kind, query, gid, place, seconds))
    return outcomes


def summarise(outcomes: Sequence[Outcome]) -> str:
    """Return the share found and the latencies by kind, as Markdown."""
    lines = [
        "| kind of query | queries | first | among three | p50 ms | p95 ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    kinds = dict.fromkeys(outcome.kind for outcome in outcomes)
    for kind in [*kinds, "**all**"]:
        chosen = [outcome for outcome in outcomes if kind in (outcome.kind, "**all**")]
        times = sorted(outcome.seconds * 1_000 for outcome in chosen)
        cells = [
            f"{len(chosen):,}",
            f"{sum(outcome.place == 1 for outcome in chosen) / len(chosen):.1%}",
            f"{sum(outcome.place > 0 for outcome in chosen) / len(chosen):.1%}",
            f"{statistics.median(times):.0f}",
            f"{times[int(0.95 * (len(times) - 1))]:.0f}",
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def slip(word: str, chance: random.Random) -> str:
    """Return the word with one slip of the hand: a letter left out, added, exchanged, or swapped with the next."""
    at = chance.randrange(len(word))
    letter = chance.choice(LETTERS)
    match chance.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + letter + word[at:]
        case 2:
            return word[:at] + letter + word[at + 1 :]
    at = min(at, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _with_slips(known: Known, chance: random.Random) -> str:
    words = _named(known)
    long = [place for place, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    for place in chance.sample(long, min(2, len(long))):
        words[place] = slip(words[place], chance)
        if len(words[place]) >= 9:
            words[place] = slip(words[place], chance)
    return " ".join(words) if long else ""


def _swapped(known: Known, chance: random.Random) -> str:
    words = _named(known)
    chance.shuffle(words)
    return " ".join(words) if len(words) > 1 else ""


def _partial(known: Known, chance: random.Random) -> str:
    """Two or three words of the name, the last of them begun only, after the city."""
    words = known.name.split()
    if len(words) < 2 or not known.city:
        return ""
    kept = words[: chance.choice((2, 3))]
    kept[-1] = kept[-1][: max(4, len(kept[-1]) - 3)]
    return " ".join([known.city, *kept])


def _named(known: Known) -> list[str]:
    return f"{known.name} {known.city}".split()


def _address(known: Known, chance: random.Random) -> str:  # noqa: ARG001 - every maker takes both
    street, city = known.values.get("street", ""), known.city
    first = known.name.split()[0]
    return f"{first} {street} {city}" if street and city else ""


def _phone(known: Known, chance: random.Random) -> str:
    phone = known.values.get("phone", "")
    # An extension is no part of the number that is kept.
    return "" if any(character.isalpha() for character in phone) else _respelt(phone, chance, " -/.")


def _tax(known: Known, chance: random.Random) -> str:
    number = next((known.values[name] for name in ("vat", "tax_id") if name in known.values), "")
    return _respelt(number, chance, " -.")


def _respelt(number: str, chance: random.Random, marks: str) -> str:
    """Return a number with other marks between its groups of three."""
    plain = "".join(character for character in number if character.isalnum() or character == "+")
    mark = chance.choice(marks)
    return mark.join(plain[at : at + 3] for at in range(0, len(plain), 3))


def _key(known: Known, chance: random.Random) -> str:
    return chance.choice(known.keys).upper() if known.keys else ""


def _email(known: Known, chance: random.Random) -> str:
    address = known.values.get("email", "")
    return chance.choice((address.upper(), f" {address} ", address)) if address else ""


def _read_json(text: Any) -> dict[str, Any]:  # noqa: ANN401 - the driver may have read it
    document: dict[str, Any] = json.loads(text) if isinstance(text, str) else text
    return document


KINDS: Final[dict[str, Callable[[Known, random.Random], str]]] = {
    "name with slips, city": _with_slips,
    "words swapped": _swapped,
    "part of the name, city": _partial,
    "address": _address,
    "phone": _phone,
    "tax number": _tax,
    "source key": _key,
    "e-mail": _email,
}


def main() -> None:
    """Ask the queries and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--misses", type=int, default=0, help="print so many queries that weren't found")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdmhub.settings.dev")
    django.setup()
    outcomes = ask(make_queries(draw_customers(asked.queries, asked.seed), asked.seed))
    for outcome in [outcome for outcome in outcomes if not outcome.place][: asked.misses]:
        print(f"{outcome.kind}: {outcome.query} ({outcome.gid})")
    print(summarise(outcomes))


if __name__ == "__main__":
    main()
