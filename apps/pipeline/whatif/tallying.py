"""Count what chunks would change, and keep samples, from the very chunks that a re-match would store."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

from apps.base.copying import copy_in
from apps.cases.selectors import foresee_pair_cases
from apps.delivery.selectors import count_entitled, count_wishes
from apps.engine.rules import RuleSet
from apps.pipeline.chunking import Chunker
from apps.pipeline.reopening import count_reopened
from apps.pipeline.store import Chunk, count_chunk, known_and_changed, placed

SAMPLES: Final = 20
STANDARD: Final = "tried_standard"
KINDS: Final = ("merged", "split", "transferred", "revived", "retired", "changed", "cases")


@dataclass
class Tally:
    """What a dry run found so far."""

    rules: RuleSet
    counts: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)
    attributes: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    reexamined: list[int] = field(default_factory=list)

    def open_standard(self) -> None:
        """Make the temporary table that stands in for the stored standard records."""
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {STANDARD}")
            cursor.execute(f"CREATE TEMP TABLE {STANDARD} (record_id bigint, version_number int, parts jsonb)")

    def add(self, chunk: Chunk, chunker: Chunker) -> None:
        """Count one chunk. A query for write-backs and two for cases."""
        self.counts.update(count_chunk(chunk))
        self.events.update(chunk.events["type"].to_pylist())
        self.targets.update(count_wishes(chunk.ledger))
        opened, rescored, closed = foresee_pair_cases(
            pairs=chunk.cases, records=placed(chunk), elsewhere=chunk.cases_elsewhere
        )
        self.counts.update(new_cases=opened, rescored_cases=rescored)
        self.closed |= closed
        self.reexamined += known_and_changed(chunk)
        copy_in(STANDARD, chunk.standard.select(["record_id", "version_number", "parts"]))
        for pair in chunk.cases:
            self._keep("cases", {name: pair[name] for name in ("low", "high", "score", "reason")})
        self._add_moves(chunk)
        self._add_farewells(chunk)
        self._add_customers(chunk, chunker)

    def finish(self) -> dict[str, Any]:
        """Return the report but for what it is compared with."""
        reopened = count_reopened(self.reexamined, self.rules, standard=STANDARD)
        subscribers = count_entitled(self.events)
        self.counts.update(
            cases_opened=self.counts["new_cases"] + reopened,
            reopened_cases=reopened,
            cases_closed=len(self.closed),
            deliveries=sum(subscribers.values()),
            write_backs=sum(self.targets.values()),
        )
        return {
            "counts": dict(sorted(self.counts.items())),
            "events": dict(sorted(self.events.items())),
            "subscribers": subscribers,
            "targets": dict(sorted(self.targets.items())),
            "attributes": dict(self.attributes.most_common()),
            "samples": {kind: self.samples.get(kind, []) for kind in KINDS},
        }

    def _keep(self, kind: str, sample: Mapping[str, Any]) -> None:
        kept = self.samples.setdefault(kind, [])
        if len(kept) < SAMPLES:
            kept.append(dict(sample))

    def _add_moves(self, chunk: Chunk) -> None:
        for move in chunk.moves.to_pylist():
            kind = move["kind"]
            if kind in {"split", "transferred", "revived"}:
                records = [int(record) for record in move["record_ids"][1:-1].split(",") if record]
                self.counts.update({f"records_{kind}": len(records)})
                self._keep(kind, {"golden": move["golden_id"], "other": move["other_id"], "records": records[:SAMPLES]})
            self.counts.update({f"moves_{kind}": 1})

    def _add_farewells(self, chunk: Chunk) -> None:
        for kind, text in zip(chunk.events["type"].to_pylist(), chunk.events["data"].to_pylist(), strict=True):
            if kind in {"customer.merged", "customer.retired"}:
                told = json.loads(text)
                self._keep(told["state"], {name: told[name] for name in ("gid", "survivor") if name in told})

    def _add_customers(self, chunk: Chunk, chunker: Chunker) -> None:
        """Count customers whose values change, by what a subscriber would call a change."""
        rows = chunk.customers_changed
        for golden, values in zip(rows["id"].to_pylist(), rows["values"].to_pylist(), strict=True):
            fate = chunker.fate_of_golden[golden]
            if fate.before is None or not fate.is_told:
                continue
            changes = list_value_changes(fate.before.values, json.loads(values))
            self.attributes.update(attribute for attribute, _, _ in changes)
            self.counts.update(splits=bool(fate.split_off), revalued=bool(changes), values_changed=len(changes))
            if changes:
                told = [{"attribute": name, "was": was, "now": now} for name, was, now in changes[:SAMPLES]]
                self._keep("changed", {"gid": fate.gid, "values": told})


def list_value_changes(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, str | None, str | None]]:
    """Return each attribute whose value differs, with the value before and after; None for none."""
    said = [(name, before.get(name, {}).get("value"), after.get(name, {}).get("value")) for name in {*before, *after}]
    return sorted((name, was, now) for name, was, now in said if was != now)
