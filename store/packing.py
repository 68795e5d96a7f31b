"""Packing: the items of a digest as a few characters each, for thirty days of them are kept for everybody.

One word an item: letters of section, shape and reasons, then its numbers in base 36 with what is usual left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.digest import Item, Section, Shape, Why

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SECTIONS = {"w": Section.WAITING, "n": Section.NEW, "m": Section.MISSED}
_SHAPES = {"f": Shape.FULL, "l": Shape.LINE}
# Written into rows that are kept for weeks: a letter never changes its meaning.
_WHYS = {
    "a": Why.ANSWERS_YOU,
    "m": Why.MENTIONS_YOU,
    "f": Why.YOU_FOLLOW,
    "p": Why.YOU_TAKE_PART,
    "q": Why.QUESTION,
    "l": Why.LIVELY,
    "t": Why.THANKED,
    "i": Why.YOUR_INTEREST,
    "n": Why.NEWCOMER,
    "o": Why.FRESH,
    "e": Why.EVERYONE_MISSED,
}
_WHY_LETTERS = {why: letter for letter, why in _WHYS.items()}
_SECTION_LETTERS = {section: letter for letter, section in _SECTIONS.items()}
_SHAPE_LETTERS = {shape: letter for letter, shape in _SHAPES.items()}


def pack(items: Iterable[Item]) -> str:
    """Items as text."""
    return " ".join(map(_word, items))


def _word(item: Item) -> str:
    letters = (
        _SECTION_LETTERS[item.section] + _SHAPE_LETTERS[item.shape] + "".join(_WHY_LETTERS[why] for why in item.why)
    )
    numbers = [item.topic_id, item.community_id, item.first]
    if item.last != item.first or item.news != 1:
        numbers += [item.last - item.first, item.news]
    return ".".join([letters, *map(_in_base_36, numbers)])


def _in_base_36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits


def unpack(text: str) -> tuple[Item, ...]:
    """The items that pack() wrote."""
    items = []
    for word in text.split():
        letters, *numbers = word.split(".")
        topic, community, first, span, news = [*(int(number, 36) for number in numbers), 0, 1][:5]
        why = tuple(_WHYS[letter] for letter in letters[2:])
        items.append(Item(topic, community, _SECTIONS[letters[0]], _SHAPES[letters[1]], first, first + span, news, why))
    return tuple(items)
