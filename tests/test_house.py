"""The house in order: every dependency is used, SQL is written in the store only, every file says what it is for,
and every promise has a test."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway", "inbound", "outbound", "digests", "templates", "store")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
# Distributions whose module has another name.
MODULES = {
    "charset-normalizer": "charset_normalizer",
    "dkimpy": "dkim",
    "dnspython": "dns",
    "flufl.bounce": "flufl",
    "mail-parser": "mailparser",
    "prometheus-client": "prometheus_client",
    "pydantic-settings": "pydantic_settings",
    "pyspf": "spf",
}


def imports(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(module, names) of every import in the file; names are empty for `import module`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, tuple(alias.name for alias in node.names)


def dependencies() -> list[str]:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    return [re.split(r"[\[<>=]", line)[0] for line in declared]


@pytest.mark.parametrize("name", dependencies())
def test_every_dependency_is_used(name: str) -> None:
    module = MODULES.get(name, name)
    assert any(found.split(".")[0] == module for path in FILES for found, _ in imports(path))


def test_sql_is_written_in_the_store_only() -> None:
    # A transaction is handed about, and a driver's error is caught; nobody else says a word of SQL.
    allowed = {"Connection", "DBAPIError"}
    outside = [path for path in FILES if path.relative_to(ROOT).parts[0] != "store"]
    said = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in outside
        for module, names in imports(path)
        if module.split(".")[0] == "sqlalchemy"
        for name in names or (module,)
        if name not in allowed
    }
    assert not said


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_for(path: Path) -> None:
    words = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert words, "no docstring"
    assert re.match(r"^[^\n]{3,118}[.:;!,]?(\n|$)", words), "the first line is the purpose"
    assert len(words.splitlines()) <= 12


def test_time_is_told_by_one_clock() -> None:
    """I10: no clock in SQL, and none in pure code: the moment is handed in."""
    clock = re.compile(r"func\.now\(|CURRENT_TIMESTAMP|datetime\.now\(|utcnow\(|date\.today\(|\btime\.time\(")
    # How old a blob is, is asked of the storage that dates it.
    own = {"gateway/core/clock.py", "store/blobs.py", "store/disk_blobs.py"}
    asked = {str(path.relative_to(ROOT)) for path in FILES if clock.search(path.read_text("utf-8"))}
    assert asked == own


def test_every_invariant_is_named_by_a_test() -> None:
    """The promises I1 to I13: the docstrings of tests say which of them holds them."""
    tests = "\n".join(
        path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("*.py")) if path != Path(__file__)
    )
    named = set(re.findall(r"\bI(\d{1,2})\b", tests)) | {"10"}
    assert {str(number) for number in range(1, 14)} <= named
