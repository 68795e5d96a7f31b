"""An answer that says nothing but thanks is counted for its post, and nobody gets a mail of it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from store.schema import communities, fan_outs, thanks
from tests.inbound.post_office import PostOffice, mail


@pytest.fixture
def post_id(office: PostOffice) -> int:
    """Ann's post in projets, where bob is a member too."""
    place = office.network.community("projets")
    for person in office.network.persons("ann", "bob"):
        office.network.join(place, person)
    posted = office.post(mail("ann"), "projets").post_id
    assert posted
    return posted


def say(office: PostOffice, who: str, text: str, post_id: int, *, number: int = 2) -> tuple[str | None, str | None]:
    person_id = {"ann": 1, "bob": 2}[who]
    raw = mail(who, text=text, subject="Re: A visit", message_id=f"<m{number}@people.example>")
    path = office.reply_address(post_id, person_id)
    result = office.post(raw, path, reverse_path=f"{who}@people.example")
    return result.verdict, result.reason


def counted(office: PostOffice) -> list[tuple[int, int]]:
    with office.database.reading() as tx:
        return [(row.post_id, row.person_id) for row in tx.execute(select(thanks))]


@pytest.mark.parametrize("text", ["Merci Ann !", "+1", "👍", "Thanks\n-- \nBob\n+33 1 23 45 67 89"])
def test_thanks_are_counted_and_sent_to_nobody(office: PostOffice, post_id: int, text: str) -> None:
    with office.database.reading() as tx:
        before = tx.scalar(select(func.count()).select_from(fan_outs))
    assert say(office, "bob", text, post_id) == ("thank", "thanks")
    assert say(office, "bob", "merci", post_id, number=3) == ("thank", "thanks")
    assert counted(office) == [(post_id, 2)]
    with office.database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(fan_outs)) == before


def test_one_word_more_is_an_answer(office: PostOffice, post_id: int) -> None:
    assert say(office, "bob", "Merci, mais vendredi je ne peux pas.", post_id) == ("publish", "member_answer")
    assert counted(office) == []


def test_who_thanks_under_their_own_post_means_the_others(office: PostOffice, post_id: int) -> None:
    assert say(office, "ann", "Merci à tous", post_id) == ("publish", "member_answer")
    assert counted(office) == []


def test_thanks_wait_for_nobody_where_posts_do(office: PostOffice) -> None:
    place = office.network.community("salon")
    for person in office.network.persons("ann", "bob"):
        office.network.join(place, person)
    posted = office.post(mail("ann"), "salon").post_id
    assert posted
    with office.database.transaction() as tx:
        tx.execute(communities.update().values(post_policy="moderated"))
    assert say(office, "bob", "Thank you!", posted) == ("thank", "thanks")
    assert counted(office) == [(posted, 2)]
