"""From an accepted mail to its effect: each test is one thing that happens to people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from gateway.core.community import Pace, PersonState, PostPolicy, Role
from gateway.core.delivery import DeliveryState, Outcome
from gateway.core.token import Purpose
from inbound.facts import Rules
from store import arrivals, communities, deliveries, memberships, people, posts
from store.schema import contents, fan_outs, topics
from store.schema import posts as post_rows
from tests.inbound.mailroom import KEPT
from tests.inbound.post_office import RULES, PostOffice, Result, mail
from tests.network import KEYS, PEACE


@pytest.fixture
def projets(office: PostOffice) -> int:
    """A community of ann, bob and carol."""
    added = office.network.community("projets")
    office.network.join(added, *office.network.persons("ann", "bob", "carol"))
    return added


def person(office: PostOffice, name: str) -> int:
    with office.database.reading() as tx:
        found = people.find_all(tx, [f"{name}@people.example"])
    return found[f"{name}@people.example"].id


def published(result: Result) -> int:
    assert (result.state, result.verdict) == ("closed", "publish"), result
    assert result.post_id is not None
    return result.post_id


def topic_of(office: PostOffice, post_id: int) -> tuple[int, int | None]:
    """(topic, parent) of a post."""
    with office.database.reading() as tx:
        place = posts.places(tx, [post_id])[post_id]
    return place.topic.id, place.post.parent_id


# ── a post ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_members_mail_is_a_post_with_its_fan_out(office: PostOffice, projets: int) -> None:
    result = office.post(mail(subject="Re: [projets] Visite de Nantes"), "projets")
    assert result == Result("closed", "publish", "member_post", "", person(office, "ann"), projets, result.post_id)
    assert office.posted() == [("Who comes along on Friday?", projets, "Visite de Nantes")]
    with office.database.reading() as tx:
        assert tx.scalars(select(fan_outs.c.post_id)).all() == [result.post_id]
        ours = tx.scalars(select(contents.c.message_id)).one()
    assert ours.endswith("@relais.example>")


def test_what_an_author_passes_on_stands_in_the_post(office: PostOffice, projets: int) -> None:
    passed_on = "---------- Forwarded message ---------\r\nFrom: Tom <tom@far.example>\r\nDate: Fri, 20 Nov 2026\r\n"
    passed_on += "Subject: The coach\r\nTo: ann@people.example\r\n\r\nTwo coaches are free."
    published(office.post(mail(subject="Fwd: The coach", text=f"For all of you.\r\n\r\n{passed_on}"), "projets"))
    with office.database.reading() as tx:
        [content] = posts.get_contents(tx, tx.scalars(select(contents.c.id)).all()).values()
    assert content.text == "For all of you."
    assert "Two coaches are free." in content.forwarded


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("[URGENT] Serveur en panne", "[URGENT] Serveur en panne"),
        ("Re: [Projets] RE : [URGENT] Serveur en panne", "[URGENT] Serveur en panne"),
        ("Fwd: [PROJETS] [projets] Plan", "Plan"),
        ("[Projets]", "[Projets]"),
    ],
)
def test_a_title_keeps_the_authors_own_tags(office: PostOffice, projets: int, subject: str, title: str) -> None:
    office.post(mail(subject=subject), "projets")
    assert [post[2] for post in office.posted()] == [title]


def test_numbers_grow_by_one_within_a_community(office: PostOffice, projets: int) -> None:
    for n in range(3):
        office.accept(mail(message_id=f"<{n}@people.example>", text=f"words {n}"), "projets")
    office.work()
    with office.database.transaction() as tx:
        assert tx.scalars(select(post_rows.c.number).order_by(post_rows.c.id)).all() == [1, 2, 3]
        assert communities.lock(tx, ids=[projets])[0].last_number == 3


def test_the_subject_never_makes_an_answer(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    second = published(office.post(mail("bob", subject="Re: A visit", message_id="<m2@people.example>"), "projets"))
    assert topic_of(office, first)[0] != topic_of(office, second)[0]


def test_a_cross_post_is_a_topic_in_each_and_one_content(office: PostOffice, projets: int) -> None:
    achats = office.network.community("achats")
    office.network.join(achats, person(office, "ann"), person(office, "bob"))
    raw = mail(headers="To: achats@relais.example\r\nCc: projets@relais.example\r\n")
    office.post(raw, "projets", "achats")
    assert [result.reason for result in office.results()] == ["member_post", "member_post"]
    # In the order in which the mail names them: bob hears of it from the first.
    assert [community for _, community, _ in office.posted()] == [achats, projets]
    with office.database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(contents)) == 1
        assert tx.scalar(select(func.count()).select_from(topics)) == 2


def test_each_path_of_a_mail_has_its_own_verdict(office: PostOffice, projets: int) -> None:
    office.network.community("achats")
    office.accept(mail(), "projets", "achats", "postmaster")
    office.work()
    assert office.words() == [("publish", "member_post"), ("reject", "not_a_member"), ("forward", "for_the_admins")]


def test_anybody_known_posts_where_everyone_may(office: PostOffice) -> None:
    office.network.community("agora", post=PostPolicy.EVERYONE)
    office.network.person("zoe")
    assert office.post(mail("zoe"), "agora").reason == "open_post"


# ── an answer ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_is_an_answer(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    address = office.reply_address(first, person(office, "bob"))
    result = office.post(mail("bob", message_id="<m2@people.example>"), address)
    assert result.reason == "member_answer"
    assert topic_of(office, published(result)) == (topic_of(office, first)[0], first)


@pytest.mark.parametrize("field", ["In-Reply-To", "References"])
@pytest.mark.parametrize("whose", ["ours", "the author's"])
@pytest.mark.parametrize("address", ["projets", "reply"])
def test_headers_are_an_answer(office: PostOffice, projets: int, field: str, whose: str, address: str) -> None:
    first = published(office.post(mail(), "projets"))
    with office.database.reading() as tx:
        named = tx.scalar(select(contents.c.message_id)) if whose == "ours" else "<m1@people.example>"
    raw = mail("bob", message_id="<m2@people.example>", headers=f"{field}: <x@y.example> {named}\r\n")
    result = office.post(raw, address)
    assert result.reason == "member_answer"
    assert topic_of(office, published(result)) == (topic_of(office, first)[0], first)


def test_headers_never_lead_into_another_community(office: PostOffice, projets: int) -> None:
    secret = office.network.community("secret")
    office.network.join(secret, person(office, "bob"))
    hidden = published(office.post(mail("bob"), "secret"))
    hijack = "In-Reply-To: <m1@people.example>\r\n"
    result = office.post(mail("ann", message_id="<m2@people.example>", headers=hijack), "projets")
    assert (result.reason, result.community_id) == ("member_post", projets)
    assert topic_of(office, published(result))[0] != topic_of(office, hidden)[0]
    # Nor by the address that leaves the place to the headers.
    result = office.post(mail("ann", message_id="<m3@people.example>", text="no", headers=hijack), "reply")
    assert (result.verdict, result.reason, result.community_id) == ("reject", "no_place", None)


def test_an_answer_to_the_latest_that_is_known(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    second = published(
        office.post(
            mail("bob", message_id="<m2@people.example>", headers="In-Reply-To: <m1@people.example>\r\n"), "projets"
        )
    )
    chain = "References: <m1@people.example> <m2@people.example> <private@people.example>\r\n"
    third = office.post(mail("carol", message_id="<m3@people.example>", headers=chain), "projets")
    assert topic_of(office, published(third)) == (topic_of(office, first)[0], second)


def test_a_reply_to_all_is_one_answer(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    address = office.reply_address(first, person(office, "bob"))
    raw = mail(
        "bob", message_id="<m2@people.example>", headers=f"To: projets@relais.example, {address}@relais.example\r\n"
    )
    office.accept(raw, "projets", address)
    office.work()
    assert office.words()[1:] == [("discard", "answered_elsewhere"), ("publish", "member_answer")]
    assert len(office.posted()) == 2


# ── who speaks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_colleague_with_anothers_token_posts_as_themself(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    result = office.post(
        mail("carol", message_id="<m2@people.example>"), office.reply_address(first, person(office, "bob"))
    )
    assert (result.reason, result.person_id) == ("member_answer", person(office, "carol"))
    with office.database.reading() as tx:
        authors = tx.scalars(select(post_rows.c.author_id).order_by(post_rows.c.id)).all()
    assert authors == [person(office, "ann"), person(office, "carol")]


def test_a_stranger_with_a_token_is_held_and_never_the_owner(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    outsider = office.network.person("zoe")
    address = office.reply_address(first, person(office, "bob"))
    known = office.post(mail("zoe", message_id="<m2@people.example>"), address)
    assert (known.state, known.reason, known.person_id) == ("held", "token_of_another", outsider)
    unknown = office.post(mail("eve", message_id="<m3@people.example>"), address)
    assert (unknown.state, unknown.reason, unknown.person_id) == ("held", "sender_unknown", None)
    forged = office.post(mail("bob", message_id="<m4@people.example>", proven=False), address)
    assert (forged.state, forged.reason, forged.flag) == ("held", "sender_not_proven", "no_results")
    untrusted = office.post(mail("bob", message_id="<m5@people.example>"), address, trusted=False)
    assert (untrusted.state, untrusted.reason, untrusted.flag) == ("held", "sender_not_proven", "no_border")
    assert len(office.posted()) == 1


def test_a_token_alone_is_enough_only_where_the_house_says_so(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    address = office.reply_address(first, person(office, "bob"))
    office.rules = Rules("token", RULES.files)
    assert office.post(mail("carol", message_id="<m2@people.example>", proven=False), address).state == "held"
    own = office.post(mail("bob", message_id="<m3@people.example>", proven=False), address)
    assert own.reason == "member_answer"
    assert office.post(mail("bob", message_id="<m4@people.example>", proven=False), "projets").state == "held"


def test_the_suspended_are_held(office: PostOffice, projets: int) -> None:
    office.network.suspend(person(office, "ann"))
    assert office.post(mail(), "projets").reason == "suspended"
    assert office.told() == []
    with office.database.transaction() as tx:
        people.set_state(tx, person(office, "ann"), PersonState.ACTIVE)
    assert office.post(mail(), "projets").reason == "member_post"


# ── once only ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_copy_is_a_duplicate(office: PostOffice, projets: int) -> None:
    office.post(mail(), "projets")
    # The way it came, the line ends and trailing blanks are not the mail.
    again = b"Received: from elsewhere\r\n" + mail().replace(b"Friday?\r\n", b"Friday?  \r\n\r\n")
    for copy in (mail(), again):
        assert office.post(copy, "projets").reason == "duplicate"
    assert len(office.posted()) == 1
    assert office.told() == []


def test_copies_in_one_batch_are_one_post(office: PostOffice, projets: int) -> None:
    for _ in range(3):
        office.accept(mail(), "projets")
    office.work()
    assert sorted(office.words()) == [("discard", "duplicate"), ("discard", "duplicate"), ("publish", "member_post")]


def test_a_copy_without_message_id_is_a_duplicate_too(office: PostOffice, projets: int) -> None:
    raw = mail(message_id="")
    assert office.post(raw, "projets").verdict == "publish"
    assert office.post(raw, "projets").reason == "duplicate"
    # Not the same mail: another date, or other words.
    later = raw.replace(b"09:00:00", b"09:00:01")
    assert office.post(later, "projets").verdict == "publish"
    assert office.post(mail(message_id="", text="other words"), "projets").verdict == "publish"


def test_a_reused_message_id_is_another_post_and_flagged(office: PostOffice, projets: int) -> None:
    """I5: the same Message-ID over other words is another post, and flagged."""
    office.post(mail(), "projets")
    result = office.post(mail("eve@people.example", text="swallow this"), "projets")
    assert result.reason == "sender_unknown"
    result = office.post(mail("bob", text="other words"), "projets")
    assert (result.verdict, result.flag) == ("publish", "message_id_reused")
    assert len(office.posted()) == 2


def test_a_mail_sent_again_to_another_community_is_no_duplicate_there(office: PostOffice, projets: int) -> None:
    achats = office.network.community("achats")
    office.network.join(achats, person(office, "ann"))
    office.post(mail(), "projets")
    result = office.post(mail(), "achats")
    # Nor is its Message-ID reused: other words under it are, in either place.
    assert (result.verdict, result.community_id, result.flag) == ("publish", achats, "")
    assert office.post(mail(text="other words"), "achats").flag == "message_id_reused"


# ── what cannot be posted comes back ─────────────────────────────────────────────────────────────────────────────────


def test_a_closed_topic(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    with office.database.transaction() as tx:
        tx.execute(update(topics).values(closed=True))
    result = office.post(
        mail("bob", message_id="<m2@people.example>"), office.reply_address(first, person(office, "bob"))
    )
    assert (result.verdict, result.reason) == ("reject", "topic_closed")
    assert office.told() == [(person(office, "bob"), "returned", "topic_closed")]


def test_a_withdrawn_post(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    with office.database.transaction() as tx:
        posts.withdraw(tx, first, office.clock())
    result = office.post(
        mail("bob", message_id="<m2@people.example>"), office.reply_address(first, person(office, "bob"))
    )
    assert result.reason == "topic_gone"
    # To the posting address it is a post like any other: its author cannot know.
    raw = mail("bob", message_id="<m3@people.example>", text="new", headers="In-Reply-To: <m1@people.example>\r\n")
    assert office.post(raw, "projets").reason == "member_post"


def test_an_archived_community(office: PostOffice, projets: int) -> None:
    with office.database.transaction() as tx:
        communities.change(tx, replace(communities.get_all(tx, [projets])[projets], archived=True))
    assert office.post(mail(), "projets").reason == "community_archived"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (mail(text=" \r\n\t"), "empty"),
        (mail(subject="Re: A visit", text="> quoted\r\n> quoted"), "empty"),
        (
            mail(headers="Content-Type: application/pdf; name=a.pdf\r\n", text="%PDF" + "x" * 6000),
            "attachment_too_large",
        ),
        (mail(text="-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n-----END PGP MESSAGE-----"), "encrypted"),
    ],
    ids=["blank", "only a quotation", "too large", "encrypted"],
)
def test_what_holds_no_words_or_too_much(office: PostOffice, projets: int, raw: bytes, reason: str) -> None:
    result = office.post(
        raw.replace(b"Content-Type: text/plain; charset=utf-8\r\n", b"") if b"pdf" in raw else raw, "projets"
    )
    assert (result.verdict, result.reason) == ("reject", reason)
    assert office.told() == [(person(office, "ann"), "returned", reason)]


def test_a_place_that_is_gone(office: PostOffice, projets: int) -> None:
    assert office.post(mail(), "nowhere").reason == "no_place"
    assert office.post(mail(), "reply").reason == "no_place"
    bad_token = "reply+" + "a" * 30
    assert office.post(mail(), bad_token).reason == "no_place"
    gone = office.reply_address(999, person(office, "ann"))
    assert office.post(mail(), gone).reason == "no_place"


def test_moderation_holds_and_says_so(office: PostOffice) -> None:
    place = office.network.community("calm", post=PostPolicy.MODERATED)
    ann, bob = office.network.persons("ann", "bob")
    office.network.join(place, ann)
    office.network.join(place, bob, role=Role.MANAGER)
    held = office.post(mail(), "calm")
    assert (held.state, held.reason) == ("held", "moderated")
    assert office.told() == [(bob, "question", "moderated"), (ann, "waiting", "moderated")]
    assert office.post(mail("bob", message_id="<m2@people.example>"), "calm").verdict == "publish"


# ── notices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_cause_is_told_once_an_hour(office: PostOffice, projets: int) -> None:
    zoe = office.network.person("zoe")
    for n in range(3):
        office.accept(mail("zoe", message_id=f"<{n}@people.example>"), "projets")
    office.work()
    office.post(mail("zoe", message_id="<m4@people.example>"), "projets")
    assert office.told() == [(zoe, "returned", "not_a_member")]
    # Another cause is another notice.
    office.post(mail("zoe", message_id="<m5@people.example>"), "nowhere")
    assert len(office.told()) == 2
    office.clock.advance(hours=1)
    office.post(mail("zoe", message_id="<m6@people.example>"), "projets")
    assert office.told() == [
        (zoe, "returned", "not_a_member"),
        (zoe, "returned", "no_place"),
        (zoe, "returned", "not_a_member"),
    ]


def test_nothing_rejected_is_lost_where_its_author_is_not_told_again(office: PostOffice, projets: int) -> None:
    """I13: what a person wrote is never lost in silence."""
    zoe, other = office.network.person("zoe"), office.network.community("achats")
    told = office.post(mail("zoe"), "projets")
    hushed = office.post(mail("zoe", message_id="<m2@people.example>"), "projets")
    elsewhere = office.post(mail("zoe", message_id="<m3@people.example>"), "achats")
    assert (told.state, hushed.state, hushed.flag) == ("closed", "held", "hushed")
    assert (hushed.verdict, hushed.reason) == ("reject", "not_a_member")
    assert (elsewhere.state, elsewhere.community_id) == ("closed", other)
    assert office.told() == [(zoe, "returned", "not_a_member")] * 2
    # Asked again after the hour, it comes back to its author like any other.
    office.clock.advance(hours=1)
    with office.database.transaction() as tx:
        assert arrivals.retry(tx, 2)
    office.work()
    assert office.results()[1].state == "closed"
    assert len(office.told()) == 3


def test_one_mail_to_two_wrong_addresses_is_told_once_and_over(office: PostOffice, projets: int) -> None:
    office.post(mail(), "nowhere", "nobody")
    assert [result.state for result in office.results()] == ["closed", "closed"]
    assert office.told() == [(person(office, "ann"), "returned", "no_place")]


def test_who_must_not_be_answered_loses_nothing_either(office: PostOffice, projets: int) -> None:
    office.network.person("zoe")
    result = office.post(mail("zoe", headers="Precedence: list\r\n"), "projets")
    assert (result.state, result.verdict, result.flag) == ("held", "reject", "not_told")


@pytest.mark.parametrize(
    "reverse_path",
    ["owner-news@far.example", "news-request@far.example", "MAILER-DAEMON@far.example", "news-bounces@far.example"],
)
def test_a_list_or_a_mail_system_is_not_answered(office: PostOffice, projets: int, reverse_path: str) -> None:
    """I8: an answer goes to a person or to nobody (RFC 3834 §2)."""
    office.network.person("zoe")
    result = office.post(mail("zoe"), "projets", reverse_path=reverse_path)
    assert (result.state, result.flag, office.told()) == ("held", "not_told", [])


def test_a_mail_that_names_none_of_us_is_not_answered(office: PostOffice, projets: int) -> None:
    """I8: what was not written to us is not ours to answer (RFC 3834 §2)."""
    office.network.person("zoe")
    result = office.post(mail("zoe", headers="To: bob@people.example\r\n"), "projets")
    assert (result.state, result.flag, office.told()) == ("held", "not_told", [])


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Absence du bureau : semaine 48", "Je serai absent lundi, Tom prend le relais."),
        ("Out of office: support on Monday", "I am out on Monday. Tom will cover."),
    ],
)
def test_a_members_subject_alone_makes_no_machine(office: PostOffice, projets: int, subject: str, text: str) -> None:
    result = office.post(mail(subject=subject, text=text), "projets")
    assert (result.state, result.reason) == ("held", "looks_automatic")
    assert office.told() == []
    office.publish(1)
    assert office.posted() == [(text, projets, subject)]


def test_the_same_subject_over_an_answer_is_a_machines(office: PostOffice, projets: int) -> None:
    published(office.post(mail(), "projets"))
    raw = mail(
        "bob",
        subject="Out of office: A visit",
        text="I am away.",
        message_id="<m2@people.example>",
        headers="In-Reply-To: <m1@people.example>\r\n",
    )
    assert office.post(raw, "projets").reason == "auto_reply"


def test_a_mail_to_somebody_else_is_not_posted_in_its_authors_name(office: PostOffice, projets: int) -> None:
    strayed = mail(headers="To: bob@people.example\r\n")
    result = office.post(strayed, "projets", reverse_path="eve@far.example")
    assert (result.state, result.reason) == ("held", "not_addressed")
    assert (office.posted(), office.told()) == ([], [])


@pytest.mark.parametrize(
    "headers",
    [
        "To: Projets@Relais.Example\r\n",
        "To: bob@people.example\r\nCc: The project <projets@relais.example>\r\n",
        "To: undisclosed-recipients:;\r\n",
        "",
    ],
    ids=["another case", "cc", "undisclosed", "none"],
)
def test_a_mail_to_us_or_to_nobody_is_posted(office: PostOffice, projets: int, headers: str) -> None:
    assert office.post(mail(headers=headers), "projets").verdict == "publish"


def test_a_border_that_could_not_tell_is_told_from_one_that_said_no(office: PostOffice, projets: int) -> None:
    """What the border could not check for the moment waits under a reason of its own."""
    results = "Authentication-Results: mx.people.example; dmarc=temperror header.from=people.example\r\n"
    result = office.post(results.encode() + mail(proven=False), "projets")
    assert (result.state, result.reason) == ("held", "sender_not_checked")
    assert office.told() == [(result.person_id, "question", "sender_not_checked")]


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Precedence: bulk\r\n",
        "Precedence: junk\r\n",
        "Precedence: list\r\n",
        "List-Id: <other.lists.example>\r\n",
        "X-Auto-Response-Suppress: All\r\nPrecedence: bulk\r\n",
    ],
)
def test_no_machine_is_answered(office: PostOffice, projets: int, headers: str) -> None:
    office.network.person("zoe")
    office.post(mail("zoe", headers=headers), "projets")
    assert office.told() == []
    assert office.posted() == []


def test_the_null_sender_is_not_answered_and_posts_nothing(office: PostOffice, projets: int) -> None:
    result = office.post(mail(), "projets", reverse_path="")
    assert (result.verdict, result.reason) == ("discard", "auto_reply")
    assert office.told() == []


def test_auto_submitted_no_is_a_person(office: PostOffice, projets: int) -> None:
    assert office.post(mail(headers="Auto-Submitted: no\r\n"), "projets").verdict == "publish"


def test_an_unproven_author_is_asked_and_not_answered(office: PostOffice, projets: int) -> None:
    ann = office.post(mail(proven=False, text=" "), "projets").person_id
    office.post(mail("stranger@else.example", text=" "), "projets")
    assert office.told() == [(ann, "question", "sender_not_proven")]


def test_our_own_mail_is_a_loop(office: PostOffice, projets: int) -> None:
    for headers in ("List-Id: <projets.relais.example>\r\n", "Message-ID: <x@relais.example>\r\n"):
        raw = mail(message_id="" if "Message" in headers else "<m1@people.example>", headers=headers)
        assert office.post(raw, "projets").reason == "loop"
    assert office.told() == []


# ── other doors ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_leave_token_turns_the_pace_off(office: PostOffice, projets: int) -> None:
    bob = person(office, "bob")
    token = "leave+" + KEYS.sign(Purpose.LEAVE, (projets, bob), issued=office.clock())
    # Whoever sends it, also a program: the token names the one membership it can end.
    for reverse_path in ("", "bob@people.example"):
        result = office.post(mail("bob", proven=False, text=""), token, reverse_path=reverse_path)
        assert (result.verdict, result.reason) == ("unsubscribe", "leave_token")
    with office.database.reading() as tx:
        assert memberships.get_all(tx, [(projets, bob)])[projets, bob].pace is Pace.OFF
    office.post(mail(), "projets")
    office.network.fan_out()
    with office.database.reading() as tx:
        assert memberships.readers(tx, [projets]) == {projets: 2}


def test_a_bounce_changes_nothing_here(office: PostOffice, projets: int) -> None:
    token = "bounce+" + KEYS.sign(Purpose.BOUNCE, (7,), issued=office.clock())
    assert office.post(mail("mailer-daemon", proven=False), token, reverse_path="").reason == "bounce"
    assert (office.posted(), office.told()) == ([], [])


def test_the_people_who_run_the_place_get_what_is_for_them(office: PostOffice, projets: int) -> None:
    for address in ("postmaster", "abuse", "projets+owner", "projets+responsables"):
        result = office.post(mail(), address)
        assert (result.state, result.reason) == ("held", "for_the_admins")


def test_a_token_in_a_quotation_is_not_handed_on(office: PostOffice, projets: int) -> None:
    first = published(office.post(mail(), "projets"))
    key = office.reply_address(first, person(office, "bob"))
    text = f"Write to {key}@relais.example or https://relais.example/u/{key[6:]} now"
    office.post(mail("bob", message_id="<m2@people.example>", text=text), "projets")
    stored = office.posted()[-1][0]
    assert key[6:] not in stored
    assert "reply@relais.example" in stored


# ── answers that come too soon ───────────────────────────────────────────────────────────────────────────────────────

RECEIVED = (
    "Thank you for your message. We have received it and one of our colleagues will answer it as soon as possible, "
    "mostly within two working days."
)


def sent_to_bob(office: PostOffice) -> int:
    """A post of ann's that the relay has just taken for bob and carol."""
    post_id = published(office.post(mail(), "projets"))
    office.network.fan_out()
    with office.database.transaction() as tx:
        claimed = deliveries.claim(tx, office.clock(), 9, PEACE)
        taken = [Outcome(c.delivery.id, c.delivery.attempts, DeliveryState.DELIVERED, KEPT) for c in claimed]
        deliveries.record(tx, [(outcome, None) for outcome in taken], office.clock())
    return post_id


