"""Where the server is, and whether code may be sent there.

What travels is code, so beyond this machine it travels by https alone.
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from qwen_lsp.engine.requests import EngineUnavailableError


@dataclass(frozen=True)
class Endpoint:
    """A server, the model that is wanted there ("" for the only one), and the key for it.

    `url` is the server's root, without the `/v1` of the protocol.
    """

    url: str
    model: str = ""
    api_key: str = field(default="", repr=False)

    @property
    def is_here(self) -> bool:
        """Say whether the server runs on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")


def read_endpoint(
    url: str, model: str = "", api_key_env: str = "", environment: Mapping[str, str] = os.environ
) -> Endpoint:
    """Return the endpoint that the settings name; EngineUnavailableError where it must not be used.

    `api_key_env` names the variable of `environment` that holds the key, so that the key itself
    stands in no file of settings.
    """
    if not url.strip():
        raise EngineUnavailableError(
            "The setting backend is openai, and endpoint is empty; set it to the server's address, "
            "such as http://127.0.0.1:8080."
        )
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise EngineUnavailableError(
            f"The setting endpoint must be an http or https address, and is {url!r}."
        )
    if parts.username or parts.password:
        raise EngineUnavailableError(
            "The setting endpoint holds a name or password; put a key into an environment variable "
            "and name that in apiKeyEnv."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise EngineUnavailableError(
            f"The setting endpoint must begin with https, because {host} is not this machine and "
            "code would travel unprotected."
        )
    key = environment.get(api_key_env, "") if api_key_env else ""
    if api_key_env and not key:
        raise EngineUnavailableError(
            f"The environment variable {api_key_env} (setting apiKeyEnv) is empty or not set."
        )
    name = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/").removesuffix("/v1")
    root = f"{parts.scheme}://{name}{f':{port}' if port else ''}{path}"
    return Endpoint(root, model.strip(), key)


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
