"""What the generated parts of the clients are made of: the operations and types of docs/openapi.json, and the
codes of docs/errors.md."""

import json
import re
from dataclasses import dataclass, field
from typing import Optional

#: Where the nouns begin.
PREFIX = "/v1/"

#: What a client has beside its nouns; a noun of such a name has an s behind it.
CLIENT_HAS = {"call", "clock", "close", "pages", "retries", "stream", "timeout", "url"}

#: Headers that the hand-written cores send by themselves, or that are for browsers.
KNOWN_HEADERS = {
    "accept",
    "accept-language",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "x-csrf-token",
}

#: A set of so many words stands where it is used.
WORDS_UNNAMED = 3


@dataclass
class Type:
    """`kind` is `name`, `list`, `map`, `words`, `union`, or a primitive: `string`, `integer`, `number`,
    `boolean`, `null`, `any`."""

    kind: str
    name: str = ""
    parts: list = field(default_factory=list)


@dataclass
class Member:
    name: str
    type: Type
    is_required: bool
    about: str


@dataclass
class Named:
    """A type with a name: an object with its members, or another name of `type`."""

    name: str
    about: str
    members: Optional[list] = None
    type: Optional[Type] = None


@dataclass
class Operation:
    noun: str
    name: str
    id: str
    method: str
    path: str
    about: str
    path_parameters: list
    query: list
    #: It keeps its answer under an Idempotency-Key.
    keyed: bool
    reads_version: bool
    body: Optional[Type]
    body_is_required: bool
    #: `page` and `list` of `of`, `json` which is `of`, `bytes`, `nothing`.
    answer: str
    of: Optional[Type]


