"""settings.toml and environment → Settings. Read once; every mistake is reported at once, with its key.

Only gateway.app and gateway.cli use it; the flows get plain values (DESIGN.md 3). The shipped settings.toml is the
list of all keys and defaults; a test holds the two together.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal

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
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from gateway.core import address
from gateway.core.errors import ConfigurationError

DEFAULT_FILE = "settings.toml"


def _domain(value: str) -> str:
    return address.canonical_domain(value)


def _listen(value: str) -> str:
    if not value or value.startswith("unix:"):
        return value
    host, found, port = value.rpartition(":")
    if not found or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("must be HOST:PORT, unix:/PATH or empty")
    return value


def _tcp(value: str) -> str:
    if value.startswith("unix:"):
        raise ValueError("must be HOST:PORT or empty: no Unix socket here")
    return _listen(value)


def _zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is not a time zone such as Europe/Paris") from error
    return value


def _network(value: str) -> str:
    return str(ipaddress.ip_network(value, strict=False))


def _url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// (or http:// on a test machine)")
    return value.rstrip("/")


Domain = Annotated[str, AfterValidator(_domain)]
Listen = Annotated[str, AfterValidator(_listen)]
TcpListen = Annotated[str, AfterValidator(_tcp)]
Zone = Annotated[str, AfterValidator(_zone)]
Network = Annotated[str, AfterValidator(_network)]
Url = Annotated[str, AfterValidator(_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1)]
Octets = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """One table of the file: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Gateway(Section):
    """[gateway]"""

    domain: Domain = "relais.localhost"
    name: Annotated[str, Field(min_length=1, max_length=60)] = "Relais"
    locale: Literal["fr", "en"] = "fr"
    timezone: Zone = "Europe/Paris"
    secret_file: Path = Path("var/secret")


class Store(Section):
    """[store]"""

    url: str = "sqlite:///var/relais.db"
    blobs: str = "var/blobs"
    blobs_endpoint: str = ""
    reserve_bytes: Octets = 1 << 30


class Smtp(Section):
    """[smtp]"""

    listen: TcpListen = "127.0.0.1:2525"
    hostname: str = ""
    certificate: str = ""
    key: str = ""
    max_message_bytes: Annotated[int, Field(ge=65536)] = 50 << 20
    separator: Annotated[str, Field(pattern=r"^[+=_-]$")] = "+"
    connections: Count = 500
    connections_per_peer: Count = 50
    recipients: Annotated[int, Field(ge=100)] = 100
    mails_per_session: Count = 20
    commands_without_mail: Count = 100
    errors: Count = 20
    session_s: Seconds = 1800
    idle_s: Seconds = 300
    tls_s: Seconds = 30
    min_rate: Octets = 100
    banner_delay_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    header_bytes: Annotated[int, Field(ge=4096)] = 262144

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


class Relay(Section):
    """[relay]"""

    host: str = ""
    port: Port = 25
    security: Literal["none", "starttls", "tls"] = "none"
    ca_file: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")
    connections: Annotated[int, Field(ge=1, le=100)] = 4
    hostname: str = ""
    unrecorded: Annotated[int, Field(ge=1, le=10000)] = 200
    outbox: Path = Path("var/outbox")

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> Relay:
        if self.username and self.security == "none":
            raise ValueError("username needs security starttls or tls: a password is not sent in clear")
        return self


class Dkim(Section):
    """[dkim]"""

    domain: str = ""
    selector: str = ""
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


class Posting(Section):
    """[posting]"""

    max_attachment_bytes: Octets = 20 << 20
    attach_bytes: Octets = 1 << 20
    require_addressed: bool = True


class Web(Section):
    """[web]"""

    listen: TcpListen = "127.0.0.1:8080"
    base_url: Url = "http://127.0.0.1:8080"
    connections: Annotated[int, Field(ge=10, le=100_000)] = 200


class Retention(Section):
    """[retention]"""

    raw_days: Count = 30
    sent_days: Count = 30
    log_days: Count = 180


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
    relay: Relay = Relay()
    dkim: Dkim = Dkim()
    authentication: Authentication = Authentication()
    posting: Posting = Posting()
    web: Web = Web()
    retention: Retention = Retention()


def load(path: Path | None = None) -> Settings:
    """The settings of this file: by default $RELAIS_CONFIG, then ./settings.toml.

    Raises ConfigurationError with every mistake there is.
    """
    chosen = path or Path(os.environ.get("RELAIS_CONFIG") or DEFAULT_FILE)
    _parse(chosen)
    mistakes = _unknown_environment()
    settings = None
    try:
        settings = _from(chosen)()
    except ValidationError as error:
        mistakes += [_mistake(dict(item)) for item in error.errors()]
    if mistakes or settings is None:
        raise ConfigurationError(mistakes)
    return settings


def _from(path: Path) -> type[Settings]:
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
            return env_settings, TomlConfigSettingsSource(settings_cls, path)

    return FromFile


def _parse(path: Path) -> None:
    try:
        tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        mend = "no such file: name it with --config or $RELAIS_CONFIG"
        raise ConfigurationError([(str(path), mend)]) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError([(str(path), f"cannot be read: {error}")]) from error


def _unknown_environment() -> list[tuple[str, str]]:
    """Variables of our prefix that name no section: pydantic refuses an unknown key, but passes over these."""
    return [
        (name, "no such setting")
        for name in sorted(os.environ)
        if name.upper().startswith("RELAIS__") and name.lower().split("__")[1] not in Settings.model_fields
    ]


def _mistake(item: dict[str, Any]) -> tuple[str, str]:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return key, "no such setting"
    text = str(item["msg"]).removeprefix("Value error, ")
    return key, text[:1].lower() + text[1:]
