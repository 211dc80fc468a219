"""Cutting from an organisation name what is no part of it: share classes, filing suffixes, care-of, departments."""

import re
from typing import Final

# SEC filer names carry a state or a word between slashes to tell namesakes apart: "UNIVERSITY BANCORP INC /DE/".
_FILER_SUFFIX: Final = re.compile(
    r"\s*/(?:adrs?|ads|gdrs?)/?\s*$|\s*[/\\](?:[a-z]{2,3}|new|old|ohio|adv)[/\\]\s*$|\\[a-z]{2}\s*$|\s*(?:\s[/\\]|(?<=\bag)/|(?<=\bco)/|(?<=\binc)/|(?<=\bltd)/|"
    r"(?<=\bplc)/|(?<=\bcorp)/|"
    r"(?<=\bcompany)/|(?<=\bsa)/|(?<=\bnv)/|(?<=\blp)/|(?<=\bllc)/|(?<=\btrust)/|(?<=\bgroup)/)(?:[a-z]{2}|new|adr|ads|old|can|gdr)\s*$"
)
_SHARE_CLASS: Final = re.compile(
    r"\s[-,( ]*(?:(?:class|series|cl\.?|ser\.?) [a-z0-9]{1,2}\b[ ,-]*)?"
    r"(?:(?:voting|non-voting|subordinate|restricted|registered|cumulative|redeemable|convertible|new|sponsored|"
    r"unsponsored|multiple) )*"
    r"(?:common (?:stock|shares?|units?)|ordinary shares?|(?:american|global) depositary.*|"
    r"depositary (?:shares?|receipts?|units?)|preferred (?:stock|shares?)|capital stock|"
    r"class [a-z] shares|shares of beneficial interest|"
    r"(?:first mortgage|senior|junior|subordinated) (?:subordinated )?(?:notes?|bonds?|debentures?)|"
    r"\d{1,2}\.\d{1,4} ?%|"
    r"voting shares|registered shares|"
    r"bearer shares|partnership units?|(?:sponsored |unsponsored )?(?:adrs?|ads|gdrs?)(?= *$)|ord(?=\W|$)).*$"
)
_CLASS_TAIL: Final = re.compile(r"[ ,(-]+(?:class|cl\.?) [a-z]\)?\s*$")
# German exchanges append the nominal value: "TOWER RESOURCES LS-,00001", "GBK BETEILIG.AG O.N.".
_NOMINAL_TAIL: Final = re.compile(
    r"[\s.](?:(?:inh|nam|na|vz|sta|sv|reg|vink)\b\.?[ .-]*){0,4}(?:o\.\s?n\.?|"
    r"(?:dl|ls|eo|sf|hd|yc|rc|sd|nk|sk|dk|ic|rp|ny|zy|cd|ad|-h-yc|-a-yc)"
    r"\s?-?[,.]?\d[\d,.]*|-h-yc ?\d*)\s*$"
)
_OTHER_NAME: Final = re.compile(
    r"(?<=\w)[\s,(\"-]+(?:d/b/a|dba|f/k/a|fka|a/k/a|aka|n/k/a|t/a|formerly(?: known as)?|trading as|doing business as|"
    r"previously(?: known as)?|vorm\.|vormals|also known as|c/o|care of|attn\.?:?|attention:?)[\s:].*$"
)
_LEADING_CARE_OF: Final = re.compile(r"^(?:c/o|care of|attn\.?:?|attention:?)\s+")
_DEPARTMENT: Final = re.compile(
    r"(?:\s*[,(/]\s*|\s+[-:]\s+|\s+)(?:(?:accounts? payables?|a/p|ap|accounting|finance|billing|purchasing|procurement|"
    r"legal|hr|human resources|it|sales|marketing|treasury) (?:department|dept\.?|team|office)|accounts? payables?)"
    r"\)?\s*$"
)


# Notes that clerks leave in the name: "(inactive)", "*do not use*", "#318", "- AP".
_LEDGER_NOTE: Final = re.compile(
    r"\s*[(\[*-]+\s*(?:billing|inactive|do not use|old|duplicate|dup|closed|archived|"
    r"deleted|blocked|ap|hq)\s*[)\]*]*\s*$"
    r"|\s#\s?\d+\s*$"
)
_BLANKS: Final = str.maketrans(dict.fromkeys(".,;:()[]*#-/\\\"'", " "))
# A pattern runs only where one of its words occurs: most names have none, and names are most of the work.
_CUTS: Final = (
    (
        _LEDGER_NOTE,
        frozenset(
            {
                "billing",
                "inactive",
                "use",
                "old",
                "duplicate",
                "dup",
                "closed",
                "archived",
                "deleted",
                "blocked",
                "ap",
                "hq",
                "#",
            }
        ),
    ),
    (
        _OTHER_NAME,
        frozenset(
            {
                "d",
                "f",
                "a",
                "n",
                "t",
                "dba",
                "fka",
                "aka",
                "formerly",
                "trading",
                "doing",
                "previously",
                "also",
                "c",
                "care",
                "attn",
                "attention",
                "vorm",
                "vormals",
            }
        ),
    ),
    (
        _SHARE_CLASS,
        frozenset(
            {
                "stock",
                "shares",
                "share",
                "units",
                "unit",
                "adr",
                "adrs",
                "ads",
                "gdr",
                "gdrs",
                "ord",
                "depositary",
                "notes",
                "note",
                "bonds",
                "bond",
                "debentures",
                "debenture",
                "%",
            }
        ),
    ),
    (_NOMINAL_TAIL, frozenset(["0123456789", "n"])),
    (_CLASS_TAIL, frozenset(["class", "cl"])),
    (_DEPARTMENT, frozenset({"department", "dept", "team", "office", "payable", "payables"})),
)


def cut_listing_text(text: str) -> str:
    """Return lower-case ASCII `text` without what listings, filings and ledgers append; never an empty name."""
    words = _cue_words(text)
    cut = _LEADING_CARE_OF.sub("", text) if text[:1] in "ca" else text
    if "/" in cut or "\\" in cut:
        cut = _FILER_SUFFIX.sub("", _OTHER_NAME.sub("", cut))
    for pattern, cues in _CUTS:
        if not cues.isdisjoint(words):
            cut = pattern.sub("", cut)
    return cut if any(character.isalnum() for character in cut) else text


def _cue_words(text: str) -> set[str]:
    words = set(text.translate(_BLANKS).split())
    if "#" in text:
        words.add("#")
    if "%" in text:
        words.add("%")
    if any(digit in text for digit in "0123456789"):
        words.add("0123456789")
    return words
