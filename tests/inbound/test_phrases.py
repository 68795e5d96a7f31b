from __future__ import annotations

import pytest

from inbound import phrases


@pytest.mark.parametrize("subject", ["Fwd: x", "FW: x", "TR : x", "WG: x", "RV: x", "Tr: x"])
def test_subjects_of_forwards(subject: str) -> None:
    assert phrases.is_forward_subject(subject)


@pytest.mark.parametrize("subject", ["Re: Fwd", "Trains: x", "Forward planning", "RE: x"])
def test_other_subjects(subject: str) -> None:
    assert not phrases.is_forward_subject(subject)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("From: Bob", "from"),
        ("*De :* Bob", "from"),
        ("Envoyé : lundi", "date"),
        ("> Betreff: x", "subject"),
        ("À : Ann", "to"),
        ("https://example.org", ""),
        ("Chapter: one", ""),
        ("plain words", ""),
    ],
)
def test_keys_of_header_blocks(line: str, key: str) -> None:
    assert phrases.header_key(line) == key


def test_markers_need_their_dashes() -> None:
    assert phrases.is_original_marker("-----Original Message-----")
    assert not phrases.is_original_marker("See my original message")
    assert phrases.is_forward_marker("-------- Message transféré --------")
    assert not phrases.is_forward_marker("I read the forwarded message")
