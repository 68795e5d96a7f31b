"""relais audit: what was done on the command line is told afterwards."""

from __future__ import annotations

from tests.gateway.console import Console


def test_every_act_of_the_command_line_is_told(either_relais: Console) -> None:
    relais = either_relais
    relais.done("community", "add", "projets", "--name", "Projets")
    relais.done("person", "add", "ann@example.com")
    relais.done("member", "add", "ann@example.com", "projets")
    relais.done("member", "add", "ann@example.com", "projets", "--pace", "daily")
    relais.done("member", "add", "ann@example.com", "projets", "--role", "manager")
    relais.done("community", "set", "projets", "--post", "moderated", "--description", "ask bob@example.com")
    relais.done("community", "set", "projets", "--post", "moderated")
    relais.done("member", "remove", "ann@example.com", "projets")
    acts = relais.json("audit", "list")["acts"]
    assert [(act["act"], act["person"], act["detail"]) for act in reversed(acts)] == [
        ("member_added", "ann@example.com", "member"),
        ("role_given", "ann@example.com", "manager"),
        ("community_changed", None, "post moderated, description"),
        ("member_removed", "ann@example.com", ""),
    ]
    assert {act["actor"] for act in acts} == {"cli"} and {act["community"] for act in acts} == {"projets"}
    assert len(relais.json("audit", "list", "--person", "ann@example.com")["acts"]) == 3
    assert relais.json("audit", "list", "--since", "2999-01-01")["acts"] == []
    assert "member_removed" in relais.done("audit", "list", "--community", "projets", "--limit", "1")
    assert "no such community" in relais.refused("audit", "list", "--community", "cellar")
    assert "nobody has this address" in relais.refused("audit", "list", "--person", "eve@example.com")
