"""What narrows and orders the review queue: kinds, source systems, score bands and ages, each with its count."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q

from apps.cases import narrowing
from apps.cases.claiming import held_by, held_by_others
from apps.cases.narrowing import BLIND, Filter, Tally
from apps.cases.selectors import KINDS, CaseRow
from apps.engine.rules import RuleSet
from apps.stewardship.screens.home import KIND_WORDS

BY_PRIORITY: Final = "priority"
AGES: Final = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
_AGE_WORDS: Final = {
    "new": "Less than a day",
    "day": "A day and more",
    "week": "A week and more",
    "month": "30 days and more",
}
_BAND_WORDS: Final = {
    "very": "Very likely",
    "likely": "Likely",
    "unclear": "Unclear",
    "unlikely": "Unlikely",
    "blind": "Judged blind",
}
_BANDS: Final = ("unlikely", "unclear", "likely", "very")
_ORDER_WORDS: Final = {
    BY_PRIORITY: "Most pressing",
    "oldest": "Oldest",
    "newest": "Newest",
    "likeliest": "Likeliest",
    "unlikeliest": "Unlikeliest",
}
CLAIM_WORDS: Final = {"free": "Nobody else looks at it", "mine": "Mine", "taken": "Others look at it"}
_FACETS: Final = ("kind", "systems", "band", "age")
_WORDS: Final = (*_FACETS, "claim", "order", "after")
_SYSTEMS: Final = re.compile(r"[-\w]+\.[-\w]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of the queue; unknown words ask for nothing."""

    kind: str = ""
    systems: str = ""
    band: str = ""
    age: str = ""
    claim: str = ""
    order: str = BY_PRIORITY
    after: str = ""

    @classmethod
    def read(cls, words: Mapping[str, str]) -> "Asked":
        """Return what the words of an address ask."""
        return cls(**{name: words[name] for name in _WORDS if name in words})

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order is asked for."""
        return bool(self.kind or self.systems or self.band or self.age or self.claim)

    def known(self) -> "Asked":
        """Return it without words that name nothing."""
        return replace(
            self,
            kind=self.kind if self.kind in KINDS else "",
            systems=self.systems if _SYSTEMS.fullmatch(self.systems) else "",
            band=self.band if self.band in _BAND_WORDS else "",
            age=self.age if self.age in _AGE_WORDS else "",
            claim=self.claim if self.claim in CLAIM_WORDS else "",
            order=self.order if self.order in narrowing.ORDERS else BY_PRIORITY,
        )

    def address(self, **changes: str) -> str:
        """Return the query of the address with changes; the page is the first unless `after` says otherwise."""
        asked = replace(self, **{"after": "", **changes})
        words = {name: getattr(asked, name) for name in _WORDS}
        return "?" + urlencode({name: word for name, word in words.items() if word and word != BY_PRIORITY}, safe="~")


@dataclass(frozen=True, slots=True)
class Choice:
    """A word to narrow or order by, how many cases it would leave, and the address that does or undoes it."""

    words: str
    address: str
    is_chosen: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow the queue."""

    title: str
    choices: tuple[Choice, ...]


