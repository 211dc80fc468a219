"""Build what a settled neighbourhood stores: the rows that the bulk path builds by the thousand, from Python values."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from apps.base.copying import FEW
from apps.base.rows import Frame, Rows
from apps.engine.rules import RuleSet
from apps.engine.survive import PART_OF_A_CLAIM, GoldenParty, Member, SurvivorshipPolicy, merge_members, pinned_values
from apps.golden.search_terms import terms_of
from apps.pipeline.fates import Fate, Fates
from apps.pipeline.live.matching import Matched
from apps.pipeline.live.reading import Known
from apps.pipeline.live.settling import Neighbourhood, Settlement
from apps.pipeline.pins import pinned_part, pinned_terms
from apps.pipeline.store import Chunk

CHECK_RANKS = {"verified": 1, "plausible": 2, "wrong": 3}
TIME = pa.timestamp("us", tz="UTC")
CUSTOMERS = pa.schema(
    [("id", pa.int64()), ("gid", pa.string()), ("name", pa.string()), ("country", pa.string()), ("city", pa.string()),
     ("values", pa.string()), ("search_terms", pa.string()), ("member_count", pa.int64()), ("version", pa.int64()),
     ("rules_version", pa.int64()), ("created_at", TIME), ("changed_at", TIME)]
)  # fmt: skip
MEMBERSHIPS = pa.schema(
    [("record_id", pa.int64()), ("golden_id", pa.int64()), ("since", TIME), ("reason", pa.string()),
     ("score", pa.int32()), ("verdict_id", pa.int64()), ("run_id", pa.int64()), ("rules_version", pa.int64())]
)  # fmt: skip
STANDARD = pa.schema(
    [("record_id", pa.int64()), ("version_number", pa.int64()), ("parts", pa.string()), ("match_keys", pa.string()),
     ("rules_version", pa.int64())]
)  # fmt: skip
LINKS = pa.schema(
    [("low_id", pa.int64()), ("high_id", pa.int64()), ("score", pa.int32()), ("levels", pa.string()),
     ("rules_version", pa.int64()), ("run_id", pa.int64())]
)  # fmt: skip
ENTITIES = pa.schema(
    [("golden_id", pa.int64()), ("registered_name", pa.string()), ("legal_form", pa.string()),
     ("jurisdiction", pa.string()), ("run_id", pa.int64())]
)  # fmt: skip
IDENTIFIERS = pa.schema(
    [("golden_id", pa.int64()), ("scheme", pa.string()), ("issuer", pa.string()), ("value", pa.string()),
     ("check_result", pa.string()), ("record_id", pa.int64())]
)  # fmt: skip
EVENTS = pa.schema([("type", pa.string()), ("subject", pa.string()), ("sequence", pa.int32()), ("data", pa.string())])
LEDGER = pa.schema(
    [("record_id", pa.int64()), ("source_code", pa.string()), ("source_key", pa.string()), ("gid", pa.string())]
)
MOVES = pa.schema(
    [("kind", pa.string()), ("golden_id", pa.int64()), ("other_id", pa.int64()), ("record_ids", pa.string())]
)
RECORDS = pa.schema(
    [("record", pa.int64()), ("golden", pa.int64()), ("number", pa.int64()), ("applied", pa.int64()),
     ("is_dirty", pa.bool_()), ("is_gone", pa.bool_())]
)  # fmt: skip

Row = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """A decided neighbourhood on its way into a chunk."""

    ground: Neighbourhood
    settled: Settlement
    matched: Matched
    fates: Fates
    at: datetime
    run_id: int

    @property
    def rules(self) -> RuleSet:
        """The rules in force."""
        return self.ground.active.rules

    @property
    def version(self) -> int:
        """The number of the rule set version in force."""
        return self.ground.active.version

    def members_of(self, cluster: int) -> list[Known]:
        """Return a touched cluster's records in byte order of their keys."""
        return [self.ground.known[record] for record in self.settled.members[cluster]]


