"""Web domains: against each other, and against the other record's name."""

import pytest

from apps.engine.compare import compare
from apps.engine.records import Evidence
from apps.engine.rules import load_company_rules
from apps.engine.statistics import Statistics

RULES = load_company_rules()
STATISTICS = Statistics(
    10_000, RULES.digest, {"website.domain": {"agents.com": 40, "several.com": 2}, "email.domain": {"several.com": 5}}
)
Parts = dict[str, str]


def evidence(comparison: str, left: Parts, right: Parts) -> Evidence:
    there, back = (
        next(piece for piece in compare(a, b, RULES, STATISTICS) if piece.comparison == comparison)
        for a, b in ((left, right), (right, left))
    )
    assert there.level == back.level
    return there


def site(domain: str, name: str = "") -> Parts:
    return {"website.domain": domain} | ({"name.words": name} if name else {})


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (site("acme.de"), site("acme.de"), "same"),
        (site("acme.de"), {"email.domain": "acme.de"}, "same"),
        (site("agents.com"), {"email.domain": "agents.com"}, "same, shared by many"),
        (site("several.com"), site("several.com"), "same, shared by several"),
        (site("agents.com"), site("agents.com") | {"email.domain": "acme.de"}, "same, shared by many"),
        (site("agents.com") | {"email.domain": "acme.de"}, site("agents.com") | {"email.domain": "acme.de"}, "same"),
        (site("acme.de"), site("acme.com"), "same but for the ending"),
        (site("acme-group.de"), site("acme.co.uk"), "same but for the ending"),
        (site("traeger.de"), site("traegergrills.com"), "begins alike"),
        (site("acme.de"), site("acmegrills.com"), "different"),
        (site("acme.de"), site("yeti.de"), "different"),
        (site("ab.de"), site("ab.com"), "different"),
        (site("acme.de"), {}, "missing"),
    ],
)
def test_domains_meet_by_name_and_by_how_many_names_share_them(left: Parts, right: Parts, found: str) -> None:
    assert evidence("domain", left, right).label == found


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (site("lucky-strike.com", "bowlero"), {"name.words": "lucky strike"}, "spells the other's name"),
        ({"email.domain": "luckystrike.de"}, {"name.words": "lucky strike"}, "spells the other's name"),
        (site("traeger.de"), {"name.words": "traeger grills"}, "begins like the other's name"),
        (site("traegergrills.de"), {"name.words": "traeger"}, "begins like the other's name"),
        (site("acme.de"), {"name.words": "acme grills"}, "spells another name"),
        (site("acme.de", "yeti"), site("yeti.de", "bowlero"), "spells the other's name"),
        (
            site("acme.de", "yeti") | {"email.domain": "bowlero.de"},
            {"name.words": "bowlero"},
            "spells the other's name",
        ),
        (site("acme.de"), {"name.words": "yeti"}, "spells another name"),
        (site("acme.de"), site("acme.de"), "missing"),
        (site("ab.de"), {"name.words": "ab"}, "missing"),
        (site("acme.de", "acme"), {}, "missing"),
    ],
)
def test_a_domain_may_spell_the_other_records_name(left: Parts, right: Parts, found: str) -> None:
    assert evidence("name_in_domain", left, right).label == found


def test_sentences_show_the_domains() -> None:
    shared = evidence("domain", site("agents.com"), site("agents.com"))
    assert shared.sentence == "Web domain agents.com is shared by 40 different names"
    assert evidence("domain", site("acme.de"), site("yeti.de")).sentence == "Different web domain: acme.de / yeti.de"
    assert evidence("name_in_domain", site("acme.de", "yeti"), {"name.words": "acme"}).sentence == (
        "Web domain spells the other's name: yeti (acme.de) / acme (no domain)"
    )
