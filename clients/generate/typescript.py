"""The generated parts of the TypeScript client."""

import json
import re
import textwrap

from document import Document, Named, Operation, Type, camel, snake

HEAD = "// {}\n// Made by scripts/clients of {}; changes are lost.\n\n"

WIDTH = 112


def files(document: Document) -> dict:
    """The text of each file, by its path from the folder of the package."""
    return {
        "src/models.ts": models(document),
        "src/operations.ts": operations(document),
        "src/codes.ts": codes(document),
    }


def models(document: Document) -> str:
    text = HEAD.format("What is asked and answered.", "docs/openapi.json")
    return text + "\n".join(model(named) for named in document.types.values())


def model(named: Named) -> str:
    text = comment(named.about, "")
    if named.members is None:
        line = f"export type {named.name} = {of(named.type)};\n"
        return text + (line if len(line) <= WIDTH else line.replace("= ", "=\n  | ", 1).replace(" | ", "\n  | ").replace("\n \n", "\n"))
    text += f"export interface {named.name} {{\n"
    for one in named.members:
        mark = "" if one.is_required else "?"
        text += comment(one.about, "  ") + f"  {key(one.name)}{mark}: {of(one.type)};\n"
    return text + "}\n"


def operations(document: Document) -> str:
    text = HEAD.format("Every operation of the API, as methods of nouns: `client.orders.create`.", "docs/openapi.json")
    text += 'import type { Download } from "./download.js";\nimport type * as models from "./models.js";\n'
    text += 'import type { Caller, CallOptions, KeyedOptions, Operation, VersionOptions } from "./operation.js";\n'
    text += 'import { version } from "./operation.js";\nimport type { Pages } from "./pages.js";\n\n'
    for one in document.operations:
        keyed = ", keyed: true" if one.keyed else ""
        text += f'export const {one.id}: Operation = {{ method: "{one.method}", path: "{one.path}"{keyed} }};\n'
    for noun, several in document.nouns().items():
        text += "".join(query_options(one) for one in several if one.query)
        text += f"\n/** `/v1/{noun}` */\nexport class {camel(noun)} {{\n  constructor(private readonly caller: Caller) {{}}\n"
        text += "".join("\n" + method(one) for one in several)
        text += "}\n"
    text += "\n/** What a client has. */\nexport interface Nouns {\n"
    text += "".join(f"  readonly {lower(noun)}: {camel(noun)};\n" for noun in document.nouns())
    text += "}\n\nexport function nouns(caller: Caller): Nouns {\n  return {\n"
    text += "".join(f"    {lower(noun)}: new {camel(noun)}(caller),\n" for noun in document.nouns())
    return text + "  };\n}\n"


def query_options(one: Operation) -> str:
    text = f"\nexport interface {query_name(one)} {{\n"
    for member in one.query:
        mark = "" if member.is_required else "?"
        kind = of(member.type, "models.")
        if member.type.kind == "list":
            single = of(member.type.parts[0], "models.")
            kind = f"{single} | readonly {bracketed(single)}[]"
        text += comment(member.about, "  ") + f"  {key(member.name)}{mark}: {kind};\n"
    return text + "}\n"


def query_name(one: Operation) -> str:
    return camel(one.id) + "Query"


def method(one: Operation) -> str:
    """A method: what the path names, the body, the query, and the options of the call."""
    takes = [f"{lower(name)}: string" for name in one.path_parameters]
    gives = []
    if one.body:
        kind = of(one.body, "models.")
        takes.append(f"body: {kind}" if one.body_is_required else f"body?: {kind}")
        gives.append("body")
    if one.query:
        needed = any(member.is_required for member in one.query)
        takes.append(f"query: {query_name(one)}" + ("" if needed else " = {}"))
    kinds = [name for name, has in (("KeyedOptions", one.keyed), ("VersionOptions", one.reads_version)) if has]
    takes.append(f"options: {' & '.join(kinds) or 'CallOptions'} = {{}}")
    path = f"[{', '.join(lower(name) for name in one.path_parameters)}]"
    if one.query and one.answer != "page":
        gives.append("query: { ...query }")
    if one.reads_version:
        gives.append('headers: { "If-Match": version(options.ifMatch) }')
    gives.append("...options")
    text = comment(one.about, "  ")
    if one.answer == "page":
        query = "{ ...query }" if one.query else "{}"
        text += laid("  ", lower(one.name), takes, f": Pages<{of(one.of, 'models.')}> {{")
        text += laid("    ", "return this.caller.pages", [one.id, path, query, "options"], ";")
        return text + "  }\n"
    text += laid("  ", f"async {lower(one.name)}", takes, f": Promise<{returned(one)}> {{")
    call = [one.id, path, f"{{ {', '.join(gives)} }}"]
    if one.answer == "nothing":
        return text + laid("    ", "await this.caller.call", call, ";") + "  }\n"
    if one.answer == "bytes":
        return text + laid("    ", "return await this.caller.download", call, ";") + "  }\n"
    text += laid("    ", "const answer = await this.caller.call", call, ";")
    what = f"{{ data: {of(one.of, 'models.')}[] }}" if one.answer == "list" else of(one.of, "models.")
    member = ".data" if one.answer == "list" else ""
    return text + f"    return answer.json<{what}>(){member};\n  }}\n"


def returned(one: Operation) -> str:
    return {
        "list": lambda: bracketed(of(one.of, "models.")) + "[]",
        "json": lambda: of(one.of, "models."),
        "bytes": lambda: "Download",
        "nothing": lambda: "void",
    }[one.answer]()


def codes(document: Document) -> str:
    text = HEAD.format("Every code of docs/errors.md.", "docs/errors.md")
    text += "/** The status of each code, and the milliseconds until it may succeed; `null` where it is not tried again. */\n"
    text += "export const CODES = {\n"
    for code, status, after, about in document.codes:
        text += comment(about, "  ") + f"  {code}: [{status}, {'null' if after is None else after}],\n"
    text += "} as const;\n\nexport type Code = keyof typeof CODES;\n"
    return text


PRIMITIVES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
    "any": "unknown",
}


def of(kind: Type, prefix: str = "") -> str:
    if kind.kind == "name":
        return prefix + kind.name
    if kind.kind == "list":
        return bracketed(of(kind.parts[0], prefix)) + "[]"
    if kind.kind == "map":
        return f"Record<string, {of(kind.parts[0], prefix)}>"
    if kind.kind in ("words", "union"):
        parts = [json.dumps(word) if kind.kind == "words" else of(word, prefix) for word in kind.parts]
        return " | ".join(parts)
    return PRIMITIVES[kind.kind]


def bracketed(text: str) -> str:
    return f"({text})" if " | " in text else text


def key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else json.dumps(name)


def lower(name: str) -> str:
    """`replay_many` as a method is called: `replayMany`. `delete` is a good one in TypeScript."""
    first, *others = snake(name).split("_")
    return first + "".join(other.capitalize() for other in others)


def laid(indent: str, begin: str, parts: list, end: str) -> str:
    line = f"{indent}{begin}({', '.join(parts)}){end}\n"
    if len(line) <= WIDTH:
        return line
    return f"{indent}{begin}(\n" + "".join(f"{indent}  {part},\n" for part in parts) + f"{indent}){end}\n"


def comment(text: str, indent: str) -> str:
    if not text:
        return ""
    lines = textwrap.wrap(" ".join(text.split()).replace("*/", "*\\/"), WIDTH - len(indent) - 7)
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}\n" for line in lines) + f"{indent} */\n"
