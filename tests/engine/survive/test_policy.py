import json
import pickle

import pytest

from apps.engine.survive import PolicyError, Strategy, SurvivorshipPolicy, load_company_policy


def test_a_policy_survives_the_way_through_json_and_pickle() -> None:
    policy = load_company_policy()
    document = json.loads(json.dumps(policy.to_document()))
    assert SurvivorshipPolicy.from_document(document) == policy
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_an_empty_document_gives_trust_then_recency_then_completeness() -> None:
    policy = SurvivorshipPolicy.from_document({})
    assert policy == SurvivorshipPolicy()
    assert policy.default == (Strategy.MOST_TRUSTED, Strategy.MOST_RECENT, Strategy.MOST_COMPLETE)
    assert not policy.follow


def test_the_company_policy_prefers_recent_contacts_and_keeps_addresses_whole() -> None:
    blocks = {block.attributes: block.order for block in load_company_policy().blocks(["phone", "vat", "region"])}
    trusted = (Strategy.MOST_TRUSTED, Strategy.MOST_RECENT, Strategy.MOST_COMPLETE)
    recent = (Strategy.MOST_RECENT, Strategy.MOST_TRUSTED, Strategy.MOST_COMPLETE)
    assert blocks == {
        ("phone",): recent,
        ("street", "city", "postcode", "region", "country"): trusted,
        ("vat",): trusted,
    }


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"defaults": []}, "survivorship.defaults", "known: default, attributes, follow"),
        ({"default": []}, "survivorship.default", "at least one"),
        ({"default": "most_recent"}, "survivorship.default", "must be a list"),
        ({"default": ["most_recent", "newest"]}, "survivorship.default[1]", "unknown strategy 'newest'"),
        ({"attributes": []}, "survivorship.attributes", "must be a table"),
        ({"attributes": {"phone": ["most_recent", 3]}}, "survivorship.attributes.phone[1]", "must be a name"),
        (
            {"attributes": {"phone": ["most_recent", "most_recent"]}},
            "survivorship.attributes.phone[1]",
            "stands in the list twice",
        ),
        ({"follow": {"street": []}}, "survivorship.follow.street", "at least one"),
        ({"follow": {"street": ["street"]}}, "survivorship.follow.street[0]", "can't follow"),
        ({"follow": {"a": ["b"], "b": ["c"]}}, "survivorship.follow.a[0]", "'b' leads other attributes"),
        ({"follow": {"a": ["c"], "b": ["c"]}}, "survivorship.follow.b[0]", "follows 'a' already"),
        (
            {"follow": {"street": ["city"]}, "attributes": {"city": ["most_recent"]}},
            "survivorship.attributes.city",
            "give the leader the order",
        ),
    ],
)
def test_a_faulty_document_is_refused_with_its_path(document: dict[str, object], path: str, message: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        SurvivorshipPolicy.from_document(document)
    assert refusal.value.path == path
    assert message in str(refusal.value)
    assert str(refusal.value).startswith(f"{path}: ")
