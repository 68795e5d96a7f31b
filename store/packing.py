"""Packing: the items of a digest as a few octets each, for thirty days of them are kept for everybody.

An item is an octet that says its section, its shape, how many reasons it has and whether it tells of one post alone;
the reasons, two in an octet; then its numbers, each as the distance from that of the item before, seven bits an octet.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.digest import Item, Section, Shape, Why

# Written into rows that are kept for weeks: a place in these lists never changes its meaning.
_SECTIONS = (Section.WAITING, Section.NEW, Section.MISSED)
_SHAPES = (Shape.FULL, Shape.LINE)
_WHYS = (
    Why.ANSWERS_YOU,
    Why.MENTIONS_YOU,
    Why.YOU_FOLLOW,
    Why.YOU_TAKE_PART,
    Why.QUESTION,
    Why.LIVELY,
    Why.THANKED,
    Why.YOUR_INTEREST,
    Why.NEWCOMER,
    Why.FRESH,
    Why.EVERYONE_MISSED,
)
_PLACE_OF = {why: place for place, why in enumerate(_WHYS)}
_ALONE, _LINE, _SECTION, _REASONS = 0, 1, 2, 4
"""The bits of the first octet: one post alone, one line, then two bits of section and four that count the reasons."""
_NOTHING = Item(0, 0, Section.NEW, Shape.FULL, 0, 0, 1)


def pack(items: Iterable[Item]) -> bytes:
    """Items as octets."""
    packed = bytearray()
    before = _NOTHING
    for item in items:
        alone = item.last == item.first and item.news == 1
        bits = alone << _ALONE | _SHAPES.index(item.shape) << _LINE | _SECTIONS.index(item.section) << _SECTION
        packed.append(bits | len(item.why) << _REASONS)
        reasons = [*map(_PLACE_OF.__getitem__, item.why), 0]
        packed += bytes(reasons[n] << 4 | reasons[n + 1] for n in range(0, len(item.why), 2))
        for now, then in _numbers(item, before):
            _write(packed, (now - then) * 2 if now >= then else (then - now) * 2 - 1)
        if not alone:
            _write(packed, item.last - item.first)
            _write(packed, item.news)
        before = item
    return bytes(packed)


def _numbers(item: Item, before: Item) -> tuple[tuple[int, int], ...]:
    return (
        (item.topic_id, before.topic_id),
        (item.community_id, before.community_id),
        (item.first, before.first),
    )


def _write(packed: bytearray, number: int) -> None:
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)


def unpack(octets: bytes) -> tuple[Item, ...]:
    """The items that pack() wrote."""
    items: list[Item] = []
    reader = _Reader(octets)
    topic = community = first = 0
    while reader.place < len(octets):
        bits = reader.octet()
        count = bits >> _REASONS
        pairs = [reader.octet() for _ in range((count + 1) // 2)]
        why = tuple(_WHYS[place] for pair in pairs for place in (pair >> 4, pair & 0xF))[:count]
        topic, community, first = topic + reader.step(), community + reader.step(), first + reader.step()
        span, news = (0, 1) if bits >> _ALONE & 1 else (reader.number(), reader.number())
        section, shape = _SECTIONS[bits >> _SECTION & 3], _SHAPES[bits >> _LINE & 1]
        items.append(Item(topic, community, section, shape, first, first + span, news, why))
    return tuple(items)


class _Reader:
    """Goes through packed octets once."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.place = 0

    def octet(self) -> int:
        self.place += 1
        return self._octets[self.place - 1]

    def number(self) -> int:
        number = shift = 0
        while True:
            octet = self.octet()
            number |= (octet & 0x7F) << shift
            if octet < 0x80:
                return number
            shift += 7

    def step(self) -> int:
        """A distance, up or down."""
        number = self.number()
        return -(number + 1) // 2 if number & 1 else number // 2
