"""Print explanations in a terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from apps.engine.explain import Contribution, PairExplanation, Step, WhyNot, say_bits
from apps.matching.selectors import BAND_WORDS
from apps.pipeline.explaining import ApartReport, CustomerReport, PairReport
from apps.sources.selectors import Record

MOST_TOLD = 10


class Teller:
    """Prints reports; what records say is printed as it is, never read as markup."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def tell_pair(self, report: PairReport) -> None:
        """Print a pair's waterfall, and what became of its two records."""
        self._head(f"{_name(report.left)} and {_name(report.right)}", report.rules_version)
        self._waterfall(report.pair)
        self._line()
        if report.apart is not None:
            ours, theirs = (c.gid if c else "no customer" for c in (report.left_customer, report.right_customer))
            self._line(f"Why not one customer ({ours}, {theirs}):")
            self._reasons(report.apart)
        elif report.left_customer is not None:
            self._line(f"Both belong to {report.left_customer.gid} {report.left_customer.name}.")

    def tell_customer(self, report: CustomerReport) -> None:
        """Print how a customer formed, its weakest link and what in it contradicts itself."""
        self._head(f"{report.customer.gid} {report.customer.name}", report.active.version)
        self._line(f"{len(report.records):,} source record{'s' if len(report.records) > 1 else ''}")
        for record_id, record in list(report.records.items())[:MOST_TOLD]:
            called = report.parts.get(record_id, {}).get(report.active.rules.naming, "")
            self._line(f"  {_name(record)}  {called}".rstrip())
        if report.cluster is None:
            self._line(f"{len(report.parts):,} records are too many to retrace how they came together.")
            return
        if report.cluster.steps:
            self.console.print(_steps(report, report.cluster.steps))
        if report.cluster.weakest is not None:
            weakest = report.cluster.weakest
            pair = f"{_name(report.records[weakest.best.left])} and {_name(report.records[weakest.best.right])}"
            self._line(f"Weakest link: {say_bits(weakest.score)} bits between the groups, at best {pair}.")
        if len(report.cluster.groups) > 1:
            self._line(f"By the rules and decisions of today they would be {len(report.cluster.groups)} customers.")
        for line in _warnings(report):
            self._line(line)

    def tell_apart(self, report: ApartReport) -> None:
        """Print what keeps two customers apart, and the waterfall of their two records that are most alike."""
        names = f"{report.customer.gid} {report.customer.name} and {report.other.gid} {report.other.name}"
        self._head(names, report.rules_version)
        self._reasons(report.apart)
        self._line()
        self._line(f"Most alike: {_name(report.left)} and {_name(report.right)}")
        self._waterfall(report.apart.pair)

    def _reasons(self, apart: WhyNot) -> None:
        for number, reason in enumerate(apart.reasons, start=1):
            self._line(f"  {number}. {reason.sentence}.")
        if not apart.reasons:
            self._line("  Nothing keeps them apart any more; the next run brings them together.")

    def _waterfall(self, pair: PairExplanation) -> None:
        cuts = pair.thresholds
        table = Table(box=None, show_header=False, padding=(0, 1))
        table.add_column(justify="right", no_wrap=True)
        table.add_column()
        table.add_row(say_bits(pair.prior), Text("Any two of the records that are compared"))
        for step in pair.steps:
            table.add_row(
                Text(say_bits(step.millibits), "green" if step.millibits > 0 else "red"), Text(_sentence(step))
            )
        asked = f"(asked about from {say_bits(cuts.review)}, joined from {say_bits(cuts.link)})"
        table.add_row(Text(say_bits(pair.score), "bold"), Text(f"{BAND_WORDS[pair.outcome]} {asked}"))
        self.console.print(table)
        if missing := [c.title for c in pair.contributions if c.label == "missing" and not c.is_joint]:
            self._line(f"Not given on one side or both: {', '.join(missing)}")

    def _head(self, text: str, rules_version: int) -> None:
        self._line(f"{text} (rules version {rules_version})", style="bold")

    def _line(self, text: str = "", style: str = "") -> None:
        self.console.print(Text(text, style))


def _name(record: Record) -> str:
    return f"{record.source.code} {record.key}"


def _sentence(step: Contribution) -> str:
    return f"{step.sentence} ({say_bits(step.rarity)} of it rarity)" if step.rarity else step.sentence


def _steps(report: CustomerReport, steps: Sequence[Step]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for title in ("", "bits", "these", "joined by", "their best pair"):
        table.add_column(title, justify="right" if title in {"", "bits"} else "left")
    for number, step in enumerate(steps, start=1):
        best = f"{say_bits(step.best.score)}: {_names(report.records, (step.best.left, step.best.right))}"
        by = f"; decision {step.verdict}" if step.verdict else ""
        sides = (Text(_names(report.records, side)) for side in (step.group, step.joined))
        table.add_row(str(number), say_bits(step.score), *sides, Text(best + by))
    return table


def _names(records: Mapping[int, Record], chosen: Iterable[int]) -> str:
    names = [_name(records[record]) for record in chosen]
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return ", ".join(names[:MOST_TOLD]) + more


def _warnings(report: CustomerReport) -> Iterator[str]:
    if report.cluster is None:
        return
    for conflict in report.cluster.conflicts[:MOST_TOLD]:
        yield f"Conflict: {_names(report.records, (conflict.left, conflict.right))}: {conflict.sentence}."
    for pair in report.cluster.weak_pairs[:MOST_TOLD]:
        ends = _names(report.records, (pair.left, pair.right))
        yield f"Alone they look like two customers: {ends}, {say_bits(pair.score)} bits."
    if (hidden := len(report.cluster.weak_pairs) - MOST_TOLD) > 0:
        yield f"{hidden:,} more such pairs."
