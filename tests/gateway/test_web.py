"""The HTTP door: GET shows and POST acts, rights are asked for at each use, a page speaks its reader's language."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway import starting
from gateway.core import address
from gateway.core.clock import Clock
from gateway.core.community import Membership, Pace, PersonState, Role
from gateway.core.digest import CADENCES, Cadence
from gateway.core.errors import StoreError
from gateway.core.message import Envelope
from gateway.core.token import KeyRing, Purpose
from gateway.observe import SPOOL_IS_OLD, Metrics, check
from gateway.web import connections
from gateway.web.server import Web, WebSetup
from outbound.headers import Site
from outbound.render import ROOT, Renderer
from store import arrivals, communities, memberships, paces, people, posts, schema
from store.blobs import Blobs, open_blobs
from store.communities import NewCommunity
from store.database import Database
from store.people import NewPerson
from store.posts import NewContent, NewFile, NewPost
from tests.gateway.asgi import Answer, ask

CONNECTIONS = 10
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEYS = KeyRing({1: b"thirty-two octets of a test key!"})
SITE = Site("relais.example.org", "Réseau", "https://relais.example.org")
RENDERER = Renderer()
PICTURE = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
PAGE = b"<script>alert(1)</script>"
PAPER = b"%PDF-1.4 a paper"
FILES = (
    NewFile("plan.svg", "image/svg+xml", len(PICTURE), "", inline=False, content_id=""),
    NewFile("relevé d'été.html", "text/html", len(PAGE), "", inline=False, content_id=""),
    NewFile('pa"per\\.pdf', "application/pdf", len(PAPER), "", inline=False, content_id=""),
)


class Place:
    """A store with one community, an English and a French member, one post with three files, and its web role."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self.database, self.blobs = database, blobs
        self.now = NOW
        self.relay_trouble = ""
        self.dead: list[str] = []
        with database.transaction() as tx:
            projets = communities.add(tx, NewCommunity("projets", "Projets <& Cie>"), NOW)
            found = people.add(
                tx,
                [
                    NewPerson(address.parse("claire@example.com"), "Claire Morel", "fr", "Europe/Paris"),
                    NewPerson(address.parse("tom@example.com"), "Tom Reed", "en", "Europe/London"),
                ],
                NOW,
            )
            assert projets is not None
            self.community = projets
            self.claire, self.tom = (person for person in found if person is not None)
            memberships.add(
                tx, [Membership(projets, person, Role.MEMBER, None) for person in (self.claire, self.tom)], NOW
            )
            files = tuple(
                NewFile(file.name, file.content_type, file.size, blobs.put(data), file.inline, file.content_id)
                for file, data in zip(FILES, (PICTURE, PAGE, PAPER), strict=True)
            )
            new = NewContent(
                "<p@x.example>", "<a@x.example>", self.claire, "Plan", "Bonjour", None, "", "", "", "fr", files
            )
            (content,) = posts.add_contents(tx, [new], NOW)
            post = NewPost(projets, content, self.claire, 1, "key", "Plan", None, None)
            (self.post,) = posts.add_posts(tx, [post], KEYS.current, NOW)
            self.files = [file.id for file in posts.get_contents(tx, [content])[content].files]
        clock: Clock = lambda: self.now  # noqa: E731
        setup = WebSetup(
            database=database,
            blobs=blobs,
            keys=KEYS,
            metrics=Metrics(database, clock),
            readiness=lambda: check(database, clock, self.relay_trouble),
            dead=lambda: self.dead,
            render=RENDERER.page,
            managers=SITE.managers,
            network=SITE.name,
            locale="fr",
            connections=CONNECTIONS,
        )
        self.web = Web(setup)

    async def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        answer = await ask(self.web.app, method, path, body)
        assert answer.header("x-content-type-options") == "nosniff", answer
        assert answer.header("cache-control") == "no-store"
        assert answer.header("referrer-policy") == "no-referrer"
        assert "default-src 'none'" in answer.header("content-security-policy")
        assert not answer.header("set-cookie") and not answer.header("location")
        return answer

    def leave_link(self, person: int) -> str:
        return "/u/" + KEYS.sign(Purpose.LEAVE, (self.community, person), issued=NOW)

    def quiet_link(self, person: int, cadence: Cadence) -> str:
        return "/u/" + KEYS.sign(Purpose.QUIET, (CADENCES.index(cadence), person), issued=NOW)

    def heard(self, person: int) -> datetime | None:
        with self.database.reading() as tx:
            at: datetime | None = tx.scalar(select(schema.people.c.heard_at).where(schema.people.c.id == person))
        return at

    def file_link(self, number: int, person: int) -> str:
        return "/files/" + KEYS.sign(Purpose.FILE, (self.files[number], person), issued=NOW)

    def pace(self, person: int) -> Pace | None:
        with self.database.reading() as tx:
            pair = (self.community, person)
            return memberships.get_all(tx, [pair])[pair].pace

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        with self.database.reading() as tx:
            return {
                table.name: [tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key))]
                for table in schema.metadata.sorted_tables
            }


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Place:
    return Place(database, open_blobs(str(tmp_path / "blobs")))


