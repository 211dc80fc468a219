"""Organisation names of many lands, in the five parts that tell companies apart."""

import pytest

from apps.engine.standardise import STANDARDISERS, form_family


def name_parts(raw: str) -> dict[str, str | None]:
    standardiser = STANDARDISERS["organisation_name"]
    return dict(zip(standardiser.parts, standardiser.function(raw, (), None), strict=True))


@pytest.mark.parametrize(
    ("raw", "words", "generic", "form"),
    [
        ("E2open Parent Holdings, Inc.", "e2open", "holding parent", "CORP"),
        ("Traeger Inc. Common Stock", "trager", None, "CORP"),
        ("UNIVERSITY BANCORP INC /DE/", "university bancorp", None, "CORP"),
        ("CORNING INC /NY", "corning", None, "CORP"),
        ("FORD MOTOR CO/DE", "ford motor", None, "CO"),
        ("Bank Pekao S.A./ADR", "bank pekao", None, "SA"),
        ("Berkshire Hathaway Inc. Class B Common Stock", "berkshire hathaway", None, "CORP"),
        ("Pyrophyte Acquisition Corp. II", "pyrophyte acquisition", "2", "CORP"),
        ("GBK BETEILIG.AG O.N.", "gbk beteilig", None, "AG"),
        ("TOWER RESOURCES LS-,00001", "tower resource", None, None),
        ("SCANIA (GREAT BRITAIN) LIMITED", "scania", "uk", "LTD"),
        ("Siemens Deutschland AG", "siemens", "germany", "AG"),
        ("Siemens AG Deutschland", "siemens", "germany", "AG"),
        ("Toyota Motor North America, Inc.", "toyota motor", "northamerica", "CORP"),
        ("Bank of China Limited", "bank china", None, "LTD"),
        ("HSBC UK Bank plc", "hsbc bank", "uk", "PLC"),
        ("Volkswagen Aktiengesellschaft", "volkswagen", None, "AG"),
        ("Prominence Energy (Europe) P/L", "prominence energy", "europe", "LTD"),
        ("Wrigley Oxford Sagl", "wrigley oxford", None, "SARL"),
        ("Prairie Postmedia No. 2", "prairie postmedia", "2", None),
        ("Müller GmbH & Co. KG", "muller", None, "GMBHCOKG"),
        ("NOVO NORDISK A/S", "novo nordisk", None, "AS"),
        ("Grupo Bimbo, S.A.B. de C.V.", "bimbo", "group", "SACV"),
        ("Kowalski Sp. z o.o.", "kowalski", None, "SPZOO"),
        ("ООО «Ромашка»", "romashka", None, "OOO"),
        ("PT Bank Central Asia Tbk", "bank", "asia central", "PT"),
        ("株式会社トヨタ", "toyota", None, "KK"),
        ("トヨタ株式会社", "toyota", None, "KK"),
        ("Jackson Acquisition Co II", "jackson acquisition", "2", "CO"),
        ("Sea Oil Public Company Limited", "sea oil", None, "PLC"),
        ("Acme Ltd (formerly Foo Ltd)", "acme", None, "LTD"),
        ("Google LLC d/b/a Waymo", "google", None, "LLC"),
        ("c/o Foo Bar LLC", "foo bar", None, "LLC"),
        ("Foo Bar LLC - Accounts Payable", "foo bar", None, "LLC"),
        ("7-Eleven, Inc.", "7 eleven", None, "CORP"),
        ("3M Company", "3m", None, "CO"),
        ("TKO GROUP HOLDINGS LIMITED LIABILIT", "tko", "group holding", "LLC"),
        ("UZIN ELECTRIUM NORTH GESELLSCHAFT M", "uzin electrium", "north", "GMBH"),
        ("Sleep Automobile LLC (inactive)", "sleep automobile", None, "LLC"),
        ("Acquisit & Co Inc #318", "acquisit", None, "CORP"),
        ("Carpenter Technology Inc. - HQ", "carpenter", "technology", "CORP"),
        ("Open Joint Stock Company Gazprom", "gazprom", None, "AO"),
        ("Акционерное общество «Газпром»", "gazprom", None, "AO"),
        ("SRL Pro Traffic", "pro traffic", None, "SRL"),
        ("AB Volvo", "volvo", None, "AB"),
        ("AB Foods plc", "ab foods", None, "PLC"),
        ("Valaris Limited Common Shares", "valaris", None, "LTD"),
        ("AMARIN CORP PLC\\UK", "amarin", None, "PLC"),
        ("W.R. Berkley Corporation 4.25% ", "wr berkley", None, "CORP"),
        ("Holland & Barrett Ltd", "holland barrett", None, "LTD"),
        ("Government of the United Kingdom", "government uk", None, None),
        ("National Association of Realtors", "association realtors", "national", None),
    ],
)
def test_a_name_is_told_apart_into_words_qualifiers_and_form(
    raw: str, words: str, generic: str | None, form: str | None
) -> None:
    parts = name_parts(raw)

    assert (parts["words"], parts["generic"], parts["form"]) == (words, generic, form)


