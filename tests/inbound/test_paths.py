import time

import pytest

from gateway.core.address import Address
from gateway.core.reply import Reply
from inbound import paths


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("Ann.Smith@Client.EXAMPLE", "Ann.Smith@client.example"),
        ('"Ann Smith"@Client.example', '"Ann Smith"@client.example'),
        ('"a@b"@client.example', '"a@b"@client.example'),
        ("ann@[192.0.2.1]", "ann@[192.0.2.1]"),
        ("ann@[ipv6:2001:DB8::1]", "ann@[IPv6:2001:db8::1]"),
        ('"x y"@[192.0.2.1]', '"x y"@[192.0.2.1]'),
        ("@a.example,@b.example:ann@client.example", "ann@client.example"),
        ("élève@É.example", "élève@xn--9ca.example"),
    ],
)
def test_reverse_paths(text: str, canonical: str) -> None:
    assert paths.reverse_path(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        *("ann", "@client.example", "ann@", "a..b@c.example", "a b@c.example", '"a@c.example', '"a"b@c.example'),
        *("a@[1.2.3]", "a@[IPv6:x]", "a@[192.0.2.1", "@a.example:", "x" * 65 + "@c.example"),
        *('"' + "x" * 63 + '"@c.example', "a@c.example.", "a@1.2.3.4", "a\x7f@c.example", "a@b@c.example"),
        *('"a\nb"@c.example', "..@[192.0.2.1]"),
    ],
)
def test_malformed_reverse_paths(text: str) -> None:
    assert paths.reverse_path(text) is None


def test_forward_paths_are_ours_or_refused() -> None:
    assert paths.forward_path("Team+Join@OUR.example", "our.example") == Address("Team+Join", "our.example")
    assert paths.forward_path("POSTMASTER", "our.example") == Address("postmaster", "our.example")
    assert paths.forward_path('"te\\am"@our.example', "our.example") == Address("team", "our.example")
    for text in ("a@sub.our.example", "a@our.example.evil.example", "a%b@our.example", "@our.example:a@b.example"):
        assert paths.forward_path(text, "our.example") is paths.RELAYING
    for text in ("", "team", "@", "te am@our.example", "a@"):
        refusal = paths.forward_path(text, "our.example")
        assert isinstance(refusal, Reply)
        assert refusal.code >= 550


def test_arguments() -> None:
    assert paths.split_argument("FROM:<a@b.example> SIZE=1", "FROM") == ("a@b.example", "SIZE=1")
    assert paths.split_argument("from: <>", "FROM") == ("", "")
    assert paths.split_argument('FROM:<"a>b"@c.example>', "FROM") == ('"a>b"@c.example', "")
    for text in ("FROM:<a@b>x", "FROM:a@b", "FROM<a@b>", "FROM:<a@b", "TO:<a@b>", "", 'FROM:<"a@b>'):
        assert paths.split_argument(text, "FROM") is None


def test_no_argument_takes_long_to_refuse() -> None:
    began = time.perf_counter()
    for text in ("FROM:<" + '"' * 900, "FROM:<" + '"a"' * 300, 'FROM:<"' + "\\" * 900, "FROM:<a>" + " " * 900 + "<"):
        paths.split_argument(text, "FROM")
        paths.reverse_path(text)
        paths.parameters(text, frozenset())
        paths.is_helo(text)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize("name", ["client.example", "my_host", "h", "[192.0.2.1]", "[IPv6:2001:db8::1]", "x.example."])
def test_helo_names(name: str) -> None:
    assert paths.is_helo(name)


@pytest.mark.parametrize("name", ["", "a b", "a\x1b", "a)(b", "a;b", "[]", "a\n", "-a", "é.example", "a" * 300])
def test_no_helo_names(name: str) -> None:
    assert not paths.is_helo(name)
