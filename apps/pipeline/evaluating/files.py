"""Evaluate what the engine makes of account files, without a database."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine.bulk.blocking import keyed_rows
from apps.engine.evaluate import Found, codes_of, holders_in
from apps.engine.rules import RuleSet
from apps.pipeline.evaluating.subject import LeftOut, NothingToEvaluate, Subject
from apps.pipeline.evaluating.truth import Truth
from apps.pipeline.loading import SourceFile
from apps.pipeline.matching_files import Progress, match_files


def subject_of_files(
    files: Sequence[SourceFile], rules: RuleSet, truth: Truth, *, workers: int, progress: Progress | None = None
) -> Subject:
    """Match the files in memory and hold the result against the truth.

    Records without a truth take part in the match and are left out of the measures. Raises FileRefused for a file that
    can't be used, NothingToEvaluate where the truth names none of its records.
    """
    given, resolution, _ = match_files(files, rules, workers=workers, progress=progress)
    named = zip(given["source"].to_pylist(), given["source_key"].to_pylist(), strict=True)
    names = dict(zip(given["record"].to_pylist(), named, strict=True))
    left_out = LeftOut(unknown=sorted(truth.entities.keys() - set(names.values())))
    labelled = pa.array([record for record, name in names.items() if name in truth.entities], pa.int64())
    if not len(labelled):
        raise NothingToEvaluate("the truth names none of the files' records; are the source codes the same?")
    standard = resolution.standard.filter(pc.is_in(resolution.standard["record"], labelled))
    links = resolution.links
    both = pc.and_(pc.is_in(links["left"], labelled), pc.is_in(links["right"], labelled))
    clusters = resolution.clusters.filter(pc.is_in(resolution.clusters["record"], labelled))
    return Subject(
        against="the truth",
        found=Found(
            standard=standard,
            links=links.filter(both),
            clusters=clusters["cluster"].to_numpy().astype(np.int64),
            rules=rules,
            statistics=resolution.statistics,
            count_holders=holders_in(keyed_rows(resolution.standard)[1]),
        ),
        entities=codes_of(truth.entities[names[record]] for record in standard["record"].to_pylist()),
        names=names,
        left_out=left_out,
    )