def build_chunk(work: Work, questions: Sequence[Row]) -> Chunk:
    """Return everything that one transaction stores."""
    policy = SurvivorshipPolicy.from_document(work.rules.survivorship)
    pins = {cluster: pinned_values(held) for cluster, held in work.settled.pins.holding.items()}
    parties = {c: merge_members(_claims(work, c), policy, pins.get(c, ())) for c in work.settled.members}
    values = {cluster: _values(work, party) for cluster, party in parties.items()}
    for cluster, records in work.settled.members.items():
        work.fates.note_result(cluster, values[cluster], set(records))
    customers = {c: _customer(work, c, values[c]) for c in values}
    fates = work.fates.by_cluster
    after = work.fates.aftermath()
    fresh = [fate.golden for fate in fates.values() if fate.kind == "created"]
    moves = [{"kind": "created", "golden_id": g, "other_id": None, "records": []} for g in fresh] + after.moves[0]
    return Chunk(
        records=_table(_records(work), RECORDS),
        customers_new=_table((customers[c] for c in values if fates[c].kind == "created"), CUSTOMERS),
        customers_changed=_table((customers[c] for c in values if fates[c].kind != "created"), CUSTOMERS),
        memberships=_table(_memberships(work), MEMBERSHIPS),
        standard=_table(_standard(work), STANDARD),
        links=_table(_links(work), LINKS),
        entities=_table((_entity(work, c, values[c]) for c in values), ENTITIES),
        identifiers=_table((row for c in values for row in _identifiers(work, c)), IDENTIFIERS),
        events=_table([*(_event(work, c, values[c], customers[c]) for c in values if fates[c].is_told),
                       *after.events[0]], EVENTS),
        ledger=_table(_ledger(work), LEDGER),
        moves=_table(({**m, "record_ids": _array(m["records"])} for m in moves), MOVES),
        cases=list(questions),
        cases_elsewhere=[],
        redirects=after.redirects[0],
        retired=after.retired[0],
        pins=[(pin.pin, pin.records) for pin in work.settled.pins.handed],
    )  # fmt: skip


def _table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> Frame:
    listed = list(rows)
    return Rows(listed, schema.names) if len(listed) <= FEW else pa.Table.from_pylist(listed, schema=schema)


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _claims(work: Work, cluster: int) -> list[Member]:
    return claims_of(work.members_of(cluster), work.rules)


def claims_of(records: Iterable[Known], rules: RuleSet) -> list[Member]:
    """Return records with what they claim: a placeholder standardises to nothing, and so it is no claim."""
    needed = {a.name: f"{a.name}.{PART_OF_A_CLAIM[a.kind]}" for a in rules.attributes if a.kind in PART_OF_A_CLAIM}
    checks = [f"{a.name}.check" for a in rules.attributes if a.kind == "identifier"]
    members = []
    for known in records:
        given = {
            a.name: known.given[a.name]
            for a in rules.attributes
            if known.given.get(a.name) and (a.name not in needed or needed[a.name] in known.parts)
        }
        given |= {check: known.parts[check] for check in checks if check in known.parts}
        members.append(Member(known.record, known.source, known.key, known.trust, known.modified_at, given))
    return members


def _values(work: Work, party: GoldenParty) -> dict[str, Row]:
    """Return the values by attribute in the rule set's order, each with its record, version and rule, or its pin."""
    found: dict[str, Row] = {}
    for attribute in work.rules.attributes:
        value = party.values.get(attribute.name)
        if value is not None:
            number = work.ground.known[value.record].number if value.record is not None else None
            found[attribute.name] = {
                "value": value.value, "record": value.record, "version": number, "rule": value.rule.value
            }  # fmt: skip
            if value.pin is not None:
                found[attribute.name]["pin"] = value.pin
    return found


def _part(work: Work, values: Mapping[str, Row], part: str) -> str:
    """Return a standard part of a golden value: of the record that gave it, or of the text that was fixed."""
    name = part.partition(".")[0]
    entry = values.get(name)
    if entry is None:
        return ""
    if entry["record"] is None:
        return pinned_part(name, entry["value"], part, work.rules) or ""
    return work.ground.known[entry["record"]].parts.get(part, "")


def _text(values: Mapping[str, Row], name: str, longest: int) -> str:
    return str(values[name]["value"])[:longest] if name in values else ""


def _customer(work: Work, cluster: int, values: Mapping[str, Row]) -> Row:
    fate = work.fates.by_cluster[cluster]
    return {
        "id": fate.golden,
        "gid": fate.gid,
        "name": _text(values, "name", 500),
        "country": _part(work, values, "country.code"),
        "city": _text(values, "city", 200),
        "values": json.dumps(values, ensure_ascii=False),
        "search_terms": _terms(work, cluster, values),
        "member_count": len(work.settled.members[cluster]),
        "version": fate.version,
        "rules_version": work.version,
        "created_at": work.at,
        "changed_at": work.at,
    }


def _terms(work: Work, cluster: int, values: Mapping[str, Row]) -> str:
    members = list(work.members_of(cluster))
    keys = [(known.source, known.key) for known in members]
    terms = terms_of(keys, [known.parts for known in members], work.rules.attributes)
    pinned = {name: value["value"] for name, value in values.items() if "pin" in value and value["value"]}
    if pinned:
        terms = sorted({*terms, *pinned_terms(pinned, work.rules)})
    return "{" + ",".join(_quoted(term) for term in terms) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _event(work: Work, cluster: int, values: Mapping[str, Row], customer: Row) -> Row:
    fate = work.fates.by_cluster[cluster]
    data = {
        "gid": fate.gid,
        "state": "live",
        "version": fate.version,
        "name": customer["name"],
        "country": customer["country"],
        "values": {name: value["value"] for name, value in values.items()},
        "members": [{"source": known.source, "key": known.key} for known in work.members_of(cluster)],
    }
    pinned = {name: value["pin"] for name, value in values.items() if "pin" in value}
    told = json.dumps(data | ({"pinned": pinned} if pinned else {}) | fate.told_besides, ensure_ascii=False)
    return {"type": fate.event_type, "subject": fate.gid, "sequence": fate.version, "data": told}


