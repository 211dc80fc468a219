"""Particles of family names, written apart or together."""

import pytest

from apps.engine.standardise import STANDARDISERS


def words_of(raw: str) -> str | None:
    return STANDARDISERS["organisation_name"].function(raw, (), None)[1]


@pytest.mark.parametrize(
    "spellings",
    [
        ("Van der Bilt Transport", "Vanderbilt Transport", "VAN DER BILT TRANSPORT BV", "Van Der Bilt Transport"),
        ("De la Rue plc", "Delarue PLC", "DE LA RUE"),
        ("O Brien Ltd", "O'Brien Ltd", "OBrien Limited", "O\u2019BRIEN"),
        ("Mc Donald Ltd", "McDonald Ltd", "MCDONALD"),
        ("Mac Donald Ltd", "MacDonald Ltd", "Macdonald"),
        ("Van Leeuwen BV", "Vanleeuwen B.V."),
        ("Von der Heydt GmbH", "Vonderheydt GmbH"),
        ("Koninklijke van den Berg NV", "Koninklijke Vandenberg"),
        ("Van 't Hof", "Van t Hof", "Vanthof"),
    ],
)
def test_a_family_name_is_one_word_however_its_particles_are_written(spellings: tuple[str, ...]) -> None:
    assert len({words_of(raw) for raw in spellings}) == 1


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("De Nederlandsche Bank", "nederlandsche bank"),
        ("La Poste SA", "poste"),
        ("Mac Tools", "mac tools"),
        ("Bank van de Arbeid", "bank arbeid"),
        ("Banco de Chile", "banco chile"),
        ("Universidad Nacional Autonoma de la Plata", "universidad autonoma plata"),
        ("Banco de la Nacion", "banco nacion"),
        ("Group O Ltd", "o"),
        ("Mc", "mc"),
    ],
)
def test_an_article_or_a_plain_word_is_no_particle(raw: str, words: str) -> None:
    assert words_of(raw) == words
