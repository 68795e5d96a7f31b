"""relais digest: run, preview and forecast, on the real command line and a store."""

from __future__ import annotations

import json
import re
import socket
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway import keys
from gateway.core.clock import utc_now
from gateway.core.community import Pace
from gateway.core.token import Purpose
from store import paces, people
from store.database import Database
from store.schema import deliveries, digest_clocks, digests, fragments, memberships, topic_choices
from store.schema import people as people_rows
from tests.gateway.console import Console
from tests.network import Network, SetClock

MONDAY = "2026-11-23T07:30"
TUESDAY = "2026-11-24T07:30"
ENVELOPE = ("Return-Path", "Delivered-To")
"""What the outbox writes above a mail."""


class Town:
    """A community whose members read it daily, and the console of its administrator."""

    def __init__(self, relais: Console, url: str) -> None:
        self.relais = relais
        self.database = Database(url)
        self.network = Network(self.database, SetClock())
        self.garden = self.network.community("garden", pace=Pace.DAILY)
        self.ann, self.bob = self.network.persons("ann", "bob")
        self.network.join(self.garden, self.ann, self.bob)

    def state(self) -> list[Any]:
        """All rows that a digest changes."""
        with self.database.reading() as tx:
            tables = (digests, deliveries, digest_clocks, fragments, topic_choices, memberships)
            return [tx.execute(select(table)).all() for table in tables]

    def preview(self, who: str, *words: str, cadence: str = "daily", now: str = MONDAY) -> Any:
        """The document of a preview."""
        email = f"{who}@people.example"
        return self.relais.json("digest", "preview", email, "--cadence", cadence, "--now", now, *words)

    def eml(self, who: str, now: str = MONDAY) -> EmailMessage:
        """The whole mail of a preview."""
        mail = message_from_bytes(
            self.preview(who, "--format", "eml", now=now)["content"].encode(), policy=policy.default
        )
        assert isinstance(mail, EmailMessage)
        return mail

    def sent(self) -> list[EmailMessage]:
        """What the sender put out."""
        self.relais.done("drain", "--timeout", "60")
        paths = sorted((self.relais.folder / "outbox" / "new").iterdir())
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
        return [mail for mail in mails if isinstance(mail, EmailMessage)]


@pytest.fixture
def town(either_relais: Console, database_url: str) -> Any:
    made = Town(either_relais, database_url)
    yield made
    made.database.close()


def words_of(mail: EmailMessage, subtype: str) -> str:
    """One part of a mail, without the tokens in it."""
    body = mail.get_body((subtype,))
    assert body is not None
    found = str(body.get_content()).replace("\r\n", "\n")
    for token in tokens_of(found):
        found = found.replace(token, "")
    return found


def tokens_of(text: str) -> set[str]:
    """Whatever may be a token."""
    return set(re.findall(r"\b[a-z2-7]{26,56}\b", text))


def test_run_closes_what_is_due_once_and_says_how_many(town: Town) -> None:
    town.network.write(town.ann, town.garden)
    assert town.relais.done("digest", "run", "--now", "2026-11-23T07:29") == "0 digests closed\n"
    assert town.relais.done("digest", "run", "--now", MONDAY) == "1 digest closed\n"
    assert town.relais.json("digest", "run", "--now", MONDAY) == {
        "closed": 0,
        "now": "2026-11-23T06:30:00+00:00",
        "paused_since": None,
    }
    assert town.relais.json("status")["digests"] == 1
    # It leaves now, whatever time it was closed for.
    with town.database.reading() as tx:
        [leaves] = tx.scalars(select(deliveries.c.next_attempt_at).where(deliveries.c.kind == "digest"))
    assert abs(leaves - utc_now()) < timedelta(minutes=5)
    [mail] = town.sent()
    assert mail["To"] == "bob@people.example" and mail["X-Relais-Kind"] == "digest"


def test_a_zone_in_now_counts(town: Town) -> None:
    town.network.write(town.ann, town.garden)
    assert town.relais.json("digest", "run", "--now", "2026-11-23T07:29:59+01:00")["closed"] == 0
    assert town.relais.json("digest", "run", "--now", "2026-11-23T06:30Z")["closed"] == 1