def list_cuts(rules: RuleSet) -> list[int]:
    """Return the scores at which the word for a score changes, ascending, in millibits."""
    review, link = rules.thresholds.review, rules.thresholds.link
    return [review, (review + link) // 2, link]


def filter_of(asked: Asked, cuts: Sequence[int], now: datetime, person: str) -> Filter:
    """Return what the queue is read by, for a person."""
    bounds = [None, *cuts, None]
    at = _BANDS.index(asked.band) if asked.band in _BANDS and cuts else None
    old = AGES.get(asked.age)
    return Filter(
        kind=asked.kind,
        systems=asked.systems,
        # The lowest band leaves out what has no score.
        least=None if at is None else bounds[at] if at else -(10**9),
        below=None if at is None else bounds[at + 1],
        is_blind=asked.band == "blind" or None,
        opened_before=now - old if old else None,
        opened_after=now - AGES["day"] if asked.age == "new" else None,
        also=claim_of(asked.claim, person),
    )


def claim_of(claim: str, person: str) -> tuple[Q, ...]:
    """Return the condition on who looks at a case: nobody else, the person, or others."""
    if claim == "mine":
        return (held_by(person),)
    return () if not claim else (held_by_others(person) if claim == "taken" else ~held_by_others(person),)


def build_facets(asked: Asked, tallies: Sequence[Tally], names: Mapping[str, str]) -> tuple[Facet, ...]:
    """Return each facet with the counts that choosing a word would leave, beside what else is chosen. No query.

    `names` are those of the source systems, by code. Who looks at a case isn't counted.
    """
    words = {"kind": KIND_WORDS, "band": _BAND_WORDS, "age": _AGE_WORDS}
    words["systems"] = {row.systems: say_systems(row.systems, names) for row in tallies if row.systems}
    words["systems"].setdefault(asked.systems, say_systems(asked.systems, names))
    titles = {"kind": "Kind", "systems": "Source systems", "band": "Likelihood", "age": "Open for"}
    facets = []
    for name in _FACETS:
        others = replace(asked, **{name: ""})
        rows = [row for row in tallies if _matches(row, others)]
        offered = sorted(words[name].keys() - {""}) if name == "systems" else list(words[name])
        counts = {word: sum(row.count for row in rows if _TESTS[name](row, word)) for word in offered}
        chosen = getattr(asked, name)
        choices = tuple(
            Choice(
                words[name][word],
                asked.address(**{name: "" if word == chosen else word}),
                word == chosen,
                counts[word],
            )
            for word in offered
            if counts[word] or word == chosen
        )
        if len(choices) > 1 or chosen:
            facets.append(Facet(titles[name], choices))
    return tuple(facets)


def say_systems(systems: str, names: Mapping[str, str]) -> str:
    """Return two source systems in words."""
    told = [names.get(code, code) for code in systems.split(".")]
    return f"Within {told[0]}" if len(set(told)) == 1 else " and ".join(told)


def build_orders(asked: Asked) -> tuple[Choice, ...]:
    """Return the orders; each is one of the whole set."""
    return tuple(Choice(words, asked.address(order=name), name == asked.order) for name, words in _ORDER_WORDS.items())


def build_claims(asked: Asked) -> tuple[Choice, ...]:
    """Return who may look at a case for it to be shown; everything first."""
    words = {"": "Everything", **CLAIM_WORDS}
    return tuple(Choice(said, asked.address(claim=claim), claim == asked.claim) for claim, said in words.items())


def count_matching(asked: Asked, tallies: Sequence[Tally]) -> int:
    """Return how many open cases are asked for. No query."""
    return sum(row.count for row in tallies if _matches(row, asked))


def write_mark(last: CaseRow, order: str) -> str:
    """Return where the page after this case goes on."""
    value = order_value(last, order)
    return f"{value.isoformat() if isinstance(value, datetime) else value}~{last.case_id}"


def order_value(case: CaseRow, order: str) -> Any:  # noqa: ANN401 - an integer or a moment
    """Return what a case stands at its place of an order by; None where it has no place there."""
    return {"priority": case.priority, "oldest": case.opened_at, "newest": case.opened_at}.get(order, case.score)


def read_mark(asked: Asked) -> tuple[Any, int] | None:
    """Return where the page goes on, or None for the first page and for a mark that is none."""
    text, _, case_id = asked.after.rpartition("~")
    try:
        value = datetime.fromisoformat(text) if asked.order in ("oldest", "newest") else int(text)
        return value, int(case_id)
    except ValueError:
        return None


def _is_aged(row: Tally, word: str) -> bool:
    # Counted are the moments before which it was opened: a day, a week, a month.
    return row.age == 0 if word == "new" else row.age > list(AGES).index(word)


_TESTS: Final[dict[str, Callable[[Tally, str], bool]]] = {
    "kind": lambda row, word: row.kind == word,
    "systems": lambda row, word: row.systems == word,
    "band": lambda row, word: row.band == (BLIND if word == "blind" else _BANDS.index(word)),
    "age": _is_aged,
}


def _matches(row: Tally, asked: Asked) -> bool:
    return all(not getattr(asked, name) or _TESTS[name](row, getattr(asked, name)) for name in _FACETS)