# ── unsubscribe links ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_thousand_looks_change_nothing(place: Place) -> None:
    """I12: no GET changes anything."""
    before = place.everything()
    links = itertools.cycle(
        [place.leave_link(place.claire), place.leave_link(place.tom), place.file_link(2, place.tom)]
    )
    methods = itertools.cycle(["GET", "HEAD", "OPTIONS", "GET", "PUT"])
    statuses = {
        (await place.ask(method, link)).status for method, link, _ in zip(methods, links, range(1000), strict=False)
    }
    assert statuses == {200, 405}
    assert place.everything() == before


async def test_one_post_leaves_and_a_second_is_as_good(place: Place) -> None:
    link = place.leave_link(place.claire)
    first = await place.ask("POST", link, b"List-Unsubscribe=One-Click")
    after = place.everything()
    second = await place.ask("POST", link)
    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert place.everything() == after
    assert place.pace(place.claire) is Pace.OFF
    assert place.pace(place.tom) is None
    with place.database.reading() as tx:
        assert len(memberships.members(tx, place.community)) == 2


async def test_the_digests_of_a_cadence_end_with_one_click_and_by_nothing_less(place: Place) -> None:
    with place.database.transaction() as tx:
        paces.choose(tx, place.community, place.claire, Pace.WEEKLY, NOW)
    daily, weekly = (place.quiet_link(place.claire, cadence) for cadence in (Cadence.DAILY, Cadence.WEEKLY))
    before = place.everything()
    looked = await place.ask("GET", weekly)
    assert looked.status == 200 and b"<button" in looked.body
    assert (await place.ask("POST", daily, b"List-Unsubscribe=One-Click")).status == 200
    assert place.everything() == before
    first = await place.ask("POST", weekly, b"List-Unsubscribe=One-Click")
    second = await place.ask("POST", weekly)
    assert (first.status, second.status, first.body) == (200, 200, second.body)
    assert place.pace(place.claire) is Pace.OFF
    odd = "/u/" + KEYS.sign(Purpose.QUIET, (len(CADENCES), place.claire), issued=NOW)
    assert (await place.ask("POST", odd)).status == 404


async def test_one_click_is_a_sign_of_life(place: Place) -> None:
    links = {
        place.claire: place.leave_link(place.claire),
        place.tom: place.quiet_link(place.tom, Cadence.CATCH_UP),
    }
    for person, link in links.items():
        assert place.heard(person) is None
        assert (await place.ask("GET", link)).status == 200
        assert place.heard(person) is None
        assert (await place.ask("POST", link)).status == 200
        assert place.heard(person) is not None


async def test_a_tampered_link_is_no_link(place: Place) -> None:
    token = place.leave_link(place.claire).removeprefix("/u/")
    before = place.everything()
    other_purpose = KEYS.sign(Purpose.FILE, (place.community, place.claire), issued=NOW)
    stranger = KeyRing({1: b"another key of thirty-two octets"}).sign(Purpose.LEAVE, (1, 1), issued=NOW)
    nobody = KEYS.sign(Purpose.LEAVE, (place.community, 9999), issued=NOW)
    wrong = [token[:-1], token + "a", "b" + token[1:], token[:9] + ("b" if token[9] != "b" else "c") + token[10:]]
    paths = [f"/u/{text}" for text in (*wrong, other_purpose, stranger, nobody)] + ["/", f"/u/{token}/", "/u/", "/x"]
    answers = [await place.ask(method, path) for path in paths for method in ("GET", "POST")]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers}) == 1
    assert place.everything() == before


async def test_a_head_has_no_body(place: Place) -> None:
    assert (await place.ask("HEAD", place.leave_link(place.claire))).status == 200


