"""Numbers with the words that people write beside them: the words go, and say what the number is and whose."""

import csv
from pathlib import Path

import pytest

from apps.engine.standardise import STANDARDISERS
from apps.engine.standardise.identifiers import set_aside
from apps.engine.standardise.number_cues import read_cues

CASES = list(csv.reader(Path(__file__).with_name("numbers.tsv").read_text("utf-8").splitlines(), delimiter="\t"))


def identifier(raw: str, scheme: str, country: str | None = None) -> tuple[str | None, ...]:
    return STANDARDISERS["identifier"].function(raw, (country,), scheme)


@pytest.mark.parametrize(("raw", "scheme", "country", "number", "issuer"), CASES)
def test_a_number_is_told_apart_from_its_cue(raw: str, scheme: str, country: str, number: str, issuer: str) -> None:
    assert identifier(raw, scheme, country or None)[:2] == (number, issuer or None)


@pytest.mark.parametrize(
    ("raw", "scheme", "country", "check"),
    [
        ("SIREN 552 100 554", "register_no", None, "verified"),
        ("Org.nr 556016-0680", "register_no", None, "verified"),
        ("SIREN 552 100 555", "register_no", None, "wrong"),
        ("KVK 33259446", "register_no", None, "plausible"),
        ("VAT GB980780684", "register_no", "GB", "wrong"),
        ("HRB 4711 Amtsgericht Bonn", "vat", "DE", "wrong"),
        ("LEI 5493001KJTIIGC8Y1R12", "register_no", "US", "wrong"),
        ("USt-IdNr. DE136695976", "tax_id", "DE", "plausible"),
        ("KBO 0428.759.497", "vat", None, "verified"),
    ],
)
def test_a_number_of_another_kind_is_no_valid_number_of_this_one(
    raw: str, scheme: str, country: str | None, check: str
) -> None:
    assert identifier(raw, scheme, country)[2] == check


@pytest.mark.parametrize(
    "raw", ["73282932000074", "732 829 320 00017", "SIRET 732 829 320 00074", "732829320", "FR44732829320"]
)
def test_every_site_of_a_french_company_bears_the_number_of_the_company(raw: str) -> None:
    assert identifier(raw, "register_no", "FR") == ("732829320", "FR", "verified")


def test_a_site_number_that_fails_its_check_names_no_company() -> None:
    assert identifier("73282932000079", "register_no", "FR") == ("73282932000079", "FR", "wrong")


@pytest.mark.parametrize(
    ("raw", "scheme", "country", "aside"),
    [
        ("SIRET 732 829 320 00074", "register_no", None, "00074"),
        ("73282932000074", "register_no", "FR", "00074"),
        ("732829320", "register_no", "FR", None),
        ("HRB 12345 Amtsgericht M\u00fcnchen", "register_no", None, "munchen"),
        ("RCS Paris B 552 100 554", "register_no", None, "paris"),
        ("ABN 83 914 571 673", "tax_id", None, None),
        ("DE136695976", "vat", None, None),
    ],
)
def test_what_a_number_leaves_out_can_be_told(raw: str, scheme: str, country: str | None, aside: str | None) -> None:
    assert set_aside(raw, (country,), scheme) == aside


@pytest.mark.parametrize("raw", ["DE136695976", "SC123456", "RC000123", "CIN831107B41", "U13585627", "KVK", "-"])
def test_a_number_of_letters_and_digits_is_no_cue(raw: str) -> None:
    assert read_cues(raw) is None


@pytest.mark.parametrize("raw", ["KVK 00000000", "EIN: N/A", "USt-IdNr. unbekannt", "Company No. 123456789", "HRB"])
def test_a_cue_makes_no_number_of_a_placeholder(raw: str) -> None:
    assert identifier(raw, "register_no") == (None, None, None)
