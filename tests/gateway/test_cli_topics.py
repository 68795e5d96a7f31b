"""relais topic and relais post: topics are closed and opened again, posts taken back, all of it recorded."""

from __future__ import annotations

from pathlib import Path

from tests.gateway.console import Console


def test_a_topic_is_shown_closed_and_reopened_and_a_post_withdrawn(either_relais: Console, tmp_path: Path) -> None:
    relais = either_relais
    relais.done("community", "add", "projets", "--name", "Projets")
    relais.done("person", "add", "ann@example.com")
    relais.done("member", "add", "ann@example.com", "projets")
    letter = tmp_path / "m.eml"
    letter.write_bytes(
        b"From: ann@example.com\r\nTo: projets@talk.example.com\r\nSubject: Visit\r\nMessage-ID: <m@example.com>\r\n"
        b"Date: Fri, 20 Nov 2026 09:00:00 +0100\r\n\r\nWho comes?\r\n"
    )
    relais.done("accept", str(letter), "--to", "projets@talk.example.com")
    relais.done("drain", "--timeout", "60")
    assert relais.json("topic", "close", "1") == {"id": 1, "closed": True}
    relais.done("topic", "close", "1")
    shown = relais.json("topic", "show", "1")
    assert (shown["title"], shown["closed"]) == ("Visit", True)
    [post] = shown["posts"]
    assert (post["author"], post["begins"], post["withdrawn_at"]) == ("ann@example.com", "Who comes?", None)
    assert "is open" in relais.done("topic", "reopen", "1")
    relais.done("post", "withdraw", str(post["id"]), "--reason", "wrong file")
    assert relais.json("topic", "show", "1")["posts"][0]["withdrawn_at"]
    assert "already" in relais.refused("post", "withdraw", str(post["id"]))
    acts = relais.json("audit", "list", "--community", "projets", "--limit", "3")["acts"]
    assert [(act["act"], act["topic_id"], act["detail"]) for act in reversed(acts)] == [
        ("topic_closed", 1, ""),
        ("topic_reopened", 1, ""),
        ("post_withdrawn", 1, "wrong file"),
    ]
    for words in (("topic", "show"), ("topic", "close"), ("post", "withdraw")):
        assert "there is no" in relais.refused(*words, "99")
