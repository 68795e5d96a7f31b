"""How values of settings are written, and what is no such value."""

from __future__ import annotations

import pytest

from gateway import notation


@pytest.mark.parametrize(
    "text", ["", "mx.example.com", "mx", "localhost", "[192.0.2.1]", "[IPv6:2001:db8::1]", "a" * 63, "1.example"]
)
def test_a_hostname(text: str) -> None:
    assert notation.hostname(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("a b", "a\r\n250 b", "a\n", "mx.example.com\0", "bücher.example", "-a.example", "a..b", ".a", "a_b.example"),
        *("[192.0.2.1", "[2001:db8::1]", "[IPv6:192.0.2.1]", "192.0.2.1:25", "a" * 64, "a." * 130 + "a"),
    ],
)
def test_no_hostname(text: str) -> None:
    with pytest.raises(ValueError, match="host name"):
        notation.hostname(text)


@pytest.mark.parametrize("text", ["", "mx.example.com", "192.0.2.1", "2001:db8::1"])
def test_a_host(text: str) -> None:
    assert notation.host(text) == text


@pytest.mark.parametrize("text", ["a b", "mx.example.com\r\n", "[192.0.2.1]", "fe80::1%eth0", "mx.example.com:25"])
def test_no_host(text: str) -> None:
    with pytest.raises(ValueError, match="host name"):
        notation.host(text)


@pytest.mark.parametrize("text", ["", "127.0.0.1:25", "[::1]:25", "localhost:0", "unix:/run/relais/lmtp.sock"])
def test_where_to_listen(text: str) -> None:
    assert notation.listen(text) == text


@pytest.mark.parametrize(
    "text",
    ["2525", ":25", "127.0.0.1:", "127.0.0.1:65536", "::1:٢", "a b:25", "a\n:25", "unix:relais.sock", "unix:"],
)
def test_nowhere_to_listen(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        notation.listen(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("https://talk.example.com", "https://talk.example.com"),
        ("https://talk.example.com/relais/", "https://talk.example.com/relais"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://xn--bcher-kva.example/a%20b", "https://xn--bcher-kva.example/a%20b"),
    ],
)
def test_a_base_url(text: str, canonical: str) -> None:
    assert notation.base_url(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        *(
            "talk.example.com",
            "ftp://talk.example.com",
            "https://",
            "https:///path",
            "https://a b.example",
            "https://a/b c",
        ),
        *(
            "https://a.example\r\nBcc: x@y.example",
            "https://a.example/\n",
            "https://a.example/\0",
            "https://a\t.example",
        ),
        *("https://bücher.example", "https://a.example/é", "https://a.example/?q", "https://a.example/#f"),
        *("https://a.example?", "https://me:word@a.example", "https://a.example:0", "https://a.example:99999"),
        *("https://a.example:x", 'https://a.example/"onclick', "https://a.example/<b>", "https://[::1", "https://::1"),
        "https://a.example/" + "x" * 900,
    ],
)
def test_no_base_url(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        notation.base_url(text)


@pytest.mark.parametrize("text", ["Relais", "Réseau de l'été", "網絡", "A & <B>"])
def test_a_title(text: str) -> None:
    assert notation.title(text) == text


@pytest.mark.parametrize("text", ["", " ", "A\r\nBcc: x@y.example", "A\0", "A\x7f", "A\u2028B", "\u202eA", "A\udcff"])
def test_no_title(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        notation.title(text)
