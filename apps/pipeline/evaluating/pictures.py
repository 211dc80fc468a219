"""Two pictures as SVG: how the scores of true and false pairs are spread, and whether probabilities can be believed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from apps.engine.evaluate import Bar, wilson
from apps.engine.rules import Thresholds
from apps.engine.score.calibrate import Bin

WIDTH, HEIGHT = 880, 480
LEFT, RIGHT, TOP, BOTTOM = 78, 24, 92, 58
BIT = 1000
BLUE, ORANGE, GREY = "#1f6feb", "#d9730d", "#6e7781"

_FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" \
role="img" aria-label="{title}" font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="{left}" y="30" font-size="18" font-weight="600">{title}</text>
<text x="{left}" y="50" fill="{grey}">{subtitle}</text>
{parts}
</svg>
"""


@dataclass(frozen=True)
class Scale:
    """Maps values from `low` to `high` onto pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, about: int) -> list[float]:
        """Return round values, about so many."""
        rough = (self.high - self.low) / about
        power = 10.0 ** floor(log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        first = ceil(self.low / step)
        return [number * step for number in range(first, floor(self.high / step + 1e-9) + 1)]


def draw_histogram(bars: Sequence[Bar], thresholds: Thresholds, *, subtitle: str) -> str:
    """Return the picture of pairs per bit of score: those that are the same upwards, the different ones downwards."""
    low = min([bar.low for bar in bars] + [thresholds.keep]) / BIT
    high = max([bar.low + BIT for bar in bars] + [thresholds.link + BIT]) / BIT
    most = max([bar.same for bar in bars] + [1])
    least = -max([bar.different for bar in bars] + [1])
    x, y = Scale(low, high, LEFT, WIDTH - RIGHT), Scale(least, most, HEIGHT - BOTTOM, TOP + 14)
    parts = [
        *(_across(y(tick), f"{abs(tick):,.0f}") for tick in y.ticks(8)),
        *(_column(x, y, bar) for bar in bars),
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="#1f2328"/>',
        *(_down(x(tick), f"{tick:+.0f}" if tick else "0") for tick in x.ticks(14)),
        *_limits(x, thresholds),
        _axis_title((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "score in bits (0: even odds; each bit doubles them)"),
        _legend([(BLUE, "same"), (ORANGE, "different")]),
        _side_title("pairs"),
    ]
    return _frame("Scores of pairs whose truth is known", subtitle, parts)


def draw_reliability(before: Sequence[Bin], after: Sequence[Bin], *, subtitle: str) -> str:
    """Return the picture of predicted probability against observed share, with 95 % ranges, before and after."""
    x, y = Scale(0, 1, LEFT, WIDTH - RIGHT), Scale(0, 1, HEIGHT - BOTTOM, TOP)
    diagonal = f'x1="{x(0):.1f}" y1="{y(0):.1f}" x2="{x(1):.1f}" y2="{y(1):.1f}"'
    parts = [
        *(_across(y(tick), f"{tick:.1f}") for tick in y.ticks(5)),
        *(_down(x(tick), f"{tick:.1f}") for tick in x.ticks(5)),
        f'<line {diagonal} stroke="{GREY}" stroke-dasharray="2 4"/>',
        *_curve(x, y, before, ORANGE),
        *_curve(x, y, after, BLUE),
        _axis_title((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "predicted probability of being the same"),
        _legend([(ORANGE, "as it is"), (BLUE, "calibrated (held out)")]),
        _side_title("observed share"),
    ]
    return _frame("Predicted and observed", subtitle, parts)


def _frame(title: str, subtitle: str, parts: Iterable[str]) -> str:
    return _FRAME.format(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        grey=GREY,
        title=escape(title),
        subtitle=escape(subtitle),
        parts="\n".join(parts),
    )


def _column(x: Scale, y: Scale, bar: Bar) -> str:
    start, width = x(bar.low / BIT) + 1, x(bar.low / BIT + 1) - x(bar.low / BIT) - 2
    drawn = ""
    for value, colour, word in ((bar.same, BLUE, "same"), (-bar.different, ORANGE, "different")):
        top, bottom = sorted((y(value), y(0)))
        if value:
            title = f"<title>{bar.low / BIT:+.0f} to {bar.low / BIT + 1:+.0f} bits: {abs(value):,} {word}</title>"
            drawn += (
                f'<rect x="{start:.1f}" y="{top:.1f}" width="{width:.1f}" height="{bottom - top:.1f}"'
                f' fill="{colour}">{title}</rect>'
            )
    return drawn


def _limits(x: Scale, thresholds: Thresholds) -> list[str]:
    """Return the three thresholds as lines, their names on two levels so that near ones don't cover each other."""
    parts = []
    for place, name in enumerate(("keep", "review", "link")):
        at, height = x(getattr(thresholds, name) / BIT), TOP - 6 - 14 * (place % 2)
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{height + 4}" y2="{HEIGHT - BOTTOM}" stroke="{GREY}"'
            f' stroke-dasharray="5 4"/><text x="{at:.1f}" y="{height}" text-anchor="middle">{name}</text>'
        )
    return parts


def _curve(x: Scale, y: Scale, bins: Sequence[Bin], colour: str) -> list[str]:
    """Return a curve through its bins, each with its range."""
    points = [(x(entry.predicted), y(entry.observed)) for entry in bins]
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    parts = [f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>']
    for entry, (a, b) in zip(bins, points, strict=True):
        around = wilson(entry.observed, entry.count)
        title = f"<title>{entry.predicted:.2f} predicted, {entry.observed:.2f} of {entry.count:,} observed</title>"
        parts.append(
            f'<line x1="{a:.1f}" x2="{a:.1f}" y1="{y(around.low):.1f}" y2="{y(around.high):.1f}"'
            f' stroke="{colour}"/><circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{colour}">{title}</circle>'
        )
    return parts


def _across(at: float, label: str) -> str:
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#d8dee4"/>'
        f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" fill="{GREY}">{label}</text>'
    )


def _down(at: float, label: str) -> str:
    return f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="{GREY}">{label}</text>'


def _axis_title(at: float, height: float, words: str) -> str:
    return f'<text x="{at:.1f}" y="{height}" text-anchor="middle">{escape(words)}</text>'


def _side_title(words: str) -> str:
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">{escape(words)}</text>'


def _legend(entries: Sequence[tuple[str, str]]) -> str:
    drawn, at = "", WIDTH - RIGHT
    for colour, word in reversed(entries):
        at -= 9 * len(word) + 30
        drawn += (
            f'<rect x="{at}" y="20" width="12" height="12" fill="{colour}"/>'
            f'<text x="{at + 18}" y="31">{escape(word)}</text>'
        )
    return drawn
