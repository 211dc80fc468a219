"""Numbers that hold another: a SIRET names one site of the entity whose SIREN it begins with.

The law: a register's number is told at the grain of a legal entity, so that two sites of one never bear two numbers.
"""

from typing import Final

from stdnum.au import abn, acn
from stdnum.fr import siren, siret, tva

_SIREN_LENGTH: Final = 9
_TVA_LENGTH: Final = 11
_SECTIONS: Final = "ABCD"
"""Letters of the sections of a French trade register, written in front of the SIREN."""


def entity_number(compact: str, country: str) -> tuple[str, str | None]:
    """Return the register number of the entity that a compact number names, and the digits that name more than it.

    The second is the part that was left out: five digits of a French site (the NIC), the two check digits of a French
    VAT number or an Australian business number. Any other number comes back whole.
    """
    if country == "FR":
        return _french(compact)
    if country == "AU" and abn.is_valid(compact) and acn.is_valid(compact[2:]):
        return compact[2:], compact[:2]
    return compact, None


def _french(compact: str) -> tuple[str, str | None]:
    number = compact[1:] if compact[:1] in _SECTIONS and compact[1:].isdigit() else compact
    if number.isdigit() and siret.is_valid(number):
        return number[:_SIREN_LENGTH], number[_SIREN_LENGTH:]
    value_added = number.removeprefix("FR")
    if len(value_added) == _TVA_LENGTH and value_added.isdigit() and tva.is_valid(value_added):
        return value_added[-_SIREN_LENGTH:], value_added[:-_SIREN_LENGTH]
    return (number, None) if siren.is_valid(number) else (compact, None)
