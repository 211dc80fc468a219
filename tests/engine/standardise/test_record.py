"""One record from raw values to parts, and the digest that guards it."""

from dataclasses import dataclass

import pytest

from apps.engine.standardise import STANDARDISERS, digest, in_context_order, standardise_record


@dataclass(frozen=True)
class Declared:
    name: str
    kind: str
    option: str | None = None


COMPANY = (
    Declared("phone", "phone"),
    Declared("postcode", "postcode"),
    Declared("tax_id", "identifier", "tax_id"),
    Declared("name", "organisation_name"),
    Declared("former_names", "former_names"),
    Declared("country", "country"),
    Declared("region", "region"),
)


def test_context_comes_before_what_needs_it() -> None:
    ordered = [attribute.name for attribute in in_context_order(COMPANY)]

    assert sorted(ordered) == sorted(attribute.name for attribute in COMPANY)
    assert ordered.index("region") < ordered.index("country") < ordered.index("phone")


def test_a_record_becomes_its_parts_whatever_the_order_of_attributes() -> None:
    given = {
        "name": "B&R Technology Merger Corp.",
        "former_names": None,
        "region": "DE",
        "country": "DE",
        "postcode": "19807-1234",
        "phone": "(702) 483-8180",
        "tax_id": "98-1902448",
        "undeclared": "ignored",
    }
    expected = {
        "name.full": "b and r technology merger corp",
        "name.words": "b r merger",
        "name.generic": "technology",
        "name.form": "CORP",
        "name.acronym": "brtm",
        "region.code": "DE",
        "country.code": "US",
        "postcode.code": "19807",
        "phone.e164": "+17024838180",
        "tax_id.number": "981902448",
        "tax_id.issuer": "US",
        "tax_id.check": "plausible",
    }

    assert standardise_record(given, COMPANY) == expected
    assert standardise_record(given, COMPANY[::-1]) == expected


def test_a_record_of_nothing_has_no_parts() -> None:
    assert standardise_record({"name": "", "country": None, "phone": "n/a"}, COMPANY) == {}


def test_the_first_usable_of_several_values_counts() -> None:
    assert STANDARDISERS["phone"].function("n/a | 0000000000 | 702 483 8180", ("US",), None) == ("+17024838180",)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        standardise_record({"x": "y"}, [Declared("x", "no such kind")])


def test_the_digest_is_stable_and_follows_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.engine.standardise import digests

    first = digest()
    assert first == digest()
    assert len(first) == 32

    monkeypatch.setattr(digests, "table_paths", list)
    digests.digest.cache_clear()
    assert digest() != first
    monkeypatch.undo()
    digests.digest.cache_clear()
    assert digest() == first


def test_a_missing_part_is_taken_from_the_first_part_that_stands_in_for_it() -> None:
    given = {"street": "12 High Street, Leeds LS1 4AP", "country": "UK"}
    attributes = [Declared("country", "country"), Declared("street", "street"), Declared("city", "city")]
    fallbacks = {"city.name": ["no.such", "street.city"]}
    assert standardise_record(given, attributes, fallbacks)["city.name"] == "leeds"
    assert standardise_record(given | {"city": "York"}, attributes, fallbacks)["city.name"] == "york"
