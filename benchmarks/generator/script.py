"""Write names in another script, and take accents away, the way forms and old systems do."""

import re
import unicodedata

PAIRS = [
    ("sht", "щ"), ("zh", "ж"), ("ts", "ц"), ("ch", "ч"), ("sh", "ш"), ("yu", "ю"), ("ya", "я"), ("a", "а"), ("b", "б"),
    ("c", "к"), ("d", "д"), ("e", "е"), ("f", "ф"), ("g", "г"), ("h", "х"), ("i", "и"), ("j", "дж"), ("k", "к"),
    ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"), ("q", "к"), ("r", "р"), ("s", "с"), ("t", "т"),
    ("u", "у"), ("v", "в"), ("w", "в"), ("x", "кс"), ("y", "й"), ("z", "з"),
]  # fmt: skip
TO_BULGARIAN = dict(PAIRS)
# The official romanisation (2009 Transliteration Act).
TO_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya",
}  # fmt: skip
EXPANDED = {
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue",
    "Å": "Aa", "Ø": "Oe", "Æ": "Ae",
}  # fmt: skip
PLAIN = {"ß": "ss", "ø": "o", "æ": "ae", "Ø": "O", "Æ": "Ae"}
LATIN_PIECE = re.compile("|".join(latin for latin, _ in PAIRS))


def to_bulgarian(word: str) -> str:
    """Return a Latin word as Bulgarian would spell it, in title case; words without letters stay."""
    plain = strip_accents(word).lower()
    spelled = LATIN_PIECE.sub(lambda found: TO_BULGARIAN[found[0]], plain)
    return spelled[:1].upper() + spelled[1:]


def to_latin(text: str) -> str:
    """Return `text` romanised and without accents."""
    if text.isascii():
        return text
    letters = []
    for letter in text:
        roman = TO_LATIN.get(letter.lower(), letter)
        letters.append(roman.capitalize() if letter.isupper() and roman != letter else roman)
    return strip_accents("".join(letters))


def strip_accents(text: str) -> str:
    """Return `text` with each accented letter replaced by its base letter."""
    if text.isascii():
        return text
    replaced = "".join(PLAIN.get(letter, letter) for letter in text)
    return "".join(letter for letter in unicodedata.normalize("NFD", replaced) if not unicodedata.combining(letter))


def expand_accents(text: str) -> str:
    """Return `text` with umlauts and Nordic letters written as two, the other accents taken away."""
    return strip_accents("".join(EXPANDED.get(letter, letter) for letter in text))
