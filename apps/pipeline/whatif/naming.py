"""Put governed ids, names and source keys in place of internal numbers, so that a person can look samples up."""

from collections.abc import Iterator
from typing import Any

from apps.golden.selectors import list_customers_of_records, name_gids, name_golden
from apps.sources.selectors import list_records


def name_samples(report: dict[str, Any]) -> dict[str, Any]:
    """Return the report with its samples named. Four queries at most."""
    samples = [*_samples(report)]
    records = {record for sample in samples for record in _records(sample)}
    golden = name_golden({sample[name] for sample in samples for name in ("golden", "other") if sample.get(name)})
    gids = name_gids({sample[name] for sample in samples for name in ("gid", "survivor") if sample.get(name)})
    known = list_records(records)
    customers = list_customers_of_records([*records])
    for sample in samples:
        if "gid" in sample:
            sample["name"] = gids.get(sample["gid"], "")
        if sample.get("survivor") and sample["survivor"] not in gids:
            # Its id is given out when it is made.
            sample["survivor"] = None
        for name in ("golden", "other"):
            if name in sample:
                # A customer that would be new has no id yet.
                gid, called = golden.get(sample.pop(name) or 0, (None, ""))
                sample.update({"gid": gid, "name": called} if name == "golden" else {"to": gid, "to_name": called})
        for name in ("low", "high", "record"):
            if name in sample:
                number = sample[name]
                sample[name] = _key(known, number)
                sample[f"{name}_gid"] = customers[number].gid if number in customers else None
        if "records" in sample:
            sample["records"] = [_key(known, number) for number in sample["records"]]
    return report


def _samples(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in report["samples"].values():
        yield from kind
    yield from report["not_as_before"]["samples"]


def _records(sample: dict[str, Any]) -> list[int]:
    return [*sample.get("records", ()), *(sample[name] for name in ("low", "high", "record") if name in sample)]


def _key(known: Any, number: int) -> str:  # noqa: ANN401 - rows of another app
    record = known.get(number)
    return f"{record.source.code}:{record.key}" if record else str(number)
