"""Draws mails and pages with Chromium into docs/screenshots: `make screenshots`, then look at them.

No window is as narrow as a phone, so what phones show is drawn side by side, each in a frame of its width.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from tests.outbound.digests import WEEKLY, digest_sent
from tests.outbound.mails import DELIVERY, POST, RENDERER, RETURNED, SITE, body, composer, read, sent

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"
PHONE = 375
GAP = 12


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture to draw: a page in a window, or several on phones; the height in CSS pixels."""

    name: str
    pages: tuple[str, ...]
    height: int
    width: int = 760
    dark: bool = False


def pictures() -> list[Picture]:
    """All that the papers show."""
    post = body(read(sent(POST)), "html")
    notice = body(read(composer().compose_notice(RETURNED, DELIVERY).data), "html")
    digest, week = body(read(digest_sent()), "html"), body(read(digest_sent(WEEKLY, "en")), "html")
    words = {"network": SITE.name, "community": "Projets", "managers": SITE.address("projets", "owner")}
    leave, left = RENDERER.page("leave", "fr", **words), RENDERER.page("left", "en", **words)
    return [
        Picture("post-light", (post,), 760),
        Picture("notice-light", (notice,), 830),
        Picture("digest-light", (digest,), 2330),
        Picture("digest-phones-light", (digest, week), 2860),
        Picture("digest-phones-dark", (digest, week), 2860, dark=True),
        Picture("leave-light", (leave,), 440, width=1000),
        Picture("phones-light", (post, leave, left), 860),
        Picture("phones-dark", (post, leave, left), 860, dark=True),
    ]


def draw(chromium: str, picture: Picture, folder: Path) -> None:
    """Writes docs/screenshots/NAME.png. Raises CalledProcessError."""
    files = [folder / f"{picture.name}-{number}.html" for number in range(len(picture.pages))]
    for file, html in zip(files, picture.pages, strict=True):
        file.write_text(html, "utf-8")
    page, width = files[0], picture.width
    if len(files) > 1:
        width = len(files) * (PHONE + GAP) - GAP
        frames = "".join(
            f'<iframe src="{file.name}" width="{PHONE}" height="{picture.height}"></iframe>' for file in files
        )
        style = f"body{{margin:0;display:flex;gap:{GAP}px;background:#8b9096}}iframe{{border:0}}"
        page = folder / f"{picture.name}.html"
        page.write_text(f"<!DOCTYPE html><style>{style}</style>{frames}", "utf-8")
    drawn = folder / f"{picture.name}.png"
    words = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder}/p",
    ]
    words += [f"--window-size={width},{picture.height}", f"--screenshot={drawn}"]
    words += ["--blink-settings=preferredColorScheme=0"] if picture.dark else []
    subprocess.run([*words, page.as_uri()], check=True, capture_output=True, timeout=120)
    (FOLDER / drawn.name).write_bytes(drawn.read_bytes())


def main() -> int:
    """Draws them all; 1 where there is no Chromium."""
    chromium = which("chromium") or which("chromium-browser") or which("google-chrome")
    if chromium is None:
        print("Chromium is needed: apt-get install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="relais-screens-") as folder:
        for picture in pictures():
            draw(chromium, picture, Path(folder))
            print(FOLDER.name, picture.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
