"""Splink 5 on DuckDB as a contender: trained, predicted, clustered as its documentation describes.

Three configurations, all on the same blocking rules: `labels` counts `m` and `u` over labelled pairs of another
profile, the labels that the hub's shipped weights were learned from, too; `em` and `hand` see no labels. Which of them
runs, and its threshold, were chosen by benchmarks.peers.tuning on another seed than those reported.
"""

import logging
import math
from pathlib import Path
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator

from benchmarks.peers import splink_model, splink_trained
from benchmarks.peers.outcome import KEPT_BITS, WORKERS, Outcome, Stopwatch
from benchmarks.peers.splink_features import prepare

CONFIGURATIONS = ("labels", "em", "hand")
CHOSEN, THRESHOLD_BITS = "labels", 1.5
MEMORY_LIMIT = "12GB"  # beyond it DuckDB goes to disk
ALL_PAIRS_BITS = -1000.0

Settings = dict[str, Any]


def resolve(
    frame: Path, labelled: Path, configuration: str = CHOSEN, threshold_bits: float = THRESHOLD_BITS
) -> Outcome:
    """Return the clusters of the standard frame in the file `frame`; `labelled` is a frame with a column `entity`."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    watch = Stopwatch()
    learned: Settings | None = None
    if configuration == "labels":
        with watch.stage("train"):
            learned = learn(labelled)
    with watch.stage("predict"):
        connection = connect(frame)
    linker = make_linker(connection, learned or unlearned(by_hand=configuration == "hand"))
    if learned is None:
        with watch.stage("train"):
            splink_trained.train(linker, by_maximisation=configuration == "em")
    with watch.stage("predict"):
        scored = linker.inference.predict(threshold_match_weight=KEPT_BITS, warning_mode="never")
    with watch.stage("cluster"):
        grouped = linker.clustering.cluster_pairwise_predictions_at_threshold(
            scored, threshold_match_weight=threshold_bits
        )
        clusters = connection.sql(f"SELECT unique_id AS record, cluster_id AS cluster FROM {grouped.physical_name}")  # noqa: S608 - Splink's own table
        found = clusters.to_arrow_table()
    pairs = connection.sql(
        "SELECT least(unique_id_l, unique_id_r) AS left, greatest(unique_id_l, unique_id_r) AS right, "  # noqa: S608 - Splink's own table
        f"match_weight::FLOAT AS bits FROM {scored.physical_name}"
    ).to_arrow_table()
    return Outcome(found, pairs, watch.seconds)


def connect(frame: Path) -> duckdb.DuckDBPyConnection:
    """Return a database whose table `prepared` holds what is compared."""
    connection = duckdb.connect(config={"threads": WORKERS, "memory_limit": MEMORY_LIMIT})
    prepare(connection, frame)
    return connection


def make_linker(connection: duckdb.DuckDBPyConnection, settings: SettingsCreator | Settings) -> Linker:
    """Return a linker over the table `prepared`."""
    return Linker(DuckDBAPI(connection=connection).register("prepared"), settings)


def unlearned(*, by_hand: bool) -> SettingsCreator:
    """Return the settings that train on the records alone."""
    return settings_of(splink_trained.comparisons(by_hand=by_hand))


def settings_of(comparisons: list[Any]) -> SettingsCreator:
    """Return settings that keep no column but the two ids and the weight."""
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=splink_model.blocking_rules(),
        retain_matching_columns=False,
    )


def learn(labelled: Path) -> Settings:
    """Return settings whose `m` and `u` are the levels' shares of the labelled frame's true and false pairs."""
    connection = connect(labelled)
    settings: Settings = make_linker(connection, settings_of(splink_model.comparisons())).misc.save_model_to_json()
    kept = {"retain_matching_columns": True, "retain_intermediate_calculation_columns": True}
    linker = make_linker(connection, settings | kept)
    scored = linker.inference.predict(threshold_match_weight=ALL_PAIRS_BITS, warning_mode="never")
    connection.execute(
        f"CREATE TABLE pair AS SELECT scored.*, a.entity = b.entity AS same FROM {scored.physical_name} AS scored "  # noqa: S608 - Splink's own table
        "JOIN read_parquet($path) AS a ON a.record = unique_id_l "
        "JOIN read_parquet($path) AS b ON b.record = unique_id_r",
        {"path": str(labelled)},
    ).fetchall()
    for comparison in settings["comparisons"]:
        set_shares(connection, comparison)
    ((share,),) = connection.execute("SELECT avg(same::INT) FROM pair").fetchall()
    return settings | {"probability_two_random_records_match": share}


def set_shares(connection: duckdb.DuckDBPyConnection, comparison: Settings) -> None:
    """Set a comparison's `m` and `u` to its levels' shares of the true and the false pairs, half a pair added each."""
    column = f"gamma_{comparison['output_column_name']}"
    rows = connection.execute(
        f"SELECT {column}, count(*) FILTER (same), count(*) FILTER (NOT same) FROM pair WHERE {column} >= 0 GROUP BY 1"  # noqa: S608 - names of our own
    ).fetchall()
    counts = {gamma: (true, false) for gamma, true, false in rows}
    levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
    true_total, false_total = (math.fsum(count[i] for count in counts.values()) + len(levels) / 2 for i in (0, 1))
    for gamma, level in enumerate(reversed(levels)):  # Splink counts levels from the weakest, 0
        true, false = counts.get(gamma, (0, 0))
        level["m_probability"] = (true + 0.5) / true_total
        level["u_probability"] = (false + 0.5) / false_total
