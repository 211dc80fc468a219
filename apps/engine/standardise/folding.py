"""Folding: the one way in which raw text of any script becomes comparable ASCII.

The law: folding is total and bounded. Whatever the text, it is capped before anything else looks at it, and equal
looking text (NFC or NFD, full width, ligatures, ß or SS, dotted or dotless I) folds to equal text.
"""

import re
import unicodedata
from typing import Final

from anyascii import anyascii

MAX_CHARACTERS: Final = 1_000
"""Longest text that is looked at; what follows is ignored."""

# Some scripts write a legal form without a space before it; transliteration would glue it to the name.
_GLUED_FORMS: Final = (
    ("股份有限公司", " gufen youxian gongsi "),
    ("有限责任公司", " youxian gongsi "),
    ("有限責任公司", " youxian gongsi "),
    ("有限公司", " youxian gongsi "),
    ("株式会社", " kabushiki kaisha "),
    ("株式會社", " kabushiki kaisha "),
    ("有限会社", " yugen kaisha "),
    ("合同会社", " godo kaisha "),
    ("(株)", " kabushiki kaisha "),
    ("(有)", " yugen kaisha "),
    ("주식회사", " jusik hoesa "),
    ("(주)", " jusik hoesa "),
    ("유한회사", " yuhan hoesa "),
    # Transliteration would leave nothing of these that could be told from a word.
    ('בע"מ', " ltd "),
    ("בע״מ", " ltd "),
    ("ش.ذ.م.م", " wll "),
    ("ذ.م.م", " wll "),
)
_CYRILLIC_TRADER: Final = re.compile(r"(?<!\w)ИП(?!\w)")
# Cyrillic and Greek letters that look like Latin ones; a word of nothing else but Latin letters is meant as Latin.
_CONFUSABLES: Final = str.maketrans(
    "АВЕЅІЈКМНОРСТУХавеѕіјкмнорстухьԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχϲ",
    "ABESIJKMHOPCTYXabesijkmhopctyxbdqwABEZHIKMNOPTYXaikvoptuxc",
)
_TO_CYRILLIC: Final = str.maketrans("ABEKMHOPCTYXaekmopcyx", "АВЕКМНОРСТУХаекморсух")
_NOT_LATIN: Final = re.compile(r"[\u0370-\u052f]")
_MIXED_SCRIPTS: Final = re.compile(r"[A-Za-z][\u0370-\u052f]|[\u0370-\u052f][A-Za-z]")
_WORD_OF_SCRIPTS: Final = re.compile(r"[A-Za-z\u00c0-\u052f]+")
_LATIN: Final = re.compile(r"[A-Za-z]")
_NOT_ASCII_TEXT: Final = re.compile(r"[^\x20-\x7e]+")
_SPACES: Final = re.compile(r"\s+")
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
_APOSTROPHES: Final = re.compile(r"['`´‘’ʼ]")


def visible_text(raw: str) -> str:
    """Return `raw` capped, in NFKC, without controls, formatting characters, surrogates and combining debris."""
    text = raw[:MAX_CHARACTERS]
    if text.isascii() and text.isprintable():
        return text.strip()
    # NFKC sorts runs of combining marks in quadratic time, so the cap above comes first.
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode("utf-8"))[:MAX_CHARACTERS]
    kept = (_visible_character(character) for character in text)
    return _SPACES.sub(" ", "".join(kept)).strip()


def _visible_character(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp", "Zs"}:
        return " " if character != "\x00" else ""
    return "" if category[0] == "C" else character


def _unmixed(match: re.Match[str]) -> str:
    word = match.group()
    if not _LATIN.search(word):
        return word
    latin = word.translate(_CONFUSABLES)
    # A letter that looks like no Latin one makes it a Cyrillic word with a Latin letter in it.
    return word.translate(_TO_CYRILLIC) if _NOT_LATIN.search(latin) else latin


def ascii_text(raw: str) -> str:
    """Return `raw` as lower-case printable ASCII, punctuation kept, single spaces; transliterated where needed."""
    text = visible_text(raw)
    if not text.isascii():
        if _MIXED_SCRIPTS.search(text):
            text = _WORD_OF_SCRIPTS.sub(_unmixed, text)
        text = _CYRILLIC_TRADER.sub("индивидуальный предприниматель", text)
        for glued, spaced in _GLUED_FORMS:
            if glued in text:
                text = text.replace(glued, spaced)
        text = _NOT_ASCII_TEXT.sub(" ", anyascii(text))[: 2 * MAX_CHARACTERS]
    return _SPACES.sub(" ", text).strip().lower()


def fold(raw: str) -> str:
    """Return the plain folded text: letters and digits of `raw` in lower case, words separated by single spaces."""
    return words_of(_APOSTROPHES.sub("", ascii_text(raw)))


def words_of(text: str) -> str:
    """Return lower-case ASCII text without punctuation, its words separated by single spaces."""
    return text if text.isalnum() else _NOT_WORD.sub(" ", text.replace("'", "")).strip()
