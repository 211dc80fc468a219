"""Measure the steward's pages: `python -m benchmarks.desk [--records N] [--quick]`.

Makes a hub of a hundred thousand customers and some twenty thousand open cases (once, kept under build/bench), starts
its web server as `make up` does, and asks for its screens over HTTP and in headless Chromium. Prints tables, writes
build/bench/desk.json; the exit code is 1 where a limit is missed.

Pictures of every screen and state, in both themes and three widths, come to build/bench/desk-screens; those of a hub
that runs already with `--home`, `--port` and `--user`.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.desk.asking import Desk, ask, draw_screens
from benchmarks.desk.browsing import VERDICTS, Eyes, open_browser, share_of
from benchmarks.desk.report import misses, tables
from benchmarks.desk.scenes import list_scenes
from benchmarks.desk.seeding import RECORDS, ensure_desk
from benchmarks.desk.shots import take_pictures
from benchmarks.live.hub import Running, running
from benchmarks.run import SCRATCH, say
from mdmhub import embedded

PICTURES = SCRATCH / "desk-screens"
COUNTS = {
    "customers": "SELECT count(*) FROM golden_goldenrecord WHERE state = 'live'",
    "source records": "SELECT count(*) FROM sources_sourcerecord WHERE state = 'live'",
    "open cases": "SELECT count(*) FROM cases_case WHERE state = 'open'",
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the settings; a wrong one ends with a line and exit 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desk", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--verdicts", type=int, default=VERDICTS)
    parser.add_argument("--screens", type=lambda text: text.split(","), help="only these, with commas between")
    parser.add_argument("--only-pictures", action="store_true", help="take them, measure nothing")
    parser.add_argument("--no-pictures", action="store_true", help="measure, take none")
    running = parser.add_argument_group("pictures of a hub that runs already, the password on standard input")
    running.add_argument("--home", type=Path, help="its MDMHUB_HOME, such as var for the demo")
    running.add_argument("--port", type=int, default=8600)
    running.add_argument("--user", help="a senior steward's log-in name")
    return parser.parse_args(arguments)


def measure(live: Running, settings: argparse.Namespace) -> dict[str, Any]:
    """Ask for every screen, look at it, judge cases by key; return the figures."""
    url = embedded.ensure_postgres(live.hub.place).owner_url
    with psycopg.connect(url) as connection:
        result: dict[str, Any] = {
            name: int((connection.execute(query).fetchone() or (0,))[0]) for name, query in COUNTS.items()
        }
    result["load_average"] = os.getloadavg()[0]
    screens = [s for s in draw_screens(url) if settings.screens is None or s.name in settings.screens]
    desk = Desk(live.port, "stella")
    result["served"] = []
    for screen in screens:
        say(f"  {screen.name}")
        served = ask(desk, screen)
        row = {"name": served.name, "p50": served.at(0.5), "p95": served.at(0.95), "queries": served.queries}
        result["served"].append(row | {"bytes": served.bytes, "packed": served.packed})
    result["seen"] = []
    with open_browser() as browser:
        for is_slowed in (False, True):
            eyes = Eyes(browser, f"http://127.0.0.1:{live.port}", "stella", is_slowed=is_slowed)
            painted = [eyes.look(screen) for screen in screens if screen.is_page]
            judged = eyes.judge("/review/next/", verdicts=settings.verdicts)
            result["seen"].append(_seen(eyes, painted, judged))
    return result


def take(live: Running, settings: argparse.Namespace) -> None:
    """Take pictures of every screen and state that the hub has, in both themes and three widths."""
    url = embedded.ensure_postgres(live.hub.place).owner_url
    with open_browser() as browser:
        eyes = Eyes(browser, f"http://127.0.0.1:{live.port}", "stella", is_slowed=False)
        _take(eyes, url, settings.screens)


def take_of_running(settings: argparse.Namespace) -> None:
    """Take the pictures of a hub that runs already, as a person who may see every page."""
    url = embedded.ensure_postgres(embedded.find_place(home=settings.home)).owner_url
    password = sys.stdin.readline().rstrip("\n")
    with open_browser() as browser:
        eyes = Eyes(browser, f"http://127.0.0.1:{settings.port}", settings.user, is_slowed=False, password=password)
        _take(eyes, url, settings.screens)


def _take(eyes: Eyes, url: str, names: list[str] | None) -> None:
    scenes = [scene for scene in list_scenes(url) if names is None or scene.name in names]
    say(f"  {len(list(take_pictures(eyes, scenes, PICTURES)))} pictures of {len(scenes)} scenes in {PICTURES}")


def _seen(eyes: Eyes, painted: list[Any], judged: Any) -> dict[str, Any]:  # noqa: ANN401 - plain figures out
    rows = [
        {
            "name": p.name,
            "median": p.median,
            "worst": max(p.paint),
            "shift": p.shift,
            "script": p.script,
            "nodes": p.nodes,
        }
        for p in painted
    ]
    return {
        "is_slowed": eyes.is_slowed,
        "painted": rows,
        "next_p50": share_of(judged.waits, 0.5),
        "next_p95": share_of(judged.waits, 0.95),
        "press_p98": share_of(judged.presses, 0.98),
        "verdicts": len(judged.waits),
        "heap_growth": judged.heap_growth,
        "complaints": eyes.watched.complaints,
        "elsewhere": eyes.watched.elsewhere,
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write; 1 where a limit is missed."""
    settings = parse(arguments)
    say("## desk")
    if settings.home is not None:
        take_of_running(settings)
        return 0
    # A case drawn for two people's blind judgement has no page of its group, and counts only once both answered.
    os.environ["BLIND_PERCENT"] = "0"
    hub = ensure_desk(SCRATCH, records=settings.records)
    with running(hub) as live:
        missed = [] if settings.only_pictures else _measured(live, settings)
        if not settings.no_pictures:
            take(live, settings)
    return 1 if missed else 0


def _measured(live: Running, settings: argparse.Namespace) -> list[str]:
    result = measure(live, settings)
    SCRATCH.joinpath("desk.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    say(tables(result))
    missed = misses(result)
    for line in missed:
        say(f"missed: {line}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
