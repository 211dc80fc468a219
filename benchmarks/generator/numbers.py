"""Mint company numbers with valid check digits, and spoil them the way clerks do.

The schemes are those that python-stdnum documents; the tests hold every mint against it. Written out here because a
million records ask for several million numbers, and because the generator must not share code with what it tests.
"""

from collections.abc import Callable
from random import Random

MIN_SHARE = 20
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EIN_PREFIXES = [f"{n:02d}" for n in range(10, 99) if n not in {17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97}]


class ChunkRandom(Random):
    """Random numbers whose whole ranges are dealt out among chunks, so that no two chunks mint the same number."""

    def __init__(self, seed: int, chunk: int, chunks: int) -> None:
        super().__init__(f"{seed} numbers {chunk}")
        self.chunk = chunk
        self.chunks = chunks

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """Return a number of this chunk's share of the range; a range smaller than that is left whole."""
        if stop is None:
            start, stop = 0, start
        share = (stop - start) // self.chunks
        if share < MIN_SHARE or step != 1:
            return super().randrange(start, stop, step)
        return start + super().randrange(share) * self.chunks + self.chunk


def digits(rng: Random, count: int) -> str:
    """Return `count` random digits, the first not zero."""
    return str(rng.randrange(10 ** (count - 1), 10**count))


def luhn_digit(body: str) -> str:
    """Return the Luhn check digit of `body` (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def weighted(body: str, weights: tuple[int, ...]) -> int:
    """Return the sum of the digits of `body`, each times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))


def mint_lei(rng: Random) -> str:
    """Return a Legal Entity Identifier (ISO 17442): 18 characters and two digits by ISO 7064 mod 97-10."""
    body = f"{rng.choice(('5493', '2138', '3912', '9845', '6354'))}00" + "".join(rng.choices(ALPHANUMERIC, k=12))
    value = int("".join(str(int(character, 36)) for character in body) + "00")
    return f"{body}{98 - value % 97:02d}"


def mint_duns(rng: Random) -> str:
    """Return nine digits in the form of a D-U-N-S number, which has no public check digit."""
    return f"{rng.randrange(10**6, 10**9):09d}"


def mint_ein(rng: Random) -> str:
    """Return a US employer identification number with a prefix that is in use."""
    return rng.choice(EIN_PREFIXES) + f"{rng.randrange(10**7):07d}"


def mint_gb_vat(rng: Random) -> str:
    """Return a UK VAT number: seven digits and two by mod 97."""
    body = digits(rng, 7)
    check = -weighted(body, (8, 7, 6, 5, 4, 3, 2)) % 97
    return f"GB{body}{check:02d}"


def mint_de_vat(rng: Random) -> str:
    """Return a German VAT number: eight digits and one by ISO 7064 mod 11,10."""
    body = digits(rng, 8)
    check = 10
    for digit in body:
        check = (check + int(digit)) % 10 or 10
        check = check * 2 % 11
    return f"DE{body}{(11 - check) % 10}"


def mint_siren(rng: Random) -> str:
    """Return a French register number."""
    body = digits(rng, 8)
    return body + luhn_digit(body)


def fr_vat_of(siren: str) -> str:
    """Return the VAT number that belongs to a French register number."""
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def mint_it_vat(rng: Random) -> str:
    """Return an Italian VAT number: seven digits, a province and a Luhn digit."""
    body = f"{rng.randrange(1, 10**7):07d}{rng.randrange(1, 101):03d}"
    return f"IT{body}{luhn_digit(body)}"


def mint_es_vat(rng: Random) -> str:
    """Return the tax number of a Spanish limited company: B, seven digits, a Luhn digit."""
    body = f"{rng.randrange(1, 53):02d}{rng.randrange(10**5):05d}"
    return f"ESB{body}{luhn_digit(body)}"


