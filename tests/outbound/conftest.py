"""What the tests of the couriers share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.core.clock import utc_now
from gateway.core.delivery import Lease, Outgoing

MakeMail = Callable[..., Outgoing]


@pytest.fixture
def make_mail() -> MakeMail:
    """make_mail(1, to=…, data=…, lease_s=…): a mail whose paths carry its number."""

    def make(
        number: int,
        *,
        to: str | None = None,
        sender: str | None = None,
        data: bytes = b"Subject: x\r\n\r\nwords\r\n",
        lease_s: float = 120,
    ) -> Outgoing:
        return Outgoing(
            delivery_id=number,
            attempts=1,
            reverse_path=f"bounce+{number}@gateway.test" if sender is None else sender,
            forward_path=f"m{number}@example.test" if to is None else to,
            data=data,
            lease=Lease(utc_now() + timedelta(seconds=lease_s)),
        )

    return make
