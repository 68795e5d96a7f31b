"""What docs/deploy tells readers to write into their settings is what the gateway reads."""

from __future__ import annotations

import re
import tomllib

import pytest
from pydantic import ValidationError

from gateway.settings import Settings
from tests.papers import DEPLOY, block

_FRAGMENT = re.compile(r"^((?:    [^\n]*\n|\n)+)", re.MULTILINE)
_OWN_HOST = '[gateway]\ndomain = "relais.example.com"\n'


def fragments() -> list[tuple[str, str]]:
    """(paper, TOML): every indented block that begins with a table of the settings."""
    found = []
    for paper in sorted(DEPLOY.glob("*.md")):
        for match in _FRAGMENT.findall(paper.read_text("utf-8")):
            text = "\n".join(line[4:] for line in match.split("\n"))
            if text.strip().startswith("["):
                found.append((paper.name, text))
    return found


@pytest.mark.parametrize(("paper", "text"), fragments(), ids=lambda value: str(value)[:20])
def test_the_settings_of_the_papers_are_settings(paper: str, text: str) -> None:
    Settings.model_validate(tomllib.loads(_OWN_HOST + text))


def test_there_are_such_blocks_and_a_wrong_one_is_found() -> None:
    assert {paper for paper, _ in fragments()} == {paper.name for paper in DEPLOY.glob("*.md")}
    text = dict(fragments())["postfix-behind.md"]
    with pytest.raises(ValidationError):
        Settings.model_validate(tomllib.loads(text.replace("connections", "connexions")))


def test_a_block_is_found_by_its_file_and_its_values_can_be_replaced() -> None:
    assert block("postfix-behind.md", "settings.toml", {"port = 25": "port = 26"}).splitlines()[2] == "port = 26"
    with pytest.raises(AssertionError, match="no longer says port = 24"):
        block("postfix-behind.md", "settings.toml", {"port = 24": "port = 26"})
    with pytest.raises(AssertionError, match="has 0 blocks"):
        block("postfix-behind.md", "/etc/absent")
