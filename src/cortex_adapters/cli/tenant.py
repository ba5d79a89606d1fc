"""What the tenant's answers mean to its operator."""

from __future__ import annotations

from typing import Final

from cortex_adapters.server import Asked

_DOMAIN: Final = "CORTEX_AUTH0_DOMAIN"
_REACH: Final = (
    f"Compare {_DOMAIN} with the tenant's domain, and look whether this machine may reach it: "
    "names, firewall, proxy, certificates."
)
_ELSE: Final = "Look what answers there, such as a proxy with a page of its own."
_LATER: Final = "Try again in a moment; if this goes on, look at the status of the tenant."
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "unreachable": ("cannot be reached.", _REACH),
    "timeout": ("does not answer in time.", _REACH),
    "garbage": ("answers with something that is no JSON object.", _ELSE),
    "compressed": ("answers in a compressed form that was not asked for.", _ELSE),
    "size": ("answers with more than any tenant has to say.", _ELSE),
    "status-404": ("has no such document.", f"Compare {_DOMAIN} with the tenant's domain."),
    "status-429": ("has been asked too often.", _LATER),
    "issuer-differs": (
        "is not the name that the tenant gives itself{}.",
        f"Let {_DOMAIN} name the tenant's own domain, and custom domains after it.",
    ),
    "address": (
        "names no place for its keys at its own origin{}.",
        f"Let {_DOMAIN} name the domain at which the tenant gives its keys, over https.",
    ),
    "no-keys": (
        "publishes no key that could be used here.",
        "Let the tenant sign with RS256, and look at its signing keys.",
    ),
    "many-keys": ("publishes more keys than any tenant has.", _ELSE),
}


def told(asked: Asked, *, cause: bool) -> str:
    """Return what *asked* found, and what to do about it; with *cause*, what failed on the way."""
    if not asked.reason:
        return f"{asked.issuer} has {asked.keys} usable key{'s' if asked.keys > 1 else ''}"
    status = asked.reason.removeprefix("status-")
    means, remedy = _WORDS.get(asked.reason, (f"answers with status {status}.", _LATER))
    said = means.format(f": {asked.detail}" if asked.detail else "")
    vendor = f"({asked.cause})" if cause and asked.cause else ""
    return " ".join(filter(None, [asked.issuer, said, vendor, remedy]))