@pytest.mark.parametrize("now", ["soon", "", "2026-13-01T07:30", "1999-01-01T00:00", "07:30"])
def test_what_is_no_time_is_wrong_usage(relais: Console, now: str) -> None:
    for words in (("run",), ("preview", "ann@people.example", "--cadence", "daily")):
        result = relais.run("digest", *words, "--now", now)
        assert result.exit_code == 2
        assert "--now" in result.stderr


def test_a_preview_is_the_mail_that_leaves(town: Town) -> None:
    town.network.write(town.ann, town.garden)
    [asked] = town.network.write(town.bob, town.garden)
    town.network.write(town.ann, town.garden, answering=asked)
    before = town.state()
    seen = town.eml("bob")
    assert town.state() == before
    assert town.relais.json("digest", "run", "--now", MONDAY)["closed"] == 2
    mails = town.sent()
    [left] = [mail for mail in mails if mail["To"] == "bob@people.example"]
    for subtype in ("plain", "html"):
        assert words_of(seen, subtype) == words_of(left, subtype)
    assert seen["Subject"] == left["Subject"]
    assert [name for name, _ in seen.items()] == [name for name in left if name not in ENVELOPE]
    assert seen["Message-ID"] == "<digest.0@talk.example.com>"


def test_no_token_of_a_preview_opens_anything(town: Town) -> None:
    town.network.write(town.ann, town.garden)
    shown = town.preview("bob", "--format", "eml")["content"]
    mail = message_from_bytes(shown.encode(), policy=policy.default)
    text = shown + "".join(str(part.get_content()) for part in mail.walk() if not part.is_multipart())
    found = tokens_of(text)
    assert len(found) >= 3
    ring = keys.load(town.relais.folder / "secret")
    assert not [token for token in found for purpose in Purpose if ring.verify(purpose, token)]


def test_a_preview_is_the_same_each_time_and_as_of_any_time_before(town: Town) -> None:
    town.network.write(town.ann, town.garden)
    seen = town.preview("bob", now="2026-11-21T15:00")
    assert seen == town.preview("bob")
    assert (seen["leaves_at"], seen["day"]) == ("2026-11-23T06:30:00+00:00", "2026-11-23")
    assert town.preview("bob", now="2026-11-23T12:00")["day"] == "2026-11-23"
    # Once that has left, the next one is looked at.
    town.relais.done("digest", "run", "--now", MONDAY)
    assert town.preview("bob", now="2026-11-23T12:00")["no_mail"] == "nothing_new"
    town.network.write(town.ann, town.garden)
    assert town.preview("bob", now="2026-11-23T12:00")["day"] == "2026-11-24"


@pytest.mark.parametrize("now", ["2025-01-01T00:00", "2099-12-31T23:59:59", "2027-03-28T02:30", "2026-11-23"])
def test_a_preview_takes_any_time_it_accepts(town: Town, now: str) -> None:
    town.network.write(town.ann, town.garden)
    assert town.preview("bob", now=now)["no_mail"] is None


def test_why_tells_of_each_topic(town: Town) -> None:
    [asked] = town.network.write(town.bob, town.garden)
    town.network.write(town.ann, town.garden, answering=asked)
    town.network.write(town.ann, town.garden)
    waiting, new = town.preview("bob")["items"]
    assert (waiting["section"], waiting["why"][0], waiting["title"]) == ("waiting", "answers_you", "Subject 1")
    assert (new["section"], new["title"], new["community"], new["news"]) == ("new", "Subject 3", "Garden", 1)
    words = ("digest", "preview", "bob@people.example", "--cadence", "daily", "--now", MONDAY, "--why")
    told = town.relais.done(*words)
    assert "answers you" in told.splitlines()[1] and len(told.splitlines()) == 3
    both = town.relais.run(*words, "--format", "html")
    assert both.stdout.startswith("<!DOCTYPE html>") and "answers you" in both.stderr
    plain = town.relais.done(*words[:-1])
    assert "[#1] Subject 1" in plain and "<html" not in plain


