import pytest
from pytest_django import DjangoAssertNumQueries

from apps.base.errors import NotFound
from apps.matching import selectors
from apps.matching.models import VerdictPair
from apps.rulebook.selectors import NoActiveRules, get_active_rules
from apps.sources.models import SourceRecord
from tests.factories import make_active_rules, make_link, make_record, make_standard, make_verdict

pytestmark = pytest.mark.django_db
TRAEGER = {"name": "Träger Maschinenbau GmbH", "city": "Ulm", "country": "DE", "vat": "DE811907980"}


def standard(given: dict[str, str], **more: str) -> SourceRecord:
    record = make_record(given, **more)
    make_standard(record)
    return record


def test_links_are_listed_among_and_around_records(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    a, b, c = make_record(), make_record(), make_record()
    make_link(a, b, score=4_000)
    make_link(c, a, score=9_000)
    with django_assert_num_queries(2):
        among = selectors.list_links([a.pk, b.pk])
        around = selectors.list_links_of([a.pk, b.pk])
    assert [(link.low, link.high, link.score) for link in among] == [(a.pk, b.pk, 4_000)]
    assert [link.score for link in around] == [9_000, 4_000]
    assert selectors.find_link(b.pk, a.pk) == among[0]


def test_only_standing_verdicts_that_bind_are_listed(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    a, b, c = make_record(), make_record(), make_record()
    make_verdict(a, b, "different")
    make_verdict(a, c, "not_sure")
    undone = make_verdict(b, c, "same")
    VerdictPair.objects.filter(verdict=undone).update(is_live=False)
    with django_assert_num_queries(1):
        verdicts = selectors.list_live_verdicts([b.pk])
    assert [(v.kind, v.low, v.high, v.decided_by) for v in verdicts] == [("different", a.pk, b.pk, "person:jane")]


def test_a_pair_is_explained_by_evidence_that_adds_up(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_active_rules()
    a, b = standard(TRAEGER), standard(TRAEGER | {"name": "Traeger Maschinenbau"}, source="erp")
    get_active_rules()
    with django_assert_num_queries(4):
        told = selectors.explain_pair(b.pk, a.pk)
    assert (told.low, told.high) == (a.pk, b.pk)
    assert told.score == told.prior + sum(piece.millibits for piece in told.evidence)
    assert (told.band, told.why_not) == ("link", "")
    assert told.score >= told.link > told.review > told.keep
    assert any("DE811907980" in piece.sentence for piece in told.evidence)
    assert told.shared_keys


def test_a_decision_is_named_as_what_keeps_a_pair_apart() -> None:
    make_active_rules()
    a, b = standard(TRAEGER), standard(TRAEGER)
    verdict = make_verdict(a, b, "different")
    told = selectors.explain_pair(a.pk, b.pk)
    assert told.why_not.startswith(f"Blocked by decision {verdict.pk}: jane decided on 2026-01-05 that they differ")
    assert told.verdict is not None


def test_a_decision_for_same_leaves_nothing_to_explain() -> None:
    make_active_rules()
    a, b = standard(TRAEGER), standard({"name": "Quokka Xylophones", "country": "AU"})
    make_verdict(a, b, "same")
    assert selectors.explain_pair(a.pk, b.pk).why_not == ""


def test_a_pair_without_a_shared_key_says_so() -> None:
    make_active_rules()
    a, b = standard(TRAEGER), standard({"name": "Quokka Xylophones", "country": "AU"})
    told = selectors.explain_pair(a.pk, b.pk)
    assert (told.why_not, told.shared_keys) == ("Never compared: no shared key", ())


def test_a_pair_that_shares_only_common_keys_says_which() -> None:
    a, b = make_record(TRAEGER), make_record(TRAEGER)
    keys = make_standard(a).match_keys
    make_standard(b)
    make_active_rules(hot_keys=dict.fromkeys(keys, 500))
    told = selectors.explain_pair(a.pk, b.pk)
    assert told.shared_keys == ()
    assert told.why_not.startswith("Never compared: the keys they share are too common (")
    assert len(told.common_keys) == len(keys)


def test_a_record_that_was_never_standardised_is_named() -> None:
    make_active_rules()
    with pytest.raises(NotFound, match="standardised"):
        selectors.explain_pair(standard(TRAEGER).pk, make_record().pk)


def test_without_rules_in_force_nothing_is_explained() -> None:
    a, b = standard(TRAEGER), standard(TRAEGER)
    with pytest.raises(NoActiveRules):
        selectors.explain_pair(a.pk, b.pk)


def test_a_new_rule_set_version_is_used_at_once() -> None:
    make_active_rules(records=1_000)
    assert get_active_rules().statistics.records == 1_000
    make_active_rules(records=2_000)
    assert (get_active_rules().version, get_active_rules().statistics.records) == (2, 2_000)


def test_candidates_share_keys_and_those_sharing_most_come_first() -> None:
    twin, cousin = standard(TRAEGER), standard({"name": "Träger Maschinenbau", "city": "Bonn", "country": "DE"})
    stranger = standard({"name": "Quokka Xylophones", "country": "AU"})
    keys = make_standard(make_record(TRAEGER)).match_keys
    found = selectors.find_candidates(dict.fromkeys(keys, 60))
    ids = [candidate.record_id for candidate in found]
    assert ids.index(twin.pk) < ids.index(cousin.pk)
    assert stranger.pk not in ids
    assert found[0].shared_keys == len(keys)
    assert selectors.find_candidates({}) == []


def test_a_key_that_more_records_carry_than_its_cap_finds_nobody() -> None:
    for _ in range(4):
        standard(TRAEGER)
    keys = make_standard(make_record(TRAEGER)).match_keys
    assert len(selectors.find_candidates(dict.fromkeys(keys, 5))) == 5
    assert selectors.find_candidates(dict.fromkeys(keys, 4)) == []


def test_a_key_is_crowded_once_more_records_carry_it_than_its_cap() -> None:
    for _ in range(3):
        standard(TRAEGER)
    keys = make_standard(make_record(TRAEGER)).match_keys
    assert selectors.list_crowded(dict.fromkeys(keys, 4)) == set()
    assert selectors.list_crowded(dict.fromkeys(keys, 4) | {keys[0]: 3}) == {keys[0]}
    assert selectors.list_crowded({}) == set()
