"""A name server on loopback for tests: it answers from Zones over UDP, and is silent where they are."""

from __future__ import annotations

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from inbound.resolver import NotAnsweredError, Record
from tests.inbound.published import Zones


class NameServer:
    """Serves from a thread of its own until it is stopped."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._socket.getsockname())
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        # An empty datagram to itself is the word to end.
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, peer = self._socket.recvfrom(4096)
            if not wire:
                return
            asked = dns.message.from_wire(wire)
            [question] = asked.question
            name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
            try:
                found = self._zones.ask(name, kind, 1)
            except NotAnsweredError:
                continue
            answer = dns.message.make_response(asked)
            answer.flags |= dns.flags.RA
            if found:
                rows = [_row(record) for record in found]
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *rows))
            elif not any(known == name for known, _ in self._zones.found):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self._socket.sendto(answer.to_wire(), peer)


def _row(record: Record) -> str:
    if isinstance(record, str):
        return record
    if isinstance(record[0], int):
        return f"{record[0]} {record[1]}."
    whole = b"".join(piece for piece in record if isinstance(piece, bytes)).decode()
    return " ".join(f'"{whole[start : start + 255]}"' for start in range(0, len(whole), 255))
