"""Web domains of many pairs at once, against each other and against names."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.frames import ABSENT, Codes, Columns, Ints
from apps.engine.bulk.letters import Bytes, Raw, raw_of
from apps.engine.bulk.values import sharing_of
from apps.engine.compare.domains import (
    ANOTHER,
    BEGINS,
    BEGINS_ALIKE,
    DIFFERENT,
    MAIL,
    NAME,
    SAME_STEM,
    SHORTEST_BEGINNING,
    SITE,
    SPELLS,
)
from apps.engine.rules import Comparison
from apps.engine.standardise.stems import DOMAIN_ENDINGS, SHORTEST_STEM
from apps.engine.statistics import Statistics

Levels = npt.NDArray[np.uint8]
PARTS: Final = 2
NO_SHARING: Final = 3
"""More than any count of names makes: no domain is the same."""


class DomainComparer(NamedTuple):
    """Domains: a row of codes of the domains of website and e-mail, then of their stems."""

    rows: Codes
    shared: Levels
    stems: Raw

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their domains."""
        fill_domains(self.rows, self.shared, *self.stems, left, right, levels[0])


class NameDomainComparer(NamedTuple):
    """Domains against the other's name: a row of codes of the stems of name, website and e-mail."""

    rows: Codes
    stems: Raw

    def fill(self, left: Codes, right: Codes, levels: Levels) -> None:
        """Write the level of each pair of rows by their domains and names."""
        fill_name_domains(self.rows, *self.stems, left, right, levels[0])


def prepare_domains(columns: Columns, comparison: Comparison, statistics: Statistics) -> DomainComparer:
    """Return `compare.domains.compare_domains` for rows of the columns."""
    coded = [columns.coded(part) for part in comparison.parts]
    codes, domains = _in_one_code([column.texts for column in coded])
    # The more names a domain has, the more widely it is shared: that of both counts is that of the greater.
    shared = np.max([sharing_of(domains, statistics.counts.get(part, {})) for part in comparison.parts], axis=0)
    stem_codes, stems = _in_one_code([stems_of(column.texts) for column in coded])
    tables = [*codes, *stem_codes]
    rows = np.stack([np.r_[tables[n], ABSENT][coded[n % PARTS].codes] for n in range(2 * PARTS)], axis=1)
    return DomainComparer(rows.astype(np.int32), shared, raw_of(stems))


def prepare_name_domains(columns: Columns, comparison: Comparison, _statistics: Statistics) -> NameDomainComparer:
    """Return `compare.domains.compare_name_domains` for rows of the columns."""
    coded = [columns.coded(part) for part in comparison.parts]
    codes, stems = _in_one_code([stems_of(column.texts) for column in coded])
    rows = np.stack([np.r_[table, ABSENT][column.codes] for table, column in zip(codes, coded, strict=True)], axis=1)
    return NameDomainComparer(rows.astype(np.int32), raw_of(stems))


def _in_one_code(columns: list[pa.Array]) -> tuple[list[Codes], pa.Array]:
    """Return the columns' texts as codes into one list of distinct texts, and that; a null is absent."""
    encoded = pa.concat_arrays(columns).dictionary_encode()
    codes = pc.fill_null(encoded.indices, ABSENT).to_numpy()
    ends = np.cumsum([len(column) for column in columns])
    return np.split(codes, ends[:-1]), encoded.dictionary


def stems_of(texts: pa.Array) -> pa.Array:
    """Return `standardise.stems.stem_of` of each text; null where it has none."""
    stems = pc.replace_substring_regex(texts, r"(?s)\..*", "")
    stems = pc.replace_substring(pc.replace_substring(stems, " ", ""), "-", "")
    settled = pa.scalar(False)
    for ending in DOMAIN_ENDINGS:
        long = pc.greater_equal(pc.utf8_length(stems), len(ending) + SHORTEST_STEM)
        ends = pc.and_(pc.and_not(long, settled), pc.ends_with(stems, ending))
        stems = pc.if_else(ends, pc.utf8_slice_codeunits(stems, 0, -len(ending)), stems)
        settled = pc.or_(settled, ends)
    return pc.if_else(pc.greater_equal(pc.utf8_length(stems), SHORTEST_STEM), stems, pa.scalar(None, pa.string()))


@compiled
def fill_domains(
    rows: Codes,
    shared: Levels,
    content: Bytes,
    starts: Ints,
    lengths: Ints,
    left: Codes,
    right: Codes,
    levels: Levels,
) -> None:
    """Write the levels of all pairs by their domains; in place."""
    for pair in range(len(left)):
        ours, theirs = left[pair], right[pair]
        given, least = False, NO_SHARING
        for one in range(PARTS):
            for other in range(PARTS):
                domain = rows[ours, one]
                if domain == ABSENT or rows[theirs, other] == ABSENT:
                    continue
                given = True
                if domain == rows[theirs, other]:
                    least = min(least, shared[domain])
        if not given:
            levels[pair] = 0
        elif least < NO_SHARING:
            levels[pair] = 1 + least
        else:
            levels[pair] = stem_level(rows, content, starts, lengths, ours, theirs)


@compiled
def stem_level(rows: Codes, content: Bytes, starts: Ints, lengths: Ints, left: int, right: int) -> int:
    """Return the level of two rows' different domains by their stems."""
    best = DIFFERENT
    for one in range(PARTS, 2 * PARTS):
        for other in range(PARTS, 2 * PARTS):
            met = meeting(content, starts, lengths, rows[left, one], rows[right, other])
            if met == SPELLS:
                return SAME_STEM
            if met == BEGINS:
                best = BEGINS_ALIKE
    return best


@compiled
def fill_name_domains(
    rows: Codes, content: Bytes, starts: Ints, lengths: Ints, left: Codes, right: Codes, levels: Levels
) -> None:
    """Write the levels of all pairs by their domains and names; in place."""
    for pair in range(len(left)):
        best = ANOTHER + 1
        for domain in (SITE, MAIL):
            ours, theirs = rows[left[pair], domain], rows[right[pair], domain]
            if ours != ABSENT:
                best = min(best, meeting(content, starts, lengths, ours, rows[right[pair], NAME]))
            if theirs != ABSENT:
                best = min(best, meeting(content, starts, lengths, theirs, rows[left[pair], NAME]))
        levels[pair] = best if best <= ANOTHER else 0


@compiled
def meeting(content: Bytes, starts: Ints, lengths: Ints, left: int, right: int) -> int:
    """Return whether two stems are equal, one begins the other, or neither; one more where a stem is missing."""
    if left == ABSENT or right == ABSENT:
        return ANOTHER + 1
    if left == right:
        return SPELLS
    if min(lengths[left], lengths[right]) < SHORTEST_BEGINNING:
        return ANOTHER
    i, j = starts[left], starts[right]
    for at in range(min(starts[left + 1] - i, starts[right + 1] - j)):
        if content[i + at] != content[j + at]:
            return ANOTHER
    return BEGINS
