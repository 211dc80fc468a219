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
_OFFICE: Final = (
    r"accounts? payables?|accounts? receivables?|a/?p|a/?r|accounting|finance|billing|purchasing|procurement|legal|hr|"
    r"human resources|it|sales|marketing|treasury"
)
_LEADING_CARE_OF: Final = re.compile(
    rf"^(?:c/o|care of|attn\.?:?|attention:?)\s+(?:(?:the )?(?:{_OFFICE})(?: (?:department|dept\.?|team|office))?"
    r"(?:\s*[,:/-]\s*|\s+))?(?=\S)"
)
_DEPARTMENT: Final = re.compile(
    rf"(?:\s*[,(/]\s*|\s+[-:]\s+|\s+)(?:(?:{_OFFICE}) (?:department|dept\.?|team|office)|accounts? payables?)"
    r"\)?\s*$"
)
# Notes that clerks leave in the name: "(inactive)", "*do not use*", "#318", "- AP".
_NOTE: Final = (
    r"(?:billing(?: only| account)?|inactive|not active|do not (?:use|pay|post|ship)|dnu|not in use|old|new|duplicate|"
    r"dup|dupe|closed|archived?|deleted?|blocked|obsolete|merged|on hold|credit hold|hold|a/?p|a/?r|hq|h\.q\.|"
    r"head office|headquarters?|main|main account|main office|primary|customer|vendor|supplier|in liquidation|"
    r"in administration|bankrupt|dormant|dissolved|accounts? payables?|accounts? receivables?|accounting|invoices?|"
    r"invoicing|shipping|ship[ -]to|bill[ -]to|sold[ -]to|temp|see notes?|corporate|corp hq)"
)
_LEDGER_NOTE: Final = re.compile(
    rf"(?:\s+-+\s*|\s*[(\[*]+\s*|\s+/\s+){_NOTE}\s*[)\]*]*\s*$"
    rf"|\s*[(\[*]+\s*{_NOTE}\s*[)\]*]+(?=\s)"
    r"|[\s*-]+(?:do not use|dnu)[\s*]*$"
)
_LEADING_NOTE: Final = re.compile(
    rf"^(?:[(\[*]+\s*{_NOTE}\s*[)\]*]+\s*[-:]*\s*"
    r"|(?:do not use|inactive|duplicate|closed|obsolete|old|dnu)\s*[-:*]+\s*"
    r"|accounts? payables? dep(?:t\.?|artment)[\s,:-]+)"
)
_ACCOUNT_NUMBER: Final = re.compile(
    r"\s(?:(?:store|shop|branch|site|location|acct|account)\s*)?\(?#\s?\d+\)?\s*$|\s(?:-\s*|\()\d{5,}\)?\s*$"
)
_CARERS: Final = ("c/o", "care of", "att")
_LEADING_NOTES: Final = ("do not use", "inactive", "duplicate", "closed", "obsolete", "old", "dnu", "account")
_DIGIT: Final = re.compile(r"\d")
_BLANKS: Final = str.maketrans(dict.fromkeys(".,;:()[]*#-/\\\"'", " "))
# A pattern runs only where one of its words occurs: most names have none, and names are most of the work.
_CUTS: Final = (
    (_ACCOUNT_NUMBER, frozenset({"#", "0123456789"})),
    (
        _LEDGER_NOTE,
        frozenset(
            ["billing", "inactive", "active", "use", "pay", "post", "ship", "dnu", "old", "new", "duplicate", "dup",
             "dupe", "closed", "archive", "archived", "delete", "deleted", "blocked", "obsolete", "merged", "hold",
             "ap", "ar", "p", "r", "hq", "q", "office", "headquarter", "headquarters", "main", "account", "primary",
             "customer", "vendor", "supplier", "liquidation", "administration", "bankrupt", "dormant", "dissolved",
             "payable", "payables", "receivable", "receivables", "accounting", "invoice", "invoices", "invoicing",
             "shipping", "to", "temp", "note", "notes", "corporate"]
        ),
    ),
    (
        _SHARE_CLASS,
        frozenset(
            ["stock", "shares", "share", "units", "unit", "adr", "adrs", "ads", "gdr", "gdrs", "ord", "depositary",
             "notes", "note", "bonds", "bond", "debentures", "debenture", "%"]
        ),
    ),
    (_NOMINAL_TAIL, frozenset(["0123456789", "n"])),
    (_CLASS_TAIL, frozenset(["class", "cl"])),
    (_DEPARTMENT, frozenset({"department", "dept", "team", "office", "payable", "payables"})),
)  # fmt: skip


def cut_listing_text(text: str, cue_words: set[str]) -> str:
    """Return a name in lower-case ASCII without what listings, filings and ledgers append; never an empty name.

    `cue_words` are those of `cue_words_of`. Notes are cut until none is left: "Acme (inactive) - HQ" has two.
    """
    cut = _LEADING_CARE_OF.sub("", text) if text.startswith(_CARERS) else text
    if cut[:1] in "([*" or cut.startswith(_LEADING_NOTES):
        cut = _LEADING_NOTE.sub("", cut)
    if "/" in cut or "\\" in cut:
        cut = _FILER_SUFFIX.sub("", cut)
    for pattern, cues in _CUTS:
        if not cues.isdisjoint(cue_words):
            cut = pattern.sub("", cut)
            if pattern is _LEDGER_NOTE:
                cut = pattern.sub("", cut)
    if cut is text:
        return text
    return cut if any(character.isalnum() for character in cut) else text


def cue_words_of(text: str) -> set[str]:
    """Return the words of a name without punctuation, with "#", "%" and "0123456789" where it holds such signs."""
    words = set(text.translate(_BLANKS).split())
    if "#" in text:
        words.add("#")
    if "%" in text:
        words.add("%")
    if _DIGIT.search(text):
        words.add("0123456789")
    return words
