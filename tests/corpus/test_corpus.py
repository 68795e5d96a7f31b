"""Every mail of the corpus is understood as its .toml says, but for what KNOWN.toml lists, and that exactly."""

from __future__ import annotations

import pytest

from tests.corpus.cases import ASPECTS, FOLDER, Case, compare, faults, known, load

CASES = load()
KNOWN = known()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mail_is_understood(case: Case) -> None:
    found = faults(case)
    listed = KNOWN.get(case.name, {})
    wrong = [f"{aspect}: {fault}" for aspect, fault in found.items() if aspect not in listed]
    assert not wrong, "\n".join(wrong)
    passing = sorted(listed.keys() - found.keys())
    assert not passing, f"passes now: take {', '.join(passing)} of {case.name} out of KNOWN.toml"


def test_what_is_known_is_of_the_corpus_and_says_why() -> None:
    assert KNOWN.keys() <= {case.name for case in CASES}
    for name, aspects in KNOWN.items():
        assert aspects and aspects.keys() <= ASPECTS, name
        assert all(reason.strip() and "\n" not in reason for reason in aspects.values()), name


def test_every_mail_has_its_expectation() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == {case.name for case in CASES}


def test_no_two_mails_say_the_same() -> None:
    said: dict[str, str] = {}
    for case in CASES:
        if case.text:
            assert said.setdefault(case.text, case.name) == case.name


def case_of(text: str, *optional: str) -> Case:
    return Case(name="x", client="x", style="x", kind="ordinary", text=text, may_contain=optional)


@pytest.mark.parametrize(
    ("expected", "optional", "got", "marks"),
    [
        ("a\n\nb", (), "a\nb\n", "  "),
        ("a\nb", (), "a", " -"),
        ("a", (), "a\nb", " +"),
        ("a b", (), "a\nb", "++-"),
        ("a", ("Regards,\nAnn",), "a\n\nRegards,\nAnn", " .."),
        ("a", ("Regards,",), "a", " "),
        ("a\nb", ("q",), "> q\na\n> q\nb", ". . "),
        ("a\nb", (), "b\na", "- +"),
    ],
)
def test_lines_are_compared_one_by_one(expected: str, optional: tuple[str, ...], got: str, marks: str) -> None:
    assert "".join(mark for mark, _ in compare(case_of(expected, *optional), got)) == marks
