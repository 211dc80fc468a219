"""Streets and whole addresses of many lands."""

import pytest

from apps.engine.standardise import STANDARDISERS

Street = tuple[str | None, str | None, str | None, str | None]


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("14135 MIDWAY ROAD SUITE G300", ("14135", "midway rd", "g300", None)),
        ("648 N PLANKINTON AVE, 4TH FLOOR", ("648", "n plankinton ave", "fl4", None)),
        ("1345 AVENUE OF THE AMERICAS 11TH FL", ("1345", "ave of the americas", "fl11", None)),
        ("SUITE 1890 - 1075 WEST GEORGIA STREET", ("1075", "w georgia st", "1890", None)),
        ("#439, 7184 120TH STREET", ("7184", "120 st", "439", None)),
        ("ONE VANDERBILT AVENUE", ("1", "vanderbilt ave", None, None)),
        ("350 Fifth Avenue, 21st Fl", ("350", "5 ave", "fl21", None)),
        ("FOOT LOCKER, INC. 330 WEST 34TH STREET", ("330", "w 34 st", None, None)),
        ("C/O CITIBANK, N.A. 390 GREENWICH ST", ("390", "greenwich st", None, None)),
        ("C/O LEGAL ONE M&T PLAZA", (None, "legal one m t plz", None, None)),
        ("100 CASPIAN AVE. P.O. BOX 500", ("100", "caspian ave", None, "500")),
        ("Postfach 10 20 30", (None, None, None, "102030")),
        ("Hauptstr. 12a", ("12a", "haupt strasse", None, None)),
        ("Hauptstraße 12 a", ("12a", "haupt strasse", None, None)),
        ("12 rue de la Paix", ("12", "rue de la paix", None, None)),
        ("12, rue de la Paix", ("12", "rue de la paix", None, None)),
        ("V. Roma 10", ("10", "via roma", None, None)),
        ("V.le della Libertà 106", ("106", "viale della liberta", None, None)),
        ("185. OG, Am Güterbahnhof 23", ("23", "am guterbahnhof", "fl185", None)),
        ("Via Roma, 10", ("10", "via roma", None, None)),
        ("Prinsengracht 263", ("263", "prinsen gracht", None, None)),
        ("4 - 6 Dudley Road, Tunbridge Wells, Kent, TN1 1LF", ("4-6", "dudley rd", None, None)),
        ("Epsom Gateway, Ashley Avenue, Epsom, Surrey, KT18 5AL", (None, "ashley ave", None, None)),
        ("First Floor 5 Doolittle Yard, Ampthill, MK45 2NW", ("5", "doolittle yard", "fl1", None)),
        ("Fitted Rigging House, The Historic Dockyard, Chatham", (None, "fitted rigging house", None, None)),
        ("320 St. Vincent Street, Glasgow", ("320", "saint vincent st", None, None)),
        ("123 Main Street\nSuite 4", ("123", "main st", "4", None)),
        ("n/a", (None, None, None, None)),
        ("-", (None, None, None, None)),
    ],
)
def test_a_street_is_read_into_number_name_unit_and_box(raw: str, parts: Street) -> None:
    assert STANDARDISERS["street"].function(raw, (None,), None)[:4] == parts


@pytest.mark.parametrize(
    "spellings",
    [
        ("10 North Main Street", "10 N. MAIN ST.", "10 N Main Str"),
        ("5 Sunset Boulevard, Ste 200", "5 SUNSET BLVD SUITE 200", "5 Sunset Blvd. #200"),
        ("Haupt-Straße 12", "Hauptstrasse 12", "HAUPTSTR 12"),
        ("153-157 Blackhorse Lane", "153 - 157 Blackhorse Ln"),
    ],
)
def test_spellings_of_one_street_are_equal(spellings: tuple[str, ...]) -> None:
    assert len({STANDARDISERS["street"].function(raw, (None,), None) for raw in spellings}) == 1