class Document:
    """The API, as both generators read it."""

    def __init__(self, openapi: dict, errors: str) -> None:
        self.openapi = openapi
        self.types: dict = {}
        self._words: dict = {}
        self.codes = read_codes(errors)
        # First, so that a set of words is named by the object that has it, not by a filter.
        for name, schema in openapi["components"]["schemas"].items():
            self._named(camel(name), schema)
        self.operations = [
            self._operation(method, path, told)
            for path, methods in openapi["paths"].items()
            if path.startswith(PREFIX)
            for method, told in methods.items()
            if method in ("get", "post", "put", "patch", "delete") and self._is_for_programs(told)
        ]
        self._check_names()
        self._forget_unused()

    def nouns(self) -> dict:
        """The operations of each noun, in the order of the document."""
        nouns: dict = {}
        for operation in self.operations:
            nouns.setdefault(operation.noun, []).append(operation)
        return nouns

    def _is_for_programs(self, told: dict) -> bool:
        """It takes a key, which people who sign in have not; and it is no stream, which the cores have."""
        answers = (self._resolve(one) for one in told["responses"].values())
        is_endless = any("text/event-stream" in one.get("content", {}) for one in answers)
        return not is_endless and any("apiKey" in way for way in told["security"])

    def _check_names(self) -> None:
        taken: dict = {}
        for one in self.operations:
            other = taken.setdefault((one.noun, one.name), one)
            if other is not one:
                raise SystemExit(f"{one.method} {one.path} and {other.method} {other.path}: one name, {one.name}")

    def _forget_unused(self) -> None:
        """Leaves the types that some operation leads to."""
        used: set = set()
        ahead = [one.of for one in self.operations] + [one.body for one in self.operations]
        ahead += [member.type for one in self.operations for member in one.query]
        while ahead:
            kind = ahead.pop()
            if kind is None:
                continue
            ahead += kind.parts if kind.kind != "words" else []
            if kind.kind == "name" and kind.name not in used:
                used.add(kind.name)
                named = self.types[kind.name]
                ahead += [named.type, *(member.type for member in named.members or ())]
        self.types = {name: named for name, named in self.types.items() if name in used}

    def _operation(self, method: str, path: str, told: dict) -> Operation:
        parameters = [self._resolve(parameter) for parameter in told.get("parameters", ())]
        headers = {one["name"].lower() for one in parameters if one["in"] == "header"}
        if headers - KNOWN_HEADERS:
            raise SystemExit(f"{method} {path}: no client sends {sorted(headers - KNOWN_HEADERS)}")
        answer, of = self._answer(told)
        if answer == "page" and method != "get":
            answer = "list"
        noun, name = self._name(method, path, answer)
        owner = camel(f"{noun}_{name}")
        body = self._resolve(told["requestBody"]) if "requestBody" in told else None
        query = [
            Member(
                one["name"],
                self._type(one.get("schema", {}), owner + camel(one["name"])),
                one.get("required", False),
                one.get("description", ""),
            )
            for one in parameters
            # The pages are turned by the cores.
            if one["in"] == "query" and not (answer == "page" and one["name"] == "cursor")
        ]
        return Operation(
            noun=noun,
            name=name,
            id=told["operationId"],
            method=method.upper(),
            path=path,
            about=told.get("summary", ""),
            path_parameters=re.findall(r"\{(\w+)\}", path),
            query=query,
            keyed="idempotency-key" in headers and "idempotency_key_reused" in json.dumps(told["responses"]),
            reads_version="if-match" in headers,
            body=self._body(body, owner) if body else None,
            body_is_required=bool(body and body.get("required")),
            answer=answer,
            of=of,
        )

    def _name(self, method: str, path: str, answer: str) -> tuple:
        noun, name = name_of(method, path, answer)
        # Of one thing, and of all that a filter means: `replay`, `replay_many`.
        of_one = re.compile(f"{PREFIX}{noun}/{{\\w+}}/{name}$")
        if "{" not in path and any(of_one.match(other) for other in self.openapi["paths"]):
            name += "_many"
        return noun + "s" if noun in CLIENT_HAS else noun, name

    def _body(self, body: dict, owner: str) -> Optional[Type]:
        """The type of a body; none of one that says nothing."""
        schema = body["content"]["application/json"]["schema"]
        followed = self._follow(schema)
        if followed.get("additionalProperties") is False and not followed.get("properties"):
            return None
        return self._type(schema, owner + "Body")

    def _answer(self, told: dict) -> tuple:
        good = [self._resolve(one) for status, one in told["responses"].items() if status.startswith("2")]
        contents = [one["content"] for one in good if one.get("content")]
        if not contents:
            return "nothing", None
        if "application/json" not in contents[0]:
            return "bytes", None
        schema = contents[0]["application/json"]["schema"]
        owner = camel(told["operationId"])
        members = self._follow(schema).get("properties", {})
        if set(members) == {"data", "next_cursor"}:
            return "page", self._type(members["data"], owner).parts[0]
        if set(members) == {"data"}:
            return "list", self._type(members["data"], owner).parts[0]
        return "json", self._type(schema, owner)

    def _resolve(self, told: dict) -> dict:
        while "$ref" in told:
            at = self.openapi
            for step in told["$ref"].removeprefix("#/").split("/"):
                at = at[step.replace("~1", "/").replace("~0", "~")]
            told = at
        return told

    def _follow(self, schema: dict) -> dict:
        """A schema without the names around it."""
        schema = self._resolve(schema)
        if len(schema.get("allOf", ())) == 1:
            return self._follow(schema["allOf"][0])
        return schema

    def _type(self, schema: object, owner: str) -> Type:
        """The type of a schema. An object that has no name is called `owner`."""
        if not isinstance(schema, dict):
            return Type("any")
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            return self._named(camel(name), self._resolve(schema))
        if len(schema.get("allOf", ())) == 1:
            return self._type(schema["allOf"][0], owner)
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return union([self._type(one, f"{owner}{at + 1}") for at, one in enumerate(schema[several])])
        if "const" in schema:
            return words([schema["const"]])
        if "enum" in schema:
            return self._set(schema["enum"], owner)
        kinds = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kinds, list):
            return union([self._type({**schema, "type": kind}, owner) for kind in kinds])
        return self._of_kind(kinds, schema, owner)

    def _of_kind(self, kind: Optional[str], schema: dict, owner: str) -> Type:
        if kind == "object":
            if schema.get("properties"):
                return self._named(owner, schema)
            return Type("map", parts=[self._type(schema.get("additionalProperties"), owner + "Value")])
        if kind == "array":
            if "prefixItems" in schema:
                parts = [self._type(one, f"{owner}{at}") for at, one in enumerate(schema["prefixItems"])]
                return Type("list", parts=[union(parts)])
            items = schema.get("items")
            is_object = isinstance(items, dict) and "properties" in items
            return Type("list", parts=[self._type(items, owner + "Item" if is_object else owner)])
        return Type(kind or "any")

    def _set(self, values: list, owner: str) -> Type:
        """A set of words; a large one has a name, the same wherever it stands."""
        if None in values:
            return union([self._set([one for one in values if one is not None], owner), Type("null")])
        if len(values) <= WORDS_UNNAMED:
            return words(values)
        name = self._words.setdefault(tuple(sorted(values)), owner)
        self.types.setdefault(name, Named(name, "", type=words(values)))
        return Type("name", name=name)

    def _named(self, name: str, schema: dict) -> Type:
        if name not in self.types:
            self.types[name] = made = Named(name, schema.get("description", ""))
            if schema.get("properties"):
                made.members = self._members(name, schema)
            else:
                made.type = self._type(schema, name)
        return Type("name", name=name)

    def _members(self, owner: str, schema: dict) -> list:
        required = schema.get("required", ())
        return [
            Member(
                name,
                self._type(told, owner + camel(name)),
                name in required,
                told.get("description", "") if isinstance(told, dict) else "",
            )
            for name, told in schema["properties"].items()
        ]


