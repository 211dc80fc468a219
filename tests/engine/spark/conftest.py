import logging
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="package")
def session() -> "Iterator[SparkSession]":
    """Spark on two cores, cutting everything into more pieces than so few records would need."""
    pytest.importorskip("pyspark", reason="PySpark, an optional extra, isn't installed: `make spark` does")
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or 21, and none is on PATH or named by JAVA_HOME")
    from apps.engine.spark.__main__ import start_session

    logging.getLogger("py4j").setLevel(logging.WARNING)
    small = {"spark.sql.shuffle.partitions": "3", "spark.sql.execution.arrow.maxRecordsPerBatch": "300"}
    session = start_session("local[2]", small)
    yield session
    session.stop()
