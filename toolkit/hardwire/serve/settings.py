# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
"""What a server allows: bounds of memory and time, and the keys of its users."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import HardwireError

LONGEST_KEYS_FILE = 1 << 20
PLENTY = 10**9  # of requests or tokens a minute: no limit in practice


class SettingsError(HardwireError):
    """Settings of a server that contradict themselves, or would leave it open to strangers."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A user. ``digest``: sha256 of the secret. requests, tokens: a minute, the answers' tokens; waiting: at once."""

    name: str
    digest: bytes
    requests: int = PLENTY
    tokens: int = PLENTY
    waiting: int = 32


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Bounds of one server. Memory is at most connections x (body + a few answers of one context).

    queue: answers that wait, of all users; waiting: of one user without a key of his own. choices, prompts: of one
    request. attempts: of one ``until``. body, headers: bytes. Times are seconds: interval, the least between two events
    of a stream; header, body and send, how long a client may take to send its headers and body and to read; idle,
    between two requests; grace, for answers that run when the server is told to stop.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    name: str = ""  # of the model; "": where it was loaded from
    keys: tuple[Key, ...] = ()
    open_to_all: bool = False  # a host other than loopback without a key
    chat_template: Path | None = None
    adapters: tuple[tuple[str, Path], ...] = ()  # names and files, for a board that can be reprinted
    queue: int = 256
    waiting: int = 128
    connections: int = 512
    choices: int = 8
    prompts: int = 4
    attempts: int = 64
    body: int = 1 << 20
    headers: int = 16 << 10
    interval: float = 0.02
    header_seconds: float = 10.0
    body_seconds: float = 20.0
    send_seconds: float = 20.0
    idle_seconds: float = 15.0
    grace_seconds: float = 30.0
    match_seconds: float = 1.0  # of a pattern on one answer

    def check(self) -> None:
        """Raise SettingsError for a server that anybody on the network could use by accident."""
        if not self.keys and not self.open_to_all and not is_loopback(self.host):
            raise SettingsError(
                f"--host {self.host} can be reached from elsewhere: give --key or --keys, or --open to let anybody in"
            )
        adapters = [name for name, _ in self.adapters]
        if len(set(adapters)) != len(adapters):
            raise SettingsError(f"two adapters are called {max(adapters, key=adapters.count)!r}; names tell them apart")
        names = [key.name for key in self.keys]
        if len(set(names)) != len(names):
            raise SettingsError(f"two keys are called {max(names, key=names.count)!r}; names tell users apart")


def is_loopback(host: str) -> bool:
    """Whether a host is this computer alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def key_of(secret: str, name: str = "key", **limits: int) -> Key:
    """The key of a secret, which is not kept."""
    if len(secret) < 8 or not secret.isprintable() or " " in secret:
        raise SettingsError(f"the secret of {name!r} is not usable; give 8 or more letters, digits and signs")
    return Key(name=name, digest=hashlib.sha256(secret.encode()).digest(), **limits)


def find_key(keys: Sequence[Key], secret: str) -> Key | None:
    """The key of a secret; which one does not show in the time that it takes."""
    digest, found = hashlib.sha256(secret.encode("utf-8", "replace")).digest(), None
    for key in keys:
        if hmac.compare_digest(key.digest, digest):
            found = key
    return found


def read_keys(path: Path) -> tuple[Key, ...]:
    """The keys of a TOML file: a table per user with ``secret``, and ``requests_per_minute``, ``tokens_per_minute``,
    ``waiting`` where he has limits. Raises SettingsError."""
    try:
        if path.stat().st_size > LONGEST_KEYS_FILE:
            raise SettingsError(f"{path} is larger than {LONGEST_KEYS_FILE} bytes; that is no file of keys")
        users = _toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); give a file of keys") from None
    except ValueError as error:
        raise SettingsError(f"{path}: is no TOML ({error}); see docs/serve.md") from None
    return tuple(_key(path, name, user) for name, user in users.items())


_LIMITS = {"requests_per_minute": "requests", "tokens_per_minute": "tokens", "waiting": "waiting"}


def _key(path: Path, name: str, user: Any) -> Key:
    if not isinstance(user, Mapping) or not isinstance(user.get("secret"), str):
        raise SettingsError(f'{path}: {name} has no secret; write [{name}] and secret = "..." below it')
    limits = {}
    for field, value in user.items():
        if field == "secret":
            continue
        if field not in _LIMITS:
            raise SettingsError(f"{path}: {name}.{field} is not known; there are secret, {', '.join(_LIMITS)}")
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SettingsError(f"{path}: {name}.{field} is {value!r}; give a number from 1 on")
        limits[_LIMITS[field]] = value
    return key_of(user["secret"], name, **limits)


def _toml(text: str) -> Mapping[str, Any]:
    """Raises ValueError."""
    if sys.version_info >= (3, 11):
        import tomllib

        return tomllib.loads(text)
    try:
        import tomli
    except ImportError:
        raise SettingsError("a file of keys needs tomli; pip install tomli, or give --key") from None
    data: Mapping[str, Any] = tomli.loads(text)
    return data
