from dataclasses import replace

from apps.engine import bulk
from apps.engine.compare import COMPARERS, compare
from apps.engine.rules import load_company_rules
from apps.engine.score import score, score_many
from tests.engine.frames import given_frame, parts_of, read_sample

RULES = load_company_rules()


def test_scores_of_many_equal_the_sums_of_their_evidence() -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    statistics = bulk.profile(standard, RULES)
    parts = parts_of(standard)
    around: dict[int, list[int]] = {}
    for a, b in zip(*(side.tolist() for side in bulk.candidates(standard, RULES, statistics)), strict=True):
        around.setdefault(a, []).append(b)
    pairs = 0
    for row, others in around.items():
        scores = score_many(parts[row], [parts[other] for other in others], RULES, statistics)
        assert scores == [score(compare(parts[row], parts[o], RULES, statistics), RULES) for o in others]
        pairs += len(scores)
    assert pairs > 300


def test_a_record_without_candidates_or_parts_has_nothing_but_the_prior() -> None:
    statistics = bulk.profile(bulk.standardise(given_frame(read_sample()[:3]), RULES), RULES)
    assert score_many({"name.words": "acme"}, [], RULES, statistics) == []
    assert score_many({}, [{}, {"city.name": "bonn"}], RULES, statistics) == [RULES.prior] * 2


def test_what_neither_side_gives_is_missing_for_every_comparison_and_joint() -> None:
    statistics = bulk.profile(bulk.standardise(given_frame(read_sample()[:3]), RULES), RULES)
    full = {part: "a" for comparison in RULES.comparisons for part in comparison.parts}
    for comparison in RULES.comparisons:
        nothing, theirs = [None] * len(comparison.parts), [full[part] for part in comparison.parts]
        level = COMPARERS[comparison.kind].level
        for values in (theirs, nothing):
            assert level(nothing, values, comparison, statistics) == 0


def test_a_joint_speaks_of_a_missing_comparison_only_where_its_groups_do() -> None:
    joint = RULES.joints[0]
    assert joint.is_silent == (True, True)
    group = ("unknown", (joint.sides[0][0],))
    speaking = replace(joint, groups=((group, *joint.groups[0][1:]), joint.groups[1]))
    assert speaking.is_silent == (False, True)
