"""Plain kinds: free text, a person's name, a date, a year, a number, a length of time."""

import re
from typing import Final

from apps.engine.standardise.contract import Parts
from apps.engine.standardise.folding import ascii_text, fold
from apps.engine.standardise.placeholders import is_placeholder_text

_YEAR: Final = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_SHORT_YEAR: Final = re.compile(r"'?(\d\d)\Z")
_NUMBER: Final = re.compile(r"-?\d{1,30}(?:[.,]\d{1,30})?")
_CENTURY_TURN: Final = 30
_DATE: Final = re.compile(r"(?<!\d)(\d{4})([-/.]?)(\d\d)\2(\d\d)(?!\d)")
_CLOCK: Final = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d\d)\Z")
_WITH_UNITS: Final = re.compile(
    r"(?:(\d{1,3}) ?h[a-z]*\.? ?)?(?:(\d{1,4}) ?m(?:in[a-z]*)?\.? ?)?(?:(\d{1,6}) ?s[a-z]*\.?)?\Z"
)
_BARE_LENGTH: Final = re.compile(r"(\d{1,9})(?:[.,](\d{1,9}))?( ?ms)?\Z")
_LEAST_MILLISECONDS: Final = 10_000
_TITLES: Final = frozenset(
    [
        "mr", "mrs", "ms", "miss", "dr", "prof", "sir", "dame", "rev", "mx", "herr", "frau", "mme", "monsieur", "jr",
        "sr", "phd", "md", "esq",
    ]
)  # fmt: skip


def standardise_text(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return the folded text, or None for a placeholder."""
    folded = fold(raw)
    return (folded if folded and not is_placeholder_text(folded) else None,)


def standardise_person_name(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return full, first and last of a person's name; "Last, First" is turned round, titles are dropped."""
    text = ascii_text(raw)
    if "," in text:
        last, _, first = text.partition(",")
        if first.strip() and fold(first) not in _TITLES:
            text = f"{first} {last}"
    folded = fold(text)
    if not folded or is_placeholder_text(folded):
        return None, None, None
    words = [word for word in folded.split() if word not in _TITLES] or folded.split()
    return " ".join(words), words[0], words[-1] if len(words) > 1 else None


def standardise_year(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return a four-digit year between 1500 and 2099; two digits mean 1930 to 2029."""
    text = ascii_text(raw)
    match = _YEAR.search(text)
    if match:
        return (match.group(1),)
    short = _SHORT_YEAR.match(text)
    if short is None:
        return (None,)
    return (f"{19 if int(short.group(1)) >= _CENTURY_TURN else 20}{short.group(1)}",)


def standardise_number(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return the first decimal number in the text, without leading and trailing zeros; a comma is a decimal point."""
    match = _NUMBER.search(ascii_text(raw).replace("'", ""))
    if match is None:
        return (None,)
    sign = "-" if match.group().startswith("-") else ""
    whole, _, fraction = match.group().lstrip("-").replace(",", ".").partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    text = f"{whole}.{fraction}" if fraction else whole
    return (text if text == "0" else sign + text,)


def standardise_entry(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return number, issuer and check of "catalogue:number": a catalogue vouches for the numbers that it gives."""
    issuer, _, number = ascii_text(raw).partition(":")
    if not issuer.strip() or not number.strip():
        return None, None, None
    return number.strip(), issuer.strip().upper(), "verified"


def standardise_date(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return the eight digits of a date that begins with its year; the calendar isn't asked, for slips are compared."""
    match = _DATE.search(ascii_text(raw))
    return (match.group(1) + match.group(3) + match.group(4) if match and match.group(1) != "0000" else None,)


def standardise_duration(raw: str, _context: Parts, _option: str | None) -> Parts:
    """Return a length of time in whole seconds, or None where it is zero.

    Read are clocks (4:05, 1:02:03), units (4m 5sec, 1h 2min) and bare numbers: a fraction means minutes, 10,000 and
    above milliseconds, else seconds.
    """
    text = ascii_text(raw)
    parts = _CLOCK.match(text) or (_WITH_UNITS.match(text) if text else None)
    bare = _BARE_LENGTH.match(text)
    if parts:
        hours, minutes, seconds = (int(group or 0) for group in parts.groups())
        total = 3600 * hours + 60 * minutes + seconds
    elif bare is None:
        return (None,)
    elif bare.group(3) or (not bare.group(2) and int(bare.group(1)) >= _LEAST_MILLISECONDS):
        total = (int(bare.group(1)) + 500) // 1000
    elif bare.group(2):
        total = int(60 * float(f"{bare.group(1)}.{bare.group(2)}") + 0.5)
    else:
        total = int(bare.group(1))
    return (str(total) if total else None,)
