"""The search for dead links finds them, and there are none."""

from __future__ import annotations

from pathlib import Path

from tests import links


def test_finds_what_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One\n\n## The `way` in\n\n## One\n")
    paper = tmp_path / "paper.md"
    paper.write_text(
        "# Title\n[a](other.md) [b](gone.md) [c](other.md#the-way-in) [d](other.md#one-1) [e](other.md#two)\n"
        "[f](#title)\n"
        '[g](#nothing) ![h](gone.png) [i](https://example.com/x) `[j](code.md)` <img src="pic.png">\n'
        "```\n[k](fenced.md)\n# Not a heading\n```\n[l](#not-a-heading)\n"
    )
    assert list(links.dead(paper)) == ["gone.md", "other.md#two", "#nothing", "gone.png", "pic.png", "#not-a-heading"]


def test_the_papers_have_no_dead_link() -> None:
    assert links.main() == 0
