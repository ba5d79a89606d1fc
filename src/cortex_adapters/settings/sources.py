"""Where settings come from: the command line, over the environment, over a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import msgspec

from cortex_adapters.settings.setting import PREFIX
from cortex_adapters.settings.table import SETTINGS

_KNOWN: Final = {setting.variable: setting.name for setting in SETTINGS}
_FILE: Final = "_FILE"
_CONFIG: Final = f"{PREFIX}CONFIG"
_LARGEST: Final = 65_536
_FORMS: Final = "must be text, a whole number, or a list of text"
# Not settings of the server: what our own tests and CI tell each other.
_OTHERS: Final = (f"{PREFIX}TEST_", f"{PREFIX}CI_")


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The text of one setting; *label* says whose it is and where it was found."""

    text: str
    label: str


class Sources:
    """Gathers what each setting was given, and *faults* on the way."""

    def __init__(self) -> None:
        self.given: dict[str, Given] = {}
        self.faults: list[str] = []

    def read(self, environ: Mapping[str, str], arguments: Mapping[str, str]) -> None:
        """Take *arguments*, by setting, before *environ*, before the file it names."""
        for name, text in arguments.items():
            self.given[name] = Given(text=text, label=f"--{name.replace('_', '-')}")
        ours = {
            name: text
            for name, text in environ.items()
            if name.startswith(PREFIX) and not name.startswith(_OTHERS)
        }
        config = ours.pop(_CONFIG, None)
        self._take(ours, "")
        if config is not None:
            self._take(dict(self._settings_in(config)), f" (in {_shown(config)})")

    def _take(self, found: Mapping[str, str], place: str) -> None:
        here: dict[str, Given] = {}
        for variable, text in found.items():
            by_file = variable.endswith(_FILE) and variable not in _KNOWN
            owner = variable.removesuffix(_FILE) if by_file else variable
            name = _KNOWN.get(owner)
            if name is None:
                self.faults.append(f"{_shown(variable)}{place}: {_unknown(variable)}")
            elif name in here:
                self.faults.append(f"{owner}{place}: is given twice, with and without {_FILE}")
            elif by_file:
                content = self._content(text, f"{variable}{place}")
                if content is not None:
                    here[name] = Given(text=content, label=f"{owner} (from {variable}{place})")
            else:
                here[name] = Given(text=text, label=f"{owner}{place}")
        self.given = here | self.given

    def _settings_in(self, path: str) -> Iterator[tuple[str, str]]:
        content = self._content(path, _CONFIG)
        try:
            document = tomllib.loads(content or "")
        except (ValueError, RecursionError) as error:
            self.faults.append(f"{_CONFIG}: {_shown(path)} is not TOML: {error}")
            return
        for key, value in document.items():
            variable = f"{PREFIX}{key.upper()}"
            text = _plain(value)
            if key != key.lower():
                self.faults.append(f"{_shown(key)} (in {_shown(path)}): must be in lower case")
            elif text is None:
                self.faults.append(f"{_shown(variable)} (in {_shown(path)}): {_FORMS}")
            else:
                yield variable, text

    def _content(self, path: str, label: str) -> str | None:
        """Return what the file at *path* holds, without the line break at its end."""
        try:
            with Path(path).open("rb") as file:
                content = file.read(_LARGEST + 1)
            if len(content) > _LARGEST:
                raise ValueError("it is larger than 64 KiB")
            return content.decode().removesuffix("\n").removesuffix("\r")
        except OSError as error:
            reason = error.strerror or "it cannot be opened"
        except UnicodeError:
            reason = "it is not UTF-8 text"
        except ValueError as error:
            reason = str(error)
        self.faults.append(f"{label}: {_shown(path)} cannot be read: {reason}")
        return None


def _plain(value: object) -> str | None:
    """Return a value of a TOML document as it would stand in the environment."""
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool) and abs(value) < _LARGEST:
            return str(value)
        case list() if all(isinstance(item, str) and "," not in item for item in value):
            return ",".join(value)
        case _:
            return None


def _unknown(variable: str) -> str:
    names = [*_KNOWN, _CONFIG, *(f"{name}{_FILE}" for name in _KNOWN)]
    near = get_close_matches(variable.upper()[:64], names, n=1, cutoff=0.7)
    return f"is no setting; did you mean {near[0]}?" if near else "is no setting"


def _shown(text: str) -> str:
    """Return *text* in one printable line of bounded length."""
    return ascii(text[:200])[1:-1]
