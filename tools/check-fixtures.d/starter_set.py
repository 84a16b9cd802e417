"""The starter set in Fixtures/cases, and the hardest inputs in Fixtures/hardest: their schema, and what a schema cannot say."""
import json
from collections import Counter

import jsonschema

import claims
import float_numbers


def as_list(value):
    return value if isinstance(value, list) else [value]


def case_problems(case, format_name):
    """What is wrong with a case: decimals that read back as another number, a wrong class."""
    pairs = []
    for name, value in case["input"].items():
        if not isinstance(value, int):
            pairs.append((as_list(value), as_list(case["inputDecimal"][name])))
        elif value != case["inputDecimal"][name]:
            yield "two targets"
    expected = case["expected"]
    suffix = "s" if "values" in expected else ""
    values = as_list(expected["value" + suffix])
    pairs.append((values, as_list(expected["decimal" + suffix])))
    for hexadecimals, decimals in pairs:
        exact = float_numbers.array(hexadecimals, format_name)
        read = float_numbers.from_decimals(decimals, format_name)
        if not float_numbers.same(exact, read):
            yield f"{decimals} do not read back as {hexadecimals}"
    for value, name in zip(float_numbers.array(values, format_name), as_list(expected["result" + suffix])):
        if float_numbers.result_class(value, format_name) != name:
            yield f"{value} is not {name}"


def file_problems(file, validator):
    """What is wrong with a file."""
    for error in validator.iter_errors(file):
        yield f"{error.json_path}: {error.message[:200]}"
        return
    flags, families, results, identifiers = set(), Counter(), Counter(), Counter()
    for case in file["cases"]:
        flags |= set(case["flags"])
        families[case["family"]] += 1
        identifiers[case["id"]] += 1
        expected = case["expected"]
        results.update(as_list(expected.get("result", expected.get("results"))))
        try:
            found = [*case_problems(case, file["format"]), *claims.problems(case, file["format"])]
        except ValueError as error:
            found = [error]
        yield from (f"{case['id']}: {problem}" for problem in found)
    if flags != set(file["notes"]):
        yield f"flags without a note, or notes without a case: {flags ^ set(file['notes'])}"
    if families != {family["name"]: family["cases"] for family in file["families"]}:
        yield "the families are not counted right"
    if results != Counter({name: count for name, count in file["results"].items() if count}):
        yield "the results are not counted right"
    if len(file["cases"]) != file["numberOfCases"] or len(identifiers) != file["numberOfCases"]:
        yield "the cases are not counted right, or two have one id"


def problems(folder):
    """What is wrong with the files of a folder of fixtures."""
    schema = json.loads((folder / "schema" / "loss-fixtures-1.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{path.parent.name}/{path.name}: {problem}" for part in ("cases", "hardest")
            for path in sorted((folder / part).glob("*.json"))
            for problem in file_problems(json.loads(path.read_text()), validator)]
