"""A request, as our handlers see it."""

from __future__ import annotations

import re
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.datastructures import State

from cortex_adapters.litestar import strict_json
from cortex_adapters.litestar.accept import preferred
from cortex_adapters.litestar.operations import EVENT_STREAM, Operation
from cortex_adapters.litestar.queries import faults_of
from cortex_core import Cortex, Principal
from cortex_core.domain.errors import (
    InvalidInputError,
    MalformedError,
    NotAcceptableError,
    NotFoundError,
    TooLargeError,
    UnsupportedFormatError,
)
from cortex_core.domain.ids import ConversationId, MessageId, UserId, WorkspaceId, is_id
from cortex_core.domain.paging import PageRequest
from cortex_core.services.browsers import Browsers

T = TypeVar("T", bound=msgspec.Struct)

MAX_BODY: Final = 1024 * 1024
FORM: Final = "application/x-www-form-urlencoded"
_CHARSET: Final = re.compile(r'charset="?utf-8"?', re.IGNORECASE)
# RFC 9110 section 8.8.3, and ours among them.
_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS: Final = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")
_OURS: Final = re.compile(r'(?<!W/)"(0|[1-9][0-9]{0,17})"')
_MATCHES_NOTHING: Final = -1


class Call(Request[Principal, object, State]):
    """A request with what our handlers ask of it; what is wrong is raised as named errors."""

    @property
    def cortex(self) -> Cortex:
        """The core."""
        cortex: Cortex = self.app.state.service.cortex
        return cortex

    @property
    def browsers(self) -> Browsers:
        """Sign-on; the routes that use it are there only where it is configured."""
        browsers = self.cortex.browsers
        if browsers is None:
            raise NotFoundError
        return browsers

    @property
    def operation(self) -> Operation:
        """What the route says of itself."""
        operation: Operation = self.route_handler.opt["operation"]
        return operation

    @property
    def workspace_id(self) -> WorkspaceId:
        """The workspace in the path; what is no id names nothing."""
        return WorkspaceId(self._id("workspace_id"))

    @property
    def conversation_id(self) -> ConversationId:
        """The conversation in the path; what is no id names nothing."""
        return ConversationId(self._id("conversation_id"))

    @property
    def message_id(self) -> MessageId:
        """The message in the path; what is no id names nothing."""
        return MessageId(self._id("message_id"))

    @property
    def user_id(self) -> UserId:
        """The user in the path; what is no id names nothing."""
        return UserId(self._id("user_id"))

    async def command(self, type_: type[T]) -> T:
        """Return the body as a *type_*."""
        self._require_json()
        return strict_json.decode(await self._read(), type_)

    async def form_fields(self) -> dict[str, str]:
        """Return the fields of a form, each given once."""
        kinds = self._headers(b"content-type")
        if len(kinds) != 1 or kinds[0].partition(";")[0].strip().lower() != FORM:
            raise UnsupportedFormatError(f"Send the body as {FORM}.")
        try:
            pairs = parse_qsl(
                (await self._read()).decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=32,
            )
        except ValueError as error:
            raise MalformedError("The form cannot be read.") from error
        if len(dict(pairs)) < len(pairs):
            raise MalformedError("Each field may be given once.")
        return dict(pairs)

    def page(self) -> PageRequest:
        """Return which page is asked for."""
        given = self.arguments()
        cursor = given.get("cursor")
        limit = self.number(given, "limit")
        return (
            PageRequest(cursor=cursor) if limit is None else PageRequest(limit=limit, cursor=cursor)
        )

    def arguments(self) -> dict[str, str]:
        """Return the query parameters: known to the route, each given once, and as it says."""
        try:
            pairs = parse_qsl(
                self.scope["query_string"].decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=32,
            )
        except ValueError as error:
            raise MalformedError("The query cannot be read.") from error
        if faults := [*faults_of(pairs, self.operation.query)]:
            raise InvalidInputError(*faults)
        return dict(pairs)

    @staticmethod
    def number(given: dict[str, str], name: str) -> int | None:
        """Return one of the `arguments` that is a number, None where it is not given."""
        text = given.get(name)
        return None if text is None else int(text)

    def version(self) -> int | None:
        """Return the version in `If-Match` (RFC 9110 section 13.1.1), None for any.

        An entity tag that is not one of ours, or is weak, matches nothing.
        """
        fields = self._headers(b"if-match")
        said = ",".join(fields).strip()
        if not fields or said == "*":
            return None
        if not _TAGS.fullmatch(said):
            raise MalformedError('Write If-Match as the ETag is, in quotes: "3"; or as *.')
        versions = {int(tag) for tag in _OURS.findall(said)}
        if len(versions) > 1:
            raise MalformedError("If-Match may name one version here: the one that you have read.")
        return versions.pop() if versions else _MATCHES_NOTHING

    def last_event_id(self) -> str:
        """Return `Last-Event-ID`, empty where it is not given."""
        fields = self._headers(b"last-event-id")
        if len(fields) > 1:
            raise MalformedError("Last-Event-ID may be given once.")
        return fields[0] if fields else ""

    def require_acceptable(self) -> str:
        """Return the best of the route's formats for the caller.

        Raises:
            NotAcceptableError: The caller wants none of them.
        """
        operation = self.operation
        if operation.answer is None:
            return operation.media_type
        fields = [value for name, value in self.scope["headers"] if name == b"accept"]
        live = (EVENT_STREAM,) if operation.stream else ()
        offered = (*live, operation.media_type)
        found = preferred(fields, offered)
        if found is None:
            raise NotAcceptableError(f"This comes as {' or '.join(offered)}.")
        return found

    def _id(self, name: str) -> str:
        text = str(self.path_params[name])
        if not is_id(text):
            raise NotFoundError
        return text

    def _headers(self, name: bytes) -> list[str]:
        """Return the fields of that name, without a dictionary of all: this runs for every body."""
        return [value.decode("latin-1") for key, value in self.scope["headers"] if key == name]

    def _require_json(self) -> None:
        """Refuse other formats, so that no form of a foreign page can post here."""
        kinds = self._headers(b"content-type")
        if kinds != ["application/json"]:
            self._require_json_in_other_words(kinds)
        if any(coding.lower() != "identity" for coding in self._headers(b"content-encoding")):
            raise UnsupportedFormatError("Send the body without a content encoding.")

    def _require_json_in_other_words(self, kinds: list[str]) -> None:
        if len(kinds) > 1:
            raise UnsupportedFormatError("Content-Type may be given once.")
        kind, _, parameters = "".join(kinds).partition(";")
        accepted = {"application/json"}
        if self.operation.merge_patch:
            accepted.add("application/merge-patch+json")
        if kind.strip().lower() not in accepted or (
            parameters.strip() and not _CHARSET.fullmatch(parameters.strip())
        ):
            raise UnsupportedFormatError(f"Send the body as {' or '.join(sorted(accepted))}.")

    async def _read(self) -> bytes:
        """Return the body, refused before it is read whole if it is too large."""
        announced = "".join(self._headers(b"content-length")[:1])
        if announced.isascii() and announced.isdigit() and int(announced[:19]) > MAX_BODY:
            raise TooLargeError(f"A body may have {MAX_BODY} bytes.")
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                raise MalformedError("The client went away before the body was whole.")
            chunk = message.get("body", b"")
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BODY:
                raise TooLargeError(f"A body may have {MAX_BODY} bytes.")
            if not message.get("more_body", False):
                return b"".join(chunks)
