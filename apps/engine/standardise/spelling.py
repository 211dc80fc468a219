"""From a name as typed to its plain tokens: initials joined, signs spelt, punctuation gone."""

import re
from typing import Final

from apps.engine.standardise.folding import ascii_text

_APOSTROPHES: Final = re.compile(r"['`]")
_DOTTED_INITIALS: Final = re.compile(
    r"(?<![a-z0-9])(?:[a-z]\.){2,}[a-z]?(?![a-z0-9])|(?<![a-z0-9])[a-z]\.[a-z](?![a-z0-9])"
)
# "E.ON" and "i.Tech" are one word; "J.Smith" is two.
_DOTTED_WORD: Final = re.compile(r"(?<![a-z0-9])([ei])\.(?=[a-z]{2})")
_SLASHED_PAIR: Final = re.compile(r"(?<![a-z0-9])([a-z])/([a-z])(?![a-z0-9/])")
# Forms of two letters that are words or countries without their stops.
_PUNCTUATED_FORMS: Final = {
    "ks": "kommanditselskab", "is": "interessentskab", "ps": "partnerselskab", "pa": "professional association",
    "cb": "comunidad de bienes", "ike": "idiotiki kefalaiouchiki etaireia", "tmi": "tmi",
}  # fmt: skip
_PUNCTUATED: Final = re.compile(
    r"(?<=[\w.)\"],|[\w.)\"] )\s*(k\.\s?s|[ikp]/s|p\.\s?a|c\.\s?b|i\.\s?k\.\s?e|t:mi)\.?\s*$"
)
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
_LONE_LETTERS: Final = re.compile(r"(?<![a-z0-9])[a-z](?: [a-z](?![a-z0-9]))+")


def name_tokens(raw: str) -> list[str]:
    """Return the tokens of a name: lower-case ASCII words; initials such as "A.B.C.", "A B C" or "A/S" are one word."""
    return tokens_of(ascii_text(raw))


def tokens_of(text: str) -> list[str]:
    """Return the tokens of text that `ascii_text` has already folded."""
    if "." in text or "/" in text or ":" in text:
        text = _PUNCTUATED.sub(_spelt_form, text)
    if "." in text:
        text = _DOTTED_INITIALS.sub(lambda match: match.group().replace(".", "") + " ", text)
        text = _DOTTED_WORD.sub(r"\1", text)
    if "/" in text:
        text = _SLASHED_PAIR.sub(r"\1\2", text)
    if "co-op" in text:
        text = text.replace("co-op", "coop")
    text = _APOSTROPHES.sub("", text)
    if "&" in text or "+" in text:
        text = text.replace("&", " and ").replace("+", " and ")
    text = _NOT_WORD.sub(" ", text)
    text = _LONE_LETTERS.sub(lambda match: match.group().replace(" ", ""), text)
    return text.split()


def _spelt_form(match: re.Match[str]) -> str:
    return " " + _PUNCTUATED_FORMS["".join(filter(str.isalpha, match.group(1)))]