def words(values: list) -> Type:
    return Type("words", parts=list(values))


def union(types: list) -> Type:
    """One of several; words of one set are one type, and `null` stands last."""
    flat: list = []
    for one in types:
        flat.extend(one.parts if one.kind == "union" else [one])
    literal = [part for one in flat if one.kind == "words" for part in one.parts]
    others = [one for at, one in enumerate(flat) if one.kind != "words" and one not in flat[:at]]
    made = [Type("words", parts=literal)] if literal else []
    made += sorted(others, key=lambda one: one.kind == "null")
    if any(one.kind == "any" for one in made):
        return Type("any")
    return made[0] if len(made) == 1 else Type("union", parts=made)


def name_of(method: str, path: str, answer: str) -> tuple:
    """Noun and verb of an operation: `GET /v1/orders/{id}/timeline` is `orders`, `timeline`."""
    segments = path.removeprefix(PREFIX).split("/")
    noun, rest = segments[0], segments[1:]
    noun, _, form = noun.partition(".")
    fixed = [one for one in rest if not one.startswith("{")]
    if form:
        return noun, form
    if rest and rest[-1].startswith("{") and "." in rest[-1]:
        return noun, rest[-1].partition("}.")[2]
    if not fixed:
        one = bool(rest)
        verb = {"get": "get", "post": "create", "put": "put", "patch": "update", "delete": "delete"}[method]
        if method == "get" and not one and answer in ("page", "list"):
            return noun, "list"
        return noun, verb + "_many" if method == "put" and not one else verb
    verb = "_".join(reversed(fixed)).replace("-", "_")
    if method == "put":
        return noun, f"put_{verb}"
    return noun, f"delete_{verb}" if method == "delete" else verb


def camel(name: str) -> str:
    """`order_lines` and `createOrder` as a type is called: `OrderLines`, `CreateOrder`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", name))


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", re.sub(r"[^0-9A-Za-z]+", "_", name)).lower()


def read_codes(page: str) -> list:
    """Every code with its status, the milliseconds to wait before another try (or None), and what it says."""
    codes = []
    listed = page.partition("\n## The codes\n")[2]
    for code, text in re.findall(r"^### (\w+)\n\n(.*?)(?=\n\n|\Z)", listed, re.S | re.M):
        told = re.match(r"(\d{3}), retry: (no|at once|after (\d+) s)\. (.*)", text, re.S)
        if not told:
            raise SystemExit(f"docs/errors.md: {code} does not say its status and whether it is tried again")
        after = {"no": None, "at once": 0}.get(told[2], int(told[3] or 0) * 1000)
        codes.append((code, int(told[1]), after, " ".join(told[4].split())))
    return codes
