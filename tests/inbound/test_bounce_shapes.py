from __future__ import annotations

import time

from inbound.bounce_shapes import read_shape

EXIM = (
    b"X-Failed-Recipients: bob@example.org\r\nFrom: Mail Delivery System <mailer-daemon@mx.example>\r\n\r\nIt failed."
)


def test_a_known_system_names_who_failed() -> None:
    assert read_shape(EXIM) == ([], ["bob@example.org"])


def test_the_full_stop_of_a_sentence_is_no_part_of_an_address() -> None:
    report = (
        b"From: postmaster@mx.example\nSubject: Undelivered Mail Returned to Sender\n\n"
        b"Your message could not be delivered to bob@example.org.\n550 5.4.1 Access denied.\n"
    )
    assert read_shape(report)[1] in ([], ["bob@example.org"])


def test_words_of_a_person_have_no_shape() -> None:
    assert read_shape(b"Subject: lunch\r\n\r\nSee you with bob@example.org at noon.\r\n") == ([], [])


def test_long_lines_and_many_lines_cost_little() -> None:
    body = b"the following addresses had\r\n" + (b"x" * 5000 + b"\r\n") * 2000
    began = time.process_time()
    assert read_shape(b"Subject: x\r\n\r\n" + body) == ([], [])
    assert time.process_time() - began < 1.0
