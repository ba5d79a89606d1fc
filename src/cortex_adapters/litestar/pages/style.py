"""How the pages look: on a phone and on a desk, in the light and in the dark."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

STYLE: Final = """
:root {
  color-scheme: light dark;
  --paper: #fff; --sheet: #f6f7f9; --ink: #1b1f24; --dim: #5b6572; --line: #dfe3e8;
  --mark: #1f5fbf; --glow: #fff3c9;
  --get: #1f5fbf; --post: #1a7f4b; --put: #9a5b00; --patch: #7a3fb8; --delete: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --sheet: #1d2127; --ink: #e4e8ed; --dim: #98a3b0; --line: #323942;
    --mark: #7fb2ff; --glow: #3a3417;
    --get: #7fb2ff; --post: #6fcf97; --put: #f0b95b; --patch: #c79bf2; --delete: #ff8f87;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
a { color: var(--mark); text-underline-offset: .2em; text-decoration-thickness: 1px; }
code, pre { font: .875em/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; }
h1 { font-size: 1.9rem; letter-spacing: -.02em; }
h2 { font-size: 1.35rem; margin-top: 3.5rem; letter-spacing: -.01em; }
h2::first-letter { text-transform: uppercase; }
h3 { font-size: 1.05rem; }
h4 {
  font-size: .8rem; margin-top: 1.5rem; color: var(--dim);
  text-transform: uppercase; letter-spacing: .06em;
}
p { margin: .6rem 0; max-width: 44rem; }
.dim { color: var(--dim); }

nav {
  position: sticky; top: 0; z-index: 1; display: flex; gap: 1.1rem; align-items: baseline;
  padding: .7rem 1rem; overflow-x: auto; white-space: nowrap;
  background: var(--paper); border-bottom: 1px solid var(--line);
}
nav a { color: var(--dim); text-decoration: none; font-size: .92rem; }
nav a:hover { color: var(--mark); }
nav a.home { color: var(--ink); font-weight: 650; font-size: 1rem; }
nav ul { display: none; }
main { padding: 1.75rem 1rem 6rem; max-width: 60rem; margin: 0 auto; }

pre {
  background: var(--sheet); border: 1px solid var(--line); border-radius: .5rem;
  padding: .8rem 1rem; margin: .6rem 0; overflow-x: auto; max-height: 30rem;
}
details.entry { border: 1px solid var(--line); border-radius: .6rem; margin: .6rem 0; }
details.entry > summary {
  cursor: pointer; list-style: none; padding: .65rem .9rem; border-radius: .6rem;
  display: grid; grid-template-columns: 4.2rem 1fr; gap: 0 .8rem; align-items: baseline;
}
details.entry > summary::-webkit-details-marker { display: none; }
details.entry > summary:hover { background: var(--sheet); }
details.entry > summary > span { grid-column: 2; color: var(--dim); }
details.entry > div {
  border-top: 1px solid var(--line); padding: .4rem .9rem 1rem; scroll-margin-top: 7.5rem;
}
details.entry:has(> div:target) { border-color: var(--mark); }
details.more > summary { cursor: pointer; color: var(--dim); font-size: .92rem; }
details.thing > summary { grid-template-columns: 1fr; }
details.thing > summary > span { grid-column: 1; }
.method { font-weight: 700; font-size: .8rem; letter-spacing: .04em; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); }
.patch { color: var(--patch); } .delete { color: var(--delete); }
.needs {
  display: inline-block; border: 1px solid var(--line); border-radius: 1rem;
  padding: .05rem .7rem; font-size: .88rem; background: var(--sheet);
}

table { border-collapse: collapse; width: 100%; font-size: .95rem; margin: .4rem 0; }
th { text-align: left; font-weight: 600; font-size: .82rem; color: var(--dim); }
td, th { padding: .45rem .8rem .45rem 0; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; padding-top: .1rem; padding-bottom: .2rem; }
td:first-child { white-space: nowrap; }
td:first-child .dim { font-weight: 400; font-size: .88em; margin-left: .4rem; }

section.error {
  border-top: 1px solid var(--line); padding: 1.2rem 0 .6rem; scroll-margin-top: 3.5rem;
}
section.error:target {
  background: var(--glow); box-shadow: 0 0 0 .8rem var(--glow); border-radius: .2rem;
}
section.error h3 code { font-weight: 500; color: var(--dim); margin-left: .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .5rem 0; }
dt { color: var(--dim); } dd { margin: 0; }

@media (min-width: 40rem) {
  table.fields td:nth-child(1) { width: 26%; }
  table.fields td:nth-child(2) { width: 30%; }
  table.answers td:nth-child(2) { width: 36%; }
}
@media (width < 40rem) {
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { border-top: 1px solid var(--line); padding: .45rem 0; }
  td { border: 0; padding: .05rem 0; }
  td:first-child { white-space: normal; font-weight: 600; }
  td:not(:first-child):not(:empty)::before {
    content: attr(data-head) ": "; color: var(--dim); font-size: .85rem;
  }
  details.entry > summary { grid-template-columns: 1fr; }
  details.entry > summary > span { grid-column: 1; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
}
@media (min-width: 70rem) {
  body { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
  nav {
    display: block; height: 100vh; overflow: auto; white-space: normal;
    padding: 1.75rem 1.25rem; border-bottom: 0; border-right: 1px solid var(--line);
  }
  nav > a { display: block; margin-top: 1rem; color: var(--ink); font-weight: 600; }
  nav > a.home { margin: 0 0 .25rem; }
  nav ul { display: block; list-style: none; margin: .2rem 0 0; padding: 0; }
  nav li { margin: .1rem 0; line-height: 1.35; }
  nav li a { font-size: .86rem; }
  html { scroll-padding-top: 1rem; }
  main { margin: 0; padding: 2.25rem 2.5rem 8rem; max-width: 64rem; }
  details.entry > div { scroll-margin-top: 4.5rem; }
}
@media print {
  nav { display: none; } body { display: block; } pre { max-height: none; white-space: pre-wrap; }
}
"""

_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def content_security_policy(*, forms: str = "'none'") -> str:
    """Allow our own style and nothing else: no script, image, font or frame, from anywhere.

    *forms* is where forms may lead; browsers ask that of redirects after them, too.
    """
    return (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action {forms}; "
        "frame-ancestors 'none'"
    )
