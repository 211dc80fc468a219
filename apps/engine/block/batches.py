"""Batches of values to the hashes of the texts that a key function takes from them; also run in worker processes."""

from array import array
from collections.abc import Sequence
from hashlib import md5
from itertools import chain

from apps.engine.block.functions import KEY_FUNCTIONS


def digest_batch(take: str, values: Sequence[str]) -> tuple[bytes, bytes]:
    """Return how many texts each value gives (16-bit integers), and the MD5 digests of all texts, 16 bytes each.

    The second half of a digest, little-endian, is `hashing.hash_text` of the text. Raises KeyError for an unknown key
    function.
    """
    function = KEY_FUNCTIONS[take]
    taken = [function(value) for value in values]
    digests = [
        md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
        for text in chain.from_iterable(taken)
    ]
    return array("H", map(len, taken)).tobytes(), b"".join(digests)