@pytest.mark.parametrize(
    "spellings",
    [
        ("A.B.C. Corp", "ABC Corporation", "A B C Corp.", "abc corp"),
        ("AT&T Inc.", "AT & T Inc", "AT and T Incorporated"),
        ("L'Oréal S.A.", "LOREAL SA", "L’ORÉAL S A"),
        ("straße GmbH", "STRASSE GMBH", "Straße G.m.b.H."),
        ("İŞ BANKASI A.Ş.", "IŞ BANKASI AŞ", "is bankasi as"),
        ("Café Rouge Ltd", "Cafe\u0301 Rouge Ltd", "CAFE ROUGE LIMITED"),
        ("Ａｃｍｅ　Ｌｔｄ", "Acme Ltd", "Ac\u200bme\u00ad Ltd\u202e"),
        ("ﬁnance ﬂow Ltd", "finance flow ltd"),
        ("Blackstone Fund IV LP", "Blackstone Fund 4 L.P.", "Blackstone Fund Four LP"),
        ("US Steel", "United States Steel", "U.S. Steel"),
        ("M\u00fcller GmbH", "Mueller GmbH", "MULLER GMBH"),
        ("S\u00f8rensen A/S", "Soerensen A/S", "Sorensen AS"),
        ("\u00c5rhus Havn", "Aarhus Havn", "Arhus Havn"),
        ("\u00d6sterreichische Post AG", "Oesterreichische Post AG"),
        ("H\u00e4user K\u00f6hler KG", "Haeuser Koehler KG"),
        ("Apple Inc", "\u0410pple Inc", "A\u0440\u0440le Inc"),
        ("Acme Fund XXIV LP", "Acme Fund 24 LP"),
        ("Co-operative Group Ltd", "Cooperative Group Limited"),
        ("Marks & Spencer Group P.L.C.", "Marks and Spencer Group plc"),
    ],
)
def test_spellings_of_one_name_give_the_same_words_and_form(spellings: tuple[str, ...]) -> None:
    found = {(name_parts(raw)["words"], name_parts(raw)["generic"], name_parts(raw)["form"]) for raw in spellings}

    assert len(found) == 1


@pytest.mark.parametrize(
    "raw", ["N/A", "n.a.", "test", "-", "???", "unknown", "None", "NULL", "tbd", "Test GmbH", "", " ", "\x00", "keine"]
)
def test_a_placeholder_has_no_parts(raw: str) -> None:
    assert set(name_parts(raw).values()) == {None}


@pytest.mark.parametrize(
    "raw", ["Holding Group Services", "Limited", "The Limited, Inc.", "GmbH", "UK Ltd", "The The Ltd"]
)
def test_words_are_never_empty_where_a_name_was_given(raw: str) -> None:
    assert name_parts(raw)["words"]


