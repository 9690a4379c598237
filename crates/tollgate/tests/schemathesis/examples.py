"""Every example of the description is one of its schema, and every member says what it is."""

import json
import sys

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

document = json.load(open(sys.argv[1]))
registry = Registry().with_resource("doc:", Resource.from_contents(document, default_specification=DRAFT202012))
wrong = []
count = 0


def absolute(schema):
    """The same schema, whose references lead into the document."""
    if isinstance(schema, dict):
        return {
            name: "doc:" + value if name == "$ref" else absolute(value) for name, value in schema.items()
        }
    if isinstance(schema, list):
        return [absolute(item) for item in schema]
    return schema


def check(place, schema, example):
    global count
    count += 1
    for error in Draft202012Validator(absolute(schema), registry=registry).iter_errors(example):
        wrong.append(f"{place}: {error.json_path}: {error.message}")


def walk(place, value):
    if isinstance(value, dict):
        if "schema" in value and "example" in value:
            check(place, value["schema"], value["example"])
        for name, inner in value.items():
            walk(f"{place}/{name}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            walk(f"{place}/{index}", inner)


for part in ("paths", "webhooks", "components"):
    walk(part, document[part])
print(f"{count} examples, {len(wrong)} of them wrong")
print("\n".join(wrong))
sys.exit(1 if wrong or count == 0 else 0)
