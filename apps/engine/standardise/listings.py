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


def cut_listing_text(text: str) -> str:
    """Return lower-case ASCII `text` without what listings, filings and ledgers append; never an empty name."""
    cut = _LEADING_CARE_OF.sub("", text) if text[:1] in "ca" else text
    cut = _OTHER_NAME.sub("", cut)
    if "/" in cut or "\\" in cut:
        cut = _FILER_SUFFIX.sub("", cut)
    for pattern in (_SHARE_CLASS, _NOMINAL_TAIL, _CLASS_TAIL, _DEPARTMENT):
        cut = pattern.sub("", cut)
    return cut if any(character.isalnum() for character in cut) else text
