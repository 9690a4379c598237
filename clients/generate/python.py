"""The generated parts of the Python client."""

import keyword
import textwrap

from document import Document, Member, Named, Operation, Type, camel, snake

HEAD = '"""{}\n\nMade by scripts/clients of docs/openapi.json; changes are lost.\n"""\n\nfrom __future__ import annotations\n\n'

WIDTH = 112


def files(document: Document) -> dict:
    """The text of each file, by its path from the folder of the package."""
    return {
        "src/tollgate/models.py": models(document),
        "src/tollgate/operations.py": operations(document),
        "src/tollgate/errors.py": errors(document),
    }


def models(document: Document) -> str:
    text = HEAD.format("What is asked and answered, as dictionaries with types.")
    text += "import sys\nfrom typing import TYPE_CHECKING, Any, Dict, List, Literal, Optional, TypedDict, Union\n\n"
    text += "if sys.version_info >= (3, 11):\n    from typing import NotRequired\nelif TYPE_CHECKING:\n"
    text += "    from typing_extensions import NotRequired\n"
    for named in document.types.values():
        text += "\n\n" + model(named)
    return text


def model(named: Named) -> str:
    if named.members is None:
        return comment(named.about, "") + several_lines(f"{named.name} = {of(named.type, quoted=True)}\n")
    if not all(is_plain(member.name) for member in named.members):
        # A member's name is a word of the language.
        members = "".join(
            f"""{comment(one.about, '    ')}    "{one.name}": '{member_type(one)}',\n""" for one in named.members
        )
        return comment(named.about, "") + f'{named.name} = TypedDict("{named.name}", {{\n{members}}})\n'
    text = f"class {named.name}(TypedDict):\n" + docstring(named.about, "    ")
    for one in named.members:
        text += comment(one.about, "    ") + f"    {one.name}: {member_type(one)}\n"
    return text


def member_type(member: Member) -> str:
    return of(member.type) if member.is_required else f"NotRequired[{of(member.type)}]"


def operations(document: Document) -> str:
    text = HEAD.format("Every operation of the API, as methods of nouns: `client.orders.create`.")
    text += "from typing import Any, Dict, Iterable, List, Literal, Optional, Union\n\n"
    text += "from . import models\nfrom .download import Download\nfrom .operation import Caller, Operation, version\nfrom .pages import Pages\n\n"
    for one in document.operations:
        keyed = ", keyed=True" if one.keyed else ""
        text += f'{constant(one)} = Operation("{one.method}", "{one.path}"{keyed})\n'
    for noun, several in document.nouns().items():
        text += f"\n\nclass {camel(noun)}:\n    \"\"\"`/v1/{noun}`\"\"\"\n\n"
        text += "    def __init__(self, caller: Caller) -> None:\n        self._caller = caller\n"
        text += "".join("\n" + method(one) for one in several)
    text += '\n\nclass Nouns:\n    """What a client has."""\n\n    def __init__(self, caller: Caller) -> None:\n'
    for noun in document.nouns():
        text += f"        self.{snake(noun)} = {camel(noun)}(caller)\n"
    return text


def constant(operation: Operation) -> str:
    return snake(operation.id).upper()


def method(one: Operation) -> str:
    """A method: what the path names by position, then the body, then all that may be left out by name."""
    takes = [f"{snake(name)}: str" for name in one.path_parameters]
    gives = [constant(one)]
    if one.path_parameters or one.answer == "page":
        values = ", ".join(snake(name) for name in one.path_parameters)
        gives.append(f"({values},)" if len(one.path_parameters) == 1 else f"({values})")
    if one.body:
        default = "" if one.body_is_required else " = None"
        kind = of(one.body, "models.")
        takes.append(f"body: {kind if one.body_is_required else f'Optional[{kind}]'}{default}")
        gives.append("body=body")
    named = []
    query = dictionary([f'"{member.name}": {argument(member.name)}' for member in one.query])
    for member in one.query:
        kind = query_type(member.type)
        named.append(
            f"{argument(member.name)}: {kind}"
            if member.is_required
            else f"{argument(member.name)}: Optional[{kind}] = None"
        )
    if one.answer == "page":
        gives.append(query)
    elif one.query:
        gives.append(f"query={query}")
    if one.reads_version:
        named.append("if_match: Optional[int] = None")
        gives.append('headers={"If-Match": version(if_match)}')
    if one.keyed:
        named.append("idempotency_key: Optional[str] = None")
        gives.append("idempotency_key=idempotency_key")
    takes += ["*", *named] if named else []
    text = laid("    ", f"def {argument(one.name)}", ["self", *takes], f" -> {returned(one)}:")
    return text + docstring(one.about, "        ") + answer(one, gives)


