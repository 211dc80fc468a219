from datetime import UTC, datetime

from apps.engine.survive import Member, PinnedValue, Rule, load_company_policy, merge_members
from apps.engine.survive.reasons import Contest, reason_words

WINNER = Member(7, "erp", "4711", 90, datetime(2026, 5, 4, tzinfo=UTC), {})


def test_every_rule_but_a_pin_has_its_own_sentence_naming_record_or_count() -> None:
    sentences = {rule: reason_words(rule, WINNER, Contest(3, 2, 5)) for rule in Rule if rule is not Rule.PINNED}
    assert len(set(sentences.values())) == len(Rule) - 1
    for sentence in sentences.values():
        assert sentence.endswith(".")
        assert "erp 4711" in sentence or "3 records" in sentence


def test_sentences_carry_the_facts_that_decided() -> None:
    assert reason_words(Rule.MOST_TRUSTED, WINNER, Contest(3, 3, 90)) == (
        "erp 4711 is the most trusted (trust 90), among 3 records that give a value."
    )
    assert reason_words(Rule.MOST_RECENT, WINNER, Contest(3, 2, 0)) == (
        "erp 4711 was changed last (2026-05-04), among the 2 records that earlier rules left equal."
    )
    assert "most records give (5)" in reason_words(Rule.MOST_FREQUENT, WINNER, Contest(8, 8, 5))


def test_golden_values_carry_the_sentence_of_the_rule_that_spoke() -> None:
    members = [
        Member(1, "crm", "A", 50, None, {"name": "Acme", "city": "Bonn", "phone": "1"}),
        Member(2, "erp", "B", 50, None, {"name": "Acme GmbH", "city": "Bonn"}),
    ]
    values = merge_members(members, load_company_policy(), [PinnedValue("email", "a@b.example")]).values
    assert {name: golden.reason for name, golden in values.items()} == {
        "city": "All 2 records that give a value agree.",
        "email": "Fixed by a steward.",
        "name": "erp B is the most complete, among 2 records that give a value.",
        "phone": "Only crm A gives a value.",
    }
