"""The Makefile's sessions on every Python that is promised.

A missing interpreter is an error here, not a skipped session that ends green; nothing is downloaded
to make up for it. To work with what you have, ask for one session: `nox -s unit-3.12`.
"""

import nox

PYTHONS = ["3.11", "3.12", "3.13"]

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|venv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = True
nox.options.reuse_venv = "yes"


def install(session: nox.Session) -> None:
    """Install the hashed pins, then the project, built with what they pin."""
    session.install("--require-hashes", "--requirement", "requirements/dev.txt")
    session.install("--no-build-isolation", "--no-deps", "--editable", ".")


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """ruff: rules and format."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session(python=PYTHONS)
def types(session: nox.Session) -> None:
    """What mypy and pyright say, as this Python sees the code."""
    install(session)
    version = str(session.python)
    session.run("mypy", "--python-version", version)
    session.run("pyright", "--pythonversion", version, "--pythonpath", f"{session.bin}/python")


@nox.session(python=PYTHONS[0])
def imports(session: nox.Session) -> None:
    """The import rules."""
    install(session)
    session.run("lint-imports", "--no-logo")


@nox.session(python=PYTHONS[0])
def deps(session: nox.Session) -> None:
    """What is imported is declared, what is declared is imported."""
    install(session)
    session.run("deptry", "src")


@nox.session(python=PYTHONS)
def unit(session: nox.Session) -> None:
    """The core on memory, the rooms one by one."""
    install(session)
    session.run("pytest", "tests/unit", *session.posargs)


@nox.session(python=PYTHONS)
def contract(session: nox.Session) -> None:
    """Every clause on every store."""
    install(session)
    session.run("pytest", "tests/contract", *session.posargs)


@nox.session(python=PYTHONS)
def e2e(session: nox.Session) -> None:
    """The real server, as processes, over sockets."""
    install(session)
    session.run("pytest", "tests/e2e", "--ignore=tests/e2e/test_fuzz.py", *session.posargs)


@nox.session(python=PYTHONS)
def fuzz(session: nox.Session) -> None:
    """schemathesis, with all its checks, against the running server."""
    install(session)
    session.run("pytest", "tests/e2e/test_fuzz.py", *session.posargs)
