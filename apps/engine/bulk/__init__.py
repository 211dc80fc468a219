"""The engine over whole frames: Arrow tables in and out, NumPy, DuckDB and RapidFuzz inside.

Every verb gives the same integers as the row code; `tests/parity` holds them to it.
"""

from apps.engine.bulk.blocking import candidate_pieces, candidates
from apps.engine.bulk.clustering import cluster
from apps.engine.bulk.profiling import profile
from apps.engine.bulk.resolving import Progress, resolve_all, resolve_standard
from apps.engine.bulk.results import Clustering, Resolution
from apps.engine.bulk.scoring import score
from apps.engine.bulk.standardising import standardise

__all__ = [
    "Clustering",
    "Progress",
    "Resolution",
    "candidate_pieces",
    "candidates",
    "cluster",
    "profile",
    "resolve_all",
    "resolve_standard",
    "score",
    "standardise",
]
