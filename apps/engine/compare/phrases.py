"""Outcomes of comparisons as phrases, out of which a sentence about two of them is made.

The phrases are the labels of the comparers in a steward's words; they name no attribute, that is the title's part.
"""

from enum import Enum

from apps.engine.compare.contract import capital


class Tone(Enum):
    """Which way an outcome speaks, whatever it weighs."""

    AGREES = "agrees"
    PARTLY = "partly"
    DIFFERS = "differs"


PHRASES: dict[str, tuple[Tone, str]] = {
    "missing": (Tone.PARTLY, "no {title}"),
    "same": (Tone.AGREES, "same {title}"),
    "same, shared by several": (Tone.AGREES, "{title} shared by several names"),
    "same, shared by many": (Tone.AGREES, "{title} shared by many names"),
    "same box": (Tone.AGREES, "same post box"),
    "same but for the ending": (Tone.AGREES, "{title} same but for the ending"),
    "same street, number missing": (Tone.AGREES, "same street"),
    "same street, other number": (Tone.DIFFERS, "same street with another number"),
    "other street, same number": (Tone.DIFFERS, "another street"),
    "alike": (Tone.AGREES, "{title} spelt alike"),
    "cut short": (Tone.AGREES, "one {title} cut short"),
    "formerly the same": (Tone.AGREES, "same former {title}"),
    "formerly alike": (Tone.AGREES, "former {title} spelt alike"),
    "acronym": (Tone.AGREES, "{title} and its acronym"),
    "contained": (Tone.PARTLY, "one {title} within the other"),
    "mostly contained": (Tone.PARTLY, "one {title} within the other"),
    "overlap": (Tone.PARTLY, "{title} mostly the same"),
    "part": (Tone.PARTLY, "{title} partly the same"),
    "in one area": (Tone.PARTLY, "{title} in one area"),
    "one slip apart": (Tone.PARTLY, "{title} one slip apart"),
    "not comparable": (Tone.PARTLY, "{title} not comparable"),
    "extra on one side": (Tone.DIFFERS, "{title} on one side only"),
    "different": (Tone.DIFFERS, "different {title}"),
    "different numbers": (Tone.DIFFERS, "different numbers in the {title}"),
}
"""By label, or by its class: what stands before its comma."""


def phrase_of(label: str, title: str) -> tuple[Tone, str]:
    """Return which way an outcome speaks, and the phrase for it, such as "same street address".

    A label that is in no words here is given as it is.
    """
    tone, phrase = PHRASES.get(label) or PHRASES.get(label.partition(",")[0]) or (Tone.PARTLY, f"{{title}} {label}")
    return tone, phrase.format(title=title)


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
