"""Identifiers: compact number, issuer, and how far it could be checked. Nothing here asks a register."""

import re
from collections.abc import Callable
from functools import cache
from typing import Final, Protocol, cast

import stdnum
from stdnum import isin, lei
from stdnum.exceptions import ValidationError
from stdnum.us import ein

from apps.engine.standardise.contract import Parts
from apps.engine.standardise.folding import fold
from apps.engine.standardise.number_cues import Cued, read_cues
from apps.engine.standardise.placeholders import is_placeholder_number, is_placeholder_text
from apps.engine.standardise.sites import entity_number

VERIFIED: Final = "verified"
PLAUSIBLE: Final = "plausible"
WRONG: Final = "wrong"

_NOTHING: Final[Parts] = (None, None, None)
_LONGEST: Final = 40
_VAT_ISSUERS: Final = {
    prefix: prefix
    for prefix in [
        "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IT",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    ]
} | {"EL": "GR", "XI": "GB"}  # fmt: skip
_VAT_SUFFIXES: Final = {"CH": "MWST", "NO": "MVA"}
_VAT_SUFFIX: Final = re.compile(r"(?:MWST|TVA|IVA|TPV|MVA)\Z")
_SPREADSHEET_MANGLED: Final = re.compile(r"\d[.,]\d+e[+-]?\d+\Z")
_SEVERAL: Final = re.compile(r"\s*[;,]\s*|\s+[/|]\s+|\s+(?:and|und|or|oder|et)\s+", re.IGNORECASE)
_MOST_NUMBERS: Final = 4
_FEWEST_DIGITS: Final = 4
_CHECK_ORDER: Final = {VERIFIED: 0, PLAUSIBLE: 1, WRONG: 2, None: 3}
# Mexican numbers hold the "&" of a company's initials.
_NOT_RFC: Final = re.compile(r"[^A-Z0-9&]+")
_RFC: Final = re.compile(r"[A-Z&]{3,4}\d{6}[A-Z0-9]{3}\Z")
_TAX_NUMBERS: Final = frozenset({"vat", "tax_id"})
_OF_ENTITIES: Final = frozenset({"register_no", "tax_id"})
_GB_REGISTER_LENGTH: Final = 8
# Leading zeros that a spreadsheet ate; a Polish number of nine digits and more is of another register.
_FULL_LENGTHS: Final = {"NL": 8, "PL": 10}
_LONGEST_UNPADDED: Final = 8
_DUNS_LENGTH: Final = 9
_EIN_LENGTH: Final = 9


class _NumberModule(Protocol):
    def validate(self, number: str) -> str: ...


# Where `stdnum` names a country's company tax number otherwise than "tin", or has several.
_TAX_MODULES: Final = {
    "AR": "cuit", "AU": "abn", "BR": "cnpj", "CA": "bn", "CH": "uid", "CL": "rut", "CN": "uscc", "CO": "nit",
    "CR": "cpj", "CZ": "dic", "DE": "stnr", "DO": "rnc", "EC": "ruc", "ES": "nif", "FR": "siren", "GB": "utr",
    "GT": "nit", "ID": "npwp", "IL": "hp", "IN": "pan", "IT": "iva", "JP": "cn", "KR": "brn", "MX": "rfc",
    "NO": "orgnr", "NZ": "ird", "PE": "ruc", "PL": "nip", "PY": "ruc", "RU": "inn", "SE": "orgnr", "SG": "uen",
    "SV": "nit", "TH": "pin", "TR": "vkn", "TW": "ubn", "UA": "edrpou", "UY": "rut", "VE": "rif", "VN": "mst",
    "ZA": "tin", "AT": "tin", "US": "ein",
}  # fmt: skip
_REGISTER_MODULES: Final = {
    "AU": "acn", "BE": "vat", "BR": "cnpj", "CH": "uid", "CN": "uscc", "CZ": "dic", "DK": "cvr", "EE": "registrikood",
    "FI": "ytunnus", "FR": "siren", "IL": "hp", "JP": "cn", "KR": "brn", "MC": "tva", "NO": "orgnr",
    "SE": "orgnr", "SG": "uen", "SI": "maticna", "TW": "ubn", "UA": "edrpou",
}  # fmt: skip
# Modules that check a shape and no check digit.
_SHAPE_ONLY: Final = frozenset({("US", "ein"), ("DE", "stnr"), ("SG", "uen"), ("IN", "pan"), ("MX", "rfc")})


