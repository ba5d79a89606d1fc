"""The lines of the log."""

from __future__ import annotations

from typing import Final

from cortex_core.domain.signals.kinds import LogEvent

LOG_EVENTS: Final = (
    LogEvent(
        name="server.listening",
        meaning="The server takes requests.",
        fields=("host", "port"),
    ),
    LogEvent(
        name="settings.without_effect",
        meaning="Settings were given that this release checks and does not use yet.",
        levels=("warning",),
        fields=("names",),
    ),
    LogEvent(
        name="development.exposed",
        meaning="A development server, which gives tokens to anybody, listens beyond this machine.",
        levels=("warning",),
        fields=("host", "message"),
    ),
    LogEvent(
        name="database.role_in_excess",
        meaning="Its role in PostgreSQL can do what a server never does: see `cortex db grants`.",
        levels=("warning",),
        fields=("role", "rights"),
    ),
    LogEvent(
        name="legacy_issuer.over",
        meaning="The end date of the former issuer has passed: its tokens are refused.",
        levels=("warning",),
        fields=("until",),
    ),
    LogEvent(
        name="http.request",
        meaning="A request has its answer.",
        levels=("debug", "info", "warning", "error"),
        fields=("method", "route", "status", "duration_ms", "code", "reason", "principal"),
    ),
    LogEvent(
        name="http.refused",
        meaning="A request was answered below the application, under its id if that was read.",
        fields=("status", "code"),
    ),
    LogEvent(
        name="incident",
        meaning="Something broke that nobody planned for; the caller was told the incident's id.",
        levels=("error",),
        fields=("incident", "operation", "error"),
    ),
    LogEvent(
        name="database.away",
        meaning="The database does not answer, or takes no writes.",
        levels=("error",),
        fields=("database", "code", "message", "reason"),
    ),
    LogEvent(
        name="database.back",
        meaning="The database answers again.",
        fields=("database", "away_seconds"),
    ),
    LogEvent(
        name="loop.blocked",
        meaning="Something kept the event loop, and with it every request, from going on.",
        levels=("warning",),
        fields=("seconds",),
    ),
    LogEvent(
        name="log.dropped",
        meaning="Lines were dropped because nobody read them in time.",
        levels=("warning",),
        fields=("count",),
    ),
    LogEvent(
        name="log.level",
        meaning="A signal has changed the level of the log: it is *now* this one.",
        fields=("now",),
    ),
    LogEvent(
        name="identity.refused",
        meaning="A caller was not believed; the reason is told nowhere else.",
        fields=("reason", "issuer", "hint"),
    ),
    LogEvent(
        name="identity.keys_forgotten",
        meaning="A signal took the keys of an issuer from memory; the next caller fetches them.",
        levels=("warning",),
        fields=("issuer",),
    ),
    LogEvent(
        name="identity.keys_not_fetched",
        meaning="The keys of an issuer could not be had.",
        levels=("warning", "error"),
        fields=("issuer", "reason", "failures", "stale_seconds"),
    ),
    LogEvent(
        name="sign_on.failed",
        meaning="A browser's sign-on did not come to its end.",
        fields=("reason",),
    ),
    LogEvent(
        name="sign_on.notice_refused",
        meaning="A logout token was not believed, so that the sessions it names go on.",
        levels=("warning",),
        fields=("reason",),
    ),
    LogEvent(
        name="retention.removed",
        meaning="So many messages and other events were older than is kept, and are gone.",
        fields=("messages", "events"),
    ),
    LogEvent(
        name="users.linked",
        meaning="An identity was linked to a former user by its verified address.",
        fields=("kind", "user_id"),
    ),
)
