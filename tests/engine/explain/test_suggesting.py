"""Suggested groups: the weakest links are cut, decisions hold, and what can mislead is told."""

import pytest

from apps.engine.block import match_keys
from apps.engine.explain import Caution, Suggestion, Verdict, suggest_groups
from apps.engine.rules import load_company_rules
from apps.engine.standardise import standardise_record
from apps.engine.statistics import Statistics

RULES = load_company_rules()
STATISTICS = Statistics(records=100_000, rules_digest=RULES.digest, counts={}, hot_keys={})
TRAEGER = {"name": "Träger Maschinenbau GmbH", "street": "Hafenstrasse 12", "postcode": "89073", "city": "Ulm"}
QUERCUS = {"name": "Quercus Lighting SARL", "street": "12 rue du Lac", "postcode": "69003", "city": "Lyon"}


def suggest(*told: dict[str, str], verdicts: tuple[Verdict, ...] = (), crowded: tuple[int, ...] = ()) -> Suggestion:
    parts = {at: standardise_record(one, RULES.attributes, RULES.fallbacks) for at, one in enumerate(told)}
    return suggest_groups(parts, RULES, STATISTICS, verdicts=verdicts, crowded=crowded)


def cautions(suggestion: Suggestion, kind: str) -> list[Caution]:
    return [caution for caution in suggestion.cautions if caution.kind == kind]


def test_what_is_alike_is_grouped_and_what_is_not_is_cut_off() -> None:
    found = suggest(TRAEGER, QUERCUS, TRAEGER, QUERCUS, TRAEGER)
    assert found.groups == ((0, 2, 4), (1, 3))
    assert {(pair.left, pair.right) for pair in found.links} == {(0, 2), (0, 4), (2, 4), (1, 3)}
    assert found.holds[1].right == 3


@pytest.mark.parametrize(("keeps_apart", "groups"), [(True, ((0,), (1,))), (False, ((0, 1),))])
def test_decisions_outrank_scores(keeps_apart: bool, groups: tuple[tuple[int, ...], ...]) -> None:
    pair = (TRAEGER, TRAEGER) if keeps_apart else (TRAEGER, QUERCUS)
    assert suggest(*pair, verdicts=(Verdict(7, 0, 1, keeps_apart, "by jane"),)).groups == groups


def test_two_numbers_of_which_a_company_has_one_are_told_and_kept_apart() -> None:
    found = suggest(TRAEGER | {"vat": "DE136695976"}, TRAEGER | {"vat": "DE811569869"})
    assert found.groups == ((0,), (1,))
    assert found.barred == ((0, 1),)
    (caution,) = cautions(found, "numbers")
    assert caution.records == (0, 1)
    assert "DE136695976" in caution.told or "136695976" in caution.told


def test_records_that_only_others_connect_are_told_and_so_is_the_one_that_holds_two_halves() -> None:
    said = tuple(
        Verdict(at, left, right, keeps_apart=False, told="") for at, (left, right) in enumerate(((1, 4), (3, 4)))
    )
    other = {"name": "Larch Foods Ltd", "city": "Leeds"}
    found = suggest(TRAEGER, TRAEGER, QUERCUS, QUERCUS, other, verdicts=said)
    assert len(found.groups) == 1
    assert [caution.records for caution in cautions(found, "bridge")] == [(4,)]
    assert len(cautions(found, "chain")) == 1


def test_a_shared_value_that_too_many_records_hold_is_told() -> None:
    parts = standardise_record(TRAEGER, RULES.attributes, RULES.fallbacks)
    key, text = next(iter(match_keys(parts, RULES).items()))
    assert cautions(suggest(TRAEGER, TRAEGER), "generic") == []
    assert cautions(suggest(TRAEGER, TRAEGER, crowded=(key,)), "generic") == [Caution("generic", (0, 1), text)]


def test_one_record_is_a_group_by_itself() -> None:
    found = suggest(TRAEGER)
    assert (found.groups, found.links, found.cautions) == (((0,),), (), ())
