"""What stands at the ends of a person's words and is not theirs: footers, disclaimers, rules below; warnings above.

quoting calls label_ends() last, on its labels. Only paragraphs at the very end or the very top of a run of new words
are looked at, so each line is seen a bounded number of times; what is not recognised stays the person's.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbound import footers, notices, phrases, signature
from inbound.lines import Label, Line, Mark

MAX_PARAGRAPHS = 40
_MAX_LINES = 40
_FULL = 50


def label_ends(lines: Sequence[Line], plain: Sequence[str], labels: list[Label]) -> None:
    """Label what ends and heads each run of new words; `plain` is each line as a reader sees it."""
    _label_standing_alone(plain, labels)
    end = len(labels)
    while end > 0:
        if labels[end - 1] is not Label.NEW:
            end -= 1
            continue
        start = end - 1
        while start > 0 and labels[start - 1] is Label.NEW:
            start -= 1
        _label_run(plain, labels, start, end)
        end = start
    _label_top(lines, plain, labels)


def _label_run(plain: Sequence[str], labels: list[Label], start: int, end: int) -> None:
    """From the end of the run upwards, as long as whole paragraphs are not the person's."""
    paragraphs = _paragraphs(plain, start, end)
    keep = len(paragraphs)
    for at in range(len(paragraphs) - 1, -1, -1):
        first, last = paragraphs[at]
        if _is_foreign(plain, first, last):
            keep = at
        elif _is_doubtful(plain, first, last):
            # Between two paragraphs of a disclaimer, or below its title, it is one more of them; else it stays.
            continue
        else:
            cut = _foreign_tail(plain, first, last)
            if cut < last and keep == at + 1:
                _set(labels, cut, last)
            break
    for first, last in paragraphs[keep:]:
        _set(labels, first, last)
    if keep < len(paragraphs):
        _label_rule_above(plain, labels, paragraphs[keep][0], start)


def _paragraphs(plain: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    """The last paragraphs of the run, as (first line, line after the last)."""
    found: list[tuple[int, int]] = []
    at = end
    while at > start and len(found) < MAX_PARAGRAPHS:
        while at > start and not plain[at - 1]:
            at -= 1
        last = at
        while at > start and plain[at - 1]:
            at -= 1
        if at < last:
            found.append((at, last))
    found.reverse()
    return found


def _joined(plain: Sequence[str], first: int, last: int) -> str:
    return " ".join(plain[first : min(last, first + _MAX_LINES)])[: notices.MAX_LENGTH]


def _is_foreign(plain: Sequence[str], first: int, last: int) -> bool:
    """The paragraph is a footer, a disclaimer or a line drawn below one."""
    # One line may be a footer and the next the company's.
    if last - first <= 4 and all(_is_foreign_line(plain[i]) for i in range(first, last)):
        return any(not phrases.is_rule(plain[i]) for i in range(first, last))
    text = _joined(plain, first, last)
    while first < last - 1 and phrases.is_rule(plain[first]):
        first += 1
        text = _joined(plain, first, last)
    # Only a full line is wrapped into a next one: a name below a footer is a name.
    wrapped = all(len(plain[i]) >= _FULL for i in range(first, last - 1))
    return (
        (wrapped and footers.is_mobile_footer(text))
        or footers.is_list_notice(text)
        or notices.is_disclaimer(text)
        or notices.is_small_print(text)
        or ("?" not in text and notices.is_title(text) and notices.kinds(text) >= 2)
    )


def _is_foreign_line(text: str) -> bool:
    return (
        phrases.is_rule(text)
        or footers.is_mobile_footer(text)
        or notices.is_small_print(text)
        or notices.is_disclaimer(text)
    )


def _is_doubtful(plain: Sequence[str], first: int, last: int) -> bool:
    text = _joined(plain, first, last)
    return (len(text) > 40 and notices.kinds(text) >= 2) or all(phrases.is_rule(plain[i]) for i in range(first, last))


def _foreign_tail(plain: Sequence[str], first: int, last: int) -> int:
    """Where in its lines the paragraph stops being the person's; `last` where it does not."""
    cut = last
    for at in range(last - 1, max(first, last - _MAX_LINES), -1):
        text = _joined(plain, at, last)
        if len(text) >= notices.MAX_LENGTH:
            break
        if (
            (at == last - 1 and footers.is_mobile_footer(text))
            or notices.is_small_print(text)
            or (at > first and notices.is_title(plain[at]) and notices.is_disclaimer(text))
        ):
            cut = at
    return cut


def _set(labels: list[Label], first: int, last: int) -> None:
    labels[first:last] = [Label.SIGNATURE] * (last - first)


def _label_rule_above(plain: Sequence[str], labels: list[Label], first: int, start: int) -> None:
    at = first - 1
    while at >= start and not plain[at]:
        at -= 1
    if at >= start and (phrases.is_rule(plain[at]) or signature.is_bare(plain[at])):
        labels[at] = Label.SIGNATURE


def _label_standing_alone(plain: Sequence[str], labels: list[Label]) -> None:
    """ "Sent from my phone" between two blank lines was written by the program, wherever it stands."""
    for i, text in enumerate(plain):
        if (
            text
            and labels[i] is Label.NEW
            and len(text) <= footers.MAX_LENGTH
            and (i + 1 == len(plain) or not plain[i + 1] or labels[i + 1] is not Label.NEW)
            and (i == 0 or not plain[i - 1] or labels[i - 1] is not Label.NEW)
            and not _is_introduced(plain, i)
            and footers.is_mobile_footer(text)
        ):
            labels[i] = Label.SIGNATURE


def _is_introduced(plain: Sequence[str], at: int) -> bool:
    """Somebody speaks of it: the words above end with a colon."""
    above = at - 1
    while above >= max(0, at - 4) and not plain[above]:
        above -= 1
    return above >= 0 and plain[above].endswith((":", "："))


def _label_top(lines: Sequence[Line], plain: Sequence[str], labels: list[Label]) -> None:
    """The warnings of gateways above the first words, one paragraph or several."""
    at = 0
    for _ in range(4):
        while at < len(plain) and (not plain[at] or phrases.is_rule(plain[at]) or labels[at] is not Label.NEW):
            at += 1
        if at >= len(plain) or lines[at].mark is not Mark.NONE:
            return
        if not notices.is_banner(plain[at]) and not notices.is_banner(" ".join(plain[at : at + 2])[:800]):
            return
        first = at
        at += 1
        while at < len(plain) and plain[at] and at < first + 6 and _goes_on(plain[at - 1], plain[at]):
            at += 1
        _set(labels, first, at)


def _goes_on(above: str, text: str) -> bool:
    """The line belongs to the banner above: a sentence wrapped, or one more of links and senders."""
    return (len(above) >= 50 and above[-1] not in ".!?]*") or notices.goes_on(text) or phrases.is_rule(text)
