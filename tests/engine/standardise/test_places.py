"""Countries, regions, cities, postcodes and jurisdictions in any spelling."""

import pytest

from apps.engine.standardise import STANDARDISERS


def one(kind: str, raw: str, context: str | None = None) -> str | None:
    return STANDARDISERS[kind].function(raw, (context,), None)[0]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("UK", "GB"), ("U.K.", "GB"), ("England", "GB"), ("Great Britain", "GB"), ("USA", "US"), ("U.S.A.", "US"),
        ("United States of America", "US"), ("Estados Unidos", "US"), ("Deutschland", "DE"), ("Allemagne", "DE"),
        ("DEU", "DE"), ("Holland", "NL"), ("The Netherlands", "NL"), ("日本", "JP"), ("Россия", "RU"), ("中国", "CN"),
        ("Korea, Republic of", "KR"), ("Taiwan, Province of China", "TW"), ("Virgin Islands, British", "VG"),
        ("Ontario, Canada", "CA"), ("Canada (Federal Level)", "CA"), ("Texas", "US"), ("X1", "US"), ("2M", "DE"),
        ("A6", "CA"), ("TX", "US"), ("NA", "NA"), ("ＤＥ", "DE"), ("Türkiye", "TR"), ("Turkiye", "TR"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_any_name(raw: str, code: str) -> None:
    assert one("country", raw) == code


@pytest.mark.parametrize("raw", ["n/a", "unknown", "XX", "Atlantis", "", "12345", "\ud83d"])
def test_what_is_no_country_has_no_code(raw: str) -> None:
    assert one("country", raw) is None


@pytest.mark.parametrize("code", ["DE", "CA", "IN", "CO", "IL", "GA", "PA", "MT"])
def test_two_letters_mean_the_us_state_where_the_region_says_so(code: str) -> None:
    assert one("country", code) == code
    assert one("country", code, code) == "US"


@pytest.mark.parametrize(
    ("raw", "code"),
    [("TX", "TX"), ("Texas", "TX"), ("US-TX", "TX"), ("A1", "BC"), ("British Columbia", "BC"), ("Ont.", "ON"),
     ("F4", None), ("Kent", "KENT"), ("N/A", None), ("Nordrhein-Westfalen", "NW")],
)  # fmt: skip
def test_a_region_is_its_short_code_or_its_name(raw: str, code: str | None) -> None:
    assert one("region", raw) == code


@pytest.mark.parametrize(
    ("raw", "country", "code"),
    [
        ("60064-3500", "US", "60064"), ("600643500", "US", "60064"), ("53203-2917", None, "53203"),
        ("2139", "US", "02139"), ("so15 1st", "GB", "SO151ST"), ("V6E 3C9", "CA", "V6E3C9"), ("D-10115", "DE", "10115"),
        ("00000", "US", None), ("20030900", "BR", "20030900"), ("103-0023", "JP", "1030023"), ("n/a", "US", None),
        ("１０１１５", "DE", "10115"), ("162", "NO", "0162"), ("1067", "DE", "01067"), ("2139", "GB", "2139"),
        ("800", "AU", "0800"), ("2139-1234", "US", "02139"),
    ],
)  # fmt: skip
def test_a_postcode_is_compact(raw: str, country: str | None, code: str | None) -> None:
    assert one("postcode", raw, country) == code


@pytest.mark.parametrize(
    ("raw", "name"),
    [("ST. LOUIS", "saint louis"), ("Saint Louis", "saint louis"), ("LUTON, BEDFORDSHIRE", "luton"), ("N/A", None),
     ("Paris Cedex 08", "paris"), ("MÜNCHEN", "munchen"), ("Muenchen", "munchen"),
     ("Koeln", "koln"), ("Goeteborg", "goteborg"), ("12345", None)],
)  # fmt: skip
def test_a_city_is_folded(raw: str, name: str | None) -> None:
    assert one("city", raw) == name


@pytest.mark.parametrize(
    ("raw", "country", "code"),
    [("DE", "US", "US-DE"), ("DE", "DE", "DE"), ("NV", None, "US-NV"), ("E9", "US", "KY"), ("A1", "CA", "CA-BC"),
     ("Delaware", None, "US-DE"), ("US-DE", None, "US-DE"), ("US-DE", "DE", "US-DE"), ("Delaware, USA", None, "US-DE"),
     ("Delaware", "US", "US-DE"), ("Ontario, Canada", None, "CA-ON"), ("New York, USA", None, "US-NY"),
     ("CA-QC", None, "CA-QC"), ("Germany", None, "DE"), ("Cayman Islands", "CN", "KY"), ("n/a", "US", None)],
)  # fmt: skip
def test_a_jurisdiction_is_a_country_or_a_region_of_one(raw: str, country: str | None, code: str | None) -> None:
    assert one("jurisdiction", raw, country) == code
