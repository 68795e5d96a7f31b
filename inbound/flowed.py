"""format=flowed text back to paragraphs (RFC 3676 §4).

parse calls unwrap() for text/plain parts that declare it: soft line breaks vanish, stuffing too, quote depth stays as
`> ` in front of each line, and the signature separator is never joined to anything.
"""

from __future__ import annotations


def unwrap(text: str, *, delsp: bool) -> str:
    """The text with one line per paragraph. `delsp` is the DelSp parameter: the blank before a soft break goes too."""
    out: list[str] = []
    open_depth: int | None = None
    pieces: list[str] = []
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        content = content[1:] if content.startswith(" ") else content
        is_signature = content == "-- "
        if open_depth is not None and (open_depth != depth or is_signature):
            out.append(_quote(open_depth, pieces))
            open_depth, pieces = None, []
        soft = content.endswith(" ") and not is_signature
        pieces.append(content[:-1] if soft and delsp else content)
        if soft:
            open_depth = depth
        else:
            out.append(_quote(depth, pieces))
            open_depth, pieces = None, []
    if open_depth is not None:
        out.append(_quote(open_depth, pieces))
    return "\n".join(out)


def _quote(depth: int, pieces: list[str]) -> str:
    content = "".join(pieces)
    return f"{'>' * depth} {content}" if depth else content
