from __future__ import annotations

import time

from gateway.core.failure import BounceCause
from gateway.core.message import BouncedRecipient, Feedback
from inbound.bounces import Notice, is_receipt, read_complaint, read_fields, read_report, read_unruly
from tests.inbound.mails import multipart, part


def named(subject: str, text: str, failed: str = "", own: frozenset[str] = frozenset()) -> list[str]:
    return [r.address for r in read_unruly(Notice(subject, text, text.encode(), failed, own))]


def test_a_mail_without_a_status_part_is_no_report() -> None:
    assert read_report(b"Subject: x\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\n") is None


def test_a_refusal_dressed_as_a_receipt_is_none() -> None:
    kind = b"Content-Type: message/disposition-notification\r\n\r\n"
    assert is_receipt(kind + b"Disposition: manual-action/MDN-sent-manually; displayed\r\n")
    assert not is_receipt(kind + b"Disposition: automatic-action/MDN-sent-automatically; deleted\r\n")


def test_addresses_of_the_envelope_never_failed() -> None:
    text = "not delivered to <bob@example.org>\nsent to list@ours.example"
    assert named("", text, own=frozenset({"list@ours.example"})) == ["bob@example.org"]


def test_the_field_of_failed_recipients_wins() -> None:
    found = named("", "see postmaster@mx.example, or x@y.example", "bob@example.org, carol@example.org")
    assert found == ["bob@example.org", "carol@example.org"]


def test_addressees_named_before_the_failed_one_did_not_fail() -> None:
    text = "Your message\n To: team@example.org\ndid not reach the following recipient(s):\nbob@example.org on Monday\n"
    assert named("", text) == ["bob@example.org"]


def test_the_returned_mail_tells_its_one_addressee() -> None:
    notice = Notice("Undelivered", "It failed.", b"", "", frozenset(), (b"To: Bob <bob@example.org>\r\n\r\nwords",))
    assert [r.address for r in read_unruly(notice)] == ["bob@example.org"]
    several = Notice("Undelivered", "It failed.", b"", "", frozenset(), (b"To: a@b.example, c@d.example\r\n\r\n",))
    assert read_unruly(several) == ()


def test_an_encoded_status_part_is_read() -> None:
    fields = (
        b"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.1.1\n"
    )
    encoded = part("message/delivery-status", fields)
    raw = b"From: x\r\n" + multipart("report; report-type=delivery-status", encoded)
    assert read_report(raw) == (BouncedRecipient("bob@example.org", "5.1.1", "failed", True),)


def test_the_diagnostic_tells_what_a_bare_class_does_not() -> None:
    block = (
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        b"Final-Recipient: rfc822; bob@example.org\r\nAction: failed\r\nStatus: 5.0.0\r\n"
        b"Diagnostic-Code: smtp; 550-5.1.1 no such user\r\n"
    )
    assert read_report(block) == (BouncedRecipient("bob@example.org", "5.1.1", "failed", True),)


def test_status_fields_in_plain_text_are_read() -> None:
    text = (
        "It failed:\n\nFinal-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 4.2.2\n\nFinal-Recipient: x\n"
    )
    assert read_fields(text) == (BouncedRecipient("bob@example.org", "4.2.2", "failed", False),)
    assert read_fields("Status: all is well\nAction: dinner") == ()


def test_a_complaint_names_its_kind_and_its_person() -> None:
    fields = b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n"
    raw = multipart(
        "report; report-type=feedback-report",
        part("text/plain", "spam"),
        fields + b"Original-Rcpt-To: <bob@example.org>\r\nOriginal-Mail-From: <bounce+one@relais.example>\r\n",
    )
    enclosed = b"Return-Path: <bounce+two@relais.example>\r\nSubject: x\r\n\r\nwords\r\n"
    feedback = Feedback("abuse", ("bounce+one@relais.example", "bounce+two@relais.example"))
    people = (BouncedRecipient("bob@example.org", "", "complaint", False),)
    assert read_complaint(raw, [enclosed]) == (feedback, people)
    assert read_complaint(b"Subject: x\r\n\r\nFeedback-Type: abuse\r\n") is None


def test_no_report_costs_more_than_its_length() -> None:
    hostile = ("<" + "a" * 300 + "\n") * 3000 + "a@" * 50_000
    began = time.process_time()
    read_unruly(Notice(hostile[:500], hostile, hostile.encode(), "", frozenset()))
    assert time.process_time() - began < 1.0


def test_raw_utf8_in_a_global_report_is_read() -> None:
    block = (
        "Content-Type: message/global-delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: utf-8; rené@élan.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        "Final-Recipient: utf-8; bob@example.org\r\nAction: delayed\r\nStatus: 4.4.1\r\n"
    )
    found = read_report(block.encode()) or ()
    assert [(r.address, r.permanent) for r in found] == [("rené@élan.example", True), ("bob@example.org", False)]


def judged(text: str) -> BouncedRecipient:
    (recipient,) = read_unruly(Notice("Mail status", text, b"", "", frozenset()))
    return recipient


def test_without_a_code_a_delivery_that_is_over_is_permanent_and_one_that_is_not_is_not() -> None:
    full = judged("We could not deliver to <bob@example.org>: the mailbox is full.")
    assert full == BouncedRecipient("bob@example.org", "5.2.2", "failed", True)
    assert full.over
    assert full.cause is BounceCause.FULL
    late = judged("Not yet delivered to <bob@example.org>: the mailbox is full. We will keep trying.")
    assert late == BouncedRecipient("bob@example.org", "4.2.2", "delayed", False)
    assert not late.over
    assert late.cause is BounceCause.FULL


def test_a_code_of_class_4_outweighs_that_the_delivery_is_over() -> None:
    given_up = judged("Could not deliver to <bob@example.org>: 4.4.1 no answer. I will not try again.")
    assert (given_up.permanent, given_up.over, given_up.cause) == (False, True, BounceCause.UNREACHABLE)


def test_the_status_tells_what_stood_in_the_way() -> None:
    causes = {
        "5.1.1": BounceCause.NO_SUCH_ADDRESS,
        "5.1.2": BounceCause.NO_SUCH_HOST,
        "5.1.10": BounceCause.NO_SUCH_HOST,
        "4.2.2": BounceCause.FULL,
        "5.3.4": BounceCause.TOO_LARGE,
        "5.7.26": BounceCause.REFUSED,
        "5.5.2": BounceCause.UNKNOWN,
        "": BounceCause.UNKNOWN,
    }
    assert {status: BouncedRecipient("a@b.example", status, "failed", True).cause for status in causes} == causes
