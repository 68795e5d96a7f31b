"""Who is meant by a name, among the members of a community alone."""

from __future__ import annotations

from sqlalchemy import select

from gateway.core import address
from gateway.core.community import NetworkRole
from store import mentions, people
from store.database import Database
from store.people import NewPerson
from store.schema import mentions as mention_rows
from tests.network import Network


def named(network: Network, name: str, mailbox: str) -> int:
    new = NewPerson(address.parse(mailbox), name, "fr", "Europe/Paris", NetworkRole.MEMBER)
    with network.database.transaction() as tx:
        [person_id] = people.add(tx, [new], network.clock())
    assert person_id is not None
    return person_id


def test_a_name_means_the_member_who_alone_has_it(database: Database, network: Network) -> None:
    projets, jardin = network.community("projets"), network.community("jardin")
    claire = named(network, "Claire Morel", "claire.morel@people.example")
    other = named(network, "Claire Dupont", "cd@people.example")
    tom = named(network, "Tom", "tom@people.example")
    network.join(projets, claire, other, tom)
    network.join(jardin, claire)
    with database.reading() as tx:
        found = mentions.meant(
            tx, {projets: {"claire", "claire morel", "cd", "tom", "nobody"}, jardin: {"claire", "tom"}}
        )
    assert found == {
        (projets, "claire"): None,
        (projets, "claire morel"): claire,
        (projets, "cd"): other,
        (projets, "tom"): tom,
        (jardin, "claire"): claire,
        (jardin, "claire morel"): claire,
    }


def test_an_address_goes_before_a_name(database: Database, network: Network) -> None:
    projets = network.community("projets")
    by_address = named(network, "Anne Roux", "claire@people.example")
    network.join(projets, by_address, named(network, "Claire Morel", "cm@people.example"))
    with database.reading() as tx:
        assert mentions.meant(tx, {projets: {"claire"}}) == {(projets, "claire"): by_address}


def test_two_addresses_of_one_name_mean_nobody(database: Database, network: Network) -> None:
    projets = network.community("projets")
    network.join(
        projets, named(network, "Tom Reed", "tom@people.example"), named(network, "Tom Reed", "tom@other.example")
    )
    with database.reading() as tx:
        found = mentions.meant(tx, {projets: {"tom", "tom reed"}})
    assert found == {(projets, "tom"): None, (projets, "tom reed"): None}


def test_who_is_suspended_is_not_meant(database: Database, network: Network) -> None:
    projets = network.community("projets")
    ann, bob = network.persons("ann", "bob")
    network.join(projets, ann, bob)
    network.suspend(bob)
    with database.reading() as tx:
        assert mentions.meant(tx, {projets: {"ann", "bob"}}) == {(projets, "ann"): ann}


def test_mentions_are_noted_once(database: Database, network: Network) -> None:
    projets = network.community("projets")
    ann, bob = network.persons("ann", "bob")
    network.join(projets, ann, bob)
    [post] = network.write(ann, projets)
    with database.transaction() as tx:
        mentions.add(tx, [(post, bob), (post, bob)])
        mentions.add(tx, [])
    with database.reading() as tx:
        assert [tuple(row) for row in tx.execute(select(mention_rows))] == [(post, bob)]