@pytest.mark.parametrize(
    ("seconds", "text", "reason"),
    [
        (2, RECEIVED, "faster_than_human"),
        (40, RECEIVED, "member_answer"),
        (2, "I am in, and Tom as well.", "member_answer"),
        (2, f"{RECEIVED}\r\n\r\nOn 20 Nov 2026 Ann wrote:\r\n> Who comes along on Friday?", "member_answer"),
    ],
)
def test_whole_sentences_within_seconds_wait_for_a_human(
    office: PostOffice, projets: int, seconds: int, text: str, reason: str
) -> None:
    first = sent_to_bob(office)
    office.clock.advance(seconds=seconds)
    answer = mail("bob", text=text, message_id="<m2@people.example>")
    result = office.post(answer, office.reply_address(first, person(office, "bob")))
    assert result.reason == reason
    if result.state == "held":
        office.publish(2)
        assert office.results()[-1].reason == "member_answer"


def test_headers_alone_tell_which_mail_was_answered_so_soon(office: PostOffice, projets: int) -> None:
    sent_to_bob(office)
    answer = mail(
        "bob", text=RECEIVED, message_id="<m2@people.example>", headers="In-Reply-To: <m1@people.example>\r\n"
    )
    assert office.post(answer, "projets").reason == "faster_than_human"
