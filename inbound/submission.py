"""Whether the peer may send for the domain of the reverse-path: SPF.

Called by verification. The only file that knows pyspf, whose own way to the DNS is replaced: it has no bound that holds
and no cache. RFC 7208.
"""

from __future__ import annotations

import ipaddress
import warnings
from typing import Any

from inbound.resolver import NotAnsweredError, Questions

with warnings.catch_warnings():
    # Its source is of 2020, and says some things as Python no longer does.
    warnings.simplefilter("ignore")
    import spf


class _Query(spf.query):  # type: ignore[misc]
    """One check, with our questions in place of its own."""

    def __init__(self, questions: Questions, peer: str, sender: str, helo: str) -> None:
        super().__init__(i=peer, s=sender, h=helo, timeout=1, querytime=0)
        self._questions = questions

    def dns(self, name: Any, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:
        """What pyspf calls for every record."""
        try:
            found = list(self._questions.records(str(name), qtype))
        except NotAnsweredError as error:
            raise spf.TempError(str(error)) from error
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many names that do not exist")
        return found


def check(questions: Questions, peer: str, sender: str, helo: str) -> str:
    """pass, fail, softfail, neutral, none, temperror or permerror, of that address and for that reverse-path.

    `sender` is LOCAL@DOMAIN, never ""; `peer` an IP address.
    """
    try:
        ipaddress.ip_address(peer)
    except ValueError:
        return "none"
    try:
        result, _, _ = _Query(questions, peer, sender, helo).check()
    except Exception:
        # Whatever a stranger's record made of it, it is no permission.
        return "permerror"
    return str(result)
