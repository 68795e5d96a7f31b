from __future__ import annotations

import binascii
import time

from inbound.embedded import plain_of_enriched, take_files


def encoded(name: str, content: bytes) -> str:
    lines = [binascii.b2a_uu(content[at : at + 45]).decode().rstrip("\n") for at in range(0, len(content), 45)]
    return "\n".join([f"begin 644 {name}", *lines, "`", "end"])


def test_files_in_the_text_are_taken_out() -> None:
    text = f"Here it is.\n\n{encoded('plan du site.bin', bytes(range(200)))}\n\nBye"
    assert take_files(text) == ("Here it is.\n\n\nBye", [("plan du site.bin", bytes(range(200)))])


def test_words_that_only_look_like_a_file_stay() -> None:
    for text in ("begin 644 the story\nonce upon a time\nend", "begin 644 x\n#0V%T", "the end\nbegin 1 2"):
        assert take_files(text) == (text, [])


def test_many_beginnings_cost_linear_time() -> None:
    began = time.process_time()
    take_files("begin 644 x\nend\n" * 50_000)
    assert time.process_time() - began < 1.0


def test_enriched_text_becomes_plain() -> None:
    enriched = "<bold>Now</bold> is the\ntime.\n\n<color><param>red</param>1 << 2</color>\n\n\nEnd"
    assert plain_of_enriched(enriched) == "Now is the time.\n1 < 2\n\nEnd"
