"""What is asked about a pair of records, of two customers or of one, and of which of the two."""

from typing import Any

PAIR = "pair"
WEAK = "weak"


def ask(pair: tuple[int, int], score: int, reason: str, members: tuple[int, int]) -> dict[str, Any]:
    """Return the question about a pair of records (low first) whose customers have so many records each.

    It is asked of the record whose customer is smaller, of equals the later record: the other one is its candidate. At
    stake are the records of both. All of it follows from the partition, whatever the order in which it came about.
    """
    low, high = pair
    subject = low if members[0] < members[1] else high
    return {
        "kind": PAIR,
        "low": low,
        "high": high,
        "score": score,
        "reason": reason,
        "subject": subject,
        "stake": sum(members),
    }


def doubt(pair: tuple[int, int], score: int, subject: int, members: int) -> dict[str, Any]:
    """Return the question whether a customer of so many records is two, by its weakest pair of records (low first).

    It is asked of the record of the two that stands more alone. At stake are all the customer's records.
    """
    low, high = pair
    return {
        "kind": WEAK,
        "low": low,
        "high": high,
        "score": score,
        "reason": WEAK,
        "subject": subject,
        "stake": members,
    }
