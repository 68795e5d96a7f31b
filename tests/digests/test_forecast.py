"""What another default would mean: against a plain count, person by person and digest by digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from digests.forecast import CADENCES, Defaults, Span, forecast
from digests.schedule import next_due
from gateway.core.community import Pace
from gateway.core.digest import Rhythm
from store.rhythms import Listener, Posted

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SPAN = Span(NOW - timedelta(days=28), NOW)
NETWORK = Rhythm("Europe/Paris", time(7, 30), 0)
PLACES = (1, 2, 3)


def listener(person_id: int, paces: Mapping[int, Pace | None], **more: object) -> Listener:
    made = Listener(person_id, "Europe/Paris", None, None, False, dict(paces))
    return replace(made, **more)  # type: ignore[arg-type]


def mails_of(person: Listener, posts: Mapping[int, Sequence[Posted]], paces: Mapping[int, Pace]) -> int:
    """One mail for each post, one for each due that any post of others falls into; counted one by one."""
    rhythm = replace(NETWORK, timezone=person.timezone, daily_at=time.fromisoformat(person.at or "07:30"))
    mails, told = 0, set()
    for community_id, own in person.paces.items():
        pace = own or paces[community_id]
        for post in posts.get(community_id, ()):
            if post.author_id == person.person_id:
                continue
            if pace is Pace.EACH:
                mails += 1
            elif pace in CADENCES:
                due = next_due(CADENCES[pace], rhythm, post.at - timedelta(seconds=1)).at
                # The first of the span is told of in part only; the one to come is taken for it.
                if due > next_due(CADENCES[pace], rhythm, SPAN.since).at:
                    told.add((pace, due))
    return mails + len(told)


paces = st.sampled_from([Pace.EACH, Pace.DAILY, Pace.WEEKLY, Pace.OFF])
defaults = st.fixed_dictionaries(dict.fromkeys(PLACES, paces))
people = st.lists(
    st.builds(
        lambda own, zone, at: (own, zone, at),
        st.dictionaries(st.sampled_from(PLACES), st.none() | paces, min_size=1),
        st.sampled_from(["Europe/Paris", "America/Montreal", "Asia/Tokyo"]),
        st.none() | st.sampled_from(["06:00", "18:15"]),
    ),
    max_size=5,
)
moments = st.integers(0, 28 * 24 * 60 - 1).map(lambda minutes: NOW - timedelta(minutes=minutes))
news = st.dictionaries(st.sampled_from(PLACES), st.lists(st.builds(Posted, moments, st.integers(1, 6)), max_size=12))


@given(people, news, defaults, defaults)
def test_it_counts_what_each_would_get(
    members: list[tuple[dict[int, Pace | None], str, str | None]],
    posts: dict[int, list[Posted]],
    before: dict[int, Pace],
    after: dict[int, Pace],
) -> None:
    listeners = [listener(i, own, timezone=zone, at=at) for i, (own, zone, at) in enumerate(members, start=1)]
    told = forecast(listeners, posts, Defaults(before, NETWORK), Defaults(after, NETWORK), SPAN)
    followers = [p for p in listeners if any(own is None and before[i] is not after[i] for i, own in p.paces.items())]
    concerned = followers if before != after else listeners
    assert told.people == len(concerned)
    for outlook, held in ((told.now, before), (told.after, after)):
        assert outlook.mails_per_week * 4 == sum(mails_of(person, posts, held) for person in concerned)
        reading = [p for p in concerned if any((own or held[i]) in CADENCES for i, own in p.paces.items())]
        assert sum(number for _, number in outlook.next_digests) == len(reading)
        assert all(at > NOW for at, _ in outlook.next_digests)


def test_who_chose_keeps_it_and_who_is_paused_gets_nothing() -> None:
    posts = {1: [Posted(NOW - timedelta(days=3), 99)]}
    members = [
        listener(1, {1: None}),
        listener(2, {1: Pace.EACH}),
        listener(3, {1: None}, paused=True),
        listener(4, {2: None}),
    ]
    before = Defaults({1: Pace.EACH, 2: Pace.EACH}, NETWORK)
    told = forecast(members, posts, before, replace(before, paces={1: Pace.WEEKLY, 2: Pace.EACH}), SPAN)
    assert (told.people, told.keep) == (2, 1)
    assert (told.now.mails_per_week, told.after.mails_per_week) == (0.25, 0.25)
    # Last Monday's digest told of what was before; this post waits for tomorrow's.
    assert told.after.next_digests == ((datetime(2026, 11, 23, 6, 30, tzinfo=UTC), 1),)


def test_a_week_has_one_weekly_digest_and_five_daily_ones() -> None:
    posts = {1: [Posted(NOW - timedelta(hours=hours), 99) for hours in range(28 * 24)]}
    for pace, number in ((Pace.EACH, 168), (Pace.DAILY, 5), (Pace.WEEKLY, 1)):
        held = Defaults({1: pace}, NETWORK)
        assert forecast([listener(1, {1: None})], posts, held, held, SPAN).now.mails_per_week == number


def test_another_hour_is_for_readers_of_digests_without_one_of_their_own() -> None:
    members = [listener(1, {1: None}), listener(2, {1: None}, at="18:00"), listener(3, {1: Pace.EACH})]
    before = Defaults({1: Pace.DAILY}, NETWORK)
    told = forecast(members, {}, before, replace(before, network=replace(NETWORK, daily_at=time(9))), SPAN)
    assert (told.people, told.keep) == (1, 1)
    [(now, one)], [(after, other)] = told.now.next_digests, told.after.next_digests
    assert (one, other) == (1, 1)
    assert after - now == timedelta(minutes=90) and after.astimezone(ZoneInfo("Europe/Paris")).hour == 9


def test_another_weekday_is_for_readers_of_weekly_digests_without_one_of_their_own() -> None:
    members = [
        listener(1, {1: Pace.WEEKLY}),
        listener(2, {1: Pace.WEEKLY}, on=2),
        listener(3, {1: Pace.DAILY}),
        listener(4, {1: Pace.WEEKLY}, at="09:00"),
    ]
    before = Defaults({1: Pace.EACH}, NETWORK)
    told = forecast(members, {}, before, replace(before, network=replace(NETWORK, weekly_on=4)), SPAN)
    assert (told.people, told.keep) == (2, 1)
    assert [at.weekday() for at, _ in told.now.next_digests] == [0, 0]
    assert [at.weekday() for at, _ in told.after.next_digests] == [4, 4]
