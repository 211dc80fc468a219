"""A walk through the cases of a filter, or through those selected: one after the other, each on its own page.

The address carries all of it, so that a page that is sent, reloaded or fetched ahead goes on where it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from django.db.models import Q
from django.utils import timezone

from apps.base.actors import Actor
from apps.cases import selectors as cases
from apps.cases.blind import waits_for_another
from apps.cases.claiming import held_by_others
from apps.cases.narrowing import Filter, count_open, list_open
from apps.pipeline.deciding import list_recent_decisions
from apps.rulebook.selectors import find_active_rules
from apps.stewardship.screens.decisions import VERDICT_WORDS
from apps.stewardship.screens.facets import Asked, filter_of, list_cuts, order_value

MOST_PICKED: Final = 300
"""More cases than one page of the queue can name with all candidates of its lines."""
MOST_TOLD: Final = 1_000


@dataclass(frozen=True, slots=True)
class Walk:
    """Where somebody is on the way through the cases of a filter.

    `picked` are the cases selected, none for all of the filter. `of` counts what there was when it began, at `since`
    (seconds since 1970). `stands_at` is the case to come back to from a look at another one.
    """

    asked: Asked = field(default_factory=Asked)
    picked: tuple[int, ...] = ()
    at: int = 0
    of: int = 0
    since: int = 0
    stands_at: int = 0

    @classmethod
    def read(cls, text: str) -> "Walk":
        """Return the walk that `in` of an address names; what it doesn't say is as at the start."""
        words = dict(parse_qsl(text))
        numbers = {name: _number(words.get(name, "")) for name in ("at", "of", "since", "stands_at")}
        return cls(replace(Asked.read(words).known(), after=""), read_picks([words.get("picked", "")]), **numbers)

    @property
    def keep(self) -> str:
        """The query that keeps an address within the walk."""
        return f"?in={quote(self.words, safe='')}"

    @property
    def again(self) -> str:
        """The query that begins the same walk anew."""
        return f"?in={quote(replace(self, at=0, of=0, since=0, stands_at=0).words, safe='')}"

    def back_to(self, case_id: int) -> "Walk":
        """Return the walk as of the case before."""
        return replace(self, at=max(self.at - 1, 1), stands_at=case_id)

    @property
    def words(self) -> str:
        """What `in` of an address says, as it is before quoting."""
        numbers = {"at": self.at, "of": self.of, "since": self.since, "stands_at": self.stands_at}
        words = {"picked": ".".join(map(str, self.picked)), **numbers}
        own = urlencode({name: word for name, word in words.items() if word})
        return "&".join(part for part in (self.asked.address().removeprefix("?"), own) if part)


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a walk: this person's decisions since it began, by verdict, and the cases still open in it."""

    decided: tuple[tuple[str, int], ...]
    judged: int
    unsettled: int


def read_picks(texts: Sequence[str]) -> tuple[int, ...]:
    """Return the cases that rows of the queue name, each with all candidates of its record."""
    named = [_number(part) for text in texts for part in text.split(".")]
    return tuple(dict.fromkeys(number for number in named if number))[:MOST_PICKED]


def begin_walk(walk: Walk, *, person: str) -> tuple[cases.CaseRow | None, Walk]:
    """Return the first case of a walk, and the walk from there. Three queries."""
    walk = replace(walk, since=int(timezone.now().timestamp()))
    wanted = _filter(walk, person)
    walk = replace(walk, of=count_open(wanted, order=walk.asked.order))
    return _stand(walk, next(iter(list_open(wanted, order=walk.asked.order, limit=1)), None))


def follow_walk(walk: Walk, here: cases.CaseRow, *, person: str) -> tuple[cases.CaseRow | None, Walk]:
    """Return the case that follows on the walk, None past its end, and the walk from there. At most three queries.

    From a case beside the way it leads back to where it stood, if that is still open.
    """
    stood = here if walk.stands_at in (0, here.case_id) else cases.get_case(walk.stands_at)
    if stood is not here and stood.state == "open":
        return stood, walk
    order = walk.asked.order
    mark = order_value(stood, order), stood.case_id
    if mark[0] is None:
        return None, walk
    return _stand(walk, next(iter(list_open(_filter(walk, person), order=order, after=mark, limit=1)), None))


def build_summary(walk: Walk, actor: Actor) -> Summary:
    """Return what came of a walk. Three queries."""
    since = datetime.fromtimestamp(walk.since, UTC)
    counts = dict.fromkeys(VERDICT_WORDS, 0)
    for row in list_recent_decisions(actor=actor, limit=MOST_TOLD):
        if row.decided_at >= since and row.case_id and not row.is_undone:
            counts[row.kind] = counts.get(row.kind, 0) + 1
    decided = tuple((VERDICT_WORDS.get(kind, kind), count) for kind, count in counts.items() if count)
    wanted = _filter(walk, str(actor))
    return Summary(decided, sum(counts.values()), count_open(wanted, order=walk.asked.order))


def _stand(walk: Walk, found: cases.CaseRow | None) -> tuple[cases.CaseRow | None, Walk]:
    return found, replace(walk, at=walk.at + 1, stands_at=found.case_id) if found else walk


def _filter(walk: Walk, person: str) -> Filter:
    active = find_active_rules()
    # Ages are those of the moment it began: nothing comes or goes by the clock alone.
    wanted = filter_of(
        walk.asked, list_cuts(active.rules) if active else [], datetime.fromtimestamp(walk.since, UTC), person
    )
    also = (*wanted.also, ~waits_for_another(person))
    also = also if walk.asked.claim else (*also, ~held_by_others(person))
    return replace(wanted, also=(*also, Q(pk__in=walk.picked)) if walk.picked else also)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0
