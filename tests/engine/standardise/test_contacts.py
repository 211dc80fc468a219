"""Phones, e-mail addresses and websites."""

import pytest

from apps.engine.standardise import STANDARDISERS


def phone(raw: str, country: str | None = None) -> str | None:
    return STANDARDISERS["phone"].function(raw, (country,), None)[0]


def email(raw: str) -> tuple[str | None, ...]:
    return STANDARDISERS["email"].function(raw, (), None)


def website(raw: str) -> str | None:
    return STANDARDISERS["website"].function(raw, (), None)[0]


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("(702) 483-8180", "US", "+17024838180"),
        ("702.483.8180 ext. 12", None, "+17024838180"),
        ("1-702-483-8180", "DE", "+17024838180"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("0044 20 7946 0958", "DE", "+442079460958"),
        ("86 755 3689 9088", "CN", "+8675536899088"),
        ("0118675582945250", "US", "+8675582945250"),
        ("(852) 6604 0990", "HK", "+85266040990"),
        ("030 901820", "DE", "+4930901820"),
        ("＋４９ ３０ ９０１８２０", None, "+4930901820"),
        ("212-816-6638", "CH", "+12128166638"),
        ("011-30-210-625-0001", "GR", "+302106250001"),
        ("972-054-781-4888", "IL", "+972547814888"),
    ],
)
def test_one_number_has_one_spelling(raw: str, country: str | None, expected: str) -> None:
    assert phone(raw, country) == expected


@pytest.mark.parametrize(
    ("raw", "context", "expected"),
    [
        ("020 7946 0958", (None, "GB", None, None, None), "+442079460958"),
        ("020 7946 0958", (None, None, "SW1A1AA", None, None), "+442079460958"),
        ("030 901820", (None, None, None, "acme.de", None), "+4930901820"),
        ("030 901820", (None, None, None, None, "acme.de"), "+4930901820"),
        ("030 901820", ("DE", "GB", "SW1A1AA", "acme.fr", None), "+4930901820"),
        ("030 901820", (None, None, None, "acme.io", "acme.com"), None),
        ("984 674429", (None, None, None, None, None), None),
        ("984 674429", (None, None, None, "acme.es", None), "+34984674429"),
    ],
)
def test_a_number_without_a_country_is_read_where_the_record_gives_one_away(
    raw: str, context: tuple[str | None, ...], expected: str | None
) -> None:
    assert STANDARDISERS["phone"].function(raw, context, None) == (expected,)


@pytest.mark.parametrize(
    "raw", ["0000000000", "555", "1234567890", "9999999999", "n/a", "phone", "", "212-000-0000", "+"]
)
def test_a_placeholder_number_is_dropped(raw: str) -> None:
    assert phone(raw, "US") is None


@pytest.mark.parametrize(
    ("raw", "address", "domain"),
    [
        ("Jane.Doe@Sales.Example-Corp.co.uk", "jane.doe@sales.example-corp.co.uk", "example-corp.co.uk"),
        ("mailto:info@traeger.com", "info@traeger.com", "traeger.com"),
        ("<info@traeger.com>;", "info@traeger.com", "traeger.com"),
        ("jane@gmail.com", "jane@gmail.com", None),
        ("noreply@traeger.com", None, "traeger.com"),
        ("info@müller.de", "info@xn--mller-kva.de", "xn--mller-kva.de"),
        ("test@test.com", None, None),
        ("no at sign", None, None),
        ("a@b", None, None),
        ("a" * 400 + "@b.com", None, None),
        ("a@b@c.com", None, None),
    ],
)
def test_an_address_keeps_its_company_domain(raw: str, address: str | None, domain: str | None) -> None:
    assert email(raw) == (address, domain)


@pytest.mark.parametrize(
    ("raw", "domain"),
    [
        ("http://www.traeger.com", "traeger.com"),
        ("HTTPS://Shop.Traeger.co.uk/grills?x=1#y", "traeger.co.uk"),
        ("www.traeger.com.", "traeger.com"),
        ("traeger.com:8080/path", "traeger.com"),
        ("http://user:secret@traeger.com/", "traeger.com"),
        ("https://traeger.github.io/site", "traeger.github.io"),
        ("http://müller.de", "xn--mller-kva.de"),
        ("http://www.example.com", None),
        ("gmail.com", None),
        ("n/a", None),
        ("http://", None),
        ("localhost", None),
        ("10.0.0.1", None),
        ("javascript:alert(1)", None),
    ],
)
def test_a_website_is_its_registrable_domain(raw: str, domain: str | None) -> None:
    assert website(raw) == domain
