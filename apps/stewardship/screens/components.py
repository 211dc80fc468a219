"""Every part the pages are made of, in every state: made-up values in the pages' own shapes, nothing read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.pipeline.selectors import RunRow, StageRow
from apps.sources.selectors import Source
from apps.stewardship.screens.comparing import GLYPHS, Run, Verdict, mark_differences
from apps.stewardship.screens.customer import Field
from apps.stewardship.screens.jobs import Job, tell_job
from apps.stewardship.screens.waterfall import Bar, Waterfall

HUES = 8
KINDS = (
    ("crm", "CRM", "CRM"),
    ("billing", "Billing", "BIL"),
    ("erp", "ERP", "ERP"),
    ("other", "File", "FIL"),
    ("human", "By hand", "MAN"),
)


@dataclass(frozen=True, slots=True)
class Components:
    """One example of every part in each of its states."""

    badges: tuple[Source, ...]
    verdicts: tuple[Verdict, ...]
    differences: tuple[tuple[tuple[Run, ...], tuple[Run, ...]], ...]
    values: tuple[Field, ...]
    falls: Waterfall
    tones: tuple[tuple[str, str], ...]
    figures: Mapping[str, str]
    jobs: tuple[Job, ...]


def build_components(now: datetime) -> Components:
    """Return the examples; ages are counted from `now`. No query."""
    badges = tuple(_source(hue) for hue in range(HUES))
    return Components(
        badges=badges,
        verdicts=tuple(Verdict(tone, glyph, word) for tone, (glyph, word) in GLYPHS.items()),
        differences=(
            mark_differences("Acme Präzision GmbH", "ACME Präzision Holding GmbH"),
            mark_differences("Hafenstrasse 12", "Hafenstrasse 21"),
        ),
        values=_values(badges, now),
        falls=_falls(),
        tones=(("info", "A fact worth knowing."), ("success", "It was done."), ("warning", "Look twice."),
               ("error", "It was not done.")),
        figures={"Customers": "1 204", "Open cases": "12"},
        jobs=_jobs(now),
    )  # fmt: skip


def _source(hue: int) -> Source:
    kind, label, letters = KINDS[hue % len(KINDS)]
    badge = f"{letters}{hue + 1 if hue >= len(KINDS) else ''}"
    return Source(badge.lower(), f"{label} {hue + 1}", kind, label, 100, hue, badge)


def _jobs(now: datetime) -> tuple[Job, ...]:
    """One job in each state: under way with and without a known end, silent, stopped and done."""

    def run(state: str, total: int | None, heard: timedelta = timedelta(), failure: str = "") -> Job:
        began, ended = now - timedelta(minutes=9), None if state == "running" else now
        stage = StageRow("score", 2_500, total, {}, 4.0, ended is not None)
        return tell_job(
            RunRow(7, "load", state, {"files": [["crm", "crm.csv"]]}, "person:anna", {"new": 1_204}, failure, began,
                   now - heard, ended, (stage,)),
            now,
        )  # fmt: skip

    return (
        run("running", 10_000),
        run("running", None),
        run("running", 10_000, timedelta(minutes=5)),
        run("failed", 10_000, failure="The disk is full."),
        run("done", 2_500),
    )


def _values(badges: tuple[Source, ...], now: datetime) -> tuple[Field, ...]:
    erp, crm = badges[2], badges[0]
    said = now - timedelta(days=3)
    return (
        Field("VAT number", "DE136695976", erp, "88-12", "only record that gives it", False, said, 0),
        Field("Phone", "+49 40 3006 1200", crm, "0031", "changed last", False, said, 1),
        Field("Name", "Acme Präzision GmbH", None, "", "fixed by a steward", True, None, 0,
              "until somebody releases it", "anna: as registered"),
        Field("Street", "Hafenstrasse 12", crm, "0031", "most trusted source", False, said, 0, "", "",
              ("“Hafenweg 9”, fixed by berta, rests: CRM 0031 says otherwise",)),
    )  # fmt: skip


def _falls() -> Waterfall:
    """A waterfall from −20 to +12 bits on 240 units: 7.5 units a bit, 150 at zero."""
    bars = (
        Bar(
            "Start",
            "Any two of the records that are compared",
            "",
            "1 000 000+× against",
            "−20.0",
            "conflict",
            6,
            144,
            6,
        ),
        Bar(
            "VAT number",
            "Same VAT number",
            "+2.0 of it because the value is rare",
            "4 096× for",
            "+12.0",
            "agree",
            6,
            90,
            96,
        ),
        Bar("Name", "Same distinctive words", "", "256× for", "+8.0", "agree", 96, 60, 156),
        Bar("Phone", "Different phone numbers", "", "4.0× against", "−2.0", "conflict", 141, 15, 141),
    )
    return Waterfall(
        bars=bars, not_given=("Website",), no_weight=("Alike city",), score_word="Unlikely", score_bits="−2.0",
        review_bits="−3.0", link_bits="+4.0", review_x=133.5, link_x=186, total_x=141, zero_x=156, tone="partial",
    )  # fmt: skip
