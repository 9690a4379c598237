"""Writes the generated parts of the clients, or says whether they are fresh."""

import json
import pathlib
import sys

import python
import typescript
from document import Document

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main() -> int:
    if sys.argv[1:] not in ([], ["--check"]):
        print("usage: scripts/clients [--check]", file=sys.stderr)
        return 2
    openapi = json.loads((ROOT / "docs/openapi.json").read_text())
    errors = (ROOT / "docs/errors.md").read_text()
    old = []
    for folder, generator in (("python", python), ("typescript", typescript)):
        for name, text in generator.files(Document(openapi, errors)).items():
            path = ROOT / "clients" / folder / name
            if path.is_file() and path.read_text() == text:
                continue
            old.append(str(path.relative_to(ROOT)))
            if not sys.argv[1:]:
                path.write_text(text)
    if sys.argv[1:] and old:
        print(f"old: {', '.join(old)}: run scripts/clients", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
