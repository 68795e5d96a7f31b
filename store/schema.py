"""The tables, all of them, in one page. Read top to bottom it is the life of a mail.

spool → arrivals → contents, topics, posts → fan_outs → deliveries, notices; beside it who is where.
Changed by a migration in store/migrations; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite only autoincrements INTEGER; PostgreSQL outgrows it. Tables whose ids stand in tokens never reuse one
# (sqlite_autoincrement).
Id = BigInteger().with_variant(Integer, "sqlite")


class Utc(TypeDecorator[datetime]):
    """Aware UTC in and out; SQLite keeps no zone, so there it is stored naive and sorts as text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# The conditions of the partial indexes, word for word as the queries say them: with bound parameters in their place
# neither SQLite nor a prepared PostgreSQL plan would know that the index serves. `spool` stays small that way, and
# looking for work costs the same after a million mails.
SPOOLED = text("spool.state = 'spooled'")
OPEN_ARRIVAL = text("arrivals.state <> 'closed'")
OPEN_FAN_OUT = text("fan_outs.closed_at IS NULL")
OPEN_REQUEST = text("join_requests.state = 'open'")
OPEN_DELIVERY = text("deliveries.state IN ('pending', 'deferred')")
UNWOUND = text("NOT clocks_wound AND state <> 'erased'")

# ── who is where ─────────────────────────────────────────────────────────────────────────────────────────────────────

people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", String(320), nullable=False),
    Column("name", String(200), nullable=False, default=""),
    Column("locale", String(10), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("role", String(16), nullable=False, default="member"),
    Column("state", String(16), nullable=False, default="active"),
    # What the directory calls them, whatever their address is; listed: a file of people named them.
    Column("external_id", String(200), unique=True),
    Column("listed", Boolean, nullable=False, default=False),
    # Suspended then because the directory named them no more; NULL also where somebody else did it.
    Column("left_at", Utc),
    # Their own hour ("07:30") and weekday (0 is Monday) of digests; NULL follows the network's.
    Column("digest_at", String(5)),
    Column("digest_on", SmallInteger),
    # Their own quiet hours ("22:00-07:00"), "none" for none at all; NULL follows the network's.
    Column("quiet_hours", String(11)),
    # Urgent posts of those who run a community may reach them in their quiet hours.
    Column("urgent_allowed", Boolean, nullable=False, default=False),
    # Nothing is sent while paused, also beyond the day until it is ended: what waited then leaves as one catch-up.
    Column("paused", Boolean, nullable=False, default=False),
    Column("paused_until", Utc),
    # When they last gave a sign of life, to the day; and when their pace last stepped down for want of one.
    Column("heard_at", Utc),
    Column("stepped_at", Utc),
    # Whether other members are told their name (WHO).
    Column("named", Boolean, nullable=False, default=False),
    # Whether digest_clocks has a row for each of their cadences; the next round sees to those for whom it has not.
    Column("clocks_wound", Boolean, nullable=False, default=False),
    Column("created_at", Utc, nullable=False),
    # Which zones and which hours there are is asked of the ends of their ranges, one after the other.
    Index("ix_people_timezone", "timezone"),
    Index(
        "ix_people_quiet_hours",
        "quiet_hours",
        sqlite_where=text("quiet_hours IS NOT NULL"),
        postgresql_where=text("quiet_hours IS NOT NULL"),
    ),
    Index(
        "ix_people_pending", "id", sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'")
    ),
    Index("ix_people_paused", "paused_until", sqlite_where=text("paused"), postgresql_where=text("paused")),
    Index("ix_people_unwound", "id", sqlite_where=UNWOUND, postgresql_where=UNWOUND),
    sqlite_autoincrement=True,
)

