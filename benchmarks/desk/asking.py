"""Pages over plain HTTP, as a person who logged in: what the server says of its own time, and the bytes."""

import gzip
import http.client
import random
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from benchmarks.desk.seeding import PASSWORD

TIMING: Final = re.compile(r'total;dur=([\d.]+), db;dur=([\d.]+);desc="(\d+) queries"')
PER_SCREEN: Final = 100
WARM_UP: Final = 10
PAIRS: Final = """
SELECT id FROM cases_case c WHERE state = 'open' AND kind = 'pair' AND NOT EXISTS (
    SELECT FROM cases_case o WHERE o.state = 'open' AND o.subject_record_id = c.subject_record_id AND o.id <> c.id)
"""
CLUSTERS: Final = """
SELECT min(id) FROM cases_case WHERE state = 'open' AND kind = 'pair' GROUP BY subject_record_id HAVING count(*) > 1
"""
CUSTOMERS: Final = """
SELECT g.gid, g.name FROM golden_goldenrecord g JOIN golden_membership m ON m.golden_id = g.id
WHERE g.state = 'live' AND g.name <> '' GROUP BY g.id HAVING count(*) > 2 ORDER BY g.id
"""
"""Those of three records and more: their pages have the most to say."""
NARROWED: Final = ("order=oldest", "order=likeliest", "band=unclear", "claim=free", "kind=pair", "systems=crm.billing")
"""What the queue is narrowed or ordered by, in turn."""
PLACES: Final = "SELECT priority, id FROM cases_case WHERE state = 'open' ORDER BY priority DESC, id"
"""Every place where the queue may be entered."""


class UnexpectedPageError(RuntimeError):
    """A page answered otherwise than 200, or without its own time; the message names it."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen, and addresses of it drawn by chance."""

    name: str
    paths: tuple[str, ...]

    @property
    def is_page(self) -> bool:
        """Whether its addresses show something; the others send on to what does."""
        return not self.name.startswith("next")


@dataclass(frozen=True, slots=True)
class Served:
    """What the server said: milliseconds ascending, most queries, bytes of the longest page (also packed)."""

    name: str
    total: tuple[float, ...]
    queries: int
    bytes: int
    packed: int

    def at(self, share: float) -> float:
        """Return the milliseconds that this share of the pages stayed within (nearest rank)."""
        return self.total[min(len(self.total) - 1, int(share * len(self.total)))]


class Desk:
    """One person's session over one connection."""

    def __init__(self, port: int, username: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        _, _, page = self.send("GET", "/log-in/")
        found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if found is None:
            raise UnexpectedPageError("/log-in/ has no form")
        form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": found[1].decode()}
        status, _, _ = self.send("POST", "/log-in/", urllib.parse.urlencode(form))
        if status != 302:
            raise UnexpectedPageError(f"/log-in/ answered {status} to {username}")

    def send(self, method: str, path: str, body: str | None = None) -> tuple[int, Mapping[str, str], bytes]:
        """Send one request; return status, headers and body, and keep the cookies."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        content = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer.status, dict(answer.getheaders()), content


def draw_screens(url: str, *, seed: int = 5) -> list[Screen]:
    """Return the screens with `PER_SCREEN` addresses each and some to warm up, drawn from the hub at `url`."""
    chance = random.Random(seed)
    with psycopg.connect(url) as connection:
        pairs, clusters, customers, places = (
            _draw(connection.execute(query).fetchall(), chance) for query in (PAIRS, CLUSTERS, CUSTOMERS, PLACES)
        )
    gids = [gid for gid, _ in customers]
    words = [urllib.parse.urlencode({"q": " ".join(name.split()[:2])}) for _, name in customers]
    turns = [(NARROWED[at % len(NARROWED)], case) for at, (_, case) in enumerate(places)]
    paths: dict[str, Sequence[str]] = {
        "home": ["/"] * len(gids),
        "queue": ["/review/"] + [f"/review/?after={priority}.{case}" for priority, case in places[1:]],
        "narrowed queue": [f"/review/?{words}" for words, _ in turns],
        "next case": [f"/review/next/?after={case}" for _, case in places],
        "next on a walk": [
            f"/review/next/?{urllib.parse.urlencode({'after': case, 'in': words})}" for words, case in turns
        ],
        "pair": [f"/review/{case}/" for (case,) in pairs],
        "cluster": [f"/review/cluster/{case}/" for (case,) in clusters],
        "customer": [f"/customers/{gid}/" for gid in gids],
        "customer, sources": [f"/customers/{gid}/sources/" for gid in gids],
        "customer, why": [f"/customers/{gid}/why/" for gid in gids],
        "customer, history": [f"/customers/{gid}/history/" for gid in gids],
        "value": [f"/customers/{gid}/fields/name/" for gid in gids],
        "split": [f"/customers/{gid}/split/" for gid in gids],
        "compare": [f"/customers/compare/?a={a}&b={b}" for a, b in zip(gids, gids[1:] + gids[:1], strict=True)],
        "search": [f"/customers/?{word}" for word in words],
    }
    return [Screen(name, tuple(found)) for name, found in paths.items() if found]


def ask(desk: Desk, screen: Screen) -> Served:
    """Open each address once, the first ten to warm up; UnexpectedPageError where one answers wrongly."""
    totals: list[float] = []
    queries = longest = packed = 0
    for number, path in enumerate(screen.paths):
        status, headers, content = desk.send("GET", path)
        found = TIMING.fullmatch(headers.get("Server-Timing", ""))
        if status not in {200, 302} or found is None:
            raise UnexpectedPageError(f"{path} answered {status}")
        if number < WARM_UP:
            continue
        totals.append(float(found[1]))
        queries = max(queries, int(found[3]))
        longest, packed = max(longest, len(content)), max(packed, len(gzip.compress(content)))
    return Served(screen.name, tuple(sorted(totals)), queries, longest, packed)


def _draw(rows: list[Any], chance: random.Random) -> list[Any]:
    return chance.sample(rows, min(len(rows), PER_SCREEN + WARM_UP))
