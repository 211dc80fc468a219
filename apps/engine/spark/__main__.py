"""python -m apps.engine.spark GIVEN OUT: find the links of a given frame (Parquet) on Spark and write them (Parquet).

Clusters are then made from the links by the local engine: docs/howto/spark.md.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from apps.engine.rules import RULESETS, RuleSet, RuleSetError, load_rules
from apps.engine.statistics import Statistics

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""Settings that fit one machine; `--conf` goes over them."""
NO_JAVA = "Spark did not start: it needs Java 17 or 21, by JAVA_HOME or on PATH"
NOUNS = {"standardise": "records", "profile": "values counted", "block": "pairs to compare", "score": "links"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return 0, or 2 after one line on standard error where something asked for can't be had."""
    settings = parse(arguments)
    try:
        rules = read_rules(settings.rules)
        statistics = Statistics.from_bytes(settings.statistics.read_bytes()) if settings.statistics else None
        run(settings, rules, statistics)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"pyspark", "py4j"}:
            raise
        return refuse("PySpark isn't installed: pip install 'pyspark>=4.3,<5', or `make spark`")
    except (OSError, ValueError) as error:
        return refuse(str(error))
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's settings; a wrong one ends with a line and exit 2."""
    parser = argparse.ArgumentParser(prog="python -m apps.engine.spark", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("given", help="given frame, where the cluster can read it")
    parser.add_argument("out", help="folder for the links, which must not exist yet")
    parser.add_argument("--rules", default="company", help="a shipped rule set's name, or a .toml or .json file")
    parser.add_argument("--statistics", type=Path, help="frozen statistics to score by, instead of the frame's own")
    parser.add_argument("--keep-statistics", type=Path, help="file for the statistics that were scored by")
    parser.add_argument("--master", help="such as local[2]; left out where spark-submit names it")
    parser.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE", help="a setting of Spark's")
    settings = parser.parse_args(arguments)
    if wrong := [pair for pair in settings.conf if "=" not in pair]:
        parser.error(f"--conf: {wrong[0]!r} is not KEY=VALUE")
    return settings


def read_rules(name: str) -> RuleSet:
    """Return the rule set of that name or file; raise ValueError or OSError where there is none."""
    path = Path(name) if Path(name).suffix in {".toml", ".json"} else RULESETS / f"{name}.toml"
    if not path.exists():
        raise ValueError(f"--rules: there is no rule set {name}")
    try:
        return load_rules(path)
    except RuleSetError as error:
        raise ValueError(f"--rules: {error}") from error


def run(settings: argparse.Namespace, rules: RuleSet, statistics: Statistics | None) -> None:
    """Do it in a session of its own; raise ValueError where Spark can't start, read or write."""
    session = start_session(settings.master, dict(pair.split("=", 1) for pair in settings.conf))
    try:
        found = write_links(session, settings.given, settings.out, rules, statistics)
    finally:
        session.stop()
    if settings.keep_statistics:
        settings.keep_statistics.write_bytes(found.to_bytes())


def write_links(
    session: "SparkSession", given: str, out: str, rules: RuleSet, statistics: Statistics | None = None
) -> Statistics:
    """Write the links, sorted, and return the statistics; raise ValueError where Spark can't read or write."""
    from pyspark.errors import AnalysisException

    from apps.engine.spark.linking import find_links

    if exists(session, out):
        raise ValueError(f"{out} is there already; name a new folder")
    try:
        linked = find_links(session.read.parquet(given), rules, statistics=statistics, progress=say)
        linked.links.orderBy("left", "right").write.parquet(out)
    except AnalysisException as error:
        raise ValueError(str(error).splitlines()[0]) from error
    linked.release()
    return linked.statistics


def start_session(master: str | None, conf: dict[str, str]) -> "SparkSession":
    """Return a session; raise ValueError where Spark can't be started, for want of Java or otherwise."""
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        raise ValueError(NO_JAVA)
    # Spark would else look for any python3, which lacks the engine's libraries.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("mdmhub links")
    if master:
        builder = builder.master(master)
        conf = (LOCAL if master.startswith("local") else {}) | conf
    for key, value in conf.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise ValueError(NO_JAVA) from error
    session.sparkContext.setLogLevel("ERROR")
    return session


def exists(session: "SparkSession", path: str) -> bool:
    """Tell whether there is something at a path, on whichever file system it lies."""
    from pyspark.errors import AnalysisException

    try:
        session.read.format("binaryFile").load(path)
    except AnalysisException:
        return False
    return True


def say(stage: str, rows: int) -> None:
    """Say on standard error what came out of a stage."""
    sys.stderr.write(f"{stage:<12}{rows:>15,} {NOUNS[stage]}\n")


def refuse(line: str) -> int:
    """Say why not, in one line; return the exit code."""
    sys.stderr.write(f"apps.engine.spark: {line}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
