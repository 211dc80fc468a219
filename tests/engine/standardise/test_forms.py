"""Legal forms as people and systems write them: with stops, spaces and accents, in any script, cut off or glued on."""

from pathlib import Path

import pytest

from apps.engine.standardise import STANDARDISERS

SPELLINGS = [line.split("\t") for line in Path(__file__).with_name("legal_forms.tsv").read_text("utf-8").splitlines()]


def name_parts(raw: str) -> dict[str, str | None]:
    standardiser = STANDARDISERS["organisation_name"]
    return dict(zip(standardiser.parts, standardiser.function(raw, (), None), strict=True))


@pytest.mark.parametrize(("raw", "form"), SPELLINGS)
def test_a_legal_form_is_known_in_the_spellings_of_its_country(raw: str, form: str) -> None:
    assert name_parts(raw)["form"] == form


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("Amazon S.\u00e0 r.l.", "amazon"),
        ("\u039c\u03c5\u03c4\u03b9\u03bb\u03b7\u03bd\u03b1\u03af\u03bf\u03c2 \u0391.\u0395.", "mytilinaios"),
        ("\u0418\u041f \u0418\u0432\u0430\u043d\u043e\u0432", "ivanov"),
        ("Verdi s.a.s. di Verdi Mario & C.", "verdi"),
        ("Bianchi S.n.c. dei F.lli Bianchi", "bianchi"),
        ("\u0414\u0435\u043b\u0442\u0430 \u0425\u043e\u043b\u0434\u0438\u043d\u0433 \u0434.\u043e.\u043e.", "delta"),
        ("Jensen I/S", "jensen"),
        ("Jones P.A.", "jones"),
    ],
)
def test_a_form_leaves_nothing_of_itself_in_the_name(raw: str, words: str) -> None:
    assert name_parts(raw)["words"] == words


@pytest.mark.parametrize(
    "raw",
    [
        "The Future Is",
        "IP Group",
        "IKE",
        "Three Rivers PA",
        "KS Bank",
        "Mike and Ike",
        "The Bank of Wichita KS",
    ],
)
def test_a_word_spelt_like_a_form_without_its_stops_is_no_form(raw: str) -> None:
    assert name_parts(raw)["form"] is None


@pytest.mark.parametrize(
    ("raw", "words", "form"),
    [
        ("SiemensAG", "siemens", "AG"),
        ("BoschGmbH", "bosch", "GMBH"),
        ("BoschGmbH & Co. KG", "bosch", "GMBHCOKG"),
        ("NovoA/S", "novo", "AS"),
        ("FinecoBankSpA", "finecobank", "SPA"),
        ("NetSuiteInc.", "netsuite", "CORP"),
        ("SiemensAG AG", "siemensag", "AG"),
        ("NovaSA Ltd", "novasa", "LTD"),
        ("PayPal", "paypal", None),
        ("Lufthansa", "lufthansa", None),
        ("HANSA", "hansa", None),
        ("NAVAG", "navag", None),
    ],
)
def test_a_form_glued_to_a_name_is_known_by_its_capitals(raw: str, words: str, form: str | None) -> None:
    assert (name_parts(raw)["words"], name_parts(raw)["form"]) == (words, form)


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("GREENFIELD RENEWABLE ENERGIES PARK COR", None),
        ("GREENFIELD RENEWABLE ENERGY WKS COR", "CORP"),
        ("GREENFIELD RENEWABLE ENERGY P LIMITE", "LTD"),
        ("GREENFIELD RENEWABLE ENERGY WRK GMB", "GMBH"),
        ("GREENFIELD RENEWABLE WKS CORPORATIO", "CORP"),
        ("GREENFIELD RENEWABLE WERKE GMBH & C", "GMBHCOKG"),
        ("GREENFIELD RENEWABLE WERKE GMBH & CO", "GMBHCOKG"),
        ("GREENFIELD RENOVABLE NORTE S.A. DE C", "SACV"),
        ("GREENFIELD RENEWABLE ENERGIES SDN BH", "SDNBHD"),
        ("GREENFIELD RENEWABLE ENERGIE COMPAN", "CO"),
        ("GREENFIELD RENEWABLE KABUSHIKI KAIS", "KK"),
    ],
)
def test_a_form_cut_off_by_a_field_of_35_characters_is_known(raw: str, form: str | None) -> None:
    assert name_parts(raw)["form"] == form
