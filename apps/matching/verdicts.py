"""Keep decisions. Nothing but a later decision that cites it puts one out of force, and nothing is lost by that.

Callers hold the intake gate exclusively, so that no two decisions are weighed side by side.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.base.actors import Actor, acting
from apps.base.errors import Conflict, NotFound
from apps.matching.algebra import SAME, Contradiction, Pair, Said, find_contradiction, find_overruled
from apps.matching.models import Verdict, VerdictPair
from apps.sources.selectors import Record, list_records

BINDING = (Verdict.Kind.SAME, Verdict.Kind.DIFFERENT, Verdict.Kind.RELATED)
# Everything said inside the closed groups of some records, also what only waits beneath a live pair that says the same.
_STANDING = """
WITH RECURSIVE tied(id) AS (
    SELECT unnest(%s::bigint[])
    UNION
    SELECT mate.id FROM tied t CROSS JOIN LATERAL (
        SELECT high_id AS id FROM matching_verdictpair WHERE low_id = t.id AND is_live AND kind = 'same'
        UNION ALL SELECT low_id FROM matching_verdictpair WHERE high_id = t.id AND is_live AND kind = 'same'
    ) AS mate
), bound AS MATERIALIZED (
    SELECT low_id, high_id, kind, verdict_id FROM matching_verdictpair
    WHERE is_live AND kind IN ('same', 'different', 'related')
      AND low_id IN (SELECT id FROM tied) AND high_id IN (SELECT id FROM tied)
)
SELECT low_id, high_id, kind, verdict_id FROM bound
UNION
SELECT p.low_id, p.high_id, p.kind, p.verdict_id FROM bound b
JOIN matching_verdictpair p ON p.low_id = b.low_id AND p.high_id = b.high_id AND NOT p.is_live
JOIN matching_verdict v ON v.id = p.verdict_id AND v.undone_at IS NULL
WHERE p.superseded_by_id IS NULL
ORDER BY 1, 2, 4
"""
# What binds again when a decision is undone: what it put out of force, and what waited beneath its own pairs.
_SET_FREE = """
WITH freed AS (
    SELECT low_id, high_id, kind, verdict_id FROM matching_verdictpair WHERE superseded_by_id = %(verdict)s
    UNION
    SELECT p.low_id, p.high_id, p.kind, p.verdict_id FROM matching_verdictpair own
    JOIN matching_verdictpair p ON p.low_id = own.low_id AND p.high_id = own.high_id AND NOT p.is_live
    WHERE own.verdict_id = %(verdict)s AND own.is_live AND p.superseded_by_id IS NULL AND p.kind <> 'not_sure'
)
SELECT f.low_id, f.high_id, f.kind, f.verdict_id FROM freed f
JOIN matching_verdict v ON v.id = f.verdict_id AND v.undone_at IS NULL AND v.id <> %(verdict)s
ORDER BY 1, 2, 4
"""


class DecisionContradicted(Conflict):
    """Standing decisions say otherwise; `facts.chain` leads through them."""

    code = "decision.contradicted"
    title = "Other decisions say otherwise"


class DecisionUndone(Conflict):
    """The decision was taken back already."""

    code = "decision.undone"
    title = "The decision was undone already"


class DecisionSuperseded(Conflict):
    """A later decision stands in its place, and has to be taken back first."""

    code = "decision.superseded"
    title = "A later decision stands in its place"


def record_verdict(
    *,
    kind: str,
    pairs: Iterable[Pair] | Mapping[Pair, str],
    seen: Mapping[str, Any],
    rules_version: int,
    reason: str,
    case_id: int | None = None,
    supersedes: Collection[int] = (),
    sides: Mapping[int, int] | None = None,
    actor: Actor,
) -> Verdict:
    """Store a person's decision about pairs of source records, in the caller's transaction.

    `pairs` all say `kind`, or each its own where they are a mapping. `supersedes` cites decisions that give way where
    they contradict this one: on the very pairs, where a "same" of theirs crosses `sides` (side by record), and where
    a chain needs it. Raises DecisionContradicted with the chain where something else stands against it, NotFound
    where a cited decision doesn't exist. A pair on which the same was said before stays with the earlier decision and
    passes to this one when that is undone.
    """
    asked = _asked(kind, pairs)
    with acting(actor, reason=reason or f"judged {kind}"):
        _refuse_unknown(supersedes)
        standing = list_standing(record for said in asked for record in said.pair) if kind in BINDING else []
        overruled = find_overruled(standing, asked, cited=supersedes, sides=sides or {}) if supersedes else []
        left = [said for said in standing if said not in overruled]
        refuse_contradiction(find_contradiction(left, asked) if kind in BINDING else None)
        verdict = Verdict.objects.create(
            kind=kind,
            decided_by=str(actor),
            decided_at=timezone.now(),
            reason=reason,
            rules_version=rules_version,
            seen=dict(seen),
            case_id=case_id,
        )
        _supersede(overruled, verdict)
        _add_pairs([(verdict.pk, said) for said in asked], taken={said.pair for said in left})
    return verdict


def withdraw_verdict(*, verdict_id: int, actor: Actor) -> Verdict:
    """Undo a decision: it stops binding and stays in the record; what it had put out of force binds again.

    Raises NotFound, DecisionUndone, DecisionSuperseded, and DecisionContradicted where what would bind again is
    contradicted by what was decided since.
    """
    with acting(actor, reason=f"decision {verdict_id} undone"):
        verdict = Verdict.objects.select_for_update().filter(pk=verdict_id).first()
        _refuse_withdrawal(verdict_id, verdict)
        assert verdict is not None
        freed = _read(_SET_FREE, {"verdict": verdict_id})
        verdict.undone_at = timezone.now()
        verdict.undone_by = str(actor)
        verdict.save()
        verdict.pairs.filter(is_live=True).update(is_live=False)
        _bind_again(freed)
    return verdict


def list_standing(records: Iterable[int]) -> list[Said]:
    """Return everything that decisions say inside the closed groups of these records. One query."""
    return _read(_STANDING, [sorted(set(records))])


def refuse_contradiction(contradiction: Contradiction | None) -> None:
    """Raise DecisionContradicted with the chain as data and as a sentence; nothing where there is none."""
    if contradiction is None:
        return
    asked, steps = contradiction.asked, contradiction.chain
    records = list_records({*asked.pair, *(record for step in steps for record in (step.left, step.right))})
    ids = sorted({step.said.verdict for step in steps} - {0})
    verdicts = Verdict.objects.in_bulk(ids)
    told = ", ".join(
        f"{_name(records, step.left)} {_words(step.said.kind)} {_name(records, step.right)}"
        f" ({_cite(verdicts.get(step.said.verdict))})"
        for step in steps
    )
    wish = "the same" if asked.kind == SAME else asked.kind
    raise DecisionContradicted(
        f"{told}; so {_name(records, asked.low)} and {_name(records, asked.high)} can't be {wish}",
        asked={"left": _ref(records, asked.low), "says": asked.kind, "right": _ref(records, asked.high)},
        chain=[
            {
                "left": _ref(records, step.left),
                "says": step.said.kind,
                "right": _ref(records, step.right),
                "decision": step.said.verdict or None,
                "by": verdicts[step.said.verdict].decided_by if step.said.verdict else None,
                "at": verdicts[step.said.verdict].decided_at.isoformat() if step.said.verdict else None,
            }
            for step in steps
        ],
        decisions=ids,
    )


def _asked(kind: str, pairs: Iterable[Pair] | Mapping[Pair, str]) -> list[Said]:
    words = pairs if isinstance(pairs, Mapping) else dict.fromkeys(pairs, kind)
    return sorted(
        {Said(min(pair), max(pair), word) for pair, word in words.items()}, key=lambda said: (said.pair, said.kind)
    )


def _refuse_unknown(cited: Collection[int]) -> None:
    missing = sorted(set(cited) - set(Verdict.objects.filter(pk__in=cited).values_list("pk", flat=True)))
    if missing:
        raise NotFound(f"there is no decision {missing[0]} to supersede", verdicts=missing)


def _refuse_withdrawal(verdict_id: int, verdict: Verdict | None) -> None:
    if verdict is None:
        raise NotFound(f"there is no decision {verdict_id}", verdict=verdict_id)
    if verdict.undone_at is not None:
        raise DecisionUndone(f"decision {verdict_id} was undone already by {verdict.undone_by}", verdict=verdict_id)
    later = (
        VerdictPair.objects.filter(verdict_id=verdict_id, superseded_by__undone_at__isnull=True)
        .exclude(superseded_by=None)
        .order_by("superseded_by_id")
        .values_list("superseded_by_id", flat=True)
        .first()
    )
    if later is not None:
        raise DecisionSuperseded(
            f"decision {later} stands in place of decision {verdict_id}; take that back first",
            verdict=verdict_id,
            superseded_by=later,
        )


def _supersede(overruled: Sequence[Said], verdict: Verdict) -> None:
    for said in overruled:
        VerdictPair.objects.filter(
            verdict_id=said.verdict, low_id=said.low, high_id=said.high, superseded_by__isnull=True
        ).update(is_live=False, superseded_by=verdict)


def _bind_again(freed: Sequence[Said]) -> None:
    """Add what was set free as new pairs: whoever read the decisions before sees by their numbers that these came."""
    standing = list_standing(record for said in freed for record in said.pair)
    # A decision may have waited beneath another of those that are set free.
    words = sorted({Said(said.low, said.high, said.kind) for said in freed}, key=lambda said: (said.pair, said.kind))
    refuse_contradiction(find_contradiction(standing, words))
    waiting = {(said.verdict, said.pair) for said in standing}
    fresh = [(said.verdict, said) for said in freed if (said.verdict, said.pair) not in waiting]
    _add_pairs(fresh, taken={said.pair for said in standing})


def _add_pairs(rows: Sequence[tuple[int, Said]], *, taken: Collection[Pair]) -> None:
    """Add pairs; of those on one pair of records the first binds, where none does yet."""
    bound = set(taken)
    pairs = []
    for verdict_id, said in rows:
        is_live = said.kind not in BINDING or said.pair not in bound
        bound.add(said.pair)
        pairs.append(
            VerdictPair(verdict_id=verdict_id, low_id=said.low, high_id=said.high, kind=said.kind, is_live=is_live)
        )
    VerdictPair.objects.bulk_create(pairs)


def _read(query: str, values: Any) -> list[Said]:  # noqa: ANN401 - the driver's parameters
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [Said(*row) for row in cursor.fetchall()]


def _words(kind: str) -> str:
    return {"same": "is the same as", "related": "is related to"}.get(kind, "is different from")


def _cite(verdict: Verdict | None) -> str:
    if verdict is None:
        return "asked now"
    who = "a policy" if verdict.by_policy else verdict.decided_by.partition(":")[2] or verdict.decided_by
    return f"decision {verdict.pk} by {who}"


def _name(records: Mapping[int, Record], record: int) -> str:
    found = records.get(record)
    return f"{found.source.code} {found.key}" if found else f"record {record}"


def _ref(records: Mapping[int, Record], record: int) -> dict[str, Any]:
    found = records.get(record)
    return {"record": record, "source": found.source.code if found else None, "key": found.key if found else None}
