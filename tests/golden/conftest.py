"""`golden(name, data)` compares a whole mail with tests/golden/NAME.eml, where `*` stands for what varies.

`pytest tests/golden --rewrite-golden` writes the files anew; the diff is then read like any other change.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
# Tokens depend on keys and days; everything else in a mail is fixed by what goes in.
_TOKENS = re.compile(r"(?<=[a-z]\+)[a-z2-7]{24,}(?=@)|(?<=/u/)[a-z2-7]{24,}(?=>)|^[a-z2-7]{24,}(?==$)", re.MULTILINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write tests/golden/*.eml anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    rewrite = request.config.getoption("--rewrite-golden", default=False)

    def compare(name: str, data: bytes) -> None:
        path = FOLDER / f"{name}.eml"
        # Written with the line ends of the other files here; that a mail has CRLF is tested where it is composed.
        actual = data.decode("ascii").replace("\r\n", "\n")
        if rewrite:
            path.write_text(_TOKENS.sub("*", actual), "ascii")
        expected = path.read_text("ascii").split("\n")
        for number, (wanted, line) in enumerate(zip(expected, actual.split("\n"), strict=False), start=1):
            pattern = re.escape(wanted).replace(r"\*", ".*")
            assert re.fullmatch(pattern, line), f"{path.name}:{number}: expected {wanted!r}, got {line!r}"
        assert len(actual.split("\n")) == len(expected), f"{path.name}: {len(expected)} lines expected"

    return compare
