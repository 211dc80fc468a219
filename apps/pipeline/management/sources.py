"""Read `CODE=PATH` options of commands."""

from pathlib import Path

from django.core.management.base import CommandError

from apps.pipeline.loading import SourceFile
from apps.sources.intake import MappingError, load_mapping


def pairs(texts: list[str], option: str) -> dict[str, str]:
    """Return CODE to PATH of a repeated option; CommandError (exit 2) names what is wrong."""
    found: dict[str, str] = {}
    for text in texts:
        code, separator, path = text.partition("=")
        if not separator or not code or not path:
            raise CommandError(f"{option} takes CODE=PATH, not {text!r}", returncode=2)
        if code in found:
            raise CommandError(f"{option} names {code} twice", returncode=2)
        found[code] = path
    return found


def source_files(sources: list[str], mappings: list[str]) -> list[SourceFile]:
    """Return the files to read with their mappings; a mapping beside its file, with the suffix .toml, is found."""
    files, named = pairs(sources, "--source"), pairs(mappings, "--mapping")
    if not files:
        raise CommandError("name at least one --source CODE=PATH", returncode=2)
    if unknown := sorted(set(named) - set(files)):
        raise CommandError(f"--mapping names {unknown[0]}, which no --source names", returncode=2)
    result = []
    for code, path in files.items():
        if not Path(path).is_file():
            raise CommandError(f"{code}: there is no file {path}", returncode=2)
        mapping = named.get(code) or str(Path(path).with_suffix(".toml"))
        try:
            result.append(SourceFile(code, Path(path), load_mapping(mapping)))
        except MappingError as error:
            raise CommandError(str(error), returncode=2) from error
    return result
