"""Whole mails, as they leave: the files beside this one are what a reviewer reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.core.decision import Reason
from gateway.core.notice import Choice, NamedFile, NoticeKind
from tests.outbound.mails import (
    ANSWER,
    CONTENT,
    DELIVERY,
    FORWARDED,
    HELD,
    PASSED_ON,
    PICTURE,
    POST,
    RETURNED,
    STRANGER,
    composer,
    sent,
)

Golden = Callable[[str, bytes], None]


def test_post_with_files_in_french(golden: Golden) -> None:
    golden("post-fr", sent(POST, "fr_FR"))


def test_answer_in_english(golden: Golden) -> None:
    golden("answer-en", sent(ANSWER, "en"))


def test_post_that_passes_a_mail_on(golden: Golden) -> None:
    golden("post-forwarded-fr", sent(PASSED_ON, "fr"))


def test_post_with_an_inline_image(golden: Golden) -> None:
    html = '<p>Voici le plan.</p><p><img src="cid:plan@author" alt="Plan du site"></p>'
    content = replace(CONTENT, html=html, text="Voici le plan.", files=(PICTURE,))
    mail = replace(POST, content=content, also_in=(), files_attached=(PICTURE,), files_linked=())
    golden("post-inline-image-fr", sent(mail, "fr"))


def test_returned_to_a_stranger_in_french(golden: Golden) -> None:
    golden("returned-fr", composer().compose_notice(RETURNED, DELIVERY).data)


def test_returned_for_its_weight_in_english(golden: Golden) -> None:
    notice = replace(RETURNED, reason=Reason.ATTACHMENT_TOO_LARGE, files=(NamedFile("Site plans.zip", 35_651_584),))
    golden("returned-en", composer().compose_notice(notice, replace(DELIVERY, locale="en")).data)


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_returned_for_it_cannot_be_read(golden: Golden, locale: str) -> None:
    notice = replace(RETURNED, reason=Reason.ENCRYPTED)
    golden(f"returned-encrypted-{locale}", composer().compose_notice(notice, replace(DELIVERY, locale=locale)).data)


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_waiting(golden: Golden, locale: str) -> None:
    notice = replace(RETURNED, kind=NoticeKind.WAITING, reason=Reason.MODERATED)
    golden(f"waiting-{locale}", composer().compose_notice(notice, replace(DELIVERY, locale=locale)).data)


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_what_waits_for_those_who_run_a_place(golden: Golden, locale: str) -> None:
    golden(f"held-{locale}", composer().compose_notice(HELD, replace(DELIVERY, locale=locale)).data)


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_what_could_not_be_worked_on(golden: Golden, locale: str) -> None:
    notice = replace(HELD, kind=NoticeKind.SET_ASIDE, community=None, waiting=1)
    golden(f"set-aside-{locale}", composer().compose_notice(notice, replace(DELIVERY, locale=locale)).data)


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize(("name", "reason"), [("storm", Reason.FOR_THE_ADMINS), ("paused", Reason.TOPIC_FLOOD)])
def test_a_topic_goes_too_fast(golden: Golden, locale: str, name: str, reason: Reason) -> None:
    title = "Qui vient à Nantes ?"
    notice = replace(HELD, kind=NoticeKind.STORM, reason=reason, waiting=0, topic_title=title, topic=Choice(12, title))
    golden(f"topic-{name}-{locale}", composer().compose_notice(notice, replace(DELIVERY, locale=locale)).data)


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("kind", [NoticeKind.LATE_IN, NoticeKind.LATE_OUT])
def test_mail_is_late(golden: Golden, locale: str, kind: NoticeKind) -> None:
    notice = replace(HELD, kind=kind, community=None, waiting=3)
    name = kind.value.replace("_", "-")
    golden(f"{name}-{locale}", composer().compose_notice(notice, replace(DELIVERY, locale=locale)).data)


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("reason", [Reason.TOPIC_FLOOD, Reason.AUTHOR_FLOOD])
def test_waiting_in_a_flood(golden: Golden, locale: str, reason: Reason) -> None:
    notice = replace(RETURNED, kind=NoticeKind.WAITING, reason=reason)
    name = reason.value.replace("_", "-")
    golden(f"waiting-{name}-{locale}", composer().compose_notice(notice, replace(DELIVERY, locale=locale)).data)


def test_forwarded_to_a_manager_in_french(golden: Golden) -> None:
    golden("forwarded-fr", composer().compose_notice(FORWARDED, DELIVERY).data)


def test_forwarded_from_a_stranger_in_english(golden: Golden) -> None:
    golden("forwarded-en", composer().compose_notice(STRANGER, replace(DELIVERY, locale="en")).data)
