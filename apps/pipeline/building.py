"""Build the rows to store for the touched customers: values with provenance, search terms, entities, events.

Everything happens in DuckDB over Arrow frames; nothing here reads or writes the hub's database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from apps.base.scratch import scratch
from apps.engine.rules import RuleSet
from apps.engine.survive import PART_OF_A_CLAIM
from apps.golden.search_terms import BARE, LONGEST_TERM, NATIONAL, WHOLE_PARTS, WORD_PARTS, part_names
from apps.pipeline.pins import TERMS


@dataclass(frozen=True)
class Ground:
    """What the rows are built from.

    `place`: record, cluster, chunk for every touched record that is alive. `state`, `given`, `standard`: the scope's
    frames. `values`: the survived values, one row per cluster.
    """

    place: pa.Table
    state: pa.Table
    given: pa.Table
    standard: pa.Table
    values: pa.Table


@dataclass(frozen=True)
class Rows:
    """Rows to store, each with `cluster` and `chunk`, ordered by chunk."""

    customers: (
        pa.Table
    )  # name, country, city, values, plain (attribute to value), pinned, search_terms, members, member_count
    entities: pa.Table  # registered_name, legal_form, jurisdiction
    identifiers: pa.Table  # scheme, issuer, value, check_result, record_id


def members_with_claims(
    ground_place: pa.Table, state: pa.Table, given: pa.Table, standard: pa.Table, rules: RuleSet
) -> pa.Table:
    """Return the members frame that survivorship takes: who they are, what they gave, how their numbers checked."""
    attributes = [a.name for a in rules.attributes]
    checks = [f"{a.name}.check" for a in rules.attributes if a.kind == "identifier"]
    # A placeholder standardises to nothing, and so it is no claim to a golden value.
    needed = {a.name: f"{a.name}.{PART_OF_A_CLAIM[a.kind]}" for a in rules.attributes if a.kind in PART_OF_A_CLAIM}
    claimed = ", ".join(
        f'CASE WHEN d."{needed[name]}" IS NOT NULL THEN g."{name}" END AS "{name}"'
        if needed.get(name) in standard.column_names
        else f'g."{name}"'
        for name in attributes
    )
    checked = "".join(f', d."{name}"' for name in checks if name in standard.column_names)
    with scratch({"place": ground_place, "state": state, "given": given, "standard": standard}) as duck:
        return duck.sql(
            "SELECT p.record, p.cluster, s.source, s.source_key, s.trust, s.modified_at, "  # noqa: S608 - rule set names
            f"{claimed}{checked} FROM place p JOIN state s USING (record) JOIN given g USING (record)"
            " LEFT JOIN standard d USING (record)"
        ).to_arrow_table()


def build(ground: Ground, rules: RuleSet) -> Rows:
    """Return the rows of every touched cluster."""
    frames = {"place": ground.place, "state": ground.state, "given": ground.given, "standard": ground.standard}
    with scratch(frames | {"survived": ground.values}) as duck:
        duck.execute(
            "CREATE TEMP TABLE member AS SELECT p.*, s.source, s.source_key, s.number"
            " FROM place p JOIN state s USING (record)"
        )
        duck.execute(
            "CREATE TEMP TABLE chunk_of AS SELECT cluster, any_value(chunk) AS chunk FROM place GROUP BY cluster"
        )
        return Rows(
            customers=duck.sql(_customers(rules, ground)).to_arrow_table(),
            entities=duck.sql(_entities(ground)).to_arrow_table(),
            identifiers=duck.sql(_identifiers(rules, ground)).to_arrow_table(),
        )


def _attributes(rules: RuleSet, ground: Ground) -> list[str]:
    return [a.name for a in rules.attributes if a.name in ground.values.column_names]


def _customers(rules: RuleSet, ground: Ground) -> str:
    names = _attributes(rules, ground)
    joins = "".join(f' LEFT JOIN member m_{n} ON m_{n}.record = v."{n}.record"' for n in names)
    columns = ground.values.column_names
    pinned = [n for n in names if f"{n}.pin" in columns]
    detailed = ", ".join(_detail(n, is_pinned=n in pinned) for n in names)
    plain = ", ".join(f"""CASE WHEN v."{n}" IS NOT NULL THEN '"{n}":' || to_json(v."{n}") END""" for n in names)
    pins = "".join(f""", '"{n}":' || v."{n}.pin\"""" for n in pinned)
    country = "coalesce(c.\"country.code\", '')" if "country.code" in ground.standard.column_names else "''"
    join_country = ' LEFT JOIN standard c ON c.record = v."country.record"' if country != "''" else ""
    country = _rather(columns, "country.code", country)
    terms = _terms(rules, ground.standard.column_names, has_pinned=TERMS in columns)
    text = {n: f"coalesce(v.\"{n}\", '')" if n in names else "''" for n in ("name", "city")}
    return f"""
        SELECT v.cluster, k.chunk, {text["name"]}[:500] AS name, {country} AS country, {text["city"]}[:200] AS city,
               '{{' || concat_ws(',', {detailed}) || '}}' AS values,
               '{{' || concat_ws(',', {plain}) || '}}' AS plain,
               coalesce(',"pinned":{{' || nullif(concat_ws(','{pins or ", NULL"}), '') || '}}', '') AS pinned,
               t.terms AS search_terms, t.members, t.member_count
        FROM survived v JOIN chunk_of k USING (cluster)
        JOIN ({terms}) t USING (cluster){joins}{join_country}
        ORDER BY k.chunk, v.cluster
    """  # noqa: S608 - names come from the rule set


