"""Legal forms: found by the longest alias, at the end of a name, in front of it, or inside it where unmistakable."""

from typing import Final

from apps.engine.tables import load_rows

_WEAK_CODE: Final = "CO"


def _load(*places: str) -> dict[str, str]:
    return {alias: code for alias, code, _, place in load_rows("legal_forms.tsv") if place in places}


def _lengths(aliases: dict[str, str], position: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for alias in aliases:
        words = alias.split()
        found.setdefault(words[position], set()).add(len(words))
    return {word: tuple(sorted(lengths, reverse=True)) for word, lengths in found.items()}


_INSIDE: Final = _load("any")
_ENDING: Final = _load("any", "end")
# English phrases of two words also begin ordinary names: "National Association of ...", "Private Limited ...".
_PLAIN_BEGINNINGS: Final = frozenset(
    {"business", "co", "company", "corp", "corporation", "free", "general", "limited", "national", "private", "public"}
)
_LEADING_PHRASES: Final = {
    alias: code
    for alias, code in (_INSIDE | _load("start")).items()
    if alias.count(" ") > 1 or (" " in alias and alias.split()[0] not in _PLAIN_BEGINNINGS)
}
_LEADING_WORDS: Final = {alias: code for alias, code in _load("start").items() if " " not in alias}
_ENDING_LENGTHS: Final = _lengths(_ENDING, -1)
_LEADING_LENGTHS: Final = _lengths(_LEADING_PHRASES, 0)
_FAMILIES: Final = {code: family or code for _, code, family, _ in load_rows("legal_forms.tsv")}
_COMPOUNDS: Final = (("aktiengesellschaft", "AG"), ("genossenschaft", "EG"), ("gmbh", "GMBH"), ("aktiebolag", "AB"))
_SHORTEST_STEM: Final = 4
_SHORT_BEGINNINGS: Final = frozenset({"ab", "as", "ao", "ou", "sia"})
_PARTNERSHIPS: Final = frozenset({"sas", "snc", "ss", "saa"})
_BY: Final = frozenset({"di", "dei", "del", "della", "dello"})
_ARTICLES: Final = frozenset({"the", "die", "der", "le", "la", "el"})


def form_family(code: str) -> str:
    """Return the family of a legal form code, such as `LLC` for `GMBH` or `JSC` for `PLC`; the code itself if none."""
    return _FAMILIES.get(code, code)


def _truncated() -> dict[str, str]:
    """Return what is left of the common long forms where a field ended, such as "limited liabili"."""
    found: dict[str, str] = {}
    for alias, code in sorted(_ENDING.items(), key=lambda item: (len(item[0]), item[0])):
        whole = alias.split()[0]
        shortest = len(whole) + 2 if " " in alias else _SHORTEST_STEM + 1
        if code in _CUT_FORMS and len(alias) >= _SHORTEST_CUT_FORM:
            for end in range(shortest, len(alias)):
                if alias[:end] not in _ENDING and alias[:end] not in _WHOLE_WORDS and not alias[:end].endswith(" "):
                    found.setdefault(alias[:end], code)
    return found


_CUT_FORMS: Final = frozenset(
    {
        "AB",
        "AG",
        "APS",
        "AS",
        "BV",
        "CORP",
        "GMBH",
        "GMBHCOKG",
        "KG",
        "KK",
        "LLC",
        "LLP",
        "LP",
        "LTD",
        "NV",
        "OY",
        "PLC",
        "SA",
        "SACV",
        "SARL",
        "SDNBHD",
        "SAS",
        "SL",
        "SPA",
        "SPZOO",
        "SRL",
    }
)
_WHOLE_WORDS: Final = frozenset({"corporate", "limit", "incorporate", "compan", "and c"})
_SHORTEST_CUT_FORM: Final = 7
_TRUNCATED: Final = _truncated()
_LONGEST_TRUNCATED: Final = 6


def _cut_in_first_word() -> dict[str, str]:
    """Return the beginnings of the words with which the commonest forms begin."""
    return {word[:end]: code for word, code, least in _FIRST_WORDS for end in range(least, len(word))}


_FIRST_WORDS: Final = (
    ("proprietary", "LTD", 4), ("limited", "LTD", 3), ("ltd", "LTD", 2), ("incorporated", "CORP", 4),
    ("corporation", "CORP", 3), ("company", "CO", 4), ("gmbh", "GMBH", 2), ("llc", "LLC", 2), ("besloten", "BV", 4),
    ("aktiebolag", "AB", 5), ("aktiengesellschaft", "AG", 6), ("aktieselskab", "AS", 6),
)  # fmt: skip
_CUT_FIRST_WORDS: Final = _cut_in_first_word()


def mend_truncated_form(tokens: list[str], *, fills_field: bool = False) -> tuple[list[str], str | None]:
    """Return the tokens without a legal form that the end of a field cut in two, and that form's code.

    For names as long as the fields that cut them (SAP's 35 characters); "GESELLSCHAFT M" is a GmbH there. A name that
    fills such a field to the last character may end in less: "LIM", "GM".
    """
    for length in range(min(_LONGEST_TRUNCATED, len(tokens) - 1), 0, -1):
        end = " ".join(tokens[-length:])
        if end in _ENDING and length > 1:
            return tokens, None
        if code := _TRUNCATED.get(end):
            return tokens[:-length], code
    code = _CUT_FIRST_WORDS.get(tokens[-1]) if fills_field and len(tokens) > 1 else None
    return (tokens[:-1], code) if code else (tokens, None)


def split_legal_forms(tokens: list[str], qualifiers: frozenset[str]) -> tuple[list[str], str | None]:
    """Return the tokens without legal forms, and the code of the rightmost telling form.

    A form that is short or a plain word counts only where nothing but `qualifiers` or digits follow it. At least one
    token stays, so a company called "Limited" keeps its name.
    """
    tokens, leading = _without_leading_phrase(_without_partners(tokens))
    kept: list[str] = []
    codes: list[str] = []
    only_qualifiers_follow = True
    index = len(tokens) - 1
    # The name itself is never a form: "The Limited" is a company.
    named_at = 1 if tokens[0] in _ARTICLES else 0
    while index > named_at:
        length, code = _form_ending_at(tokens, named_at, index, only_qualifiers_follow)
        if length:
            codes.append(code)
            index -= length
            continue
        token = tokens[index]
        kept.append(token)
        only_qualifiers_follow = only_qualifiers_follow and (token in qualifiers or token.isdigit())
        index -= 1
    kept.extend(tokens[: index + 1][::-1])
    kept.reverse()
    if leading is None:
        kept, leading = _without_leading_word(kept, has_form=bool(codes))
    if leading:
        codes.append(leading)
    if not codes:
        kept, compound = _without_compound(kept)
        codes = [compound] if compound else []
    return kept, _telling_code(codes)


def _without_partners(tokens: list[str]) -> list[str]:
    """Return the tokens without the partners whom Italian partnerships name: "Verdi s.a.s. di Verdi Mario & C."."""
    for index in range(1, len(tokens) - 1):
        if tokens[index] in _PARTNERSHIPS and tokens[index + 1] in _BY:
            return tokens[: index + 1]
    return tokens


def _form_ending_at(tokens: list[str], named_at: int, index: int, only_qualifiers_follow: bool) -> tuple[int, str]:
    aliases = _ENDING if only_qualifiers_follow else _INSIDE
    for length in _ENDING_LENGTHS.get(tokens[index], ()):
        if length <= index - named_at:
            code = aliases.get(tokens[index] if length == 1 else " ".join(tokens[index - length + 1 : index + 1]))
            if code:
                return length, code
    return 0, ""


def _without_leading_phrase(tokens: list[str]) -> tuple[list[str], str | None]:
    for length in _LEADING_LENGTHS.get(tokens[0], ()):
        if length < len(tokens):
            code = _LEADING_PHRASES.get(" ".join(tokens[:length]))
            if code:
                return tokens[length:], code
    return tokens, None


def _without_leading_word(tokens: list[str], *, has_form: bool) -> tuple[list[str], str | None]:
    code = _LEADING_WORDS.get(tokens[0]) if len(tokens) > 1 else None
    # "AB Volvo" begins with its form; "AB Foods plc" has another and begins with its name.
    if code is None or (has_form and tokens[0] in _SHORT_BEGINNINGS):
        return tokens, None
    return tokens[1:], code


def _without_compound(tokens: list[str]) -> tuple[list[str], str | None]:
    last = tokens[-1] if tokens else ""
    for ending, code in _COMPOUNDS:
        stem = last.removesuffix(ending)
        if stem != last and len(stem) >= _SHORTEST_STEM:
            return [*tokens[:-1], stem], code
    return tokens, None


def _telling_code(codes: list[str]) -> str | None:
    telling = [code for code in codes if code != _WEAK_CODE]
    found = telling or codes
    return found[0] if found else None
