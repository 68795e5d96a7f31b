"""Mail to the people who run the place: each of them gets it, and it waits where there is nobody."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from sqlalchemy import select

from gateway.core.community import NetworkRole, Role
from gateway.core.notice import Author, NoticeMail
from inbound.actions import forwarding
from inbound.actions.forwarding import MOST_AN_HOUR
from outbound.compose import Composer
from outbound.contents import Contents, Limits
from outbound.headers import Site
from store import arrivals, deliveries
from store.schema import arrivals as arrival_rows
from store.schema import notices
from tests.inbound.mails import multipart, part
from tests.inbound.post_office import PROVEN, PostOffice, Result, mail
from tests.network import DOMAIN, KEYS, PEACE
from tests.outbound.mails import RENDERER, body, read

SITE = Site(DOMAIN, "Relais", f"https://{DOMAIN}")
FORWARDED, HELD = ("closed", ""), ("held", "")


class House:
    """Projets with ann, its managers bob and carol; root and dora are the administrators."""

    def __init__(self, office: PostOffice) -> None:
        self.office = office
        network = office.network
        self.projets = network.community("projets")
        self.ann, self.bob, self.carol = network.persons("ann", "bob", "carol")
        self.root, self.dora = network.persons("root", "dora", role=NetworkRole.ADMIN, locale="fr")
        network.join(self.projets, self.ann)
        network.join(self.projets, self.bob, self.carol, role=Role.MANAGER)

    def post(self, raw: bytes, *paths: str) -> Result:
        return self.office.post(raw, *paths)

    def readers(self) -> list[int]:
        """Who got a notice, in the order of the notices."""
        assert all(kind == "forwarded" and why == "for_the_admins" for _, kind, why in self.office.told())
        return [person for person, _, _ in self.office.told()]

    def notices(self) -> list[NoticeMail]:
        """Every notice, as the sender loads it."""
        with self.office.database.reading() as tx:
            ids = list(tx.scalars(select(notices.c.id).order_by(notices.c.id)))
            found = Contents(Limits(1000, 5000, None)).notices(tx, ids)
        return [found[i] for i in ids]

    def mails(self) -> dict[int, EmailMessage]:
        """By person, the mail that would leave now."""
        composer = Composer(SITE, KEYS, self.office.blobs.read, RENDERER)
        with self.office.database.transaction() as tx:
            claimed = [
                item.delivery for item in deliveries.claim(tx, self.office.clock(), 400, PEACE) if not item.objection
            ]
        found = dict(zip(self._ids(), self.notices(), strict=True))
        sent = {}
        for delivery in claimed:
            assert delivery.notice_id
            outgoing = composer.compose_notice(found[delivery.notice_id], delivery)
            assert outgoing.reverse_path == ""
            sent[delivery.person_id] = read(outgoing.data)
        return sent

    def _ids(self) -> list[int]:
        with self.office.database.reading() as tx:
            return list(tx.scalars(select(notices.c.id).order_by(notices.c.id)))


@pytest.fixture
def house(office: PostOffice) -> House:
    return House(office)


def outcome(result: Result) -> tuple[str, str]:
    assert (result.verdict, result.reason) == ("forward", "for_the_admins")
    return result.state, result.flag


# ── to whom ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("address", ["projets+owner", "projets+responsables", "Projets+OWNER"])
def test_every_manager_gets_it(house: House, address: str) -> None:
    result = house.post(mail(), address)
    assert result == Result("closed", "forward", "for_the_admins", "", house.ann, house.projets, None)
    assert house.readers() == [house.bob, house.carol]


@pytest.mark.parametrize("address", ["postmaster", "abuse", "relais", "help", "aide"])
def test_every_administrator_gets_what_has_no_community(house: House, address: str) -> None:
    result = house.post(mail(), address)
    assert outcome(result) == FORWARDED and result.community_id is None
    assert house.readers() == [house.root, house.dora]


def test_without_a_manager_it_goes_to_the_administrators(house: House) -> None:
    achats = house.office.network.community("achats")
    house.office.network.join(achats, house.ann, role=Role.CHAMPION)
    result = house.post(mail(), "achats+owner")
    assert outcome(result) == FORWARDED and result.community_id == achats
    assert house.readers() == [house.root, house.dora]


def test_a_suspended_manager_gets_nothing(house: House) -> None:
    house.office.network.suspend(house.bob)
    house.post(mail(), "projets+owner")
    assert house.readers() == [house.carol]
    house.office.network.suspend(house.carol)
    house.post(mail(message_id="<m2@people.example>"), "projets+owner")
    assert house.readers() == [house.carol, house.root, house.dora]


def test_suspended_between_the_verdict_and_the_sending(house: House) -> None:
    house.post(mail(), "projets+owner")
    house.office.network.suspend(house.bob)
    assert list(house.mails()) == [house.carol]


def test_nobodys_own_mail_comes_back(house: House) -> None:
    house.post(mail("bob"), "projets+owner")
    assert house.readers() == [house.carol]


def test_a_single_managers_own_mail_goes_to_the_administrators(house: House) -> None:
    house.office.network.suspend(house.carol)
    assert outcome(house.post(mail("bob"), "projets+owner")) == FORWARDED
    assert house.readers() == [house.root, house.dora]


def test_a_forged_from_keeps_nothing_from_the_one_it_names(house: House) -> None:
    house.post(mail("bob", proven=False), "projets+owner")
    assert house.readers() == [house.bob, house.carol]
    assert not any(notice.author and (notice.author.proven or notice.author.known) for notice in house.notices())


def test_it_waits_where_there_is_nobody(office: PostOffice) -> None:
    office.network.community("projets")
    result = office.post(mail(), "projets+owner")
    assert outcome(result) == HELD and office.told() == []
    # Once there is somebody, it can be decided anew: nothing was lost.
    root = office.network.person("root", role=NetworkRole.ADMIN)
    with office.database.transaction() as tx:
        assert arrivals.retry(tx, tx.scalars(select(arrival_rows.c.id)).one())
    office.work()
    assert outcome(office.results()[0]) == FORWARDED and [told[0] for told in office.told()] == [root]


def test_a_mail_to_two_addresses_of_one_place_is_one_notice(house: House) -> None:
    house.office.accept(mail(), "projets+owner", "projets+responsables", "postmaster", "abuse")
    house.office.work()
    assert [outcome(result) for result in house.office.results()] == [FORWARDED] * 4
    assert house.readers() == [house.bob, house.carol, house.root, house.dora]


def test_a_post_that_also_goes_to_its_managers(house: House) -> None:
    house.office.accept(mail(), "projets", "projets+owner")
    house.office.work()
    assert house.office.words() == [("publish", "member_post"), ("forward", "for_the_admins")]
    assert house.readers() == [house.bob, house.carol]


@pytest.mark.parametrize(
    "headers", ["Auto-Submitted: auto-replied\r\n", "Precedence: auto_reply\r\n", "Auto-Submitted: auto-generated\r\n"]
)
def test_what_no_person_wrote_is_not_forwarded(house: House, headers: str) -> None:
    house.post(mail(headers=headers), "projets+owner")
    assert house.readers() == []


# ── a flood ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def flood(house: House, start: int, count: int, *paths: str) -> list[tuple[str, str]]:
    for number in range(start, start + count):
        house.office.accept(mail("eve@far.example", message_id=f"<{number}@far.example>"), *paths)
    house.office.work()
    return [outcome(result) for result in house.office.results()][-count * len(paths) :]


def test_a_flood_stays_held(house: House) -> None:
    assert flood(house, 0, MOST_AN_HOUR, "projets+owner") == [FORWARDED] * MOST_AN_HOUR
    assert flood(house, 100, 3, "projets+owner") == [("held", "flood")] * 3
    # The administrators have had nothing: they are reached.
    assert flood(house, 200, 1, "postmaster") == [FORWARDED]
    assert len(house.readers()) == 2 * MOST_AN_HOUR + 2
    house.office.clock.advance(minutes=59)
    assert flood(house, 300, 1, "projets+owner") == [("held", "flood")]
    house.office.clock.advance(minutes=1)
    assert flood(house, 400, 1, "projets+owner") == [FORWARDED]


def test_who_has_had_enough_keeps_it_from_nobody_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "MOST_AN_HOUR", 2)
    achats = house.office.network.community("achats")
    house.office.network.join(achats, house.bob, role=Role.MANAGER)
    # One batch: what was added a moment ago counts.
    assert flood(house, 0, 3, "achats+owner") == [FORWARDED, FORWARDED, ("held", "flood")]
    assert flood(house, 10, 1, "projets+owner") == [("closed", "flood")]
    assert house.readers() == [house.bob, house.bob, house.carol]


# ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_colleagues_mail_reaches_the_manager_and_the_answer_the_colleague(house: House) -> None:
    raw = mail(subject="Help", text="I cannot write here.\r\n\r\n-- \r\nAnn, room 4\r\n")
    house.post(raw, "projets+owner")
    sent = house.mails()
    assert sorted(sent) == [house.bob, house.carol]
    got = sent[house.bob]
    assert got["From"] == '"Ann (to the managers of Projets)" <relais@relais.example>'
    assert (got["To"], got["Reply-To"]) == ("bob@people.example", "ann@people.example")
    assert (got["Subject"], got["In-Reply-To"]) == ("[Projets] Help", "<m1@people.example>")
    assert (got["Auto-Submitted"], got["X-Relais-Kind"]) == ("auto-generated", "notice")
    for subtype in ("plain", "html"):
        words = body(got, subtype).replace(" \n", " ")
        assert "Ann (ann@people.example) wrote to projets+owner@relais.example on November 20, 2026" in words
        assert "I cannot write here." in words and "Ann, room 4" in words
        assert "The sender’s address was checked" in words and "not proven" not in words
    assert sent[house.carol]["Message-ID"] != got["Message-ID"]


def test_a_stranger_is_told_from_a_colleague(house: House) -> None:
    house.post(mail("Ann <eve@far.example>", proven=False), "postmaster")
    got = house.mails()[house.root]
    # The name is one that a stranger chose: it never stands before an address of ours.
    assert got["From"] == "Relais <relais@relais.example>"
    assert (got["Reply-To"], got["Subject"]) == ("eve@far.example", "[Relais] A visit")
    words = body(got, "plain").replace(" \n", " ")
    assert "L’identité de l’expéditeur n’est pas prouvée" in words and "Ann (eve@far.example)" in words


def test_a_proven_stranger_is_proven_and_still_a_stranger(house: House) -> None:
    proof = PROVEN.replace("people.example\r\n", "far.example\r\n")
    house.post(mail("Ann <eve@far.example>", proven=False, headers=proof), "projets+owner")
    assert house.notices()[0].author == Author("Ann", "eve@far.example", proven=True, known=False)
    assert house.mails()[house.bob]["From"] == "Relais <relais@relais.example>"


@pytest.mark.parametrize(
    ("author", "words"),
    [
        ("élise@far.example", "To answer, write a new message to élise@far.example."),
        ("a@far.example, b@far.example", "There is no address to answer."),
    ],
)
def test_an_author_who_cannot_stand_in_reply_to(house: House, author: str, words: str) -> None:
    house.post(mail(author, proven=False), "projets+owner")
    got = house.mails()[house.bob]
    assert got["Reply-To"] == "projets+owner@relais.example"
    assert words in body(got, "plain").replace(" \n", " ")


def test_a_subject_that_has_the_mark_keeps_one(house: House) -> None:
    house.post(mail(subject="Re: [Projets] Help"), "projets+owner")
    assert house.mails()[house.bob]["Subject"] == "Re: [Projets] Help"


def test_keys_of_ours_do_not_travel(house: House) -> None:
    token = house.office.reply_address(5, house.ann)
    house.post(mail(text=f"My words\r\n\r\n> quoted from {token}@relais.example\r\n"), "projets+owner")
    got = house.mails()[house.bob]
    assert token not in body(got, "plain") and token not in body(got, "html")
    assert "quoted from reply@relais.example" in body(got, "plain").replace(" \n", " ")


def test_light_files_travel_and_heavy_ones_are_named(house: House) -> None:
    small, heavy = b"\x89PNG\r\n\x1a\n" + b"s" * 500, b"h" * 2000
    parts = multipart(
        "mixed",
        part("text/plain", "See the picture."),
        part("image/png", small, 'Content-Disposition: attachment; filename="shot.png"'),
        part("application/zip", heavy, 'Content-Disposition: attachment; filename="all.zip"'),
        part("image/png", small + b"2", 'Content-Disposition: inline; filename="shown.png"', "Content-ID: <x@y>"),
    )
    house.post(mail().partition(b"MIME-Version")[0] + b"MIME-Version: 1.0\r\n" + parts, "projets+owner")
    got = house.mails()[house.bob]
    travelled = {file.get_filename(): file.get_content() for file in got.iter_attachments()}
    assert travelled == {"shot.png": small, "shown.png": small + b"2"}
    words = body(got, "plain").replace(" \n", " ")
    reference = house.notices()[0].reference
    assert "all.zip (2 KB)" in words and "shot.png (508 B, attached)" in words
    assert f"kept with the message, under the reference {reference}." in words


def test_a_mail_that_comes_twice_is_told_once(office: PostOffice) -> None:
    """I5: two copies of one mail have one effect, for the people who run a place too."""
    _, bob = office.network.persons("ann", "bob")
    projets = office.network.community("projets")
    office.network.join(projets, bob, role=Role.MANAGER)
    for _ in range(2):
        assert office.post(mail(), "projets+owner").state == "closed"
    office.post(mail(text="Other words."), "projets+owner")
    assert office.told() == [(bob, "forwarded", "for_the_admins")] * 2