def _detail(name: str, *, is_pinned: bool) -> str:
    """Return the JSON of one value: who gave it in which version by which rule, or the pin that fixed it."""
    given = f"""'"{name}":{{"value":' || to_json(v."{name}") || ',"record":' || v."{name}.record"
        || ',"version":' || m_{name}.number || ',"rule":"' || v."{name}.rule"::VARCHAR || '"}}'"""
    fixed = f"""WHEN v."{name}.pin" IS NOT NULL THEN '"{name}":{{"value":' || to_json(v."{name}")
        || ',"record":null,"version":null,"rule":"pinned","pin":' || v."{name}.pin" || '}}'"""
    return f'CASE {fixed if is_pinned else ""} WHEN v."{name}" IS NOT NULL THEN {given} END'


def _rather(columns: Sequence[str], part: str, given: str) -> str:
    """Return the SQL of a part of a pinned value where there is one, else what `given` says."""
    attribute = part.partition(".")[0]
    if f"{part}.pinned" not in columns:
        return given
    return f'CASE WHEN v."{attribute}.pin" IS NOT NULL THEN coalesce(v."{part}.pinned", \'\') ELSE {given} END'


def _terms(rules: RuleSet, columns: Sequence[str], *, has_pinned: bool) -> str:
    """Return the query for each cluster's search terms, in the spelling of `golden.search_terms.terms_of`."""
    lists = ["[lower(m.source_key), lower(m.source || ':' || m.source_key)]"]
    for column in part_names(rules.attributes, WORD_PARTS):
        if column in columns:
            lists.append(f"string_split(replace(lower(coalesce(d.\"{column}\", '')), '|', ' '), ' ')")  # noqa: PERF401 - two kinds of list
    for column in part_names(rules.attributes, WHOLE_PARTS):
        if column in columns:
            whole = f"lower(coalesce(d.\"{column}\", ''))"
            lists.append(f"[{whole}, regexp_extract({whole}, '{NATIONAL}', 1), regexp_extract({whole}, '{BARE}', 1)]")
    found = f"flatten(list(list_concat({', '.join(lists)})))"
    if has_pinned:
        found = f'list_concat({found}, coalesce(any_value(v."{TERMS}"), []))'
    join = " JOIN survived v USING (cluster)" if has_pinned else ""
    # Terms hold no quotes, backslashes or braces but for hostile keys, so they are escaped all the same.
    literal = "'\"' || replace(replace(x, '\\', '\\\\'), '\"', '\\\"') || '\"'"
    return f"""
        SELECT m.cluster, count(*) AS member_count,
               '{{' || array_to_string(list_transform(list_sort(list_distinct(list_filter(list_transform(
                   {found}, lambda x: x[:{LONGEST_TERM}]), lambda x: x <> ''))),
                   lambda x: {literal}), ',') || '}}' AS terms,
               to_json(list({{'source': m.source, 'key': m.source_key}} ORDER BY m.source, m.source_key)) AS members
        FROM member m LEFT JOIN standard d USING (record){join} GROUP BY m.cluster
    """  # noqa: S608 - names come from the rule set


def _entities(ground: Ground) -> str:
    columns = ground.values.column_names
    has_form = "name.form" in ground.standard.column_names and "name" in columns
    form = "coalesce(d.\"name.form\", '')" if has_form else "''"
    join = ' LEFT JOIN standard d ON d.record = v."name.record"' if has_form else ""
    form = _rather(columns, "name.form", form)
    name = "coalesce(v.\"name\", '')" if "name" in columns else "''"
    jurisdiction = "coalesce(v.\"jurisdiction\", '')" if "jurisdiction" in columns else "''"
    return f"""
        SELECT v.cluster, k.chunk, {name}[:500] AS registered_name, {form}[:60] AS legal_form,
               upper({jurisdiction}[:10]) AS jurisdiction
        FROM survived v JOIN chunk_of k USING (cluster){join} ORDER BY k.chunk, v.cluster
    """  # noqa: S608 - names come from the rule set


def _identifiers(rules: RuleSet, ground: Ground) -> str:
    schemes = [
        a.name
        for a in rules.attributes
        if a.kind == "identifier" and f"{a.name}.number" in ground.standard.column_names
    ]
    if not schemes:
        return (
            "SELECT cluster, chunk, '' AS scheme, '' AS issuer, '' AS value, '' AS check_result, 0 AS record_id"
            " FROM chunk_of LIMIT 0"
        )
    union = " UNION ALL ".join(
        f"""SELECT m.cluster, m.chunk, '{n}' AS scheme, coalesce(d."{n}.issuer", '')[:20] AS issuer,
                   d."{n}.number"[:100] AS value, coalesce(d."{n}.check", 'plausible') AS check_result, m.record
            FROM member m JOIN standard d USING (record) WHERE d."{n}.number" IS NOT NULL"""  # noqa: S608 - names come from the rule set
        for n in schemes
    )
    # The number's best check speaks: a source may give it with or without what is needed to check it.
    return f"""
        SELECT cluster, any_value(chunk) AS chunk, scheme, issuer, value,
               CASE min(CASE check_result WHEN 'verified' THEN 1 WHEN 'plausible' THEN 2 ELSE 3 END)
                    WHEN 1 THEN 'verified' WHEN 2 THEN 'plausible' ELSE 'wrong' END AS check_result,
               min(record) AS record_id
        FROM ({union}) GROUP BY cluster, scheme, issuer, value ORDER BY 2, 1, 3, 4, 5
    """  # noqa: S608 - names come from the rule set