def standardise_identifier(raw: str, context: Parts, option: str | None) -> Parts:
    """Return compact number, issuer and check of an identifier of scheme `option`.

    Schemes: lei, vat, tax_id, register_no, duns, isin; any other is a plain number issued by the record's country. A
    number that fails its checksum is kept as `wrong`, for display; placeholders and spreadsheet damage give nothing.
    Of several numbers in one field the first that checks best counts. A cue beside the number ("KVK", "USt-IdNr.")
    names its issuer and may name another kind than `option`; such a number is kept as `wrong`, too, unless it is
    a valid one of `option` as well, or `option` is tax_id, under which all kinds of numbers are kept. A number of a
    French site is told as that of its entity.
    """
    country = _country(context)
    pieces = _SEVERAL.split(raw[: 4 * _LONGEST], _MOST_NUMBERS) if _SEVERAL.search(raw[: 4 * _LONGEST]) else []
    if len(pieces) > 1:
        numbers = [piece for piece in pieces if sum(map(str.isdigit, piece)) >= _FEWEST_DIGITS]
        if len(numbers) == 1 and read_cues(raw[: 4 * _LONGEST]):
            return _read(raw, country, option)
        if numbers and not any(any(map(str.isdigit, piece)) for piece in pieces if piece not in numbers):
            return min((_read(piece, country, option) for piece in numbers), key=lambda parts: _CHECK_ORDER[parts[2]])
    return _read(raw, country, option)


def set_aside(raw: str, context: Parts, option: str | None) -> str | None:
    """Return what standardising an identifier leaves out of its number: a site's digits, a court's or register's town.

    Digits come before words, separated by a space; None where nothing was left out.
    """
    country = _country(context)
    cued = read_cues(raw)
    issuer = _read(raw, country, option)[1]
    compact = fold(cued.number if cued else raw).replace(" ", "").upper()
    digits = entity_number(compact, issuer)[1] if issuer and option in _OF_ENTITIES else None
    return " ".join(filter(None, (digits, cued.aside if cued else None))) or None


def _read(raw: str, country: str | None, option: str | None) -> Parts:
    cued = read_cues(raw[: 4 * _LONGEST])
    if cued is None:
        return _read_number(raw, country, option)
    bare = _read_number(raw, country, option)
    return bare if bare[2] == VERIFIED else _read_cued(cued, country, option)


def _read_cued(cued: Cued, country: str | None, option: str | None) -> Parts:
    own = _read_issued(cued, country, option)
    if cued.kind in {None, option} or option is None or own[2] in {VERIFIED, None}:
        return own
    number, issuer, check = _read_issued(cued, country, cued.kind)
    if option == "tax_id":
        return number, issuer, WRONG if check == WRONG else PLAUSIBLE
    return own if {cued.kind, option} == _TAX_NUMBERS else (number, issuer, WRONG)


def _read_issued(cued: Cued, country: str | None, option: str | None) -> Parts:
    """Return the number as its issuer reads it: the record's country, else the only one that knows it for valid."""
    issuers = (country,) if not cued.issuers or country in cued.issuers else cued.issuers
    readings = [_read_number(cued.number, issuer, option) for issuer in issuers]
    if len(readings) == 1:
        return readings[0]
    valid = [parts for parts in readings if parts[2] == VERIFIED] or [p for p in readings if p[2] == PLAUSIBLE]
    return valid[0] if len(valid) == 1 else _read_number(cued.number, None, option)


def _read_number(raw: str, country: str | None, option: str | None) -> Parts:
    folded = fold(raw[: 4 * _LONGEST])
    compact = folded.replace(" ", "").upper()
    if not compact or len(compact) > _LONGEST or _SPREADSHEET_MANGLED.match(raw.strip().lower()):
        return _NOTHING
    if not any(character.isdigit() for character in compact):
        return _NOTHING
    if is_placeholder_text(folded) or is_placeholder_number(compact):
        return _NOTHING
    if "&" in raw and option == "tax_id":
        mexican = _NOT_RFC.sub("", raw.upper())
        if _RFC.match(mexican):
            return mexican, "MX", PLAUSIBLE if _checked(_module("MX", "rfc"), mexican)[1] == VERIFIED else WRONG
    return _SCHEMES.get(option or "", _plain)(compact, country)


def _country(context: Parts) -> str | None:
    code = context[0] if context else None
    return code if code and code.isascii() and code.isalpha() else None


