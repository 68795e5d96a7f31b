from ipaddress import ip_network

import pytest

from inbound.limits import Protocol, Turnstile, peer_of
from tests.inbound.mailroom import LOOPBACK, make_config


def test_where_it_listens() -> None:
    assert make_config(listen="127.0.0.1:2525").host_and_port == ("127.0.0.1", 2525)
    assert make_config(listen="[::1]:2525").host_and_port == ("::1", 2525)
    assert make_config(listen="unix:/run/x.sock").unix_path == "/run/x.sock"
    assert make_config().unix_path is None
    with pytest.raises(ValueError, match="invalid literal"):
        _ = make_config(listen="nowhere").host_and_port


def test_lmtp_never_on_port_25() -> None:
    assert make_config(listen="127.0.0.1:25").host_and_port[1] == 25
    with pytest.raises(ValueError, match="port 25"):
        make_config(Protocol.LMTP, listen="127.0.0.1:25")


@pytest.mark.parametrize(
    ("peername", "peer"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("::ffff:192.0.2.1", 1, 0, 0), "192.0.2.1"),
        (("fe80::1%eth0", 1, 0, 2), "fe80::1"),
        ("", "unix"),
        (None, "unix"),
    ],
)
def test_peers(peername: object, peer: str) -> None:
    assert peer_of(peername) == peer


def test_trust_is_by_address_and_a_unix_socket_is_loopback() -> None:
    config = make_config(trusted_peers=(*LOOPBACK, ip_network("::1/128")))
    assert config.trusts("127.0.0.9")
    assert config.trusts("::1")
    assert config.trusts("unix")
    assert not config.trusts("192.0.2.1")
    assert not make_config().trusts("unix")


def test_lmtp_is_exempt_without_being_trusted() -> None:
    lmtp = make_config(Protocol.LMTP)
    assert lmtp.exempts("192.0.2.1")
    assert not lmtp.trusts("192.0.2.1")
    assert not make_config().exempts("192.0.2.1")


def test_connections_are_counted_per_peer_and_in_all() -> None:
    gate = Turnstile(make_config(connections=3, connections_per_peer=1))
    assert gate.enter("192.0.2.1") is None
    assert str(gate.enter("192.0.2.1")).startswith("421 4.7.0")
    assert gate.enter("192.0.2.2") is None
    assert gate.enter("192.0.2.3") is None
    assert str(gate.enter("192.0.2.4")).startswith("421 4.3.2")
    gate.leave("192.0.2.1")
    assert gate.enter("192.0.2.1") is None


def test_the_addresses_of_one_ipv6_network_are_one_peer() -> None:
    gate = Turnstile(make_config(connections_per_peer=1))
    assert gate.enter("2001:db8::1") is None
    assert gate.enter("2001:db8::2") is not None
    assert gate.enter("2001:db8:0:1::1") is None


def test_trusted_peers_are_bound_by_the_total_alone() -> None:
    gate = Turnstile(make_config(connections=2, connections_per_peer=1, trusted_peers=LOOPBACK))
    assert gate.enter("127.0.0.1") is None
    assert gate.enter("127.0.0.1") is None
    assert gate.enter("127.0.0.1") is not None
