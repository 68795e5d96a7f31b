"""Our reading of From against two others: where they differ from it or from each other, we name nobody."""

from __future__ import annotations

from email.headerregistry import AddressHeader, HeaderRegistry

from hypothesis import example, given
from hypothesis import strategies as st
from mailparser.utils import get_addresses

from gateway.core import address
from gateway.core.address import AddressError
from inbound.sender import read_sender

REGISTRY = HeaderRegistry()
PIECES = st.sampled_from(
    [
        *("ann@people.example", "eve@evil.example", "ann", "people.example", "evil.example", "@", ".", ",", ";", ":"),
        *("<", ">", "(", ")", '"', "\\", " ", "\t", "[", "]", "=?utf-8?q?", "?=", "=40", "=?utf-8?b?YW5u?=", "é", "＠"),
        *("Ann", "Team:", "<ann@people.example>", "<eve@evil.example>", '"Ann"', '"ann@people.example"', "(Ann)"),
        *("@evil.example:", "<@evil.example:", "%evil.example", "!", "'", "..", "-", "_", "+x", "xn--", "[192.0.2.1]"),
        *("ANN@PEOPLE.EXAMPLE", "\u200b", "\u00ad", "\u202e", "а", "ı", "=", "?", "/", "*", "#", "{", "|", "~"),
    ]
)
PLAIN = st.sampled_from(
    [
        *("ann@people.example", "<ann@people.example>", "Ann <ann@people.example>", "ann@people.example (Ann)"),
        *(
            '"Martin, Ann" <ann@people.example>',
            "=?utf-8?q?Ann?= <ann@people.example>",
            "Ann M. <a.b+c@people.example>",
        ),
    ]
)


@st.composite
def nearly_plain(draw: st.DrawFn) -> str:
    """A field that anybody can read, with something put in here and there."""
    field = draw(PLAIN)
    for piece in draw(st.lists(PIECES, max_size=2)):
        at = draw(st.integers(0, len(field)))
        field = field[:at] + piece + field[at:]
    return field


FIELDS = st.one_of(nearly_plain(), st.lists(PIECES, min_size=1, max_size=9).map("".join))


def by_registry(field: str) -> list[str] | None:
    """What the modern parser of the standard library reads; None where it gives up."""
    try:
        header = REGISTRY("From", field)
        assert isinstance(header, AddressHeader)
        return [one.addr_spec for one in header.addresses]
    except Exception:
        return None


def by_mailparser(field: str) -> list[str] | None:
    """What mail-parser reads."""
    try:
        return [spec for _, spec in get_addresses(field) if spec]
    except Exception:
        return None


def canonical(spec: str) -> str:
    try:
        return address.parse(spec).key
    except AddressError:
        return f"none: {spec}"


@given(FIELDS)
@example("ann@people.example <eve@evil.example>")
@example('"ann@people.example" <eve@evil.example>')
@example("ann@people.example)eve@evil.example")
@example("Ann <ann@people.example> (eve@evil.example)")
@example('"Ann" Martin <ann@people.example>')
def test_whom_we_name_every_other_parser_names_alone(field: str) -> None:
    ours = read_sender([field]).address
    if ours is None:
        return
    for read in (by_registry, by_mailparser):
        others = read(field)
        # One of them gives up at the dot in `A. <a@b>`; that names nobody else.
        if others is not None:
            assert {canonical(spec) for spec in others} == {ours.key}, read


@given(st.lists(st.sampled_from(["ann@people.example", "eve@evil.example", ""]), min_size=2, max_size=4))
def test_several_fields_name_nobody(fields: list[str]) -> None:
    assert read_sender(fields).address is None
