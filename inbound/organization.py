"""To which organization a domain belongs, and what it publishes about mail in its name: DMARC.

Called by verification. The organization is found by the tree walk, not by a list of public suffixes that ages in a
package: what the domains say themselves decides. RFC 7489, and the tree walk of its successor (DMARCbis §4.10).
"""

from __future__ import annotations

from dataclasses import dataclass

from inbound.resolver import Questions

_MOST_QUERIES = 8
_POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Published:
    """The DMARC record at one name: its tags in lower case."""

    domain: str
    tags: dict[str, str]

    def is_strict(self, tag: str) -> bool:
        """Whether `adkim` or `aspf` wants the very domain."""
        return self.tags.get(tag, "r") == "s"


@dataclass(frozen=True, slots=True)
class Standing:
    """A domain, the organization that it is of, and the record that holds for it; None where none does."""

    domain: str
    organization: str
    record: Published | None

    def is_aligned(self, other: str, tag: str, questions: Questions) -> bool:
        """Whether that domain speaks for this one. Raises NotAnsweredError."""
        if other == self.domain:
            return True
        if self.record is None or self.record.is_strict(tag) or not are_related(other, self.domain):
            return False
        return stand(other, questions).organization == self.organization


def are_related(one: str, other: str) -> bool:
    """Whether two domains can be of one organization at all: they share their last two labels.

    Asked before anything costs a look-up. A domain of one label is related to nobody.
    """
    tail = one.split(".")[-2:]
    return len(tail) == 2 and tail == other.split(".")[-2:]


def stand(domain: str, questions: Questions) -> Standing:
    """Walks from the domain up to its top-level domain. Raises NotAnsweredError: half a walk tells nothing."""
    walked = [found for name in _names(domain) if (found := _published(name, questions))]
    organization = _organization(domain, walked)
    for found in walked:
        if found.domain in (domain, organization) or found.tags.get("psd") == "y":
            return Standing(domain, organization, found)
    return Standing(domain, organization, None)


def _names(domain: str) -> list[str]:
    labels = domain.split(".")
    names = [".".join(labels[start:]) for start in range(len(labels))]
    if len(names) > _MOST_QUERIES:
        # The domain itself, then from seven labels upwards.
        names = [names[0], *names[-(_MOST_QUERIES - 1) :]]
    return names


def _organization(domain: str, walked: list[Published]) -> str:
    for found in walked:
        if found.tags.get("psd") == "n":
            return found.domain
        if found.tags.get("psd") == "y":
            if found.domain == domain:
                return domain
            below = domain.removesuffix("." + found.domain).rpartition(".")[2]
            return f"{below}.{found.domain}"
    return walked[-1].domain if walked else domain


def _published(domain: str, questions: Questions) -> Published | None:
    records = [tags for text in questions.texts(f"_dmarc.{domain}") if (tags := _tags(text))]
    # Two records say nothing (RFC 7489 §6.6.3).
    return Published(domain, records[0]) if len(records) == 1 else None


def _tags(text: bytes) -> dict[str, str] | None:
    """The tags of a DMARC record, None of any other text."""
    pairs = [pair.partition("=") for pair in text.decode("ascii", "replace").split(";")]
    tags = {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}
    # The version stands first and is spelled so; a record without a known policy is as good as none.
    if pairs[0][0].strip() != "v" or tags.get("v") != "DMARC1":
        return None
    lowered = {name: value.lower() for name, value in tags.items()}
    return lowered if lowered.get("p") in _POLICIES or "psd" in lowered else None
