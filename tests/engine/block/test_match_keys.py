import pytest

from apps.engine.block import cap_of, check_keys, match_keys
from apps.engine.block.functions import KEY_FUNCTIONS
from apps.engine.rules import RuleSet, RuleSetError, load_company_rules

RULES = load_company_rules()


@pytest.mark.parametrize(
    ("take", "value", "texts"),
    [
        ("all", "acme | beta", ("acme", "beta")),
        ("all", "", ()),
        ("words", "red lake of ontario", ("red", "lake", "ontario")),
        ("words", "a b", ()),
        ("pairs", "lake red", ("lake red",)),
        ("pairs", "acme", ()),
        ("joined", "micro soft", ("microsoft",)),
        ("start", "traeger", ("traege",)),
        ("start", "acme", ()),
        ("sorted", "red lake", ("lake red",)),
        ("skeleton", "traeger", ("trgr",)),
        ("skeleton", "treagger", ("trgr",)),
        ("skeleton", "acme", ()),
        ("halves", "traeger", ("tra-", "-ger")),
        ("halves", "acme", ()),
        ("ends", "traeger", ("trae-", "-eger")),
        ("ends", "acme ab", ("ac-", "-me")),
        ("ends", "abc", ()),
        ("stem", "lucky strike", ("luckystrike",)),
        ("stem", "lucky-strike.co.uk", ("luckystrike",)),
        ("stem", "traegergroup.de", ("traeger",)),
        ("stem", "group.de", ("group",)),
        ("stem", "ab.de", ()),
        ("stem", "micro soft | acme", ("microsoft", "acme")),
        ("area", "84119", ("841",)),
        ("area", "84", ()),
        ("label", "acme.co.uk", ("acme",)),
    ],
)
def test_a_key_function_takes_what_tells_records_apart(take: str, value: str, texts: tuple[str, ...]) -> None:
    assert KEY_FUNCTIONS[take](value) == texts


def test_no_key_function_gives_without_bound() -> None:
    long = " | ".join(f"word{n} other{n} third{n}" for n in range(200))
    assert all(len(take(long)) <= 24 for take in KEY_FUNCTIONS.values())


def test_a_record_says_what_its_keys_stand_for() -> None:
    keys = match_keys({"name.words": "traeger", "city.name": "salt lake city"}, RULES)
    assert "word and city: traeger, salt lake city" in keys.values()
    assert all(-(2**63) <= key < 2**63 for key in keys)


def test_a_key_needs_all_of_its_components() -> None:
    texts = match_keys({"name.words": "traeger"}, RULES).values()
    assert not any(text.startswith("word and city") for text in texts)


def test_a_key_knows_its_cap() -> None:
    caps = {rule.name: rule.cap for rule in RULES.keys}
    for key, text in match_keys({"name.words": "red lake", "postcode.code": "84119"}, RULES).items():
        assert cap_of(key, RULES) == caps[text.partition(":")[0]]


def test_a_former_name_meets_a_present_one() -> None:
    present = match_keys({"name.words": "old lake"}, RULES)
    former = match_keys({"name.words": "new shore", "former_names.words": "first hill | old lake"}, RULES)
    assert any(text.startswith("name:") for text in (present[key] for key in present.keys() & former.keys()))


@pytest.mark.parametrize(
    ("left", "right", "key"),
    [
        ({"website.domain": "lucky-strike.com"}, {"name.words": "lucky strike"}, "domain: luckystrike"),
        ({"email.domain": "acme.de"}, {"website.domain": "acmegroup.com"}, "domain: acme"),
        (
            {"name.words": "traegar", "city.name": "bonn"},
            {"name.words": "traeger", "city.name": "bonn"},
            "end of word and city: trae-, bonn",
        ),
        (
            {"street.number": "7", "street.name": "king"},
            {"street.number": "7", "street.name": "king", "postcode.code": "53111"},
            "number and street: 7, king",
        ),
        (
            {"street.number": "7", "postcode.code": "53111"},
            {"street.number": "7", "street.name": "king", "postcode.code": "53111"},
            "number and postcode: 7, 53111",
        ),
    ],
)
def test_records_meet_by_domain_end_of_word_and_house_number(
    left: dict[str, str], right: dict[str, str], key: str
) -> None:
    ours, theirs = match_keys(left, RULES), match_keys(right, RULES)
    assert key in {ours[shared] for shared in ours.keys() & theirs.keys()}


def test_an_unknown_key_function_is_refused() -> None:
    document = RULES.to_document()
    document["keys"][0]["of"][0]["take"] = "guess"
    with pytest.raises(RuleSetError, match="guess"):
        check_keys(RuleSet.from_document(document))