def mint_nl_vat(rng: Random) -> str:
    """Return a Dutch VAT number: eight digits and one by mod 11, branch 01."""
    while True:
        body = digits(rng, 8)
        check = weighted(body, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
        if check < 10:
            return f"NL{body}{check}B01"


def mint_be_number(rng: Random) -> str:
    """Return a Belgian enterprise number: eight digits and two by mod 97."""
    body = f"0{rng.randrange(2 * 10**6, 10**7):07d}"
    return f"{body}{97 - int(body) % 97:02d}"


def mint_se_number(rng: Random) -> str:
    """Return a Swedish organisation number."""
    body = f"55{rng.randrange(20, 100)}{rng.randrange(10**5):05d}"
    return body + luhn_digit(body)


def mint_dk_number(rng: Random) -> str:
    """Return a Danish CVR number: eight digits, weighted sum divisible by 11."""
    while True:
        body = digits(rng, 7)
        check = -weighted(body, (2, 7, 6, 5, 4, 3, 2)) % 11
        if check < 10:
            return f"{body}{check}"


def mint_no_number(rng: Random) -> str:
    """Return a Norwegian organisation number: eight digits and one by mod 11."""
    while True:
        body = f"{rng.choice('89')}{rng.randrange(10**7):07d}"
        check = -weighted(body, (3, 2, 7, 6, 5, 4, 3, 2)) % 11
        if check < 10:
            return f"{body}{check}"


def mint_ch_number(rng: Random) -> str:
    """Return a Swiss enterprise number: CHE, eight digits and one by mod 11."""
    while True:
        body = digits(rng, 8)
        check = -weighted(body, (5, 4, 3, 2, 7, 6, 5, 4)) % 11
        if check < 10:
            return f"CHE{body}{check}"


def mint_bg_number(rng: Random) -> str:
    """Return a Bulgarian register number: eight digits and one by mod 11, twice weighted."""
    body = digits(rng, 8)
    check = weighted(body, (1, 2, 3, 4, 5, 6, 7, 8)) % 11
    if check == 10:
        check = weighted(body, (3, 4, 5, 6, 7, 8, 9, 10)) % 11 % 10
    return f"{body}{check}"


def mint_acn(rng: Random) -> str:
    """Return an Australian company number: eight digits and one by mod 10."""
    body = f"{rng.randrange(10**5, 10**8):08d}"
    return f"{body}{-weighted(body, (8, 7, 6, 5, 4, 3, 2, 1)) % 10}"


def abn_of(acn: str) -> str:
    """Return the Australian business number of a company: two check digits by mod 89 before the company number."""
    weights = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
    remainder = weighted("00" + acn, weights) % 89
    # The first digit counts one less, so the two digits stand for 11 to 99.
    for check in range(11, 100):
        if (remainder + (check // 10 - 1) * 10 + check % 10) % 89 == 0:
            return f"{check}{acn}"
    raise AssertionError(acn)


def mint_ca_bn(rng: Random) -> str:
    """Return a Canadian business number: eight digits and a Luhn digit."""
    body = digits(rng, 8)
    return body + luhn_digit(body)


def french_numbers(rng: Random) -> dict[str, str]:
    """Return register and VAT number of a French company, which hang together."""
    siren = mint_siren(rng)
    return {"register_no": siren, "vat": fr_vat_of(siren)}


def australian_numbers(rng: Random) -> dict[str, str]:
    """Return company and business number of an Australian company, which hang together."""
    acn = mint_acn(rng)
    return {"register_no": acn, "tax_id": abn_of(acn)}


def numbers_from(mint: Callable[[Random], str], vat: str) -> Callable[[Random], dict[str, str]]:
    """Return a mint for countries whose VAT number is the register number in a frame, such as `SE{}01`."""

    def mint_both(rng: Random) -> dict[str, str]:
        number = mint(rng)
        return {"register_no": number, "vat": vat.format(number)}

    return mint_both


NATIONAL: dict[str, Callable[[Random], dict[str, str]]] = {
    "US": lambda rng: {"tax_id": mint_ein(rng)},
    "GB": lambda rng: {"register_no": f"{rng.randrange(10**5, 16 * 10**6):08d}", "vat": mint_gb_vat(rng)},
    "DE": lambda rng: {"register_no": f"HRB {rng.randrange(1000, 260000)}", "vat": mint_de_vat(rng)},
    "FR": french_numbers,
    "IT": lambda rng: {"vat": mint_it_vat(rng)},
    "ES": lambda rng: {"vat": mint_es_vat(rng)},
    "NL": lambda rng: {"register_no": digits(rng, 8), "vat": mint_nl_vat(rng)},
    "BE": numbers_from(mint_be_number, "BE{}"),
    "SE": numbers_from(mint_se_number, "SE{}01"),
    "DK": numbers_from(mint_dk_number, "DK{}"),
    "NO": numbers_from(mint_no_number, "NO{}MVA"),
    "CH": numbers_from(mint_ch_number, "{}MWST"),
    "BG": numbers_from(mint_bg_number, "BG{}"),
    "AU": australian_numbers,
    "CA": lambda rng: {"tax_id": mint_ca_bn(rng)},
}


def spoil_number(rng: Random, number: str) -> str:
    """Return `number` with one digit changed or two neighbours swapped, so that its check digit fails or nearly so."""
    places = [place for place, character in enumerate(number) if character.isdigit()]
    at = rng.choice(places[1:] or places)
    if rng.random() < 0.5 and at + 1 < len(number) and number[at + 1].isdigit() and number[at] != number[at + 1]:
        return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    return number[:at] + str((int(number[at]) + rng.randrange(1, 10)) % 10) + number[at + 1 :]


def typeset_number(rng: Random, number: str) -> str:
    """Return `number` as people write it: bare, without its country, with spaces, dots or a dash, without zeros."""
    style = rng.random()
    if style < 0.6:
        return number
    if style < 0.75 and number[:2].isalpha() and number[2:].isdigit():
        return number[2:]
    if style < 0.85 and number[0] == "0" and number.isdigit():
        return number.lstrip("0")
    if number.isdigit() and len(number) == 9 and style < 0.93:
        return f"{number[:2]}-{number[2:]}"
    separator = " " if style < 0.95 else "."
    head, tail = number[:2], number[2:]
    return head + separator + separator.join(tail[i : i + 3] for i in range(0, len(tail), 3))
