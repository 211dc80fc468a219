"""Made-up companies that nobody mistakes for each other, as the accounts that several systems keep of them."""

import random
from collections.abc import Mapping

from apps.sources.pushing import Push
from tests.factories import make_active_rules, make_source

SOURCES = ("billing", "crm", "erp")
_STARTS, _VOWELS, _ENDS = "bdfghklmnprstvz", "aeiou", ("ck", "ll", "mm", "nd", "rt", "ss", "x")


def set_up_hub() -> None:
    """Put the shipped rules in force, and make the systems known."""
    make_active_rules()
    for code in SOURCES:
        make_source(code)


def account(number: int, source: str = "crm", key: str = "", **more: str) -> Push:
    """Return a system's account of company `number`, spelt as that system does; `more` replaces attributes."""
    known = describe(number)
    name = known["name"]
    spelt = {"crm": f"{name} GmbH", "erp": name.upper(), "billing": f"{name} Gesellschaft mit beschränkter Haftung"}
    given: dict[str, str] = {**known, "name": spelt[source], **more}
    return Push(source, key or f"{number}", {what: text for what, text in given.items() if text})


def chain(number: int) -> list[Push]:
    """Return three accounts: the first and the last are alike only by what the middle one has of both."""
    known = describe(number)
    only_name = {what: known[what] for what in ("name", "city", "country")}
    only_contact = {what: known[what] for what in ("phone", "website", "email")}
    return [
        Push("crm", f"{number}", only_name),
        Push("billing", f"{number}", known),
        Push("erp", f"{number}", only_contact),
    ]


def describe(number: int) -> Mapping[str, str]:
    """Return what is true of company `number`: the same for each call."""
    draw = random.Random(number)
    words = [_word(draw, syllables=3), _word(draw, syllables=2)]
    site = f"{words[0].lower()}-{words[1].lower()}.de"
    return {
        "name": " ".join(words),
        "street": f"{_word(draw, syllables=3)}straße {draw.randrange(1, 200)}",
        "city": _word(draw, syllables=2) + "stadt",
        "postcode": f"{draw.randrange(10_000, 99_999)}",
        "country": "DE",
        "phone": f"+49 711 {draw.randrange(10**6, 10**7)}",
        "website": f"https://www.{site}",
        "email": f"office@{site}",
    }


def _word(draw: random.Random, *, syllables: int) -> str:
    body = "".join(draw.choice(_STARTS) + draw.choice(_VOWELS) for _ in range(syllables))
    return (body + draw.choice(_ENDS)).capitalize()
