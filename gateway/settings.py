"""settings.toml and environment → Settings. Read once; every mistake is reported at once, with its key.

Only gateway.app and gateway.cli use it; the flows get plain values (DESIGN.md 3). The shipped settings.toml is the
list of all keys and defaults; a test holds the two together.
"""

from __future__ import annotations

import os
import tomllib
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from digests.calendar import parse_place
from digests.candidate import LEAST_BYTES
from gateway import environment, notation
from gateway.core import address, rhythm
from gateway.core.address import Ours
from gateway.core.digest import Rhythm
from gateway.core.errors import ConfigurationError
from gateway.core.joining import Register
from store.storms import Bounds

DEFAULT_FILE = "settings.toml"
TABLES = frozenset(("imap",))
"""Sections that are lists of tables."""


Domain = Annotated[str, AfterValidator(address.canonical_domain)]
Hostname = Annotated[str, AfterValidator(notation.hostname)]
Host = Annotated[str, AfterValidator(notation.host)]
Listen = Annotated[str, AfterValidator(notation.listen)]
TcpListen = Annotated[str, AfterValidator(notation.tcp_listen)]
NameServer = Annotated[str, AfterValidator(notation.name_server)]
Zone = Annotated[str, AfterValidator(notation.zone)]
Network = Annotated[str, AfterValidator(notation.network)]
Url = Annotated[str, AfterValidator(notation.base_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Octets = Annotated[int, Field(ge=0, le=(1 << 63) - 1)]
Seconds = Annotated[float, Field(gt=0, le=7 * 86400, allow_inf_nan=False)]
# Further back than this no calendar of ours goes.
Days = Annotated[int, Field(ge=1, le=36500)]


def _readable(parse: Callable[[str], object]) -> AfterValidator:
    """A value that stays as it was written, and that this can read."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


Hour = Annotated[str, _readable(rhythm.parse_hour)]
Weekday = Annotated[str, _readable(rhythm.parse_weekday)]
Quiet = Annotated[str, _readable(rhythm.parse_quiet)]
Ending = Annotated[str, Field(pattern=r"^[a-z0-9]{1,16}$")]
Place = Annotated[str, AfterValidator(parse_place)]


class Section(BaseModel):
    """One table of the file: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _on_one_line(cls, value: object) -> object:
        if isinstance(value, str | Path):
            notation.one_line(str(value))
        elif isinstance(value, SecretStr):
            notation.one_line(value.get_secret_value())
        return value


class Gateway(Section):
    """[gateway]"""

    domain: Domain = "relais.localhost"
    name: Annotated[str, Field(max_length=60), AfterValidator(notation.title)] = "Relais"
    locale: Literal["fr", "en"] = "fr"
    timezone: Zone = "Europe/Paris"
    secret_file: Path = Path("var/secret")
    late_minutes: Annotated[int, Field(ge=0, le=10_080)] = 60


class Store(Section):
    """[store]"""

    url: str = "sqlite:///var/relais.db"
    blobs: str = "var/blobs"
    blobs_endpoint: str = ""
    reserve_bytes: Octets = 1 << 30


class Smtp(Section):
    """[smtp]"""

    listen: TcpListen = "127.0.0.1:2525"
    hostname: Hostname = ""
    certificate: str = ""
    key: str = ""
    max_message_bytes: Annotated[int, Field(ge=65536, le=1 << 40)] = 50 << 20
    separator: Annotated[str, Field(pattern=r"^[+=_-]$")] = "+"
    connections: Count = 500
    connections_per_peer: Count = 50
    recipients: Annotated[int, Field(ge=100, le=1_000_000)] = 100
    mails_per_session: Count = 20
    commands_without_mail: Count = 100
    errors: Count = 20
    session_s: Seconds = 1800
    idle_s: Seconds = 300
    tls_s: Seconds = 30
    min_rate: Octets = 100
    banner_delay_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    header_bytes: Annotated[int, Field(ge=4096, le=1 << 30)] = 262144

    @model_validator(mode="after")
    def _both(self) -> Smtp:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key go together")
        return self


class Lmtp(Section):
    """[lmtp]"""

    listen: Listen = "127.0.0.1:2424"

    @field_validator("listen")
    @classmethod
    def _not_on_25(cls, value: str) -> str:
        if value.endswith(":25"):
            raise ValueError("LMTP must not be on port 25, which is SMTP's (RFC 2033 §5)")
        return value


class OAuth2(Section):
    """oauth2 of [[imap]]"""

    token_url: Annotated[str, AfterValidator(notation.token_url)]
    client_id: Annotated[str, Field(min_length=1)]
    scope: str = ""
    secret_file: Path | None = None
    refresh_token_file: Path | None = None

    @model_validator(mode="after")
    def _has_a_secret(self) -> OAuth2:
        if self.secret_file is None and self.refresh_token_file is None:
            raise ValueError("wants secret_file, refresh_token_file or both")
        return self


class Imap(Section):
    """[[imap]]"""

    host: Annotated[Host, Field(min_length=1)]
    port: Port = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: str = ""
    username: Annotated[str, Field(min_length=1, max_length=150)]
    password: SecretStr = SecretStr("")
    oauth2: OAuth2 | None = None
    folder: Annotated[str, Field(min_length=1, max_length=200)] = "INBOX"
    done_folder: Annotated[str, Field(min_length=1, max_length=200)] = "Relais-done"
    failed_folder: Annotated[str, Field(min_length=1, max_length=200)] = "Relais-failed"
    community: str = ""
    address: Annotated[str, AfterValidator(notation.mail_address)] = ""
    authserv_id: str | None = None
    border: Literal["standard", "microsoft365"] = "standard"
    poll_s: Seconds = 60

    @model_validator(mode="after")
    def _fits_together(self) -> Imap:
        if bool(self.password.get_secret_value()) == (self.oauth2 is not None):
            raise ValueError("wants either password or oauth2")
        if self.security == "none" and not notation.is_loopback(self.host):
            raise ValueError("security none is for this machine only: a password is not sent in clear")
        if self.border == "microsoft365" and self.authserv_id:
            raise ValueError('border microsoft365 writes no authserv_id: set it to ""')
        if len({self.folder, self.done_folder, self.failed_folder}) != 3:
            raise ValueError("folder, done_folder and failed_folder must be three")
        return self


class Relay(Section):
    """[relay]"""

    host: Host = ""
    port: Port = 25
    security: Literal["none", "starttls", "tls"] = "none"
    ca_file: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")
    connections: Annotated[int, Field(ge=1, le=100)] = 4
    hostname: Hostname = ""
    unrecorded: Annotated[int, Field(ge=1, le=10000)] = 200
    outbox: Path = Path("var/outbox")

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> Relay:
        if self.username and self.security == "none":
            raise ValueError("username needs security starttls or tls: a password is not sent in clear")
        return self


class Dkim(Section):
    """[dkim]"""

    domain: Hostname = ""
    selector: Hostname = ""
    key_file: str = ""

    @model_validator(mode="after")
    def _all_or_none(self) -> Dkim:
        given = [bool(self.domain), bool(self.selector), bool(self.key_file)]
        if any(given) and not all(given):
            raise ValueError("domain, selector and key_file go together")
        return self


class Authentication(Section):
    """[authentication]"""

    trusted_peers: tuple[Network, ...] = ("127.0.0.0/8", "::1/128")
    authserv_id: str | None = None
    proofs: tuple[Literal["dmarc", "dkim", "auth"], ...] = ("dmarc", "dkim", "auth")
    require: Literal["proof", "token", "none"] = "proof"
    verify: bool = False
    nameservers: tuple[NameServer, ...] = ()
    trusted_sealers: tuple[Domain, ...] = ()


BARRED_FILES = ("bat", "cmd", "com", "cpl", "exe", "hta", "jar", "js", "jse", "lnk", "msi", "pif", "scr", "vbs", "wsf")
"""What a double click runs."""

with warnings.catch_warnings():
    # The metaclass of a model has a method of the name `register`, which nobody calls here.
    warnings.filterwarnings("ignore", 'Field name "register"', UserWarning)

    class People(Section):
        """[people]"""

        domains: tuple[Domain, ...] = ()
        register: Register = Register.CONFIRM
        charter: str = ""


class Posting(Section):
    """[posting]"""

    max_attachment_bytes: Octets = 20 << 20
    attach_bytes: Octets = 1 << 20
    require_addressed: bool = True
    hold_seconds: Annotated[int, Field(ge=0, le=600)] = 0
    receipts: Literal["first", "always", "never"] = "first"
    audience_moderation: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    barred_files: tuple[Ending, ...] = BARRED_FILES
    review_hours: Annotated[int, Field(ge=2, le=8760)] = 168
    storm_answers: Annotated[int, Field(ge=0, le=10_000)] = 10
    storm_minutes: Annotated[int, Field(ge=1, le=120)] = 5
    topic_per_minute: Annotated[int, Field(ge=0, le=100_000)] = 20
    author_per_hour: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    @property
    def storms(self) -> Bounds:
        """Above which a topic is in a storm."""
        return Bounds(self.storm_answers, timedelta(minutes=self.storm_minutes))


class Digests(Section):
    """[digests]"""

    daily_at: Hour = "07:30"
    weekly_on: Weekday = "monday"
    working_days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = rhythm.WEEKDAYS[:5]
    holidays: Place = ""
    quiet_hours: Quiet = ""
    urgent_per_week: Annotated[int, Field(ge=0, le=100)] = 2
    max_bytes: Annotated[int, Field(ge=LEAST_BYTES, le=1_000_000)] = 60_000
    max_topics: Annotated[int, Field(ge=1, le=100)] = 12
    min_items: Annotated[int, Field(ge=1, le=100)] = 1
    spread_minutes: Annotated[int, Field(ge=0, le=120)] = 10
    answer_days: Annotated[int, Field(ge=1, le=365)] = 30
    manager_report: bool = True

    def rhythm(self, timezone: str) -> Rhythm:
        """What holds in that zone for whoever has not chosen otherwise."""
        return Rhythm(
            timezone=timezone,
            daily_at=rhythm.parse_hour(self.daily_at),
            weekly_on=rhythm.parse_weekday(self.weekly_on),
            working_days=rhythm.parse_weekdays(self.working_days),
            holidays=self.holidays,
            quiet=rhythm.parse_quiet(self.quiet_hours),
        )


class Budget(Section):
    """[budget]"""

    mails_per_day: Annotated[int, Field(ge=0, le=10_000)] = 0


class StepDown(Section):
    """[step_down]"""

    after_days: Annotated[int, Field(ge=0, le=365)] = 0
    after_mails: Annotated[int, Field(ge=1, le=10_000)] = 30

    @field_validator("after_days")
    @classmethod
    def _not_at_once(cls, value: int) -> int:
        if 0 < value < 7:
            raise ValueError("must be 0, which turns it off, or at least 7")
        return value


class Bounces(Section):
    """[bounces]"""

    failing_days: Annotated[int, Field(ge=2, le=30)] = 5
    within_days: Annotated[int, Field(ge=2, le=90)] = 30
    probe_days: Annotated[int, Field(ge=1, le=90)] = 7
    quiet_days: Annotated[int, Field(ge=1, le=14)] = 3
    refusals_told: Annotated[int, Field(ge=0, le=10_000_000)] = 20

    @model_validator(mode="after")
    def _can_be_reached(self) -> Bounces:
        if self.failing_days > self.within_days:
            raise ValueError("within_days must be at least failing_days")
        return self


class Web(Section):
    """[web]"""

    listen: TcpListen = "127.0.0.1:8080"
    base_url: Url = "http://127.0.0.1:8080"
    connections: Annotated[int, Field(ge=10, le=100_000)] = 200


class Retention(Section):
    """[retention]"""

    raw_days: Days = 30
    sent_days: Days = 30
    log_days: Days = 180


class Settings(BaseSettings):
    """All of it. The environment wins over the file: RELAIS__SECTION__KEY."""

    model_config = SettingsConfigDict(
        env_prefix="RELAIS__",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    gateway: Gateway = Gateway()
    store: Store = Store()
    smtp: Smtp = Smtp()
    lmtp: Lmtp = Lmtp()
    imap: tuple[Imap, ...] = ()
    relay: Relay = Relay()
    dkim: Dkim = Dkim()
    authentication: Authentication = Authentication()
    people: People = People()
    posting: Posting = Posting()
    digests: Digests = Digests()
    budget: Budget = Budget()
    step_down: StepDown = StepDown()
    bounces: Bounces = Bounces()
    web: Web = Web()
    retention: Retention = Retention()

    @property
    def ours(self) -> Ours:
        """Which addresses are the gateway's own."""
        mailboxes = frozenset(address.parse(own.address).key for own in self.imap if own.address)
        return Ours(self.gateway.domain, self.smtp.separator, mailboxes)


def load(path: Path | None = None) -> Settings:
    """The settings of this file: by default $RELAIS_CONFIG, then ./settings.toml.

    Raises ConfigurationError with every mistake there is.
    """
    chosen = path or Path(os.environ.get("RELAIS_CONFIG") or DEFAULT_FILE)
    _parse(chosen)
    mistakes = environment.mistakes(_keys(), TABLES)
    settings = None
    try:
        # What a variable that cannot be read would have said is not known; the rest can be judged all the same.
        settings = _from(chosen, {name.lower() for name, _ in mistakes})()
    except ValidationError as error:
        mistakes += [_mistake(dict(item)) for item in error.errors()]
    except SettingsError as error:
        mistakes.append((environment.PREFIX, str(error)))
    if mistakes or settings is None:
        raise ConfigurationError(mistakes)
    return settings


def _keys() -> dict[str, dict[str, bool]]:
    """Every section with its keys, and whether such a key is a list."""
    sections: dict[str, Any] = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        name: {key: get_origin(field.annotation) is tuple for key, field in section.model_fields.items()}
        for name, section in sections.items()
        if name not in TABLES
    }


def _from(path: Path, passed_over: set[str]) -> type[Settings]:
    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            file = TomlConfigSettingsSource(settings_cls, path)
            assert isinstance(env_settings, EnvSettingsSource)
            env_settings.env_vars = {
                name: value for name, value in env_settings.env_vars.items() if name not in passed_over
            }
            return env_settings, file

    return FromFile


def _parse(path: Path) -> None:
    try:
        tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        mend = "no such file: name it with --config or $RELAIS_CONFIG"
        raise ConfigurationError([(str(path), mend)]) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError([(str(path), f"cannot be read: {error}")]) from error


def _mistake(item: dict[str, Any]) -> tuple[str, str]:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return key, "no such setting"
    text = str(item["msg"]).removeprefix("Value error, ")
    return key, text[:1].lower() + text[1:]
