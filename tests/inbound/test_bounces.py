from __future__ import annotations

from inbound.bounces import is_receipt, read_report, read_unruly, says_failure

NOBODY: frozenset[str] = frozenset()


def test_a_mail_without_a_status_part_is_no_report() -> None:
    assert read_report(b"Subject: x\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\n") is None


def test_a_refusal_dressed_as_a_receipt_is_none() -> None:
    kind = b"Content-Type: message/disposition-notification\r\n\r\n"
    assert is_receipt(kind + b"Disposition: manual-action/MDN-sent-manually; displayed\r\n")
    assert not is_receipt(kind + b"Disposition: automatic-action/MDN-sent-automatically; deleted\r\n")


def test_addresses_of_the_envelope_never_failed() -> None:
    found = read_unruly(
        "", "not delivered to <bob@example.org>\nsent to list@ours.example", "", frozenset({"list@ours.example"})
    )
    assert [r.address for r in found] == ["bob@example.org"]


def test_the_field_of_failed_recipients_wins() -> None:
    found = read_unruly("", "see postmaster@mx.example, or x@y.example", "bob@example.org, carol@example.org", NOBODY)
    assert [r.address for r in found] == ["bob@example.org", "carol@example.org"]


def test_addressees_named_before_the_failed_one_did_not_fail() -> None:
    text = "Your message\n To: team@example.org\ndid not reach the following recipient(s):\nbob@example.org on Monday\n"
    assert [r.address for r in read_unruly("", text, "", NOBODY)] == ["bob@example.org"]


def test_words_of_failure_in_french_and_english() -> None:
    assert says_failure("Undelivered Mail Returned to Sender")
    assert says_failure("Votre message n'a pas pu être remis")
    assert not says_failure("La livraison des cartons")
