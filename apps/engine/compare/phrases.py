"""Outcomes of comparisons as phrases, out of which a sentence about two of them is made.

The phrases are the labels of the comparers in a steward's words; they name no attribute, that is the title's part.
"""

import re
from enum import Enum
from typing import Final

from apps.engine.compare.contract import capital


class Tone(Enum):
    """Which way an outcome speaks, whatever it weighs."""

    AGREES = "agrees"
    PARTLY = "partly"
    DIFFERS = "differs"


PHRASES: Final[dict[str, tuple[Tone, str]]] = {
    "missing": (Tone.PARTLY, "no {title}"),
    "same": (Tone.AGREES, "same {title}"),
    "same, shared by several": (Tone.AGREES, "{title} shared by several names"),
    "same, shared by many": (Tone.AGREES, "{title} shared by many names"),
    "a digit apart": (Tone.AGREES, "{title} a digit apart"),
    "same box": (Tone.AGREES, "same post box"),
    "same but for the ending": (Tone.AGREES, "{title} same but for the ending"),
    "same street, number missing": (Tone.AGREES, "same street"),
    "same street, other number": (Tone.DIFFERS, "same street with another number"),
    "other street, same number": (Tone.DIFFERS, "another street"),
    "alike": (Tone.AGREES, "{title} spelt alike"),
    "shortened": (Tone.AGREES, "{title} the same but for short forms"),
    "nearly alike": (Tone.AGREES, "{title} a letter apart"),
    "cut short": (Tone.AGREES, "one {title} cut short"),
    "also the same": (Tone.AGREES, "same other or former {title}"),
    "also alike": (Tone.AGREES, "other or former {title} spelt alike"),
    "acronym": (Tone.AGREES, "{title} and its acronym"),
    "starts alike": (Tone.PARTLY, "{title} starting alike"),
    "shares words": (Tone.PARTLY, "{title} partly the same"),
    "contained": (Tone.PARTLY, "one {title} within the other"),
    "begins alike": (Tone.PARTLY, "{title} beginning alike"),
    "in one area": (Tone.PARTLY, "{title} in one area"),
    "one slip apart": (Tone.PARTLY, "{title} one slip apart"),
    "not comparable": (Tone.PARTLY, "{title} not comparable"),
    "one source": (Tone.PARTLY, "one {title}"),
    "two sources": (Tone.PARTLY, "two sources"),
    "different": (Tone.DIFFERS, "different {title}"),
    "none": (Tone.AGREES, "no word left over"),
    "none and the same general words": (Tone.AGREES, "same general words"),
    "spells the other's name": (Tone.AGREES, "{title} that spells the other's name"),
    "begins like the other's name": (Tone.PARTLY, "{title} that begins like the other's name"),
    "spells another name": (Tone.DIFFERS, "{title} that spells another name"),
}
"""By label, or by its class: what stands before its comma."""

SHAPES: Final = (
    (re.compile(r"(.+) on one side"), Tone.DIFFERS, r"\1 in one name only"),
    (re.compile(r"(?:an?|its) (.+) against (?:an?|its) \1"), Tone.DIFFERS, r"another \1 in each name"),
    (re.compile(r"(.+) against (.+)"), Tone.DIFFERS, r"\1 in one name and \2 in the other"),
    (re.compile(r"(\S+ % alike), .+"), Tone.PARTLY, r"{title} at least \1"),
    (re.compile(r"(under \d+ bits|\d+ bits or more)"), Tone.PARTLY, r"{title}: \1"),
)
"""Labels that comparers make out of kinds of words or bounds, with their phrases; the first that fits counts."""


def phrase_of(label: str, title: str) -> tuple[Tone, str]:
    """Return which way an outcome speaks, and the phrase for it, such as "same street address".

    A label that is in no words here is given as it is.
    """
    tone, phrase = (
        PHRASES.get(label)
        or _shaped_phrase(label)
        or PHRASES.get(label.partition(",")[0])
        or (Tone.PARTLY, f"{{title}} {label}")
    )
    return tone, phrase.format(title=title)


def _shaped_phrase(label: str) -> tuple[Tone, str] | None:
    for shape, tone, phrase in SHAPES:
        if found := shape.fullmatch(label):
            return tone, found.expand(phrase)
    return None


def sentence_of_two(first: tuple[Tone, str], second: tuple[Tone, str], millibits: int) -> str:
    """Return the sentence on two outcomes whose joint weighs `millibits` beyond what each of them says."""
    (tone, one), (other_tone, other) = first, second
    tones = {tone, other_tone}
    if tones == {Tone.AGREES, Tone.DIFFERS}:
        return f"{capital(one)}, but {other}"
    if tones in ({Tone.PARTLY}, {Tone.PARTLY, Tone.DIFFERS}) or not millibits:
        return f"{capital(one)} and {other}"
    if (millibits > 0) == (Tone.AGREES in tones):
        return f"{capital(one)} and {other} together count for more"
    return f"{capital(one)} and {other} often come together, so both count for less"
