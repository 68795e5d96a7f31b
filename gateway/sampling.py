"""A person's next digest as a mail to look at, sent at once: `relais digest test`.

Part of the wiring. It is the preview, with tokens that open nothing, marked in its subject. It is signed and goes over
the relay, or into the outbox, as all mails do. Nothing is stored or moved: there is one try, and its outcome is told.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

from digests.preview import UNSTORED
from gateway import edges
from gateway.core.address import Address
from gateway.core.community import NetworkRole, Person, PersonState
from gateway.core.delivery import Lease, Outcome, Outgoing
from gateway.core.digest import Cadence
from gateway.core.errors import GatewayError
from gateway.previewing import PreviewedMail, Silence, preview_mail
from store import people

if TYPE_CHECKING:
    from gateway.app import App

MARK = "[TEST]"
_PATIENCE = timedelta(minutes=2)


def send_sample(app: App, to: Address, reader: Address, cadence: Cadence, now: datetime) -> Outcome | Silence:
    """Sends the next digest of `reader`, as seen at `now`, to `to`; Silence where there would be none.

    Raises GatewayError where nobody has one of the addresses, or somebody who does not run the network would read the
    digest of another; StoreError, ConfigurationError.
    """
    with app.database.reading() as tx:
        recipient, owner = people.find(tx, to), people.find(tx, reader)
    for address, person in ((to, recipient), (reader, owner)):
        if person is None:
            raise GatewayError(f"{address}: nobody has this address")
    assert recipient and owner
    _require_right(recipient, owner)
    mail = preview_mail(app, reader, cadence, now)
    if isinstance(mail, Silence):
        return mail
    sent_at = app.clock()
    data = _marked(mail, recipient.address, app.settings.gateway.domain, sent_at)
    signer = edges.signer(app.settings, app.clock)
    [signed] = signer.sign_many([data]) if signer else [data]
    outgoing = Outgoing(UNSTORED, 1, mail.reverse_path, recipient.address, signed, Lease(sent_at + _PATIENCE))
    return asyncio.run(_send(app, outgoing))


def _require_right(recipient: Person, owner: Person) -> None:
    if recipient.state is not PersonState.ACTIVE:
        raise GatewayError(f"{recipient.address}: is suspended, and gets no mail")
    if recipient.id != owner.id and recipient.role is not NetworkRole.ADMIN:
        raise GatewayError(f"{recipient.address}: no administrator, who alone may read the digest of somebody else")


async def _send(app: App, mail: Outgoing) -> Outcome:
    courier = edges.courier(app.settings, app.clock)
    outcomes: list[Outcome] = []
    try:
        await courier.send([mail], outcomes.extend)
    finally:
        await courier.close()
    return outcomes[0]


def _marked(mail: PreviewedMail, to: str, domain: str, now: datetime) -> bytes:
    """The previewed mail with a subject, an identity, a date and a recipient of its own."""
    head, blank, body = mail.raw.partition(b"\r\n\r\n")
    # Of two mails with one Message-ID many services show the first only.
    identity = f"<test.{secrets.token_hex(16)}@{domain}>"
    for name, value in (("To", f"<{to}>"), ("Message-ID", identity), ("Date", format_datetime(now))):
        head = _replaced(head, name, value.encode())
    # The mark stands on a line of its own: what follows is folded, and encoded, as it was (RFC 5322 §2.2.3).
    head = _replaced(head, "Subject", MARK.encode() + b"\r\n ", keep=True)
    return head + blank + body


def _replaced(head: bytes, name: str, value: bytes, *, keep: bool = False) -> bytes:
    """The header with this value in that field: in place of its own, or with `keep` before it."""
    field = rb"^" + name.encode() + rb":([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)"
    found = re.search(field, head, re.IGNORECASE | re.MULTILINE)
    assert found, name
    rest = found[1].strip() if keep else b""
    return head[: found.start()] + name.encode() + b": " + value + rest + head[found.end() :]
