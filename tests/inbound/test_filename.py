from __future__ import annotations

import pytest

from inbound.filename import MAX_NAME, safe_name


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ("plan.pdf", "plan.pdf"),
        ("=?utf-8?q?p=C3=A2t=C3=A9.pdf?=", "pâté.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\plan.pdf", "plan.pdf"),
        ("..", "attachment-2.pdf"),
        ("", "attachment-2.pdf"),
        ("a\x00b\r\n.pdf", "a b .pdf"),
        ("evil\u202efdp.exe", "evil fdp.exe"),
        ("CON.txt", "_CON.txt"),
        ("aux", "_aux"),
        ("contract.pdf", "contract.pdf"),
        ('a<b>:"c|d?*.pdf', "a_b___c_d__.pdf"),
    ],
)
def test_names_are_data_and_never_paths(declared: str, name: str) -> None:
    assert safe_name(declared, "application/pdf", 2) == name


def test_long_names_keep_their_ending() -> None:
    name = safe_name("x" * 400 + ".docx", "application/msword", 1)
    assert len(name) == MAX_NAME
    assert name.endswith("x.docx")


def test_an_unknown_type_is_just_octets() -> None:
    assert safe_name("", "application/x-thing", 1) == "attachment-1.bin"