addresses = Table(
    "addresses",
    metadata,
    # The canonical key of gateway.core.address: two spellings of one mailbox are one row.
    Column("key", String(320), primary_key=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("verified_at", Utc),
)

# What a person may be called in a text, folded (gateway.core.calling): part of no mail and no page.
names = Table(
    "names",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
)

communities = Table(
    "communities",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("pace", String(16), nullable=False),
    # Of each, daily and weekly those that members may choose, with blanks between; "" for all.
    Column("allowed_paces", String(32), nullable=False, default=""),
    Column("join_policy", String(16), nullable=False),
    Column("post_policy", String(16), nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("archived", Boolean, nullable=False, default=False),
    # What is announced there concerns everybody: nobody leaves it, nor hears nothing of it.
    Column("mandatory", Boolean, nullable=False, default=False),
    # The number of its latest visible post. Whoever publishes takes this row's lock, so numbers grow in commit order.
    Column("last_number", BigInteger, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    sqlite_autoincrement=True,
)

memberships = Table(
    "memberships",
    metadata,
    Column("community_id", Id, ForeignKey("communities.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), nullable=False, default="member"),
    # NULL follows the community's default, also when that changes.
    Column("pace", String(16)),
    # The watermark: posts numbered above it are due to this member, singly or in a digest as the pace is now.
    Column("digest_through", BigInteger, nullable=False, default=0),
    # Posts numbered above this, up to the watermark, are owed as a catch-up; NULL for none.
    Column("catch_up_from", BigInteger),
    # When that leaves: what is above the day's budget waits for a digest; NULL for at once.
    Column("catch_up_after", Utc),
    Column("joined_at", Utc, nullable=False),
    Index("ix_memberships_person_id", "person_id"),
    Index(
        "ix_memberships_catch_up",
        "catch_up_after",
        "person_id",
        sqlite_where=text("catch_up_from IS NOT NULL"),
        postgresql_where=text("catch_up_from IS NOT NULL"),
    ),
)

# A wish to have somebody in a community, until somebody has answered it (gateway.core.joining).
join_requests = Table(
    "join_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("community_id", Id, ForeignKey("communities.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    # open → granted | refused | expired.
    Column("state", String(16), nullable=False),
    Column("invited_by", Id, ForeignKey("people.id", ondelete="SET NULL")),
    Column("decided_by", Id, ForeignKey("people.id", ondelete="SET NULL")),
    # The mail that waits for it.
    Column("arrival_id", Id, ForeignKey("arrivals.id", ondelete="SET NULL")),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("decided_at", Utc),
    # Those who decide are reminded once.
    Column("reminded_at", Utc),
    Index(
        "uq_join_requests_open",
        "community_id",
        "person_id",
        "kind",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index(
        "ix_join_requests_due",
        "expires_at",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index("ix_join_requests_person_id", "person_id", "created_at"),
    Index("ix_join_requests_invited_by", "invited_by", "created_at"),
    sqlite_autoincrement=True,
)

# What people promise before they post; the newest version asks either everybody, or who came since.
charters = Table(
    "charters",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("everybody", Boolean, nullable=False),
    Column("published_at", Utc, nullable=False),
)

charter_texts = Table(
    "charter_texts",
    metadata,
    Column("version", Integer, ForeignKey("charters.version", ondelete="CASCADE"), primary_key=True),
    Column("locale", String(10), primary_key=True),
    Column("text", Text, nullable=False),
)

acceptances = Table(
    "acceptances",
    metadata,
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, ForeignKey("charters.version"), primary_key=True),
    Column("accepted_at", Utc, nullable=False),
    Index("ix_acceptances_version", "version"),
)

# What is turned off for the whole network (store.switches); a row for each that is on.
switches = Table(
    "switches",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("since", Utc, nullable=False),
)

# Who did what (gateway.core.audit). The ids point nowhere by force: an act outlives what it was about, and an id of
# these tables is used once.
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Utc, nullable=False, index=True),
    Column("act", String(32), nullable=False),
    Column("actor_id", Id, ForeignKey("people.id", ondelete="SET NULL"), index=True),
    # Whose act it was where it was no person's; "" where it was.
    Column("actor", String(16), nullable=False, default=""),
    Column("community_id", Id, ForeignKey("communities.id", ondelete="SET NULL"), index=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="SET NULL"), index=True),
    Column("topic_id", Id),
    Column("post_id", Id),
    Column("arrival_id", Id),
    Column("detail", Text, nullable=False, default=""),
)

# ── a mail comes in ──────────────────────────────────────────────────────────────────────────────────────────────────

spool = Table(
    "spool",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reverse_path", Text, nullable=False),
    Column("peer", String(64), nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("protocol", String(16), nullable=False),
    Column("helo", String(255), nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("size", BigInteger, nullable=False),
    # sha256 of the raw bytes where they are a blob, "" where they are in raw_mails.
    Column("blob", String(64), nullable=False, default=""),
    # spooled → closed, or → set_aside and back by hand.
    Column("state", String(16), nullable=False),
    # The fence: a worker that lost its lease finds another number and writes nothing.
    Column("attempts", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    # While spooled: claimed until then, or not to be tried before then.
    Column("lease_until", Utc),
    Column("trouble", Text, nullable=False, default=""),
    Index("ix_spool_due", "id", sqlite_where=text("state = 'spooled'"), postgresql_where=text("state = 'spooled'")),
    Index("ix_spool_received_at", "received_at"),
    Index("ix_spool_blob", "blob", sqlite_where=text("blob <> ''"), postgresql_where=text("blob <> ''")),
)

# The mailboxes that mail is picked up from (the role `mailbox`), each worked on by one node at a time.
mailboxes = Table(
    "mailboxes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", String(255), nullable=False),
    Column("folder", String(255), nullable=False),
    Column("node", String(64), nullable=False, default=""),
    Column("lease_until", Utc),
    # Why it cannot be worked on, "" while it can; and since when that is so.
    Column("trouble", Text, nullable=False, default=""),
    Column("since", Utc, nullable=False),
    UniqueConstraint("account", "folder"),
)

# Which mails of a mailbox are in the spool: written with them, so that a second look finds them taken.
pickups = Table(
    "pickups",
    metadata,
    Column("mailbox_id", Id, ForeignKey("mailboxes.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    # Of the whole mail: where a server counts anew, it is known by its bytes.
    Column("sha256", String(64), nullable=False),
    Column("taken_at", Utc, nullable=False),
    Index("ix_pickups_sha256", "sha256", "mailbox_id"),
    Index("ix_pickups_taken_at", "taken_at"),
)

raw_mails = Table(
    "raw_mails",
    metadata,
    Column("spool_id", Id, ForeignKey("spool.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("spool_id", Id, ForeignKey("spool.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("forward_path", Text, nullable=False),
    # spooled → closed | held | set_aside; held and set_aside go back to spooled by hand.
    Column("state", String(16), nullable=False),
    # What people said about it while it waited (gateway.core.ruling), with blanks between; who said the last, and why.
    Column("rulings", String(64), nullable=False, default=""),
    Column("ruled_by", Id, ForeignKey("people.id", ondelete="SET NULL")),
    Column("ruled_at", Utc),
    Column("ruling_words", Text, nullable=False, default=""),
    # When those who run the place were asked about it by mail, and reminded.
    Column("asked_at", Utc),
    Column("reminded_at", Utc),
    Column("verdict", String(16)),
    Column("reason", String(32)),
    Column("flag", String(32), nullable=False, default=""),
    # How the author was proven or why not, and what was found where we looked ourselves.
    Column("proof", Text, nullable=False, default=""),
    Column("person_id", Id, ForeignKey("people.id", ondelete="SET NULL")),
    Column("community_id", Id, ForeignKey("communities.id", ondelete="SET NULL")),
    Column("post_id", Id, ForeignKey("posts.id", ondelete="SET NULL")),
    # The day an automatic answer gives for the end of an absence, where it really is its author's.
    Column("returns", Date),
    Column("closed_at", Utc),
    Index(
        "ix_arrivals_open", "state", sqlite_where=text("state <> 'closed'"), postgresql_where=text("state <> 'closed'")
    ),
    Index(
        "ix_arrivals_returns",
        "closed_at",
        sqlite_where=text("returns IS NOT NULL"),
        postgresql_where=text("returns IS NOT NULL"),
    ),
)

# ── what people wrote ────────────────────────────────────────────────────────────────────────────────────────────────

contents = Table(
    "contents",
    metadata,
    Column("id", Id, primary_key=True),
    # Ours: one for ever, the same for all who receive it.
    Column("message_id", String(255), nullable=False, unique=True),
    Column("author_message_id", Text, nullable=False, index=True),
    Column("author_id", Id, ForeignKey("people.id"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("quoted", Text, nullable=False, default=""),
    Column("signature", Text, nullable=False, default=""),
    Column("forwarded", Text, nullable=False, default=""),
    Column("language", String(8)),
    Column("created_at", Utc, nullable=False),
    Index("ix_contents_author_id_id", "author_id", "id"),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("content_id", Id, ForeignKey("contents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("content_type", String(127), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("inline", Boolean, nullable=False),
    Column("cid", Text, nullable=False, default=""),
    sqlite_autoincrement=True,
)

topics = Table(
    "topics",
    metadata,
    # The `[#n]` of the whole network.
    Column("id", Id, primary_key=True),
    Column("community_id", Id, ForeignKey("communities.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("closed", Boolean, nullable=False, default=False),
    Column("created_at", Utc, nullable=False),
    Index("ix_topics_community_id_title", "community_id", "title"),
    sqlite_autoincrement=True,
)

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("community_id", Id, ForeignKey("communities.id"), nullable=False),
    Column("topic_id", Id, ForeignKey("topics.id"), nullable=False, index=True),
    Column("content_id", Id, ForeignKey("contents.id"), nullable=False),
    # From 1 on in commit order; of an imported post below zero, by its date (store.archives): due to nobody.
    Column("number", BigInteger, nullable=False),
    Column("parent_id", Id, ForeignKey("posts.id")),
    Column("author_id", Id, ForeignKey("people.id"), nullable=False),
    # sha256 of Message-ID and content digest: a second copy of the mail is a duplicate here (invariant I5).
    Column("dedup_key", String(64), nullable=False),
    # Whoever runs the community marked it as urgent, within what they may.
    Column("urgent", Boolean, nullable=False, default=False),
    Column("created_at", Utc, nullable=False),
    Column("withdrawn_at", Utc),
    UniqueConstraint("community_id", "number"),
    UniqueConstraint("community_id", "dedup_key"),
    UniqueConstraint("content_id", "community_id"),
    Index("ix_posts_author_id", "author_id", "topic_id"),
    Index("ix_posts_urgent", "author_id", "created_at", sqlite_where=text("urgent"), postgresql_where=text("urgent")),
    sqlite_autoincrement=True,
)

# What a person made of a topic, and of a post.
topic_choices = Table(
    "topic_choices",
    metadata,
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("topic_id", Id, ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True),
    # muted: never again. followed: always. brought_back: shown once more, as one that everyone missed.
    Column("choice", String(16), primary_key=True),
    Index("ix_topic_choices_topic_id", "topic_id"),
)

# A topic in which very much is, or was lately, posted very fast (store.storms).
storms = Table(
    "storms",
    metadata,
    Column("topic_id", Id, ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # Until then no post of it is sent by itself; NULL where it was no storm. The first post that waited, when the
    # answers began, when that was seen, and whether those who run the place have heard of it.
    Column("calm_at", Utc),
    Column("first_post_id", Id, ForeignKey("posts.id", ondelete="CASCADE")),
    Column("since", Utc),
    Column("began_at", Utc),
    Column("told", Boolean),
    # Until then nothing is posted there unread; NULL where it never was so. Since when, and whether they have heard.
    Column("paused_until", Utc),
    Column("paused_at", Utc),
    Column("pause_told", Boolean),
)

thanks = Table(
    "thanks",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("created_at", Utc, nullable=False),
)

mentions = Table(
    "mentions",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
)

# ── digests ──────────────────────────────────────────────────────────────────────────────────────────────────────────

digest_clocks = Table(
    "digest_clocks",
    metadata,
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("cadence", String(16), primary_key=True),
    Column("next_due_at", Utc, nullable=False),
    Index("ix_digest_clocks_due", "next_due_at", "person_id"),
)

digests = Table(
    "digests",
    metadata,
    # It stands in the Message-ID, which is thus fixed when the row is born (I6).
    Column("id", Id, primary_key=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("cadence", String(16), nullable=False),
    # The local day on which it was due; of a catch-up what it catches up.
    Column("period", String(32), nullable=False),
    Column("locale", String(10), nullable=False),
    # The items in their order, packed (store.packing); what each looked like stands in fragments.
    Column("items", LargeBinary, nullable=False),
    Column("left_out", Integer, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    UniqueConstraint("person_id", "cadence", "period"),
    Index("ix_digests_created_at", "created_at"),
    sqlite_autoincrement=True,
)

# One item as everybody got it in one language: what a digest of it looked like can be told word for word.
fragments = Table(
    "fragments",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("topic_id", Id, ForeignKey("topics.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Utc, nullable=False, index=True),
)

# What became of each part of an answer to a digest: posted, thanked, obeyed, asked about, returned.
answer_parts = Table(
    "answer_parts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("arrival_id", Id, ForeignKey("arrivals.id", ondelete="SET NULL"), index=True),
    Column("digest_id", Id, ForeignKey("digests.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    # The mail's own key: a second copy of the mail finds its parts here (I5).
    Column("dedup_key", String(64), nullable=False),
    # As the receipt counts them.
    Column("ordinal", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32), nullable=False, default=""),
    Column("topic_id", Id, ForeignKey("topics.id", ondelete="SET NULL")),
    # The number that its writer typed, where no topic has it.
    Column("typed", Integer),
    Column("post_id", Id, ForeignKey("posts.id", ondelete="SET NULL")),
    # The words with their files, posted or waiting for a place.
    Column("content_id", Id, ForeignKey("contents.id", ondelete="SET NULL")),
    Column("text", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    UniqueConstraint("person_id", "dedup_key", "ordinal"),
    sqlite_autoincrement=True,
)

# ── a mail goes out ──────────────────────────────────────────────────────────────────────────────────────────────────

fan_outs = Table(
    "fan_outs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post_id", Id, ForeignKey("posts.id"), nullable=False, unique=True),
    Column("content_id", Id, ForeignKey("contents.id"), nullable=False, index=True),
    Column("community_id", Id, ForeignKey("communities.id"), nullable=False),
    Column("author_id", Id, ForeignKey("people.id"), nullable=False),
    Column("key_id", SmallInteger, nullable=False),
    # Everybody up to this person has been seen; the next chunk goes on behind.
    Column("cursor", BigInteger, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    # Before that its copies do not leave: its author may take it back.
    Column("due_at", Utc, nullable=False),
    Column("closed_at", Utc),
    Index("ix_fan_outs_open", "id", sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True),
    # NULL where it is one for very many readers, whom its deliveries name.
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE")),
    # The template, and why: at most one per person, kind and reason an hour.
    Column("kind", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("message_id", String(255), nullable=False, unique=True),
    Column("in_reply_to", Text, nullable=False, default=""),
    Column("community_id", Id, ForeignKey("communities.id", ondelete="SET NULL")),
    Column("arrival_id", Id, ForeignKey("arrivals.id", ondelete="SET NULL")),
    # What is told to a person once only, however often it comes; NULL for what is bounded by time instead.
    Column("once", String(100)),
    # How many mails wait, where that is what it tells.
    Column("waiting", Integer, nullable=False, default=0),
    # Who wrote the mail, where it was forwarded; without a name or address where it is the person's own.
    Column("author_name", Text, nullable=False, default=""),
    Column("author_address", Text, nullable=False, default=""),
    Column("proven", Boolean, nullable=False, default=False),
    Column("known", Boolean, nullable=False, default=False),
    # The mail itself: nothing anybody wrote is lost (invariant I13).
    Column("sent_to", Text, nullable=False),
    Column("topic_title", Text, nullable=False, default=""),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    # What a receipt or an answer to a command tells, by name; NULL for what tells of one mail.
    Column("details", JSON),
    # A list of objects: name, size, content_type, and sha256 of the blob where the file is more than named.
    Column("files", JSON, nullable=False),
    Column("sent_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    UniqueConstraint("person_id", "once"),
    Index("ix_notices_recent", "person_id", "kind", "reason", "created_at"),
    Index("ix_notices_place", "kind", "community_id", "created_at"),
    Index("ix_notices_arrival_id", "arrival_id"),
    Index("ix_notices_created_at", "created_at"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("content_id", Id, ForeignKey("contents.id")),
    Column("notice_id", Id, ForeignKey("notices.id", ondelete="CASCADE")),
    Column("digest_id", Id, ForeignKey("digests.id", ondelete="CASCADE")),
    Column("post_id", Id, ForeignKey("posts.id")),
    Column("community_id", Id, ForeignKey("communities.id")),
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    # One of very many of one post: they leave room for notices and for the posts of others.
    Column("bulk", Boolean, nullable=False, default=False),
    # It answers or names its reader: it counts nothing in the budget of their day.
    Column("personal", Boolean, nullable=False, default=False),
    # The signing key its tokens are born under: a retry repeats its reverse-path (invariant I6).
    Column("key_id", SmallInteger, nullable=False),
    # It may leave in the quiet hours of its reader: an answer to what they have just sent, or an urgent post.
    Column("passes_quiet", Boolean, nullable=False, default=False),
    Column("created_at", Utc, nullable=False),
    # While pending or deferred: due then, or claimed until then.
    Column("next_attempt_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("answer", Text, nullable=False, default=""),
    UniqueConstraint("content_id", "person_id"),
    Index(
        "ix_deliveries_due",
        "bulk",
        "next_attempt_at",
        "id",
        sqlite_where=text("state IN ('pending', 'deferred')"),
        postgresql_where=text("state IN ('pending', 'deferred')"),
    ),
    Index(
        "ix_deliveries_finished_at",
        "finished_at",
        sqlite_where=text("finished_at IS NOT NULL"),
        postgresql_where=text("finished_at IS NOT NULL"),
    ),
    Index("ix_deliveries_person_id", "person_id", "created_at"),
    # Partial: the copies of posts, which are most, need not stand in it.
    Index(
        "uq_deliveries_digest_id",
        "digest_id",
        unique=True,
        sqlite_where=text("digest_id IS NOT NULL"),
        postgresql_where=text("digest_id IS NOT NULL"),
    ),
    Index(
        "uq_deliveries_notice_id",
        "notice_id",
        "person_id",
        unique=True,
        sqlite_where=text("notice_id IS NOT NULL"),
        postgresql_where=text("notice_id IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# ── what did not arrive ──────────────────────────────────────────────────────────────────────────────────────────────

# One a person, day (UTC, of the hand-over) and kind (gateway.core.failure), however many mails failed that day.
failures = Table(
    "failures",
    metadata,
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("kind", String(16), primary_key=True),
    # The first that was heard of; it may be forgotten before this is.
    Column("delivery_id", Id, nullable=False),
    Column("status", String(16), nullable=False, default=""),
    Column("cause", String(40), nullable=False),
    Index("ix_failures_kind", "kind", "day"),
)

# Who cannot be reached by mail: paused for as long, and tried again from time to time.
unreachable = Table(
    "unreachable",
    metadata,
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("since", Utc, nullable=False),
    # Their own pause, which goes on when they can be reached before its end.
    Column("paused", Boolean, nullable=False, default=False),
    Column("paused_until", Utc),
    # How often they were written to since, when last (NULL where that came back), and when next.
    Column("probes", Integer, nullable=False, default=0),
    Column("probed_at", Utc),
    Column("probe_due_at", Utc, nullable=False, index=True),
    # When those who run their communities were told, and when they were told themselves, for they wrote to us.
    Column("told_at", Utc),
    Column("met_at", Utc),
)
