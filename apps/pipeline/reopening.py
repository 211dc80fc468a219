"""Ask again about a "different" when what it was decided on says something else now. It bars until a person decides."""

from collections.abc import Collection, Iterable

from apps.base.actors import Actor
from apps.cases.selectors import CaseRow, find_open_case
from apps.cases.services import ask_about_pair, close_case, close_cases_naming
from apps.engine.rules import RuleSet
from apps.matching.differences import Reexamined, are_any_different, reexamine_differences
from apps.matching.evidence import Change
from apps.rulebook.selectors import find_active_rules
from apps.sources.selectors import list_systems

REOPENED = "reopened"
QUESTION = "These were judged different, and what was known then has changed. Are they the same customer?"


def reopen_differences(
    record_ids: Collection[int], *, gone: Collection[int] = (), run_id: int = 0, actor: Actor
) -> list[int]:
    """Open one case for each "different" that new versions of these records call into question; return the cases.

    Runs inside the transaction that stored the records' standard records. A case that no change supports any more is
    closed, and so are questions about decisions on a record that is `gone`. One query where no decision names any of
    the records; none for no records.
    """
    if gone:
        close_cases_naming(kinds=(REOPENED, "conflict"), records=gone, reason="moot: a record is gone", actor=actor)
    if not record_ids or not are_any_different(record_ids):
        return []
    active = find_active_rules()
    found = reexamine_differences(record_ids, active.rules) if active else []
    for pair in found:
        if not pair.changes:
            _close_unsupported(pair, actor)
    loudest = list(_loudest(found))
    systems = list_systems([(pair.low, pair.high) for pair in loudest])
    return [
        ask_about_pair(
            kind=REOPENED,
            low=pair.low,
            high=pair.high,
            question=QUESTION,
            about={"decision": pair.verdict_id},
            facts={"reason": "changed", "changes": [_fact(change) for change in pair.changes]},
            systems=systems[pair.low, pair.high],
            run_id=run_id,
            actor=actor,
        )
        for pair in loudest
    ]


def count_reopened(record_ids: Collection[int], rules: RuleSet, *, standard: str) -> int:
    """Return how many cases `reopen_differences` would open or renew, were the table `standard` what is stored."""
    return len(_loudest(reexamine_differences(record_ids, rules, standard=standard)))


def tell_changes(case: CaseRow) -> tuple[Change, ...]:
    """Return what changed since the "different" that a reopened case asks about, as of now; empty for other cases."""
    if case.kind != REOPENED or case.low_record_id is None or case.high_record_id is None:
        return ()
    active = find_active_rules()
    if active is None:
        return ()
    asked = case.low_record_id, case.high_record_id
    pairs = reexamine_differences(asked, active.rules)
    return next((pair.changes for pair in pairs if (pair.low, pair.high) == asked), ())


def _loudest(found: Iterable[Reexamined]) -> list[Reexamined]:
    """Return per decision the pair with most changes, of equals the first."""
    best: dict[int, Reexamined] = {}
    for pair in found:
        known = best.get(pair.verdict_id)
        if pair.changes and (known is None or len(pair.changes) > len(known.changes)):
            best[pair.verdict_id] = pair
    return list(best.values())


def _fact(change: Change) -> dict[str, object]:
    # Not the values: they stay where erasure finds them, in the record's versions.
    return {"record": change.record, "what": change.what, "sentence": change.sentence}


def _close_unsupported(pair: Reexamined, actor: Actor) -> None:
    case = find_open_case(pair.low, pair.high)
    if case is not None and case.kind == REOPENED:
        close_case(case_id=case.case_id, reason="moot: the records say again what they said then", actor=actor)
