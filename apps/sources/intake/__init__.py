"""Files in, frames out: read an account file of any supported format through its source's mapping.

    mapping = load_mapping("salesforce_account")           # or a path to a mapping file; MappingError
                                                           # mapping.document is JSON: mapping_from_document reads it
    reader = open_file("accounts.csv", mapping)            # raises FileRefused
    for frame in reader.batches(start_row=0, size=20_000):
        frame.rows      # pa.Table: line, source_key, modified_at, raw, digest and one column per attribute
        frame.faults    # list[RowFault]: rows set aside, left out, or kept with a remark
        frame.next_row  # where to start again after a crash: batches(start_row=frame.next_row)

Every value is text, exactly as received, until a transform that the mapping names changes it: no type is ever guessed.
"""

from apps.sources.intake.errors import FileRefused, MappingError, Outcome, RowFault
from apps.sources.intake.frames import IntakeBatchFrame
from apps.sources.intake.mapping import (
    ColumnRule,
    ModifiedRule,
    SourceMapping,
    list_presets,
    load_mapping,
    mapping_from_document,
)
from apps.sources.intake.reader import IntakeReader, open_file

__all__ = [
    "ColumnRule",
    "FileRefused",
    "IntakeBatchFrame",
    "IntakeReader",
    "MappingError",
    "ModifiedRule",
    "Outcome",
    "RowFault",
    "SourceMapping",
    "list_presets",
    "load_mapping",
    "mapping_from_document",
    "open_file",
]