async def test_trouble_of_the_store_is_ours(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise StoreError("postgresql://user:secret@host is away")

    monkeypatch.setattr(place.database, "reading", broken)
    monkeypatch.setattr(place.database, "transaction", broken)
    for method in ("GET", "POST"):
        answer = await place.ask(method, place.leave_link(place.tom))
        assert answer.status == 503
        assert "secret" not in answer.text


# ── the pages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Outline(HTMLParser):
    """Tags of a page, and the text under each."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page)
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("meta", "br", "wbr"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self._open:
            self.words[tag] = self.words.get(tag, "") + data


async def test_a_page_is_in_its_readers_language(place: Place) -> None:
    french = Outline((await place.ask("GET", place.leave_link(place.claire))).text)
    english = Outline((await place.ask("GET", place.leave_link(place.tom))).text)
    assert ("html", "lang", "fr") in french.attributes and ("html", "lang", "en") in english.attributes
    assert french.words["h1"] == "Ne plus recevoir «\u00a0Projets <& Cie>\u00a0»\u00a0?"
    assert english.words["h1"] == "Stop receiving “Projets <& Cie>”?"
    assert "you stay a member" in english.words["p"] and "vous en restez membre" in french.words["p"]
    left = Outline((await place.ask("POST", place.leave_link(place.tom))).text)
    assert left.words["h1"] == "Done"
    assert left.words["a"] == "projets+owner@relais.example.org"
    assert ("a", "href", "mailto:projets+owner@relais.example.org") in left.attributes
    assert "form" not in left.tags


async def test_leave_has_one_button_and_posts_to_itself(place: Place) -> None:
    page = Outline((await place.ask("GET", place.leave_link(place.tom))).text)
    assert page.tags.count("button") == 1 and page.tags.count("form") == 1
    assert [item for item in page.attributes if item[0] == "form"] == [("form", "method", "post")]
    assert "input" not in page.tags and "a" not in page.tags


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "web").glob("*.html") if path.stem != "layout"))
def test_a_page_stands_alone(name: str, locale: str) -> None:
    html = RENDERER.page(
        name,
        locale,
        network="Relais",
        community="Projets",
        cadence="daily",
        managers="projets+owner@relais.example.org",
    )
    page = Outline(html)
    assert page.tags.count("h1") == 1 and page.tags.count("main") == 1
    assert page.words["title"] == f"{page.words['h1']} · Relais"
    assert ("meta", "name", "viewport") in page.attributes
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not re.search(r"url\(|@import|https?:|//", html)


def test_colours_are_readable_in_both_lights() -> None:
    css = (ROOT / "web" / "page.css").read_text()
    day, night = css.split("@media (prefers-color-scheme: dark)")
    for sheet, pairs in (
        (
            day,
            [
                ("body", "main"),
                (".network", "main"),
                ("a", "main"),
                ("button", "button"),
                ("button:hover", "button:hover"),
            ],
        ),
        (night, [("body", "main"), (".network", "main"), ("a", "main"), ("button", "button")]),
    ):
        for ink, paper in pairs:
            assert contrast(colour(sheet, ink, "color") or "#ffffff", colour(sheet, paper, "background-color")) >= 4.5


def colour(sheet: str, selector: str, name: str) -> str:
    rule = re.search(rf"^\s*{re.escape(selector)} \{{(.*?)\}}", sheet, re.MULTILINE)
    assert rule, selector
    found = re.search(rf"(?:^|[ ;]){name}: (#[0-9a-f]{{6}})", rule[1])
    return found[1] if found else ""


def contrast(ink: str, paper: str) -> float:
    def light(text: str) -> float:
        parts = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((light(ink), light(paper)))
    return (lighter + 0.05) / (darker + 0.05)


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_file_comes_as_a_download(place: Place) -> None:
    answer = await place.ask("GET", place.file_link(2, place.tom))
    assert (answer.status, answer.body) == (200, PAPER)
    assert answer.header("content-type") == "application/pdf"
    assert answer.header("content-disposition").startswith(
        "attachment; filename=\"pa'per_.pdf\"; filename*=UTF-8''pa%22"
    )


@pytest.mark.parametrize(("number", "data"), [(0, PICTURE), (1, PAGE)])
async def test_what_could_act_is_only_octets(place: Place, number: int, data: bytes) -> None:
    answer = await place.ask("GET", place.file_link(number, place.tom))
    assert (answer.status, answer.body) == (200, data)
    assert answer.header("content-type") == "application/octet-stream"
    assert answer.header("content-disposition").startswith("attachment;")
    assert answer.header("content-security-policy") == "default-src 'none'; sandbox"


async def test_rights_to_a_file_are_asked_for_at_each_use(place: Place) -> None:
    link = place.file_link(2, place.tom)
    missing = (await place.ask("GET", "/files/x")).body

    async def refused() -> bool:
        answer = await place.ask("GET", link)
        assert answer.status in (200, 404)
        assert answer.status == 200 or answer.body == missing
        return answer.status == 404

    assert not await refused()
    with place.database.transaction() as tx:
        people.set_state(tx, place.tom, PersonState.SUSPENDED)
    assert await refused()
    with place.database.transaction() as tx:
        people.set_state(tx, place.tom, PersonState.ACTIVE)
    assert not await refused()
    with place.database.transaction() as tx:
        memberships.remove(tx, place.community, place.tom)
    assert await refused()
    with place.database.transaction() as tx:
        memberships.add(tx, [Membership(place.community, place.tom, Role.MEMBER, None)], NOW)
    assert not await refused()
    with place.database.transaction() as tx:
        posts.withdraw(tx, place.post, NOW)
    assert await refused()


async def test_a_link_is_for_one_purpose(place: Place) -> None:
    token = KEYS.sign(Purpose.LEAVE, (place.files[2], place.tom), issued=NOW)
    assert (await place.ask("GET", f"/files/{token}")).status == 404
    assert (await place.ask("POST", place.file_link(2, place.tom))).status == 405


# ── health ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_health(place: Place) -> None:
    assert (await place.ask("GET", "/healthz")).text == "ok\n"
    assert (await place.ask("GET", "/readyz")).text == '{"ready": true, "troubles": []}\n'
    envelope = Envelope("a@b.example", ("projets@relais.example.org",), "127.0.0.1", False, "ESMTP", "x", NOW)
    with place.database.transaction() as tx:
        arrivals.add(tx, [arrivals.Accepted(envelope, 1, b"x", "")])
    page = (await place.ask("GET", "/metrics")).text
    assert 'relais_waiting{queue="arrivals_spooled"} 1.0' in page
    assert 'relais_waiting{queue="deliveries"} 0.0' in page
    place.now = NOW + SPOOL_IS_OLD + timedelta(seconds=1)
    late = await place.ask("GET", "/readyz")
    assert late.status == 503
    assert "a mail has waited since 2026-11-20T09:00:00" in late.text
    with place.database.transaction() as tx:
        tx.execute(update(schema.spool).values(state="closed"))
        tx.execute(update(schema.arrivals).values(state="closed"))
    assert (await place.ask("GET", "/readyz")).status == 200


async def test_a_part_that_died_and_a_relay_that_is_away_are_told(place: Place) -> None:
    place.relay_trouble = "the relay has not taken a mail for 6 minutes"
    away = await place.ask("GET", "/readyz")
    assert away.status == 503 and place.relay_trouble in away.text
    assert (await place.ask("GET", "/healthz")).status == 200
    place.dead = ["spool writer"]
    dead = await place.ask("GET", "/healthz")
    assert (dead.status, dead.text) == (503, "ended by itself: spool writer\n")


@pytest.fixture
async def port(place: Place) -> AsyncIterator[int]:
    """The port that the web role of `place` serves on."""
    (bound,) = starting.bound("web.listen", "127.0.0.1:0")
    number: int = bound.getsockname()[1]
    serving = asyncio.create_task(place.web.serve([bound]))
    async with asyncio.timeout(20):
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", number))[1].close()
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
        yield number
        place.web.stop()
        await serving


async def test_serves_on_a_socket_until_stopped(place: Place, port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {place.leave_link(place.tom)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    head = answer.partition("\r\n\r\n")[0].lower()
    assert head.startswith("http/1.1 200 ok")
    assert "\r\nserver:" not in head and "set-cookie" not in head
    assert place.pace(place.tom) is Pace.OFF


async def test_half_open_connections_take_only_their_share(place: Place, port: int) -> None:
    callers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS * 3)]
    for _, writer in callers:
        writer.write(b"GET /healthz HTTP/1.1\r\nX-Half: ")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    ended = [asyncio.create_task(caller.read()) for caller, _ in callers]
    _, open_still = await asyncio.wait(ended, timeout=1)
    # The last that came in has its place, and whoever has one keeps it for its ten seconds.
    assert len(open_still) == CONNECTIONS - 1
    writer.close()
    for _, other in callers:
        other.close()
    for task in open_still:
        task.cancel()
    await asyncio.gather(*ended, return_exceptions=True)


async def test_a_request_head_that_does_not_come_is_not_waited_for(
    place: Place, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nX-Slow: ")

    async def drip() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    dripping.cancel()
    writer.close()
