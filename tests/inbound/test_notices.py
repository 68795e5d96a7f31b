from __future__ import annotations

from inbound import notices

DISCLAIMER = (
    "This message and any attachments are confidential. If you are not the intended recipient, please delete it and "
    "notify the sender."
)


def test_a_disclaimer_is_known_by_several_kinds_of_phrases() -> None:
    assert notices.is_disclaimer(DISCLAIMER)
    assert notices.kinds(DISCLAIMER) >= 4
    assert not notices.is_disclaimer("This message is confidential, so I count on you to keep it to yourselves.")


def test_whoever_asks_or_says_i_is_a_person() -> None:
    assert not notices.is_disclaimer(f"{DISCLAIMER} Does that sound right?")
    assert not notices.is_disclaimer(
        "I got this message by mistake, I am not the intended recipient, so I will delete it as you ask."
    )


def test_small_print_speaks_of_this_mail() -> None:
    assert notices.is_small_print("Please consider the environment before printing this e-mail.")
    assert not notices.is_small_print("Please print the poster on green paper.")
    assert notices.is_small_print("This email has been scanned for viruses by Sophos.")
    assert not notices.is_small_print("This message has been checked by our lawyers.")


def test_a_banner_is_a_gateways() -> None:
    assert notices.is_banner("[EXTERNAL] Use caution with links")
    assert not notices.is_banner("[EXTERNAL] Hello Bob")
    assert not notices.is_banner("This message comes from outside, I think.")
