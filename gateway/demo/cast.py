"""Who works in the company of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formataddr


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the company. `places` are the communities they belong to, `pace` how they hear of both."""

    name: str
    locale: str
    places: tuple[str, ...]
    pace: str = "each"

    @property
    def address(self) -> str:
        """Where their mail goes."""
        return f"{self.name.split()[0].lower().replace('è', 'e')}@example.com"

    @property
    def mailbox(self) -> str:
        """Their From."""
        return formataddr((self.name, self.address))


CLAIRE = Colleague("Claire Morel", "fr", ("projets", "achats"))
KARIM = Colleague("Karim Haddad", "fr", ("projets", "achats"))
INES = Colleague("Inès Delmas", "fr", ("projets", "achats"), "daily")
TOM = Colleague("Tom Reed", "en", ("projets",))
ANNA = Colleague("Anna Schmidt", "en", ("achats",))
PEOPLE = (CLAIRE, KARIM, INES, TOM, ANNA)