def _lei(compact: str, _country: str | None) -> Parts:
    return compact, "GLEIF", _checked(cast(_NumberModule, lei), compact)[1]


def _isin(compact: str, _country: str | None) -> Parts:
    return compact, compact[:2] if compact[:2].isalpha() else None, _checked(cast(_NumberModule, isin), compact)[1]


def _duns(compact: str, _country: str | None) -> Parts:
    number = compact.removeprefix("DUNS").zfill(_DUNS_LENGTH) if compact.isdigit() else compact.removeprefix("DUNS")
    return number, "DUNS", PLAUSIBLE if len(number) == _DUNS_LENGTH and number.isdigit() else WRONG


def _vat(compact: str, country: str | None) -> Parts:
    """Return the number with its country's prefix, as EU numbers are written, whether it was given or not."""
    compact = compact.removeprefix("VATNO").removeprefix("VAT")
    issuer = _VAT_ISSUERS.get(compact[:2]) or country
    if issuer is None:
        return compact, None, PLAUSIBLE
    prefix = "EL" if issuer == "GR" else issuer
    body = compact[2:] if compact[:2] in {prefix, issuer, "XI"} else compact
    module = _module(issuer, "vat")
    if issuer in _VAT_SUFFIXES:
        # Swiss and Norwegian numbers end in letters that people leave out, and the Swiss prefix is part of the number.
        body = _VAT_SUFFIX.sub("", body)
        number, check = _checked(module, ("CH" + body if issuer == "CH" else body) + _VAT_SUFFIXES[issuer])
        number = _VAT_SUFFIX.sub("", number)
    else:
        number, check = _checked(module, body)
    return prefix + number.removeprefix(prefix), issuer, check


def _tax_id(compact: str, country: str | None) -> Parts:
    if country == "US" and compact.isdigit():
        compact = compact.zfill(_EIN_LENGTH)
        return compact, "US", PLAUSIBLE if _is_issued_prefix(compact[:2]) and len(compact) == _EIN_LENGTH else WRONG
    if country is None:
        return compact, None, PLAUSIBLE
    if country == "FR":
        compact = entity_number(compact, country)[0]
    return _of_country(compact, country, _TAX_MODULES.get(country, "tin"))


def _register_no(compact: str, country: str | None) -> Parts:
    if country == "GB":
        letters = compact[:2] if compact[:2].isalpha() else ""
        number = letters + compact.removeprefix(letters).zfill(_GB_REGISTER_LENGTH - len(letters))
        return number, "GB", PLAUSIBLE if len(number) == _GB_REGISTER_LENGTH else WRONG
    if country == "AT":
        return compact.removeprefix("FN"), "AT", PLAUSIBLE
    if country is None:
        return compact, None, PLAUSIBLE
    if compact.isdigit() and len(compact) <= _LONGEST_UNPADDED:
        compact = compact.zfill(_FULL_LENGTHS.get(country, 0))
    return _of_country(entity_number(compact, country)[0], country, _REGISTER_MODULES.get(country, ""))


def _plain(compact: str, country: str | None) -> Parts:
    return compact, country, PLAUSIBLE


def _of_country(compact: str, country: str, name: str) -> Parts:
    module = _module(country, name) if name else None
    if module is None:
        return compact, country, PLAUSIBLE
    number, check = _checked(module, compact)
    if check == VERIFIED and (country, name) in _SHAPE_ONLY:
        check = PLAUSIBLE
    return number, country, check


def _checked(module: _NumberModule | None, compact: str) -> tuple[str, str]:
    """Return the module's compact form and the outcome of its check."""
    if module is None:
        return compact, PLAUSIBLE
    try:
        return fold(module.validate(compact)).replace(" ", "").upper(), VERIFIED
    except ValidationError:
        return compact, WRONG
    # The library's modules index and convert without looking; a hostile text must not stop a load.
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        return compact, WRONG


@cache
def _is_issued_prefix(prefix: str) -> bool:
    """Say whether US employer numbers are issued under a two-digit prefix; all that can be checked of one."""
    return bool(ein.is_valid(prefix + "0000001"))


@cache
def _module(country: str, name: str) -> _NumberModule | None:
    return cast("_NumberModule | None", stdnum.get_cc_module(country.lower(), name))


_SCHEMES: Final[dict[str, Callable[[str, str | None], Parts]]] = {
    "lei": _lei,
    "isin": _isin,
    "duns": _duns,
    "vat": _vat,
    "tax_id": _tax_id,
    "register_no": _register_no,
}
