from importlib import import_module
from random import Random

import pytest

from benchmarks.generator.numbers import NATIONAL, ChunkRandom, mint_acn, mint_lei, spoil_number, typeset_number

SCHEMES = {
    "GB": ("gb.vat", "vat"), "DE": ("de.vat", "vat"), "FR": ("fr.tva", "vat"), "IT": ("it.iva", "vat"),
    "ES": ("es.nif", "vat"), "NL": ("nl.btw", "vat"), "BE": ("be.vat", "vat"), "SE": ("se.vat", "vat"),
    "DK": ("dk.cvr", "vat"), "NO": ("no.mva", "vat"), "CH": ("ch.vat", "vat"), "BG": ("bg.vat", "vat"),
    "AU": ("au.abn", "tax_id"), "CA": ("ca.bn", "tax_id"), "US": ("us.ein", "tax_id"),
}  # fmt: skip
HUNDREDS = 300


def test_every_country_has_a_scheme_to_be_held_against() -> None:
    assert SCHEMES.keys() == NATIONAL.keys()


@pytest.mark.parametrize("country", sorted(NATIONAL))
def test_minted_numbers_are_valid_to_stdnum(country: str) -> None:
    module, kind = SCHEMES[country]
    scheme = import_module(f"stdnum.{module}")
    rng = Random(country)
    minted = [NATIONAL[country](rng)[kind] for _ in range(HUNDREDS)]
    assert [number for number in minted if not scheme.is_valid(number)] == []


@pytest.mark.parametrize(("module", "mint"), [("lei", mint_lei), ("au.acn", mint_acn)])
def test_identifiers_outside_the_table_are_valid_to_stdnum(module: str, mint: type[str]) -> None:
    scheme = import_module(f"stdnum.{module}")
    rng = Random(5)
    assert all(scheme.is_valid(mint(rng)) for _ in range(HUNDREDS))


def test_a_spoiled_lei_is_another_number_and_never_valid() -> None:
    scheme = import_module("stdnum.lei")
    rng = Random(2)
    for _ in range(HUNDREDS):
        number = mint_lei(rng)
        spoiled = spoil_number(rng, number)
        assert len(spoiled) == len(number)
        assert spoiled != number
        assert not scheme.is_valid(spoiled)


def test_typesetting_keeps_the_digits_up_to_leading_zeros() -> None:
    rng = Random(3)
    for _ in range(HUNDREDS):
        number = NATIONAL["GB"](rng)["register_no"]
        typed = "".join(c for c in typeset_number(rng, number) if c.isalnum())
        assert typed.zfill(8) == number


def test_chunks_never_mint_the_same_number() -> None:
    def mint(chunk: int) -> set[str]:
        rng = ChunkRandom(7, chunk, 4)
        return {NATIONAL["GB"](rng)["vat"] for _ in range(2000)}

    minted = [mint(chunk) for chunk in range(4)]
    assert len(set.union(*minted)) == sum(len(numbers) for numbers in minted)
