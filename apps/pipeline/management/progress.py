"""Show a run's stages in a terminal: a bar while it goes, then one line with counts and seconds."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from apps.pipeline.runs import Stage

LABELS = {
    "intake": "Read source files",
    "read": "Read what changed",
    "standardise": "Standardise records",
    "profile": "Profile words and keys",
    "block": "Find candidate pairs",
    "score": "Compare and score pairs",
    "cluster": "Cluster",
    "survive": "Choose golden values",
    "store": "Store customers",
    "count": "Count what would change",
    "deliver": "Deliver events",
    "write back": "Write ids back",
}


class StageBars:
    """Listens to a run. Use as a context manager; `show` is the run's listener."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<26}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, stage: Stage) -> None:
        """Move the stage's bar; when it is done, replace the bar by one line."""
        label = LABELS.get(stage.name, stage.name.capitalize())
        if stage.name not in self._tasks:
            self._tasks[stage.name] = self._bars.add_task(label, total=stage.total)
        task = self._tasks[stage.name]
        self._bars.update(task, completed=stage.done, total=stage.total)
        if stage.is_finished:
            self._bars.remove_task(task)
            del self._tasks[stage.name]
            counts = "  ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in stage.counts.items() if n)
            self.console.print(
                f"  [green]✓[/green] {label:<26} {stage.seconds:7.1f} s   [dim]{counts}[/dim]", highlight=False
            )
