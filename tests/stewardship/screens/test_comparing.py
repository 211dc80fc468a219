"""Verdicts on fields and the words that differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.compare import compare
from apps.engine.rules import load_company_rules
from apps.engine.standardise import standardise_record
from apps.engine.statistics import Statistics
from apps.stewardship.screens.comparing import judge_field, mark_differences, weigh_checks

RULES = load_company_rules()
STATISTICS = Statistics(records=1_000, rules_digest=RULES.digest, counts={}, hot_keys={})


def judge(attribute: str, left: dict[str, str], right: dict[str, str]) -> tuple[str, str]:
    """Return tone and note, by the evidence of the two records as the engine compares them."""
    parts = [standardise_record(side, RULES.attributes, RULES.fallbacks) for side in (left, right)]
    evidence = compare(parts[0], parts[1], RULES, STATISTICS)
    verdict = judge_field(attribute, left.get(attribute, ""), right.get(attribute, ""), evidence, RULES)
    return verdict.tone, verdict.note


@pytest.mark.parametrize(
    ("attribute", "left", "right", "tone"),
    [
        ("city", "Hamburg", "Hamburg", "agree"),
        ("city", "HAMBURG", "Hamburg", "agree"),
        ("city", "Hamburg", "", "missing"),
        ("city", "Hamburg", "Lisbon", "conflict"),
        ("name", "Nordwind Logistik GmbH", "Nordwind Logistik AG", "partial"),
        ("name", "Nordwind Logistik GmbH", "Zephyr Foods GmbH", "conflict"),
        ("phone", "+49 40 30061200", "+49 (40) 3006-1200", "agree"),
        ("phone", "+49 40 30061200", "+49 40 30061299", "conflict"),
        ("website", "www.nordwind.com", "https://nordwind.com/", "agree"),
        ("sector", "5065", "7372", "conflict"),
    ],
)
def test_a_field_s_verdict_follows_the_evidence(attribute: str, left: str, right: str, tone: str) -> None:
    country = {"country": "Germany"}
    assert judge(attribute, {attribute: left, **country}, {attribute: right, **country})[0] == tone


def test_a_difference_in_case_alone_is_told_in_words() -> None:
    assert judge("city", {"city": "HAMBURG"}, {"city": "Hamburg"}) == ("agree", "case only")


def test_a_difference_in_spaces_and_signs_alone_is_told_in_words() -> None:
    assert judge("account_owner", {"account_owner": "A-7 1"}, {"account_owner": "A71"}) == (
        "agree",
        "spaces and signs only",
    )


def test_only_the_words_that_differ_are_marked() -> None:
    left, right = mark_differences("Acme Gold Royalties Ltd", "ACME Silver Royalties LTD")
    assert [run.text for run in left if run.differs] == ["Gold"]
    assert [run.text for run in right if run.differs] == ["Silver"]
    assert right[0].text == "ACME"


def test_values_with_nothing_in_common_are_left_unmarked() -> None:
    left, right = mark_differences("Hamburg", "Lisbon")
    assert not any(run.differs for run in (*left, *right))


@given(left=st.text(max_size=60), right=st.text(max_size=60))
def test_marking_changes_no_word(left: str, right: str) -> None:
    for text, runs in zip((left, right), mark_differences(left, right), strict=True):
        assert " ".join(run.text for run in runs).split() == text.split()


@pytest.mark.parametrize(
    ("texts", "checks", "expected"),
    [
        (("DE1", "DE1"), ("verified", "verified"), ("agree", "Same", "checksums hold")),
        (("DE1", "DE1"), ("plausible", "verified"), ("agree", "Same", "")),
        (("000", "000"), ("", ""), ("missing", "Says nothing", "a placeholder")),
        (("DE1", "DE1"), ("wrong", "wrong"), ("missing", "Says nothing", "fails its check")),
        (("000", "DE2"), ("", "wrong"), ("missing", "Says nothing", "a placeholder / fails its check")),
        (("000", ""), ("", ""), ("missing", "One side empty", "a placeholder")),
        (("DE1", ""), ("verified", ""), ("missing", "One side empty", "")),
    ],
)
def test_a_number_that_identifies_nobody_neither_agrees_nor_differs(
    texts: tuple[str, str], checks: tuple[str, str], expected: tuple[str, str, str]
) -> None:
    verdict = weigh_checks(judge_field("vat", *texts, (), None), texts, checks)
    assert (verdict.tone, verdict.word, verdict.note) == expected
