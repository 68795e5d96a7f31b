"""relais person export."""

from __future__ import annotations

import json

from store.database import Database
from store.schema import metadata
from tests.gateway.console import Console
from tests.network import Network, SetClock


def test_everything_about_a_person_is_told(either_relais: Console, database: Database, clock: SetClock) -> None:
    network = Network(database, clock)
    projets = network.community("projets")
    ann, bob = network.persons("ann", "bob")
    network.join(projets, ann, bob)
    [first] = network.write(ann, projets)
    network.write(bob, projets, answering=first)
    network.fan_out()
    told = json.loads(either_relais.done("person", "export", "ANN@people.example"))
    assert told["person"][0]["address"] == "ann@people.example"
    assert told["addresses"][0]["key"] == "ann@people.example"
    assert [(row["address"], row["role"]) for row in told["memberships"]] == [("projets", "member")]
    assert [row["id"] for row in told["posts"]] == [first]
    assert [row["text"] for row in told["words"]] == ["Words 1"]
    assert [row["state"] for row in told["deliveries"]] == ["pending"]
    assert "bob" not in json.dumps(told)
    assert "nobody has this address" in either_relais.refused("person", "export", "zoe@people.example")


def test_no_table_of_persons_is_forgotten(either_relais: Console, database: Database, clock: SetClock) -> None:
    """A new table that names a person must be told of, or be one of those that say nothing more."""
    told = {"names", "addresses", "memberships", "arrivals", "topic_choices", "thanks", "mentions", "digest_clocks"}
    told |= {
        "digests",
        "answer_parts",
        "notices",
        "deliveries",
        "contents",
        "posts",
        "join_requests",
        "acceptances",
        "audit",
        "failures",
        "unreachable",
    }
    # A post that is being sent: it stands among the posts.
    silent = {"fan_outs"}
    naming = {
        table.name
        for table in metadata.sorted_tables
        if any(key.column.table.name == "people" for key in table.foreign_keys)
    }
    assert naming == told | silent
    Network(database, clock).person("ann")
    assert json.loads(either_relais.done("person", "export", "ann@people.example"))["called"] == [{"key": "ann"}]
