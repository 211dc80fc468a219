"""Other names inside a name, and what clerks add to one."""

import pytest

from apps.engine.standardise import STANDARDISERS


def name_parts(raw: str) -> dict[str, str | None]:
    standardiser = STANDARDISERS["organisation_name"]
    return dict(zip(standardiser.parts, standardiser.function(raw, (), None), strict=True))


@pytest.mark.parametrize(
    ("raw", "words", "form", "other"),
    [
        ("Google LLC d/b/a Waymo", "google", "LLC", "waymo"),
        ("Tubhuis Technology BV dba Naturebank Healthcare", "tubhuis", "BV", "naturebank healthcare"),
        ("Softone, Inc. dba Goldex Companies", "softone", "CORP", "goldex"),
        ("Acme Ltd t/a Wonder Shop", "acme", "LTD", "wonder shop"),
        ("Acme Ltd trading as Wonder Shop", "acme", "LTD", "wonder shop"),
        ("Acme Ltd (formerly Foo Ltd)", "acme", "LTD", "foo"),
        ("Acme (formerly known as Foo) Ltd", "acme", "LTD", "foo"),
        ("Acme Corp f/k/a Bar Inc a/k/a Baz LLC", "acme", "CORP", "bar | baz"),
        ("Acme GmbH, vormals Foo AG", "acme", "GMBH", "foo"),
        ("Acme (ex Foo GmbH)", "acme", None, "foo"),
        ("Acme Ltd t/a Acme", "acme", "LTD", None),
        ("ALEXANDRIA MINING LIBERTY INC. DBA", "alexandria mining liberty", "CORP", None),
        ("Foo Bar c/o Quux Partners", "foo bar", None, None),
        ("Unknown dba Wonder Shop", "wonder shop", None, None),
    ],
)
def test_a_name_with_another_keeps_both_apart(raw: str, words: str, form: str | None, other: str | None) -> None:
    parts = name_parts(raw)

    assert (parts["words"], parts["form"], parts["other"]) == (words, form, other)


@pytest.mark.parametrize(
    "raw", ["Ex Libris Ltd", "Trading Places Ltd", "Now TV Ltd", "DBA Consulting", "Also Holding AG", "A. Schulman Inc"]
)
def test_a_marker_in_front_belongs_to_the_name(raw: str) -> None:
    assert name_parts(raw)["other"] is None
    assert name_parts(raw)["words"] != "acme"


@pytest.mark.parametrize(
    "raw",
    [
        "Acme LLC - HQ", "Acme LLC (INACTIVE)", "*DO NOT USE* Acme LLC", "Acme LLC *do not use*", "Acme LLC DO NOT USE",
        "Acme LLC - AP", "Attn AP Acme LLC", "Attn: Accounts Payable, Acme LLC", "Acme LLC (new)", "Acme LLC (billing)",
        "Acme LLC Accounts Payable", "Acme LLC, Accounts Payable Dept", "Accounts Payable Dept Acme LLC",
        "Acme LLC #123", "Acme LLC Store #12", "Acme LLC (INACTIVE) - HQ", "(OLD) Acme LLC", "Acme (duplicate) LLC",
        "Acme LLC - 00012345", "Acme LLC [on hold]", "c/o Acme LLC", "Acme LLC c/o Jane Doe", "Acme LLC 5.10%",
    ],
)  # fmt: skip
def test_a_clerks_remark_is_no_part_of_a_name(raw: str) -> None:
    parts = name_parts(raw)

    assert (parts["words"], parts["generic"], parts["form"], parts["other"]) == ("acme", None, "LLC", None)


@pytest.mark.parametrize(
    ("raw", "words", "form"),
    [
        ("Acme - Berlin", "acme berlin", None),
        ("Foursquare S.p.A. - Milan", "foursquare milan", "SPA"),
        ("M\u00fcller Handels GmbH, K\u00f6ln", "muller handels koln", "GMBH"),
        ("Old Navy LLC", "old navy", "LLC"),
        ("New Balance", "new balance", None),
        ("Old Mutual plc", "old mutual", "PLC"),
        ("Re-new Ltd", "re new", "LTD"),
        ("Post Office Ltd", "post office", "LTD"),
    ],
)
def test_a_place_or_a_plain_word_stays(raw: str, words: str, form: str | None) -> None:
    assert (name_parts(raw)["words"], name_parts(raw)["form"]) == (words, form)