@pytest.mark.parametrize(
    "word", ["samuel", "blue", "aerospace", "queen", "avenue", "value", "guest", "michael", "shoe", "joe"]
)
def test_a_plain_word_with_two_vowels_stays_itself(word: str) -> None:
    assert name_parts(f"Acme {word}")["words"] == f"acme {word}"


@pytest.mark.parametrize("pair", [("Blue", "Blu"), ("Guest", "Gust"), ("Samuel", "Samul"), ("Noel", "Neol")])
def test_words_that_differ_stay_different(pair: tuple[str, str]) -> None:
    assert name_parts(f"{pair[0]} Ltd")["words"] != name_parts(f"{pair[1]} Ltd")["words"]


def test_a_cyrillic_name_is_transliterated_not_mistaken_for_latin() -> None:
    assert name_parts("\u0421\u0431\u0435\u0440\u0431\u0430\u043d\u043a")["words"] == "sberbank"


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("VEREINIGTE WERKSTAETTEN AKTIENGESELL", "AG"),
        ("NORDISCHE HANDELSHAEUSER GESELLSCHA", None),
        ("KOWALSKI BUDOWNICTWO SPOLKA Z OGRANI", "SPZOO"),
        ("STOCKHOLMS MASKINFABRIKER AKTIEBOLA", "AB"),
        ("GREENFIELD ENERGY SOLUTIONS INCORPO", "CORP"),
        ("ROCKWELL AND SONS ENGINEERING LIMITE", "LTD"),
        ("AMSTELVEEN BEHEER BESLOTEN VENNOOT", "BV"),
        ("BRISBANE QUARRIES HOLDINGS PTY LIMI", "LTD"),
        ("MANUFACTURAS DEL NORTE SOCIEDAD LIM", "SL"),
        ("KOBENHAVNS SKIBSVAERFT AKTIESELSKA", "AS"),
        ("Greenfield Renewable Energy Solutions Li", None),
        ("TABLE DEUFOL INVESTMENTS MINING LIM", "LTD"),
        ("WATERBRIDGE CASTELLANA ACQUISITION BESLO", "BV"),
        ("ALLOY HARGREAVES THERAPEUTICS PROPR", "LTD"),
        ("ALLOY HARGREAVES THERAPEUTIC PROPR", None),
    ],
)
def test_a_form_that_a_field_cut_in_two_is_known(raw: str, form: str | None) -> None:
    assert name_parts(raw)["form"] == form


def test_a_testing_company_is_no_placeholder() -> None:
    assert name_parts("Global Testing Corporation Limited")["words"] == "testing"


def test_the_limited_keeps_its_name() -> None:
    assert name_parts("The Limited, Inc.")["words"] == "limited"


@pytest.mark.parametrize(
    ("raw", "acronym"),
    [
        ("International Business Machines Corporation", "ibm"),
        ("IBM Corp", "ibm"),
        ("Bayerische Motoren Werke AG", "bmw"),
        ("Hong Kong University of Science and Technology", "hkust"),
        ("Traegerwerke GmbH", None),
    ],
)
def test_initials_cover_every_word_but_the_form(raw: str, acronym: str | None) -> None:
    assert name_parts(raw)["acronym"] == acronym


def test_forms_of_one_kind_share_a_family() -> None:
    assert form_family("GMBH") == form_family("OOO") == form_family("LTD") == "LLC"
    assert form_family("AG") == form_family("PLC") == "JSC"
    assert form_family("AG") != form_family("GMBH")


def test_former_names_keep_their_order_and_come_once() -> None:
    former = STANDARDISERS["former_names"].function("ACTUANT CORP | APPLIED POWER INC | Actuant Corp. | n/a", (), None)

    assert former == ("actuant corp | applied power inc", "actuant | applied power")
