"""A safetensors file, read by the format's own package, beside the JSON of the same cases."""
import numpy
from safetensors import deserialize, safe_open

import float_numbers


def as_list(value):
    return value if isinstance(value, list) else [value]


def flattened(lists):
    return [item for value in lists for item in as_list(value)]


def loaded(path, format_name):
    """The tensors by name. The package makes no arrays of ml_dtypes, but gives their bytes."""
    if format_name.startswith(("bfloat", "float8")):
        arrays = {}
        for name, tensor in deserialize(path.read_bytes()):
            dtype = numpy.int64 if tensor["dtype"] == "I64" else float_numbers.DTYPES[format_name]
            arrays[name] = numpy.frombuffer(tensor["data"], dtype).reshape(tensor["shape"])
        return arrays
    with safe_open(path, framework="numpy") as tensors:
        return {name: tensors.get_tensor(name) for name in tensors.keys()}


def metadata_problems(file, path, label):
    """What the metadata says otherwise than the JSON."""
    with safe_open(path, framework="numpy") as tensors:
        metadata = tensors.metadata()
    families = file["families"]
    expected = {"function": file["function"], "format": file["format"], "seed": str(file["seed"]),
                "version": file["generatorVersion"], "rounding": file["rounding"],
                "family": ",".join(family["name"] for family in families),
                "family_rows": ",".join(str(family["cases"]) for family in families)}
    for name, value in expected.items():
        if metadata.get(name) != value:
            yield f"{label}: the metadata has {metadata.get(name)} for {name}, not {value}"


def compare(file, path, function, format_name):
    """The number of elements compared, and what is wrong."""
    label = f"{function} {format_name}"
    problems = list(metadata_problems(file, path, label))
    inputs, answers = [[case[key] for case in file["cases"]] for key in ("input", "expected")]
    columns = {"logits": [row.get("logit", row.get("logits")) for row in inputs],
               "expected": [row.get("value", row.get("values")) for row in answers]}
    if "target" in inputs[0]:
        columns["targets"] = [row["target"] for row in inputs]
    tensors = loaded(path, format_name)
    if set(tensors) != set(columns):
        return 0, problems + [f"{label}: the tensors are {set(tensors)}"]
    for name, column in columns.items():
        shape = (len(column), len(column[0])) if isinstance(column[0], list) else (len(column),)
        if isinstance(column[0], int):
            wanted = numpy.array(column, dtype=numpy.int64)
        else:
            wanted = float_numbers.array(flattened(column), format_name).reshape(shape)
        tensor = tensors[name]
        if tensor.dtype != wanted.dtype or not float_numbers.same(tensor, wanted):
            problems.append(f"{label}: {name} of {tensor.dtype} {tensor.shape} differs")
    return sum(tensor.size for tensor in tensors.values()), problems