def test_who_would_get_none_is_told_why(town: Town) -> None:
    assert town.preview("bob")["no_mail"] == "nothing_new"
    town.network.write(town.ann, town.garden)
    # One's own words are no news.
    assert town.preview("ann")["no_mail"] == "nothing_new"
    assert town.preview("bob", cadence="weekly")["no_mail"] == "follows_nothing"
    with town.database.transaction() as tx:
        paces.pause(tx, town.bob, datetime(2026, 11, 24, 5, tzinfo=UTC), utc_now())
    assert town.preview("bob")["no_mail"] == "paused"
    assert town.preview("bob", now=TUESDAY)["day"] == "2026-11-24"
    town.network.suspend(town.bob)
    assert town.preview("bob", now=TUESDAY) == {
        "email": "bob@people.example",
        "cadence": "daily",
        "no_mail": "suspended",
        "items": [],
    }
    result = town.relais.run("digest", "preview", "bob@people.example", "--cadence", "daily")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no daily digest would leave: this person is suspended" in result.stderr
    words = ("digest", "preview", "--cadence", "daily")
    assert "nobody has this address" in town.relais.refused(*words, "zoe@people.example")
    assert "not a mail address" in town.relais.refused(*words, "zoe")
    assert town.relais.run("digest", "preview", "bob@people.example").exit_code == 2
    assert town.relais.run(*words[:2], "bob@people.example", "--cadence", "catch_up").exit_code == 2


def test_a_late_digest_is_shown_for_the_day_on_which_it_goes(town: Town) -> None:
    town.relais.done("digest", "run", "--now", "2026-11-19T12:00")
    town.network.write(town.ann, town.garden)
    # Friday's was missed, and it is Saturday.
    seen = town.preview("bob", now="2026-11-21T09:00")
    assert seen["day"] == "2026-11-23"
    assert town.relais.json("digest", "run", "--now", "2026-11-21T09:00")["closed"] == 0
    assert town.relais.json("digest", "run", "--now", MONDAY)["closed"] == 1
    with town.database.reading() as tx:
        assert tx.scalar(select(digests.c.period)) == seen["day"]


def written(town: Town, community_id: int, author_id: int, days_ago: float) -> None:
    town.network.clock.now = utc_now() - timedelta(days=days_ago)
    town.network.write(author_id, community_id)


def test_a_forecast_counts_people_and_mails_and_changes_nothing(town: Town) -> None:
    network = town.network
    plaza = network.community("plaza", pace=Pace.EACH)
    carl, dora = network.persons("carl", "dora")
    network.join(plaza, town.ann, town.bob, carl)
    network.join(plaza, dora, pace=Pace.WEEKLY)
    for _ in range(14):
        written(town, plaza, town.ann, 7.5)
    written(town, plaza, town.ann, 40)
    before = town.state()
    told = town.relais.json("digest", "forecast", "--community", "plaza", "--pace", "daily")
    assert town.state() == before
    # Ann wrote all of them: she gets none now, and no digest for them. Bob and Carl get 14, or one digest.
    assert (told["people"], told["keep_their_choice"]) == (3, 1)
    assert told["mails_per_week"] == {"now": 7.0, "after": 0.5}
    assert told["mails_per_person_and_day"] == round(-6.5 / 3 / 7, 2)
    [place] = told["communities"]
    assert (place["pace"], place["new_pace"], place["members"], place["follow_default"]) == ("each", "daily", 4, 3)
    assert (place["chose"], place["posts_per_week"], place["next_at"]) == ({"weekly": 1}, 3.5, None)
    # Ann and Bob read the garden's digest already; Carl had none.
    assert sum(one["people"] for one in told["next_digests"]["now"]) == 2
    assert sum(one["people"] for one in told["next_digests"]["after"]) == 3
    off = town.relais.json("digest", "forecast", "--community", "plaza", "--pace", "off")
    assert off["mails_per_week"]["after"] == 0
    spoken = town.relais.done("digest", "forecast", "--community", "plaza", "--pace", "daily")
    assert "3 people" in spoken and "about 2.2 mails fewer each a week" in spoken
    assert "each → daily" in spoken and "1 weekly" in spoken