def answer(one: Operation, gives: list) -> str:
    if one.answer == "page":
        return laid("        ", "return self._caller.pages", gives, "")
    if one.answer == "nothing":
        return laid("        ", "self._caller.call", gives, "")
    if one.answer == "bytes":
        return laid("        ", "return self._caller.download", gives, "")
    what = {"json": ".json()", "list": '.json()["data"]'}[one.answer]
    return laid("        ", f"answer: {returned(one)} = self._caller.call", gives, what) + "        return answer\n"


def returned(one: Operation) -> str:
    return {
        "page": lambda: f"Pages[{of(one.of, 'models.')}]",
        "list": lambda: f"List[{of(one.of, 'models.')}]",
        "json": lambda: of(one.of, "models."),
        "bytes": lambda: "Download",
        "nothing": lambda: "None",
    }[one.answer]()


def query_type(kind: Type) -> str:
    if kind.kind == "list":
        one = of(kind.parts[0], "models.")
        return f"Union[{one}, Iterable[{one}]]"
    return of(kind, "models.")


def errors(document: Document) -> str:
    text = HEAD.format("The errors of this package, with a class for every code of docs/errors.md.").replace(
        "docs/openapi.json", "docs/errors.md"
    )
    text += "from .problem import ApiError, ConnectionFailed, Place, TollgateError, UnexpectedAnswer\n\n"
    names = ["ApiError", "ConnectionFailed", "Place", "TollgateError", "UnexpectedAnswer"]
    names += [camel(code) for code, *_ in document.codes]
    text += "__all__ = [\n    \"CODES\",\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]\n\n"
    text += "#: The status of each code, and the milliseconds until it may succeed; `None` where it is not tried again.\n"
    text += "CODES = {\n" + "".join(f'    "{code}": ({status}, {after}),\n' for code, status, after, _ in document.codes)
    text += "}\n"
    for code, status, _, about in document.codes:
        text += f'\n\nclass {camel(code)}(ApiError, code="{code}"):\n' + docstring(f"{status}: {about}", "    ")
    return text


PRIMITIVES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "any": "Any"}


def of(kind: Type, prefix: str = "", quoted: bool = False) -> str:
    if kind.kind == "name":
        return f'"{kind.name}"' if quoted else prefix + kind.name
    if kind.kind == "list":
        return f"List[{of(kind.parts[0], prefix, quoted)}]"
    if kind.kind == "map":
        return f"Dict[str, {of(kind.parts[0], prefix, quoted)}]"
    if kind.kind == "words":
        return "Literal[" + ", ".join(literal(word) for word in kind.parts) + "]"
    if kind.kind == "union":
        others = [of(part, prefix, quoted) for part in kind.parts if part.kind != "null"]
        joined = others[0] if len(others) == 1 else "Union[" + ", ".join(others) + "]"
        return joined if len(others) == len(kind.parts) else f"Optional[{joined}]"
    return PRIMITIVES[kind.kind]


def literal(word: object) -> str:
    return f'"{word}"' if isinstance(word, str) else repr(word)


def is_plain(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def argument(name: str) -> str:
    name = snake(name)
    return name if is_plain(name) else name + "_"


def laid(indent: str, begin: str, parts: list, end: str) -> str:
    """A call or definition, on one line where it fits."""
    line = f"{indent}{begin}({', '.join(parts)}){end}\n"
    if len(line) <= WIDTH:
        return line
    return f"{indent}{begin}(\n" + "".join(f"{indent}    {part},\n" for part in parts) + f"{indent}){end}\n"


def dictionary(pairs: list) -> str:
    """As the argument of a call that is laid out over lines, where it is long."""
    line = "{" + ", ".join(pairs) + "}"
    indent = " " * 16
    return line if len(line) < 80 else "{\n" + "".join(f"{indent}{pair},\n" for pair in pairs) + f"{indent[4:]}}}"


def several_lines(text: str) -> str:
    """A set or union that is too long for a line."""
    if len(text) <= WIDTH:
        return text
    head, _, parts = text.rstrip("]\n").partition("[")
    return f"{head}[\n" + "".join(f"    {part},\n" for part in parts.split(", ")) + "]\n"


def docstring(text: str, indent: str) -> str:
    if not text:
        return ""
    text = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    text += " " if text.endswith('"') else ""
    lines = textwrap.wrap(text, WIDTH - len(indent) - 6)
    if len(lines) == 1:
        return f'{indent}"""{lines[0]}"""\n'
    return f'{indent}"""' + f"\n{indent}".join(lines) + f'\n{indent}"""\n'


def comment(text: str, indent: str) -> str:
    lines = textwrap.wrap(" ".join(text.split()), WIDTH - len(indent) - 3)
    return "".join(f"{indent}#: {line}\n" for line in lines)
