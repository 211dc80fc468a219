"""Other names inside a name: what somebody trades as, was called, or is also known as."""

import re
from typing import Final

_MOST_OTHERS: Final = 4
_MARKERS: Final = (
    r"d/b/a|dba|d\.b\.a\.?|t/as?|trading as|trades as|doing business as|operating as|o/a|"
    r"f/k/a|fka|f\.k\.a\.?|a/k/a|aka|"
    r"a\.k\.a\.?|n/k/a|nka|formerly(?: known as| called)?|previously(?: known as| called)?|also known as|now known as|"
    r"vormals|vorm\.|ehemals|ehem\.|anciennement|handelend onder(?: de naam)?|h\.o\.d\.n\.?"
)
# "Ex" begins ordinary names, so it counts only behind a bracket.
_MARKER: Final = re.compile(
    rf"(?<=[\w.)])(?:[\s,;\"-]*([(\[])|[\s,;\"-]+)(?:{_MARKERS}|(?<=[(\[])(?:ex|was)\b-?)(?:[\s:,]+|\Z)"
)
_CARER: Final = re.compile(r"(?<=[\w.)])[\s,;(-]+(?:c/o|care of|attn\.?:?|attention:?)[\s:].*$")
_CUES: Final = frozenset(
    ["d", "f", "a", "n", "t", "o", "h", "c", "dba", "fka", "aka", "nka", "formerly", "previously", "trading", "trades",
     "doing", "operating", "also", "now", "vormals", "vorm", "ehemals", "ehem", "anciennement", "handelend", "care",
     "attn", "attention", "ex", "was"]
)  # fmt: skip


def split_names(text: str, cue_words: set[str]) -> tuple[str, tuple[str, ...]]:
    """Return the name in front of the first marker, and what the markers announce; a carer's name is dropped.

    `text` is lower-case ASCII, `cue_words` its words without punctuation.
    """
    if _CUES.isdisjoint(cue_words):
        return text, ()
    text = _CARER.sub("", text)
    match = _MARKER.search(text)
    if match is None:
        return text, ()
    main, others = text[: match.start()], list[str]()
    while match is not None and len(others) < _MOST_OTHERS:
        following = _MARKER.search(text, match.end())
        other = text[match.end() : following.start() if following else len(text)]
        if match.group(1):
            # "Acme (formerly Foo) Ltd" goes on behind the bracket.
            other, _, rest = other.partition(")" if match.group(1) == "(" else "]")
            main = f"{main} {rest.strip()}".strip()
        others.append(other.strip(" ,;\"'()[]"))
        match = following
    return main, tuple(other for other in others if other)
