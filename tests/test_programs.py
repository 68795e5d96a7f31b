"""What a run says about the programs it missed."""

from __future__ import annotations

import pytest

from tests.programs import command_for, needs


def test_one_command_for_all_that_is_missing() -> None:
    reasons = [
        "swaks is not installed: apt-get install swaks",
        "no PostgreSQL binaries: apt-get install postgresql, or uv sync",
        "Skipped: swaks is not installed: apt-get install swaks",
        "needs two: apt-get install dovecot-imapd dovecot-lmtpd",
        "not on Fridays",
    ]
    assert command_for(reasons) == "apt-get install dovecot-imapd dovecot-lmtpd postgresql swaks"
    assert command_for(["not on Fridays"]) == ""


def test_a_missing_program_skips_with_the_way_to_get_it() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"apt-get install no-such-package") as caught:
        needs("no-such-program", "no-such-package")
    assert command_for([str(caught.value)]) == "apt-get install no-such-package"
    assert needs("sh").endswith("/sh")
