"""One-line addresses: town, postcode and country behind the street, in the formats of those attributes."""

import pytest

from apps.engine.standardise import STANDARDISERS

Locality = tuple[str | None, str | None, str | None]


def street(raw: str, country: str | None = None) -> dict[str, str | None]:
    standardiser = STANDARDISERS["street"]
    return dict(zip(standardiser.parts, standardiser.function(raw, (country,), None), strict=True))


def locality(raw: str, country: str | None = None) -> Locality:
    parts = street(raw, country)
    return parts["city"], parts["postcode"], parts["country"]


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("12 High St, Leeds LS1 4AP, UK", None, ("leeds", "LS14AP", "GB")),
        ("12 High St Leeds LS1 4AP", None, ("leeds", "LS14AP", "GB")),
        ("2 Portman Street, London, England, W1H 6DU", None, ("london", "W1H6DU", "GB")),
        ("Head Office, 1 Dock Road, Chatham, Kent, United Kingdom, ME4 4TZ", None, ("chatham", "ME44TZ", "GB")),
        ("100 Main St Suite 200 Dallas TX 75001", None, ("dallas", "75001", "US")),
        ("1600 Amphitheatre Pkwy, Mountain View, CA 94043-1351, USA", None, ("mountain view", "94043", "US")),
        ("350 Fifth Avenue, New York, New York 10118", None, ("new york", "10118", "US")),
        ("145 Main St, Davis, CA 95615", "US", ("davis", "95615", "US")),
        ("PARSIPPANY, 7058", "US", ("parsippany", "07058", None)),
        ("200 Biscayne Blvd, Miami, FL 33131", None, ("miami", "33131", "US")),
        ("Nashville, TN 37213", None, ("nashville", "37213", "US")),
        ("220 Bay St, Toronto, ON M5J 2W4", None, ("toronto", "M5J2W4", "CA")),
        ("Level 5, 123 Pitt Street, Sydney NSW 2000, Australia", None, ("sydney", "2000", "AU")),
        ("Hauptstr. 5, 10115 Berlin", None, ("berlin", "10115", None)),
        ("18 rue Sainte-Catherine 33000 Bordeaux France", None, ("bordeaux", "33000", "FR")),
        ("Keizersgracht 555 1017 DR Amsterdam Nederland", None, ("amsterdam", "1017DR", "NL")),
        ("Hauptstr. 5 10115 Berlin", None, ("berlin", "10115", None)),
        ("12 rue de la Paix, 75002 Paris, France", None, ("paris", "75002", "FR")),
        ("Via Torino 2, 20123 Milano (MI), Italia", None, ("milano", "20123", "IT")),
        ("ul. Marszałkowska 10/12, 00-590 Warszawa", None, ("warszawa", "00590", "PL")),
        ("Box 123, 101 23 Stockholm", None, ("stockholm", "10123", None)),
        ("Sveavägen 156, Malmö, 211 45", "SE", ("malmo", "21145", None)),
        ("Rotterdam, 3016 CK", "NL", ("rotterdam", "3016CK", "NL")),
        ("Strandgata 30, 162", "NO", (None, "0162", None)),
        ("Jernbanegade 19, Thyholm", "DK", ("thyholm", None, None)),
        ("Leeds, 00000", "GB", ("leeds", None, None)),
        ("20 Collyer Quay, Singapore 049319", None, ("singapore", "049319", "SG")),
    ],
)
def test_a_one_line_address_gives_town_postcode_and_country(raw: str, country: str | None, expected: Locality) -> None:
    assert locality(raw, country) == expected


@pytest.mark.parametrize(
    ("raw", "country"),
    [
        ("14135 MIDWAY ROAD SUITE G300", "US"),
        ("#439, 7184 120TH STREET", "CA"),
        ("350 Fifth Avenue, 21st Fl", "US"),
        ("Suite 5, 14135 Midway Road", None),
        ("5 Main Street 14135 Midway Road", None),
        ("Via Roma, 1234", None),
        ("Via Roma, 10", "IT"),
        ("Am Markt, 5", "DE"),
        ("Hauptstr. 12a", "DE"),
        ("P.O. Box 12345", "US"),
        ("Broadgate Tower, 20 Primrose Street", "GB"),
        ("600 North Bridge Road, #12-02 Parkview Square", "SG"),
        ("30 Hudson Yards, Floor 72", None),
    ],
)
def test_a_street_alone_gives_no_locality(raw: str, country: str | None) -> None:
    assert locality(raw, country) == (None, None, None)


@pytest.mark.parametrize(
    ("raw", "town", "name", "city"),
    [
        ("Copenhagen", None, None, "copenhagen"),
        ("Copenhagen", "copenhagen", "copenhagen", None),
        ("Eden Prairie", None, None, "eden prairie"),
        ("PO Box 9038, Newton", None, None, "newton"),
        ("same as above, St. Petersburg", None, None, "saint petersburg"),
        ("Connect Business Village", None, "connect business village", None),
        ("High Street", None, "high st", None),
        ("Kungsgatan", None, "kungs gatan", None),
        ("Hauptstr. 5", None, "haupt strasse", None),
    ],
)
def test_a_bare_name_is_a_town_where_the_record_has_no_other(
    raw: str, town: str | None, name: str | None, city: str | None
) -> None:
    parts = STANDARDISERS["street"].function(raw, (None, town), None)

    assert (parts[1], parts[4]) == (name, city)


def test_what_was_read_as_locality_is_no_street() -> None:
    assert street("Rotterdam, 3016 CK", "NL")["name"] is None
    assert street("TBD, Conshohocken, 19424", "US")["name"] is None
    assert street("12 High St Leeds LS1 4AP")["name"] == "high st"


@pytest.mark.parametrize(
    ("raw", "country"), [("LS1 4AP", "GB"), ("94043-1351", "US"), ("00-590", "PL"), ("211 45", "SE"), ("1012 AB", "NL")]
)
def test_town_and_postcode_have_the_formats_of_those_attributes(raw: str, country: str) -> None:
    found = locality(
        f"Street 5, {raw} Saint-Étienne" if country in {"PL", "SE", "NL"} else f"5 Rd, St. Étienne, {raw}", country
    )

    assert found[0] == STANDARDISERS["city"].function("Saint-Étienne", (), None)[0]
    assert found[1] == STANDARDISERS["postcode"].function(raw, (country,), None)[0]
