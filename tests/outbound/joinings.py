"""Mails about coming in, leaving, and what there is to ask for, for the tests of outbound, written for this purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

from gateway.core.command import Circle, Place, Verb
from gateway.core.community import JoinPolicy, Pace
from gateway.core.decision import Reason
from gateway.core.notice import Choice, NoticeKind, NoticeMail, Obeyed, ReadPost, Result
from gateway.core.post import ToldFile
from gateway.core.question import Asks, Circumstances, Question
from gateway.core.sheet import Holding, PlaceLine, Sheet
from inbound.asking import AT_AN_ADDRESS
from inbound.vocabulary import help_lines
from tests.outbound.mails import RETURNED
from tests.outbound.receipts import BIKES, BOILER, OBEYED, TRAIN

_PLACE = RETURNED.community
assert _PLACE is not None
_AROUND = Circumstances(
    who="Karim Haddad", by="Claire Morel", members=42, pace=Pace.DAILY, hour=time(8, 15), posts_a_week=9
)
_ASKING = replace(
    OBEYED,
    kind=NoticeKind.QUESTION,
    obeyed=None,
    community=_PLACE,
    message_id="<n21@relais.example.org>",
    reference="A-1060",
    circumstances=_AROUND,
    id=21,
)
_EVERYBODY = (Circle.ANYONE, Circle.PERSON, Circle.MEMBER, Circle.ASKED)


def asking(asks: Asks, *, again: bool = False) -> NoticeMail:
    """The notice that asks it."""
    return replace(_ASKING, question=Question(asks, community_id=3, person_id=9, request_id=5, again=again))


def told(verb: Verb, result: Result = Result.DONE, **more: object) -> NoticeMail:
    """The notice that answers a command about the community."""
    done = Obeyed(verb, (_PLACE.name,), community_ids=(3,), result=result)
    done = replace(done, **more)  # type: ignore[arg-type]
    return replace(_ASKING, kind=NoticeKind.OBEYED, obeyed=done)


OPENINGS = (
    ReadPost(
        "Inès Delmas",
        datetime(2026, 11, 19, 15, 12, tzinfo=UTC),
        "Le devis se monte à 14 800 €, pose comprise. L’ancienne tiendra peut-être un hiver de plus, mais la pièce qui "
        "lâche chaque décembre ne se fabrique plus. " * 4,
        topic=Choice(BOILER[0], BOILER[1]),
        post_id=140,
        answers=4,
    ),
    ReadPost(
        "Tom Baker",
        datetime(2026, 11, 18, 9, 40, tzinfo=UTC),
        "Les plans sont arrivés ce matin. Il y a douze places, dont deux pour les vélos longs.",
        topic=Choice(BIKES[0], BIKES[1]),
        post_id=131,
        answers=1,
    ),
    ReadPost(
        "Paul Guérin",
        datetime(2026, 11, 17, 7, 5, tzinfo=UTC),
        "Je prends le premier train mardi. Qui partage le taxi de la gare ?",
        topic=Choice(TRAIN[0], TRAIN[1]),
        post_id=122,
    ),
)


def _line(
    name: str, address: str, members: int, join: JoinPolicy, pace: Pace | None, own: bool, what: str
) -> PlaceLine:
    return PlaceLine(name, address, what, members, join, pace, own)


_MINE = (
    _line("Bâtiments", "batiments", 42, JoinPolicy.OPEN, Pace.DAILY, False, ""),
    _line("Vie du site", "vie", 1204, JoinPolicy.OPEN, Pace.EACH, True, ""),
    _line("Qualité", "qualite", 1, JoinPolicy.REQUEST, Pace.OFF, True, ""),
)
_OPEN = (
    _line("Achats", "achats", 18, JoinPolicy.OPEN, None, False, "Qui achète quoi, à qui et à quel prix."),
    _line("Atelier", "atelier", 7, JoinPolicy.REQUEST, None, False, ""),
)


def help_in(locale: str, words: str = "") -> NoticeMail:
    """The help mail in that language: its lines are chosen when it is asked for."""
    lines = help_lines(locale, Place.ADDRESS, _EVERYBODY, AT_AN_ADDRESS)
    done = Obeyed(Verb.HELP, lines=lines, words=words)
    return replace(told(Verb.HELP), community=None, obeyed=done, sheet=Sheet(_MINE))


def _sheet(verb: Verb, sheet: Sheet) -> NoticeMail:
    return replace(told(verb), community=None, sheet=sheet)


MAILS: dict[str, NoticeMail] = {
    "join": asking(Asks.JOIN),
    "nothing-yet": told(Verb.LAST),
    "no-place": told(Verb.LAST, Result.NO_PLACE, communities=(), community_ids=()),
    "request": asking(Asks.REQUEST),
    "request-again": asking(Asks.REQUEST, again=True),
    "invitation": asking(Asks.INVITATION),
    "address": replace(asking(Asks.ADDRESS), question=Question(Asks.ADDRESS, address="marie@home.example"), id=23),
    "claimed": told(Verb.YES, address="marie@home.example"),
    "not-claimed": told(Verb.NO, Result.DECLINED, address="marie@home.example"),
    "offer": replace(
        RETURNED, reason=Reason.NOT_A_MEMBER, question=Question(Asks.OFFER, community_id=3, arrival_id=1042), id=22
    ),
    "welcome": replace(told(Verb.JOIN), read=OPENINGS),
    "welcome-first": replace(told(Verb.JOIN), circumstances=replace(_AROUND, pace=Pace.EACH)),
    "requested": told(Verb.JOIN, Result.ASKED),
    "declined": told(Verb.JOIN, Result.REFUSED),
    "unanswered": told(Verb.JOIN, Result.EXPIRED),
    "closed": told(Verb.JOIN, Result.CLOSED),
    "over": told(Verb.JOIN, Result.OVER),
    "granted": told(Verb.YES, Result.GRANTED),
    "refused": told(Verb.YES, Result.REFUSED),
    "late": told(Verb.YES, Result.OVER, until=date(2026, 11, 20)),
    "invited": told(Verb.INVITE, Result.ASKED, address="zoe@example.fr"),
    "foreign": told(Verb.INVITE, Result.FOREIGN, address="zoe@elsewhere.example"),
    "left": told(Verb.LEAVE),
    "back": told(Verb.CANCEL),
    "mandatory": told(Verb.LEAVE, Result.MANDATORY),
    "last": replace(
        _ASKING,
        kind=NoticeKind.READING,
        read=tuple(
            replace(post, answers=0, files=(ToldFile(71, "Plans.pdf", 48_320),) if i else ())
            for i, post in enumerate(OPENINGS[:2])
        ),
    ),
    "list": _sheet(Verb.LIST, Sheet(_OPEN)),
    "who": _sheet(Verb.WHO, Sheet(names=("Claire Morel", "Karim Haddad"), members=42)),
    "settings": _sheet(
        Verb.SETTINGS,
        Sheet(
            _MINE,
            locale="fr",
            timezone="Europe/Paris",
            digest_at=time(8, 15),
            paused=True,
            paused_until=datetime(2026, 12, 4, tzinfo=UTC),
        ),
    ),
    "data": _sheet(
        Verb.MY_DATA,
        Sheet(
            _MINE,
            locale="fr",
            timezone="Europe/Paris",
            name="Marie Petit",
            addresses=("marie.petit@example.fr", "mpetit@example.fr"),
            holdings=(
                Holding("posts", 34),
                Holding("files", 1),
                Holding("parts", 12),
                Holding("choices", 5),
                Holding("thanks", 8),
                Holding("mentions", 3),
                Holding("digests", 210),
                Holding("notices", 1),
                Holding("deliveries", 1_460),
            ),
            accepted_at=datetime(2026, 9, 14, tzinfo=UTC),
        ),
    ),
    "language": _sheet(Verb.LANGUAGE, Sheet()),
}
