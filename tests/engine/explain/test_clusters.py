from apps.engine import bulk
from apps.engine.explain import Verdict, explain_cluster
from apps.engine.rules import load_company_rules
from apps.engine.statistics import Statistics
from tests.engine.explain.records import ACME, YETI, members_by_cluster, vat
from tests.engine.frames import given_frame, read_sample

RULES = load_company_rules()
STATISTICS = Statistics(100_000, RULES.digest)


def test_every_cluster_of_a_run_is_retraced_to_one_group() -> None:
    resolution = bulk.resolve_all(given_frame(read_sample()), RULES)
    clusters = [m for m in members_by_cluster(resolution).values() if len(m) > 1]
    assert len(clusters) > 50
    weak = set()
    for members in clusters:
        told = explain_cluster(members, RULES, resolution.statistics)
        assert told.groups == (tuple(members),)
        assert len(told.steps) == len(members) - 1
        assert all(step.score >= RULES.thresholds.link for step in told.steps)
        assert sorted([*told.steps[-1].group, *told.steps[-1].joined]) == sorted(members)
        weak |= {(min(p.left, p.right), max(p.left, p.right), p.score) for p in told.weak_pairs}
    found = resolution.clustering.weak.to_pylist()
    assert weak == {(row["left"], row["right"], row["score"]) for row in found}


def test_the_strongest_pair_joins_first_and_the_lowest_score_is_the_weakest_link() -> None:
    near = {**ACME, "name.form": "LLC"}
    far = {"name.words": "acme", "city.name": "bonn"}
    told = explain_cluster({7: far, 8: ACME, 9: near}, RULES, STATISTICS)
    assert [(step.group, step.joined) for step in told.steps] == [((8,), (9,)), ((7,), (8, 9))]
    assert told.weakest == told.steps[1]
    assert told.steps[1].score <= told.steps[1].best.score
    assert {told.steps[1].best.left, told.steps[1].best.right} <= {7, 8, 9}


def test_a_decision_that_joined_is_named_and_what_contradicts_it_is_a_conflict() -> None:
    verdict = Verdict(812, 1, 2, keeps_apart=False, told="anna decided on 2026-01-05 that they are one")
    members = {1: ACME | vat("DE811569869"), 2: YETI | vat("DE136695976")}
    told = explain_cluster(members, RULES, STATISTICS, verdicts=[verdict])
    assert [step.verdict for step in told.steps] == [812]
    assert [(c.left, c.right) for c in told.conflicts] == [(1, 2)]
    assert told.conflicts[0].sentence.endswith("VAT number DE811569869 / DE136695976")
    assert [(pair.left, pair.right) for pair in told.weak_pairs] == [(1, 2)]


def test_decisions_that_contradict_each_other_are_a_conflict() -> None:
    verdicts = [
        Verdict(1, 1, 2, keeps_apart=False, told=""),
        Verdict(2, 2, 3, keeps_apart=False, told=""),
        Verdict(3, 1, 3, keeps_apart=True, told=""),
    ]
    told = explain_cluster({1: ACME, 2: ACME, 3: ACME}, RULES, STATISTICS, verdicts=verdicts)
    assert told.groups == ((1, 2), (3,))
    assert [(c.left, c.right) for c in told.conflicts] == [(2, 3)]
    assert told.conflicts[0].sentence.startswith("Decision 2 puts them together")


def test_records_that_nothing_holds_together_any_more_are_several_groups() -> None:
    told = explain_cluster({1: ACME, 2: YETI}, RULES, STATISTICS)
    assert (told.groups, told.steps, told.weakest) == (((1,), (2,)), (), None)


def test_one_record_formed_by_no_step() -> None:
    told = explain_cluster({5: ACME}, RULES, STATISTICS)
    assert (told.groups, told.steps, told.weak_pairs, told.conflicts) == (((5,),), (), (), ())
