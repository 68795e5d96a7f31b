import errno

import pytest

from gateway.core.errors import StoreError
from gateway.core.reply import Reply
from inbound import replies


def test_every_answer_has_an_enhanced_code() -> None:
    said = [value for value in vars(replies).values() if isinstance(value, Reply)]
    assert len(said) > 20
    assert all(reply.enhanced for reply in said)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 452),
        (OSError(errno.EIO, "Input/output error"), 451),
        (StoreError("postgresql://user:secret@host"), 451),
        (RuntimeError("secret"), 451),
    ],
)
def test_our_trouble_is_temporary_and_tells_nothing(error: Exception, code: int) -> None:
    reply = replies.trouble(error)
    assert reply.code == code
    assert "secret" not in reply.text