def test_one_digest_tells_of_all_communities_in_a_forecast(town: Town) -> None:
    plaza = town.network.community("plaza", pace=Pace.EACH)
    town.network.join(plaza, town.bob)
    carl = town.network.person("carl")
    for community in (town.garden, plaza):
        written(town, community, carl, 10)
    told = town.relais.json("digest", "forecast", "--community", "plaza", "--pace", "daily", "--days", "14")
    # One digest and one mail become one digest.
    assert told["mails_per_week"] == {"now": 1.0, "after": 0.5}


def test_another_hour_touches_who_chose_none(town: Town) -> None:
    with town.database.transaction() as tx:
        tx.execute(people_rows.update().where(people_rows.c.id == town.bob).values(digest_at="18:00"))
    each = town.network.community("each", pace=Pace.EACH)
    town.network.join(each, town.network.person("carl"))
    told = town.relais.json("digest", "forecast", "--at", "9:15")
    assert (told["people"], told["keep_their_choice"], told["change"]["at"]) == (1, 1, "09:15")
    [now], [after] = told["next_digests"]["now"], told["next_digests"]["after"]
    assert (now["people"], after["people"]) == (1, 1)
    assert datetime.fromisoformat(now["at"]).minute == 30 and datetime.fromisoformat(after["at"]).minute == 15
    assert [place["address"] for place in told["communities"]] == ["each", "garden"]


def test_a_forecast_without_a_change_says_how_things_are(town: Town) -> None:
    carl = town.network.person("carl")
    written(town, town.garden, carl, 8)
    told = town.relais.json("digest", "forecast")
    assert told["people"] == 2 and told["mails_per_week"]["now"] == told["mails_per_week"]["after"] == 0.5
    # Who is paused counts as a member, and is sent nothing.
    with town.database.transaction() as tx:
        paces.pause(tx, town.bob, None, utc_now())
        assert people.get_all(tx, [town.bob])
    told = town.relais.json("digest", "forecast")
    assert (told["people"], told["mails_per_week"]["now"]) == (2, 0.25)
    assert "garden\tdaily\t2\t2\t-" in town.relais.done("digest", "forecast")


def test_a_forecast_refuses_in_words(relais: Console) -> None:
    assert "no such community" in relais.refused("digest", "forecast", "--community", "attic", "--pace", "daily")
    for words in (("--at", "25:00"), ("--pace", "hourly"), ("--days", "0"), ("--days", "x")):
        assert relais.run("digest", "forecast", *words).exit_code == 2
    empty = relais.json("digest", "forecast")
    assert (empty["people"], empty["communities"], empty["mails_per_person_and_day"]) == (0, [], 0.0)
    assert "0 people" in relais.done("digest", "forecast", "--at", "08:00")


def test_without_a_database_they_say_so(tmp_path: Path) -> None:
    console = Console(tmp_path, f"sqlite:///{tmp_path}/absent.db")
    for words in (("run",), ("forecast",), ("preview", "a@b.example", "--cadence", "daily")):
        result = console.run("digest", *words)
        assert result.exit_code == 78 and "relais init" in result.stderr


def test_all_digests_are_paused_and_go_on(town: Town) -> None:
    relais = town.relais
    town.network.write(town.ann, town.garden)
    assert relais.json("digest", "resume") == {"paused_since": None, "changed": False}
    first = relais.json("digest", "pause")
    again = relais.json("digest", "pause")
    assert (first["changed"], again["changed"], again["paused_since"]) == (True, False, first["paused_since"])
    assert relais.json("status")["digests_paused_since"] == first["paused_since"]
    checks = {check["name"]: check for check in json.loads(relais.run("doctor", "--json").stdout)["checks"]}
    assert checks["digests"]["state"] == "warn"
    assert "paused since" in checks["digests"]["text"]
    found = relais.json("digest", "run", "--now", MONDAY)
    assert (found["closed"], found["paused_since"]) == (0, first["paused_since"])
    assert "digests are paused since" in relais.run("digest", "run", "--now", MONDAY).stderr
    assert relais.done("digest", "resume") == "digests go on\n"
    assert relais.json("status")["digests_paused_since"] is None
    assert relais.json("digest", "run", "--now", MONDAY)["closed"] == 1


def sent_tests(town: Town) -> list[EmailMessage]:
    folder = town.relais.folder / "outbox" / "new"
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in folder.iterdir()]
    return [mail for mail in mails if isinstance(mail, EmailMessage) and str(mail["Subject"]).startswith("[TEST] ")]


