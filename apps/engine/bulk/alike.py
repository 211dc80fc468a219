"""Words left over in many pairs of texts, set against each other once per distinct pair of words."""

import numpy as np

from apps.engine.bulk.frames import Codes, Flags, Ints
from apps.engine.bulk.words import Words
from apps.engine.compare.similarity import edit_similarity_pairs
from apps.engine.compare.words import WORDS_ALIKE


def alike_words(
    words: Words, tokens: tuple[Codes, Codes], rests: tuple[Flags, Flags], same: Flags, workers: int
) -> tuple[Flags, Flags]:
    """Return which of the words left over on either side are alike to one left over on the other."""
    (ours, theirs), (our_rest, their_rest) = tokens, rests
    our_alike, their_alike = np.zeros_like(our_rest), np.zeros_like(their_rest)
    pairs = np.flatnonzero(our_rest.any(axis=1) & their_rest.any(axis=1) & ~same)
    chosen, i, j = np.nonzero(our_rest[pairs][:, :, None] & their_rest[pairs][:, None, :])
    a, b = ours[pairs[chosen], i], theirs[pairs[chosen], j]
    usable = (words.first[a] == words.first[b]) | (words.ending[a] == words.ending[b])
    usable &= words.plain[a] & words.plain[b]
    kept = np.flatnonzero(usable)
    low, high = np.minimum(a[kept], b[kept]).astype(np.int64), np.maximum(a[kept], b[kept]).astype(np.int64)
    distinct, inverse = np.unique(low * len(words.texts) + high, return_inverse=True)
    alike = _are_alike(words, distinct // len(words.texts), distinct % len(words.texts), workers)
    hits = kept[alike[inverse]] if len(kept) else kept
    our_alike[pairs[chosen[hits]], i[hits]] = True
    their_alike[pairs[chosen[hits]], j[hits]] = True
    return our_alike, their_alike


def _are_alike(words: Words, left: Ints, right: Ints, workers: int) -> Flags:
    """Return which distinct pairs of plain words are spelt alike."""
    ours, theirs = words.length[left], words.length[right]
    alike: Flags = np.zeros(len(left), dtype=np.bool_)
    # The distance is at least the difference in length.
    near = np.flatnonzero(np.abs(ours - theirs) * 1000 <= 201 * np.maximum(ours, theirs))
    texts = np.array(words.texts, dtype=object)
    similar = edit_similarity_pairs(texts[left[near]].tolist(), texts[right[near]].tolist(), workers)
    alike[near] = similar >= WORDS_ALIKE
    return alike
