"""Songs, persons and restaurants, resolved by the same code as companies."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from apps.engine import bulk
from apps.engine.block import check_keys
from apps.engine.compare import check_comparisons
from apps.engine.rules import RULESETS, load_rules
from tests.engine.frames import given_frame

ALBUMS = ["Harbour Lights", "Nine Lanterns", "Quiet Machines", "Salt and Copper"]
TITLES = ["Morning Ferry", "Paper Cranes", "Kestrel Song", "Undertow", "Low Orchard", "Glass Meridian"]
PEOPLE = [("hester", "quillfeather"), ("tobias", "marrowgate"), ("ines", "ostrander"), ("rufus", "plimsoll")]


def clusters(rows: Sequence[Mapping[str, str]], name: str) -> set[frozenset[int]]:
    resolution = bulk.resolve_all(given_frame(rows), load_rules(RULESETS / f"{name}.toml"), workers=1)
    groups: dict[int, set[int]] = {}
    for row in resolution.clusters.to_pylist():
        groups.setdefault(row["cluster"], set()).add(row["record"] - 1)
    return {frozenset(group) for group in groups.values()}


def songs() -> list[dict[str, str]]:
    """Each song as two catalogues list it: artist before the title, and album behind it."""
    rows = []
    for a, album in enumerate(ALBUMS):
        artist = f"The {album.split()[0]} Ensemble"
        for t, title in enumerate(TITLES):
            seconds = 150 + 17 * (6 * a + t)
            one = {"title": f"{artist} - {title}", "album": album, "track": f"{t + 1}", "length": f"{seconds}"}
            two = {"title": f"{title} ({album})", "artist": artist, "track": f"{t + 1:03}"}
            two["length"] = f"{seconds // 60:02}:{seconds % 60:02}"
            rows += [one | {"entry": f"one:{a}{t}", "year": "'98"}, two | {"entry": f"two:{a}{t}", "year": "1998"}]
    return rows


def test_songs_meet_wherever_their_words_stand_and_albums_do_not_become_one_song() -> None:
    assert clusters(songs(), "song") == {frozenset((at, at + 1)) for at in range(0, 48, 2)}


def test_a_catalogue_lists_a_song_once() -> None:
    rows = songs()
    twin = rows[0] | {"entry": "one:again"}
    assert clusters([*rows, twin], "song") == {
        *(frozenset((at, at + 1)) for at in range(2, 48, 2)),
        *({frozenset((0, 1)), frozenset((48,))}),
    }


def test_persons_survive_slips_and_relatives_stay_apart() -> None:
    rows = []
    for at, (first, last) in enumerate(PEOPLE):
        person = {"first_name": first, "surname": last, "born": f"19{at + 4}4031{at + 2}", "postcode": f"70{at}12"}
        slip = person | {"surname": last[:3] + last[4:], "place": "wattle glen"}
        relative = {"first_name": PEOPLE[at - 1][0] + "a", "surname": last, "born": f"18{at + 4}1100{at + 1}"}
        rows += [person | {"place": "wattle glen"}, slip, relative]
    expected = {frozenset((at, at + 1)) for at in range(0, 12, 3)} | {frozenset((at,)) for at in range(2, 12, 3)}
    assert clusters(rows, "person") == expected


def test_a_hotels_restaurants_stay_apart() -> None:
    hotel = {"street": "12 Quay Rd.", "city": "portsea", "phone": "555-010-2000"}
    rows = [
        hotel | {"name": "the copper pot", "entry": "a:1"},
        hotel | {"name": "lantern grill", "entry": "a:2"},
        hotel | {"name": "copper pot", "street": "12 Quay Road", "entry": "b:1"},
    ]
    assert clusters(rows, "restaurant") == {frozenset((0, 2)), frozenset((1,))}


@pytest.mark.parametrize("path", sorted(RULESETS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_rule_set_that_ships_can_be_run(path: Path) -> None:
    rules = load_rules(path)
    check_comparisons(rules)
    check_keys(rules)
    assert all(weighed.millibits[0] == 0 for weighed in rules.weighed)