def _entity(work: Work, cluster: int, values: Mapping[str, Row]) -> Row:
    return {
        "golden_id": work.fates.by_cluster[cluster].golden,
        "registered_name": _text(values, "name", 500),
        "legal_form": _part(work, values, "name.form")[:60],
        "jurisdiction": _text(values, "jurisdiction", 10).upper(),
        "run_id": work.run_id,
    }


def _identifiers(work: Work, cluster: int) -> list[Row]:
    """Return the cluster's numbers, each once. Its best check speaks: a source may lack what is needed to check it."""
    best: dict[tuple[str, str, str], tuple[int, int]] = {}
    for known in work.members_of(cluster):
        for attribute in work.rules.attributes:
            number = known.parts.get(f"{attribute.name}.number") if attribute.kind == "identifier" else None
            if number is not None:
                key = (attribute.name, known.parts.get(f"{attribute.name}.issuer", "")[:20], number[:100])
                check = CHECK_RANKS.get(known.parts.get(f"{attribute.name}.check", "plausible"), 3)
                seen = best.get(key, (check, known.record))
                best[key] = min(check, seen[0]), min(known.record, seen[1])
    words = {rank: word for word, rank in CHECK_RANKS.items()}
    return [
        {
            "golden_id": work.fates.by_cluster[cluster].golden,
            "scheme": scheme,
            "issuer": issuer,
            "value": value,
            "check_result": words[check],
            "record_id": record,
        }
        for (scheme, issuer, value), (check, record) in sorted(best.items())
    ]


def _memberships(work: Work) -> Iterable[Row]:
    """Say who belongs where and why: the best link or verdict that ties a record to another member."""
    best: dict[int, int] = {}
    of = work.settled.of
    for pair, link in work.ground.links.items():
        if pair[0] in of and of[pair[0]] == of.get(pair[1]):
            for record in pair:
                best[record] = max(link.score, best.get(record, link.score))
    decided: dict[int, int] = {}
    for pair, number in work.ground.verdicts.same.items():
        for record in pair:
            decided[record] = max(number, decided.get(record, number))
    for cluster, records in work.settled.members.items():
        alone = len(records) == 1
        for record in sorted(records):
            verdict = None if alone else decided.get(record)
            reason = "linked" if verdict is None else "verdict"
            yield {
                "record_id": record,
                "golden_id": work.fates.by_cluster[cluster].golden,
                "since": work.at,
                "reason": "alone" if alone else reason,
                "score": None if alone else best.get(record),
                "verdict_id": verdict,
                "run_id": work.run_id,
                "rules_version": work.version,
            }


def _standard(work: Work) -> Iterable[Row]:
    for known in work.ground.known.values():
        if known.is_dirty and not known.is_gone:
            yield {
                "record_id": known.record,
                "version_number": known.number,
                "parts": json.dumps(known.parts, ensure_ascii=False),
                "match_keys": _array(known.keys),
                "rules_version": work.version,
            }


def _links(work: Work) -> Iterable[Row]:
    for (low, high), link in sorted(work.matched.links.items()):
        yield {
            "low_id": low,
            "high_id": high,
            "score": link.score,
            "levels": _array(link.levels),
            "rules_version": work.version,
            "run_id": work.run_id,
        }


def _ledger(work: Work) -> Iterable[Row]:
    for cluster, records in work.settled.members.items():
        for record in records:
            known = work.ground.known[record]
            gid = work.fates.by_cluster[cluster].gid
            yield {"record_id": record, "source_code": known.source, "source_key": known.key, "gid": gid}


def _records(work: Work) -> Iterable[Row]:
    touched = set(work.settled.scope.record[work.settled.partition.touched].tolist())
    for record in sorted(touched):
        known = work.ground.known[record]
        yield {
            "record": record,
            "golden": known.golden,
            "number": known.number,
            "applied": None,
            "is_dirty": known.is_dirty,
            "is_gone": known.is_gone,
        }


def fate_of(work: Work, record: int) -> Fate | None:
    """Return the fate of a record's cluster, None for one that is gone."""
    cluster = work.settled.of.get(record)
    return None if cluster is None else work.fates.by_cluster.get(cluster)
