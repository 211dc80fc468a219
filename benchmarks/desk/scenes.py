"""Which pages are taken pictures of: every screen, and the states that a hub's own data has."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

import psycopg

_OPEN = "SELECT id FROM cases_case WHERE state = 'open' AND kind = '{}' ORDER BY priority DESC, id LIMIT 1"
_CASES: Final = {
    "pair": _OPEN.format("pair"),
    "pair-weak": _OPEN.format("weak"),
    "pair-conflict": _OPEN.format("conflict"),
    "pair-changed": _OPEN.format("reopened"),
    "case-growth": _OPEN.format("growth"),
    "case-drop": _OPEN.format("drop_guard"),
    "pair-disputed": """SELECT id FROM cases_case WHERE state = 'open' AND facts ? 'review' ORDER BY id LIMIT 1""",
    "pair-closed": "SELECT id FROM cases_case WHERE state = 'closed' AND kind = 'pair' ORDER BY closed_at DESC LIMIT 1",
    "pair-candidates": """SELECT min(id) FROM cases_case WHERE state = 'open' AND kind = 'pair'
        GROUP BY subject_record_id HAVING count(*) > 1 ORDER BY 1 LIMIT 1""",
}
_CLUSTERS: Final = """
SELECT min(c.id), count(DISTINCT c.id) FROM cases_case c WHERE c.state = 'open' AND c.kind = 'pair'
GROUP BY c.subject_record_id HAVING count(*) > 1 ORDER BY 2, 1
"""
_SIZE = """
SELECT g.gid, g.name, count(*) FROM golden_goldenrecord g JOIN golden_membership m ON m.golden_id = g.id
WHERE g.state = 'live' AND g.name <> '' GROUP BY g.id HAVING count(*) BETWEEN {} AND {} ORDER BY 3 DESC, g.id LIMIT 2
"""
_STATES: Final = {
    "customer-split-since": "SELECT gid FROM golden_goldenrecord WHERE state = 'live' AND successors <> '{}' LIMIT 1",
    "customer-protected": """SELECT g.gid FROM golden_pin p JOIN golden_goldenrecord g ON g.id = p.golden_id
        WHERE p.released_at IS NULL AND g.state = 'live' ORDER BY p.id LIMIT 1""",
    "customer-moved": """SELECT g.gid FROM golden_move m JOIN golden_goldenrecord g ON g.id = m.golden_id
        WHERE g.state = 'live' AND m.other_id IS NOT NULL ORDER BY m.id DESC LIMIT 1""",
    "customer-retired": "SELECT gid FROM golden_goldenrecord WHERE state = 'retired' ORDER BY id LIMIT 1",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture to take: its name, the address, what is pressed, clicked or typed there, and how the hub answers.

    `acts` are "press KEYS", "click SELECTOR" and "type WORDS", one after the other. A page `as_stranger` is
    shown before anybody logs in.
    """

    name: str
    path: str
    acts: tuple[str, ...] = ()
    status: int = 200
    as_stranger: bool = False


STANDING: Final = (
    Scene("log-in", "/log-in/", as_stranger=True),
    Scene("home", "/"),
    Scene("queue", "/review/"),
    Scene("queue-narrowed", "/review/?kind=weak"),
    Scene("queue-empty", "/review/?kind=drop_guard"),
    Scene("pair-blind", "/review/?band=blind", ("click a.pair-link",)),
    Scene("approvals", "/approvals/"),
    Scene("decisions", "/me/decisions/"),
    Scene("preferences", "/me/preferences/"),
    Scene("jobs", "/jobs/"),
    Scene("job", "/jobs/1/"),
    Scene("rules", "/rules/"),
    Scene("rules-version", "/rules/1/"),
    Scene("components", "/components/"),
    Scene("keys", "/", ("press ?",)),
    Scene("palette", "/", ("press Control+k", "type re")),
    Scene("search-start", "/customers/"),
    Scene("search-none", "/customers/?q=zzxyqq"),
    Scene("not-found", "/customers/GC-000000000000-0/", status=404),
    Scene("no-such-page", "/no/such/page/", status=404),
)


def list_scenes(url: str) -> list[Scene]:
    """Return every scene that the hub whose database is at `url` can show. It is only read."""
    scenes = list(STANDING)
    with psycopg.connect(url) as connection:
        connection.read_only = True
        for name, query in _CASES.items():
            scenes += [Scene(name, f"/review/{case}/") for (case,) in connection.execute(query)]
        scenes += _pair_states(scenes)
        clusters = [case for case, _ in connection.execute(_CLUSTERS)]
        for name, cases in (("cluster", clusters[:1]), ("cluster-many", clusters[-1:])):
            scenes += [Scene(name, f"/review/cluster/{case}/") for case in cases]
        few = [(gid, name) for gid, name, _ in connection.execute(_SIZE.format(3, 8))]
        many = [gid for gid, _, _ in connection.execute(_SIZE.format(9, 400))]
        for name, query in _STATES.items():
            scenes += [Scene(name, f"/customers/{gid}/") for (gid,) in connection.execute(query)]
        newest = "SELECT id FROM pipeline_proposal ORDER BY state = 'open' DESC, id DESC LIMIT 1"
        scenes += [Scene("approval", f"/approvals/{number}/") for (number,) in connection.execute(newest)]
    for gid in many[:1]:
        scenes += [Scene(f"{tab}-many", f"/customers/{gid}/{tab}/") for tab in ("sources", "why", "history")]
    scenes += [
        replace(scene, name="history-moved", path=f"{scene.path}history/")
        for scene in scenes
        if scene.name == "customer-moved"
    ]
    return scenes + (_customer_scenes(few) if few else [])


def _pair_states(scenes: list[Scene]) -> list[Scene]:
    """A pair with values taken, and with its differences alone."""
    pair = next((scene.path for scene in scenes if scene.name == "pair"), "")
    if not pair:
        return []
    takes = ("press ArrowDown", "press 2", "press ArrowDown", "press i", "type typed by hand")
    return [Scene("pair-result-changed", pair, takes), Scene("pair-differences", pair, ("press d",))]


def _customer_scenes(customers: list[tuple[str, str]]) -> list[Scene]:
    """Every page of a customer, and those of it and another."""
    (gid, name), *others = customers
    home, words = f"/customers/{gid}/", " ".join(name.split()[:1])
    span = urlencode({"from": "2000-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z"})
    scenes = [Scene("customer", home)]
    scenes += [Scene(tab, f"{home}{tab}/") for tab in ("sources", "why", "company-codes", "history", "split")]
    scenes += [
        Scene("history-compared", f"{home}history/?{span}"),
        Scene("customer-as-of", f"{home}?at=2999-01-01T00:00:00Z"),
        Scene("split-shown", f"{home}split/", ("press 1",)),
        Scene("value", f"{home}fields/name/"),
        Scene("value-drawer", home, ("click .field-link",)),
        Scene("search", f"/customers/?{urlencode({'q': words})}"),
        Scene("suggestions", "/customers/", (f"type {name[:4].lower()}",)),
    ]
    for other, _ in others[:1]:
        pair = f"/customers/compare/?a={gid}&b={other}"
        scenes += [Scene("compare", pair), Scene("merge", f"{pair}&merge=1")]
        scenes.append(Scene("why-not", f"{home}why/?not={other}"))
    return scenes
