"""Gather all that one record's questions are about: the customers in question with their records, and a suggestion.

Reads the partition, standard records, decisions and the rules in force, and lets the engine group; nothing is written.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from apps.cases.selectors import CaseRow, list_candidates
from apps.engine.block import cap_of, match_keys
from apps.engine.explain import Suggestion, suggest_groups
from apps.golden.places import Place, find_places
from apps.matching import selectors as matching
from apps.rulebook.selectors import ActiveRules, get_active_rules
from apps.sources import selectors as sources


@dataclass(frozen=True, slots=True)
class Gathering:
    """A source record with all that may be one customer with it.

    `cases` are its open questions, most pressing first, with the one asked for. `subject` is the record they ask
    about. `places` are the customers of their records, the subject's own first. `records` are all members, the
    subject's customer first, in byte order of source and key within a customer; `parts` their standard records. Where
    there are more than the rules would score pair by pair, `parts` is empty and `suggestion` None. `confirmed` are
    pairs that people called the same.
    """

    cases: tuple[CaseRow, ...]
    subject: int
    places: tuple[Place, ...]
    records: Mapping[int, sources.Given]
    place_of: Mapping[int, Place]
    parts: Mapping[int, Mapping[str, str]]
    suggestion: Suggestion | None
    confirmed: frozenset[tuple[int, int]]
    active: ActiveRules

    @property
    def ranked(self) -> list[int]:
        """The records in byte order of source and key, over all customers."""
        return [given.record_id for given in _ranked(self.records)]


def gather(case: CaseRow, *, also: Collection[int] = ()) -> Gathering | None:
    """Return what a case and the others of its record are about; None where it is about no two records that live.

    The customers of the records `also` come along: those that somebody grouped before others moved them.

    Raises Conflict where no rules are in force. At most seven queries.
    """
    if case.low_record_id is None or case.high_record_id is None:
        return None
    candidates = list_candidates(case)
    asked = candidates if case in candidates else [case, *candidates]
    named = {record for one in asked for record in (one.low_record_id, one.high_record_id) if record is not None}
    found = find_places(named | set(also))
    if case.low_record_id not in found or case.high_record_id not in found:
        return None
    subject = case.subject_record_id if case.subject_record_id in found else case.high_record_id
    others = sorted({place.gid: place for place in found.values()}.values(), key=lambda place: place.golden_id)
    places = sorted(others, key=lambda place: place.gid != found[subject].gid)
    place_of = {record: place for place in places for record in place.member_ids}
    given = sources.list_given(place_of)
    order = {place.gid: at for at, place in enumerate(places)}
    records = dict(
        sorted(
            given.items(),
            key=lambda item: (order[place_of[item[0]].gid], item[1].source.code.encode(), item[1].key.encode()),
        )
    )
    active = get_active_rules()
    verdicts = [row for row in matching.list_live_verdicts(place_of) if row.low in place_of and row.high in place_of]
    parts = _in_byte_order(records) if len(records) <= active.rules.caps.component else {}
    return Gathering(
        cases=tuple(asked),
        subject=subject,
        places=tuple(places),
        records=records,
        place_of=place_of,
        parts=parts,
        suggestion=_suggest(parts, verdicts, active) if parts else None,
        confirmed=frozenset((row.low, row.high) for row in verdicts if row.kind == "same" and not row.by_policy),
        active=active,
    )


def _in_byte_order(records: Mapping[int, sources.Given]) -> dict[int, dict[str, str]]:
    found = matching.get_parts(records)
    return {given.record_id: found[given.record_id] for given in _ranked(records) if given.record_id in found}


def _ranked(records: Mapping[int, sources.Given]) -> list[sources.Given]:
    return sorted(records.values(), key=lambda given: (given.source.code.encode(), given.key.encode()))


def _suggest(
    parts: Mapping[int, Mapping[str, str]], verdicts: list[matching.VerdictRow], active: ActiveRules
) -> Suggestion:
    held: dict[int, int] = {}
    for standard in parts.values():
        for key in match_keys(standard, active.rules):
            held[key] = held.get(key, 0) + 1
    caps = {key: cap_of(key, active.rules) for key, count in held.items() if count > 1}
    return suggest_groups(
        parts,
        active.rules,
        active.statistics,
        verdicts=[matching.as_verdict(row) for row in verdicts],
        crowded=matching.list_crowded(caps),
    )
