"""Vowels that people write in two ways: "Müller" and "Mueller", "Sørensen" and "Soerensen", "Århus" and "Aarhus".

Transliteration keeps the first letter of an umlaut; here its digraph becomes that letter, too. Both ways of writing
end in one word, so it matters little that some digraphs never were umlauts ("Phoenix"): both sides fold them. Left
alone is what is plain English or Dutch more often than not: "blue", "queen", "shoes", "Samuel", "aerospace".
"""

import re
from typing import Final

_SHORTEST: Final = 4
_DIGRAPH: Final = re.compile(
    r"(?:(?<![aeiouq])ae(?!ro|l\Z|[aeio])|(?<![aeiouq])oe(?!s?\Z|[aeiou])|(?<![aeiougq])ue(?!s?\Z|l(?:\Z|[aeiouy])|st|[aeiou])"
    r"|aa)(?=[a-z])"
)


def unify_digraphs(word: str) -> str:
    """Return a lower-case word with one spelling for ä, ö, ü, å, æ and ø, whichever way they were written."""
    return _DIGRAPH.sub(lambda match: match.group()[0], word) if len(word) >= _SHORTEST else word
