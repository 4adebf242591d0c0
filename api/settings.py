"""Settings of the service: from `LIUSHUI_*` environment variables, else the defaults here. docs/settings.md has the rows."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.problems import LiushuiError

Scope = Literal["read", "write", "approve"]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Key(BaseModel):
    """Who may call: one person at one desk of one institution. Only the SHA-256 of the key is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: str = Field(min_length=1, max_length=200)
    desk: str = Field(min_length=1, max_length=200)
    institution: str | None = Field(default=None, max_length=200)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    scopes: tuple[Scope, ...] = ("read",)


class Settings(BaseSettings):
    """Everything an operator may set."""

    model_config = SettingsConfigDict(env_prefix="LIUSHUI_", frozen=True, extra="ignore")

    ledger: Path = Path("ledger-data")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    keys: tuple[Key, ...] = ()
    keys_file: Path | None = None
    allowed_hosts: tuple[str, ...] = ()
    body_limit_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, le=8 * 1024 * 1024)
    items_limit: int = Field(default=10_000, ge=1, le=10_000)

    def all_keys(self) -> tuple[Key, ...]:
        """The keys set directly and those of the keys file."""
        return self.keys + (() if self.keys_file is None else keys_of(self.keys_file))


def load_settings(**given: object) -> Settings:
    """Settings from the environment, with what the command line gave on top; a bad value is one clear error."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise LiushuiError("API-bad-setting", f"setting {where}: {first['msg']}") from None


def keys_of(path: Path) -> tuple[Key, ...]:
    """Keys of a JSON file: a list of objects with person, desk, institution, sha256 and scopes."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        return tuple(Key.model_validate(one) for one in listed)
    except OSError as error:
        raise LiushuiError("API-keys-file", f"keys file {path}: {error.strerror}") from None
    except (ValueError, TypeError) as error:  # a ValidationError is a ValueError and may quote the file: name the place only
        raise LiushuiError("API-keys-file", f"keys file {path}: not a list of keys ({type(error).__name__})") from None


def key_for(keys: tuple[Key, ...], given: str) -> Key | None:
    """The key whose hash is that of the given text; every key is compared, in constant time each."""
    digest = hashlib.sha256(given.encode()).hexdigest()
    found = None
    for key in keys:
        if hmac.compare_digest(key.sha256, digest):
            found = key
    return found
