from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pyarrow as pa

from apps.engine import bulk
from apps.engine.bulk.constraints import constraints_of
from apps.engine.explain import Verdict, WhyNot, bars_between, why_not
from apps.engine.explain.separation import keys_in_common
from apps.engine.rules import Exclusive, load_company_rules
from apps.engine.statistics import Statistics
from tests.engine.explain.records import ACME, YETI, members_by_cluster, vat
from tests.engine.frames import given_frame, parts_of, read_sample

RULES = load_company_rules()
STATISTICS = Statistics(100_000, RULES.digest)
APART = Verdict(812, 2, 1, keeps_apart=True, told="anna decided on 2026-01-05 that they differ")
SAME = Verdict(813, 1, 2, keeps_apart=False, told="")


def kinds(told: WhyNot) -> list[str]:
    return [reason.kind for reason in told.reasons]


def test_a_decision_comes_first_and_is_named() -> None:
    told = why_not({1: ACME}, {2: ACME}, RULES, STATISTICS, verdicts=[APART])
    assert [reason.sentence for reason in told.reasons] == [
        "Blocked by decision 812: anna decided on 2026-01-05 that they differ"
    ]


def test_numbers_that_only_one_can_have_bar() -> None:
    ours, theirs = ACME | vat("DE811569869"), ACME | vat("DE136695976")
    told = why_not({1: ours}, {2: theirs}, RULES, STATISTICS)
    assert kinds(told)[0] == "number"
    assert told.reasons[0].sentence.endswith("VAT number DE811569869 / DE136695976")
    assert kinds(why_not({1: ours}, {2: theirs}, RULES, STATISTICS, verdicts=[SAME])) == []


def test_a_customer_that_would_outgrow_the_cap_says_so() -> None:
    small = replace(RULES, caps=replace(RULES.caps, cluster=2))
    told = why_not({1: ACME, 3: ACME}, {2: ACME}, small, STATISTICS)
    assert kinds(told) == ["cap"]
    assert "3 records" in told.reasons[0].sentence


def test_without_a_shared_key_they_were_never_compared() -> None:
    told = why_not({1: ACME}, {2: YETI}, RULES, STATISTICS)
    assert kinds(told) == ["never compared", "score"]
    assert told.reasons[0].sentence == "Never compared: no shared key"
    assert (told.shared_keys, told.common_keys) == ((), ())


def test_keys_that_too_many_hold_are_named_whether_hot_then_or_crowded_now() -> None:
    both = keys_in_common({1: ACME}, {2: ACME}, RULES)
    hot = Statistics(100_000, RULES.digest, hot_keys=dict.fromkeys(both, 900))
    for told in (
        why_not({1: ACME}, {2: ACME}, RULES, hot),
        why_not({1: ACME}, {2: ACME}, RULES, STATISTICS, crowded=set(both)),
    ):
        assert kinds(told) == ["never compared"]
        assert "too common (name: acme;" in told.reasons[0].sentence
        assert len(told.common_keys) == len(both)


def test_a_strong_pair_does_not_carry_weak_groups() -> None:
    sister = {"name.words": "acme works", "city.name": "oslo", "phone.e164": "+4799", "postcode.code": "0150"}
    told = why_not({1: ACME}, {2: ACME, 3: sister, 4: sister, 5: sister | {"city.name": "rome"}}, RULES, STATISTICS)
    strict = replace(RULES, thresholds=replace(RULES.thresholds, link=told.best.score, doubt=-9_000))
    refused = why_not({1: ACME}, {2: ACME, 3: sister}, strict, STATISTICS)
    assert kinds(refused) == ["groups"]
    assert "all 2 pairs" in refused.reasons[0].sentence
    assert (refused.best.left, refused.best.right) == (1, 2)
    assert refused.score < told.best.score


def test_a_score_between_the_thresholds_asks_a_person() -> None:
    cuts = replace(RULES.thresholds, link=40_000, review=0, keep=-6_000)
    told = why_not({1: ACME}, {2: ACME}, replace(RULES, thresholds=cuts), STATISTICS)
    assert kinds(told) == ["score"]
    assert "ask a person" in told.reasons[0].sentence


def test_a_score_that_rounds_to_its_threshold_is_told_apart_from_it() -> None:
    best = why_not({1: ACME}, {2: ACME}, RULES, STATISTICS).best.score
    cuts = replace(RULES.thresholds, link=best + 1)
    (reason,) = why_not({1: ACME}, {2: ACME}, replace(RULES, thresholds=cuts), STATISTICS).reasons
    assert reason.sentence.startswith("They score just below ")


def test_nothing_in_the_way_is_no_reason() -> None:
    assert why_not({1: ACME}, {2: ACME}, RULES, STATISTICS).reasons == ()


def test_every_two_clusters_that_a_run_asked_about_have_a_reason() -> None:
    resolution = bulk.resolve_all(given_frame(read_sample()), RULES)
    clusters = members_by_cluster(resolution)
    cluster_of = {record: name for name, members in clusters.items() for record in members}
    proposals = resolution.proposals.to_pylist()
    assert len(proposals) >= 5
    for row in proposals:
        ours, theirs = clusters[cluster_of[row["left"]]], clusters[cluster_of[row["right"]]]
        told = why_not(ours, theirs, RULES, resolution.statistics)
        assert told.reasons
        assert told.best.score >= row["score"]
        assert ("number" in kinds(told)) or row["reason"] != "barred"


def test_bars_of_the_row_code_are_those_of_the_bulk_code() -> None:
    values = product((None, "1", "2", "3", "4"), ("DE", "FR", None), ("verified", "plausible", "wrong"))
    parts = [
        {"vat.number": n, "vat.issuer": i, "vat.check": c} | {"register_no.number": n, "register_no.check": c}
        for n, i, c in values
    ]
    standard = pa.table(
        {"record": pa.array(range(len(parts)), pa.int64())} | {k: [p[k] for p in parts] for k in parts[0]}
    )
    rules = replace(RULES, exclusive=(*RULES.exclusive, Exclusive("vat", ("FR",), ("plausible",))))
    pairs = np.array(list(combinations(range(len(parts)), 2)))
    barred = constraints_of(standard, rules, (), ()).are_barred(pairs[:, 0], pairs[:, 1])
    rows = parts_of(standard)
    assert [bool(bars_between(rows[a], rows[b], rules)) for a, b in pairs.tolist()] == barred.tolist()
    assert 10 < barred.sum() < len(barred) - 10
