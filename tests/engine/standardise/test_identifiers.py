"""Identifiers by scheme: compact number, issuer, and what could be checked."""

import pytest

from apps.engine.standardise import STANDARDISERS

Parts = tuple[str | None, str | None, str | None]


def identifier(raw: str, scheme: str | None, country: str | None = None) -> tuple[str | None, ...]:
    return STANDARDISERS["identifier"].function(raw, (country,), scheme)


@pytest.mark.parametrize(
    ("raw", "country", "parts"),
    [
        ("DE 136 695 976", None, ("DE136695976", "DE", "verified")),
        ("136695976", "DE", ("DE136695976", "DE", "verified")),
        ("DE136695977", "DE", ("DE136695977", "DE", "wrong")),
        ("EL 094014201", None, ("EL094014201", "GR", "verified")),
        ("094014201", "GR", ("EL094014201", "GR", "verified")),
        ("CHE-107.787.577 IVA", None, ("CHE107787577", "CH", "verified")),
        ("CHE-107.787.577", "CH", ("CHE107787577", "CH", "verified")),
        ("NO 995 525 828 MVA", None, ("NO995525828", "NO", "verified")),
        ("995525828", "NO", ("NO995525828", "NO", "verified")),
        ("B-58378431", "ES", ("ESB58378431", "ES", "verified")),
        ("U13585627", "AT", ("ATU13585627", "AT", "verified")),
        ("BE428759497", None, ("BE0428759497", "BE", "verified")),
        ("136695976", None, ("136695976", None, "plausible")),
    ],
)
def test_a_vat_number_has_one_spelling_with_its_country(raw: str, country: str | None, parts: Parts) -> None:
    assert identifier(raw, "vat", country) == parts


@pytest.mark.parametrize(
    ("raw", "scheme", "country", "parts"),
    [
        ("5493001KJTIIGC8Y1R12", "lei", None, ("5493001KJTIIGC8Y1R12", "GLEIF", "verified")),
        ("AU0000BWPAK0", "isin", None, ("AU0000BWPAK0", "AU", "verified")),
        ("25123891", "register_no", "CZ", ("25123891", "CZ", "verified")),
        ("5493-001kjtiigc8y1r17", "lei", None, ("5493001KJTIIGC8Y1R17", "GLEIF", "wrong")),
        ("US0378331005", "isin", None, ("US0378331005", "US", "verified")),
        ("US0378331006", "isin", None, ("US0378331006", "US", "wrong")),
        ("98-1902448", "tax_id", "US", ("981902448", "US", "plausible")),
        ("070000001", "tax_id", "US", ("070000001", "US", "wrong")),
        ("856-734-62-15", "tax_id", "PL", ("8567346215", "PL", "verified")),
        ("5607258", "register_no", "GB", ("05607258", "GB", "plausible")),
        ("sc 12345", "register_no", "GB", ("SC012345", "GB", "plausible")),
        ("HRB 12345", "register_no", "DE", ("HRB12345", "DE", "plausible")),
        ("552 008 443", "register_no", "FR", ("552008443", "FR", "verified")),
        ("15-048-3782", "duns", None, ("150483782", "DUNS", "plausible")),
        ("5043782", "duns", None, ("005043782", "DUNS", "plausible")),
        ("１５０４８３７８２", "duns", None, ("150483782", "DUNS", "plausible")),
        ("AB-77", None, "DE", ("AB77", "DE", "plausible")),
    ],
)
def test_a_number_is_compact_and_says_how_far_it_was_checked(
    raw: str, scheme: str | None, country: str | None, parts: Parts
) -> None:
    assert identifier(raw, scheme, country) == parts


@pytest.mark.parametrize(
    ("raw", "scheme", "country", "parts"),
    [
        ("DE136695976 / 12345", "vat", None, ("DE136695976", "DE", "verified")),
        ("12345 / DE136695976", "vat", "DE", ("DE136695976", "DE", "verified")),
        ("DE136695977; DE136695976", "vat", None, ("DE136695976", "DE", "verified")),
        ("HRB 12345, Amtsgericht Bonn", "register_no", "DE", ("HRB12345", "DE", "plausible")),
        ("552 008 443 and 552 008 444", "register_no", "FR", ("552008443", "FR", "verified")),
        ("B&C850101AB3", "tax_id", "MX", ("B&C850101AB3", "MX", "plausible")),
        ("M&C 060310 8E1", "tax_id", None, ("M&C0603108E1", "MX", "plausible")),
    ],
)
def test_of_several_numbers_the_one_that_checks_best_counts(
    raw: str, scheme: str, country: str | None, parts: Parts
) -> None:
    assert identifier(raw, scheme, country) == parts


@pytest.mark.parametrize("scheme", ["lei", "vat", "tax_id", "register_no", "duns", "isin", None])
@pytest.mark.parametrize(
    "raw",
    [
        "000000000",
        "123456789",
        "1234567890",
        "999999999",
        "DE000000000",
        "N/A",
        "unknown",
        "1.23E+15",
        "#N/A",
        "",
        "pending",
        "-",
    ],
)
def test_placeholders_and_spreadsheet_damage_give_nothing(raw: str, scheme: str | None) -> None:
    assert identifier(raw, scheme, "US") == (None, None, None)
