"""Every setting there is: its name, form, default and meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cortex_adapters.settings import values
from cortex_adapters.settings.database import database_url, postgres_url
from cortex_adapters.settings.events import events_url
from cortex_adapters.settings.setting import Setting
from cortex_core.domain.policy import PERMISSIONS


def _later(name: str, read: Callable[[str], object], form: str, meaning: str) -> Setting:
    return Setting(name=name, read=read, form=form, meaning=meaning, used=False)


SETTINGS: Final = (
    Setting(
        name="environment",
        read=values.one_of("development", "production"),
        form="`development`, `production`",
        default="development",
        meaning="Production refuses whatever is convenient and not safe.",
    ),
    Setting(
        name="database_url",
        read=database_url,
        form="URL",
        default="sqlite:///./cortex.db",
        meaning="`sqlite:///path`, `postgresql://user:password@host/name`, or `memory:`.",
    ),
    Setting(
        name="database_pooler_url",
        read=postgres_url,
        form="URL",
        meaning=(
            "The same database behind a pooler in transaction mode, such as pgbouncer: requests go "
            "there, all else goes to the database itself."
        ),
    ),
    Setting(
        name="database_replica_url",
        read=postgres_url,
        form="URL",
        meaning=(
            "A standby of it: what only reads may go there while it has all that was acknowledged."
        ),
    ),
    Setting(
        name="events_url",
        read=events_url,
        form="URL",
        meaning="`redis://host:6379/0` carries signals between processes, instead of PostgreSQL.",
    ),
    Setting(
        name="keep_messages",
        read=values.whole_number(1, 36_500),
        form="1 to 36500 days",
        meaning="How long messages are kept, with their turns; for ever unless set.",
    ),
    Setting(
        name="keep_events",
        read=values.whole_number(1, 36_500),
        form="1 to 36500 days",
        meaning=(
            "How far back a stream can resume: for as long as messages are kept unless set, and "
            "never longer."
        ),
    ),
    Setting(
        name="host",
        read=values.listening_host,
        form="address",
        default="127.0.0.1",
        meaning="Where to listen.",
    ),
    Setting(
        name="port",
        read=values.port,
        form="1 to 65535",
        default="8000",
        meaning="Where to listen.",
    ),
    Setting(
        name="workers",
        read=values.whole_number(1, 64),
        form="1 to 64",
        default="1",
        meaning="Server processes on that port; more than one needs PostgreSQL.",
    ),
    Setting(
        name="public_url",
        read=values.web_address,
        form="URL",
        meaning="Where clients reach this server; host and port unless set.",
    ),
    Setting(
        name="docs_url",
        read=values.web_address,
        form="URL",
        meaning="Where problems link to; `/docs` below the public URL unless set.",
    ),
    Setting(
        name="log_level",
        read=values.one_of("debug", "info", "warning", "error"),
        form="`debug`, `info`, `warning`, `error`",
        default="info",
        meaning=(
            "The least important lines that are written; `SIGUSR1` switches to `debug` and back."
        ),
    ),
    Setting(
        name="log_levels",
        read=values.distinct(values.logger_level),
        form="list of name=level",
        default="",
        meaning=(
            "Levels of libraries, by the names of their loggers, such as `httpx2=debug`; without "
            "one, `warning`."
        ),
    ),
    Setting(
        name="log_format",
        read=values.one_of("text", "json"),
        form="`text`, `json`",
        meaning="Lines for people or for machines; `text` in development, else `json`, unless set.",
    ),
    Setting(
        name="metrics_token",
        read=values.secret(
            "at least 16 printable characters without spaces", pattern=r"[!-~]{16,}"
        ),
        form="secret",
        meaning=(
            "What a scraper of `/metrics` shows as a Bearer token; without it, it needs an access "
            "token with `read:metrics`. In development it needs neither."
        ),
    ),
    Setting(
        name="auth0_domain",
        read=values.listed(values.issuer),
        form="list of hosts",
        meaning="The tenant, and its custom domains after it; needed in production.",
    ),
    Setting(
        name="auth0_audience",
        read=values.word,
        form="text",
        meaning="Whom access tokens must be meant for; needed with a domain.",
    ),
    Setting(
        name="auth0_roles_claim",
        read=values.claim_name,
        form="URL",
        meaning=(
            "The claim with a caller's roles, such as `https://example.com/roles`; `name`, `email` "
            "and `email_verified` are read beside it."
        ),
    ),
    Setting(
        name="auth0_rbac",
        read=values.one_of("on", "off"),
        form="`on`, `off`",
        default="on",
        meaning="Off: a token without `permissions` allows what its `scope` says.",
    ),
    Setting(
        name="auth0_allowed_clients",
        read=values.listed(values.word),
        form="list of text",
        meaning="The only applications whose tokens are taken; all of the tenant's unless set.",
    ),
    Setting(
        name="auth0_organization",
        read=values.word,
        form="text",
        meaning="The only `org_id` whose tokens are taken; any, and none, unless set.",
    ),
    Setting(
        name="token_leeway",
        read=values.whole_number(0, 120),
        form="0 to 120 s",
        default="30",
        meaning="How far the issuer's clock and ours may differ.",
    ),
    Setting(
        name="token_max_lifetime",
        read=values.whole_number(60, 2_592_000),
        form="60 to 2592000 s",
        default="86400",
        meaning="The longest time a token may be good for.",
    ),
    Setting(
        name="token_max_size",
        read=values.whole_number(1_024, 65_536),
        form="1024 to 65536 bytes",
        default="16384",
        meaning="The longest token.",
    ),
    Setting(
        name="dpop_algorithms",
        read=values.distinct(values.one_of("ES256", "EdDSA")),
        form="list of `ES256`, `EdDSA`",
        default="ES256",
        meaning=(
            "How clients may sign proofs that they hold their token's key; with none, tokens that "
            "are bound to a key are refused."
        ),
    ),
    Setting(
        name="dpop_nonce",
        read=values.one_of("off", "required"),
        form="`off`, `required`",
        default="off",
        meaning="Required: each proof must hold a nonce that was given here in the last minutes.",
    ),
    Setting(
        name="legacy_issuer",
        read=values.word,
        form="text",
        meaning="The `iss` of HS256 tokens from before; needs an audience, a secret and a day.",
    ),
    Setting(
        name="legacy_audience",
        read=values.word,
        form="text",
        meaning="Whom those must be meant for.",
    ),
    Setting(
        name="legacy_secret",
        read=values.signing_secret,
        form="secret",
        meaning=(
            "What those are signed with: at least 32 bytes, as they are, or in base64 after"
            " `base64:`."
        ),
    ),
    Setting(
        name="legacy_permissions",
        read=values.listed(values.one_of(*sorted(PERMISSIONS))),
        form="list of permissions",
        meaning="What those allow that have neither `permissions` nor `scope`; nothing unless set.",
    ),
    Setting(
        name="legacy_until",
        read=values.day,
        form="date",
        meaning="The last day (UTC) on which those are taken; production does not start after it.",
    ),
    Setting(
        name="link_verified_email",
        read=values.one_of("on", "off"),
        form="`on`, `off`",
        default="off",
        meaning=(
            "On: whoever comes from the tenant for the first time, with a verified address that "
            "one user of the former issuer has verified, too, is that user."
        ),
    ),
    Setting(
        name="auth0_client_id",
        read=values.word,
        form="text",
        meaning="The application with which browsers sign on, at the last domain; none unless set.",
    ),
    Setting(
        name="auth0_client_secret",
        read=values.secret("printable, without spaces"),
        form="secret",
        meaning="Its secret.",
    ),
    Setting(
        name="session_keys",
        read=values.listed(
            values.secret(
                "keys of at least 32 printable characters without spaces or commas",
                pattern=r"[!-+\--~]{32,}",
            )
        ),
        form="list of secrets",
        meaning=(
            "What seals the tokens of browsers: the first seals, all of them open. Needed with an "
            "application in production."
        ),
    ),
    _later(
        "cors_origins",
        values.listed(values.origin),
        "list of origins",
        "Pages that may call; `*`, for all, in development only.",
    ),
    _later(
        "allowed_hosts",
        values.listed(values.allowed_host),
        "list of hosts",
        "Names that this server answers to.",
    ),
    _later(
        "trusted_proxies",
        values.listed(values.network),
        "list of networks",
        "Proxies whose word about the client is taken.",
    ),
    _later(
        "rate_limit_url",
        values.secret("a URL, such as memory:", pattern=r"[a-z][a-z0-9+.-]*:[!-~]*"),
        "URL",
        "Where rate limits are counted.",
    ),
)
