"""Dead links of the papers: every relative link of a *.md file must lead to a file, and every anchor to a heading.

`python -m tests.links` prints them and ends with 1 if there are any; what is elsewhere on the net is not asked.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|(?:src|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} +(.*?) *#*$", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def dead(paper: Path) -> Iterator[str]:
    """The links of this file that lead nowhere."""
    text = _CODE.sub("", _FENCE.sub("", paper.read_text("utf-8")))
    for match in _LINK.finditer(text):
        link = match[1] or match[2]
        if _ELSEWHERE.match(link):
            continue
        name, _, anchor = link.partition("#")
        target = paper.parent / unquote(name) if name else paper
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def anchors(paper: Path) -> set[str]:
    """The anchors of the headings of a paper, as code forges make them."""
    if paper.suffix != ".md":
        return set()
    seen: dict[str, int] = {}
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", paper.read_text("utf-8"))):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        again = seen.get(slug, 0)
        seen[slug] = again + 1
        found.add(f"{slug}-{again}" if again else slug)
    return found


def papers(root: Path) -> list[Path]:
    """The *.md files of the project, and of nothing that lies about in its folder."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listed, cwd=root, capture_output=True, check=True, text=True).stdout
    return [root / name for name in names.split("\0") if name and (root / name).exists()]


def main() -> int:
    """Prints the dead links; 1 where there are any."""
    root = Path(__file__).parent.parent
    found = [f"{paper.relative_to(root)}: {link}" for paper in papers(root) for link in dead(paper)]
    for line in found:
        print(f"dead link in {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