def test_a_digest_is_mailed_to_look_at_and_nothing_moves(town: Town) -> None:
    town.network.write(town.ann, town.garden)
    town.relais.done("person", "add", "chief@people.example", "--role", "admin")
    before = town.state()
    to_self = town.relais.json("digest", "test", "bob@people.example", "--now", MONDAY)
    assert (to_self["for"], to_self["state"]) == ("bob@people.example", "delivered")
    words = ("digest", "test", "chief@people.example", "--for", "bob@people.example", "--now", MONDAY)
    assert town.relais.done(*words) == "sent to chief@people.example\n"
    town.relais.done(*words)
    assert town.state() == before
    mails = sent_tests(town)
    assert sorted(str(mail["To"]) for mail in mails) == [
        "bob@people.example",
        "chief@people.example",
        "chief@people.example",
    ]
    # A mail service shows one of several that have the same identity.
    assert len({mail["Message-ID"] for mail in mails}) == 3
    shown = town.eml("bob")
    for mail in mails:
        assert mail["Subject"] == f"[TEST] {shown['Subject']}"
        assert abs(mail["Date"].datetime - utc_now()) < timedelta(minutes=2)
        assert [name for name in mail if name not in ENVELOPE] == list(shown)
        assert words_of(mail, "plain") == words_of(shown, "plain")


def test_nobody_but_an_administrator_is_mailed_the_digest_of_another(town: Town) -> None:
    town.network.write(town.ann, town.garden)
    refused = town.relais.refused("digest", "test", "ann@people.example", "--for", "bob@people.example")
    assert "no administrator" in refused
    assert "nobody" in town.relais.refused("digest", "test", "bob@people.example", "--for", "eve@people.example")
    assert "nobody" in town.relais.refused("digest", "test", "eve@people.example")
    assert "nothing new" in town.relais.refused("digest", "test", "ann@people.example", "--now", MONDAY)
    town.network.suspend(town.bob)
    assert "suspended" in town.relais.refused("digest", "test", "bob@people.example")
    assert not (town.relais.folder / "outbox").exists()


def test_a_test_that_the_relay_does_not_take_is_not_sent(town: Town) -> None:
    town.network.write(town.ann, town.garden)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings = town.relais.config.read_text()
    town.relais.config.write_text(settings.replace("[relay]", f'[relay]\nhost = "127.0.0.1"\nport = {port}'))
    refused = town.relais.refused("digest", "test", "bob@people.example", "--now", MONDAY)
    assert "not sent to bob@people.example: no connection" in refused


def test_a_forecast_of_stepping_down_counts_people_and_changes_nothing(town: Town) -> None:
    plaza = town.network.community("plaza")
    town.network.join(plaza, town.ann, town.bob)
    for _ in range(3):
        town.network.write(town.ann, plaza)
    town.network.fan_out()
    with town.database.transaction() as tx:
        tx.execute(deliveries.update().values(state="delivered"))
        tx.execute(people_rows.update().values(created_at=datetime(2020, 1, 1, tzinfo=UTC)))
        tx.execute(people_rows.update().where(people_rows.c.id == town.ann).values(heard_at=datetime.now(UTC)))
    before = town.state()
    told = town.relais.json("digest", "forecast", "--after-days", "7", "--after-mails", "3")
    assert told == {"change": {"after_days": 7, "after_mails": 3}, "to_daily": 1, "to_weekly": 0}
    spoken = town.relais.done("digest", "forecast", "--after-days", "7")
    assert "each → daily" in spoken and "0 people" in spoken and "30 mails" in spoken
    both = town.relais.run("digest", "forecast", "--after-days", "7", "--at", "9:15")
    assert both.exit_code == 2
    assert town.state() == before


def test_a_forecast_of_another_weekday(town: Town) -> None:
    told = town.relais.json("digest", "forecast", "--on", "Friday")
    assert (told["people"], told["change"]["on"]) == (0, "friday")
    wrong = town.relais.run("digest", "forecast", "--on", "vendredi")
    assert wrong.exit_code == 2 and "--on" in wrong.stderr
