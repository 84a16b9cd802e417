"""ONNX Runtime: a model of one operator, run by the CPU provider.

ONNX has no binary loss from logits, and ONNX Runtime no gradients outside of training builds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from protocol import Entry, Request, Unsupported, serve

OPSET, IR_VERSION = 21, 10
ELEMENTS = {
    "float16": TensorProto.FLOAT16,
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
}


@cache
def _session(
    operator: str, format: str, inputs: tuple[str, ...], attributes: tuple[tuple[str, Any], ...]
) -> onnxruntime.InferenceSession:
    element = ELEMENTS[format]
    kinds = {"labels": TensorProto.INT64, "axes": TensorProto.INT64}
    shapes = {"logits": ["N", "C"], "labels": ["N"], "weights": ["C"], "axes": [1]}
    graph = helper.make_graph(
        [helper.make_node(operator, list(inputs), ["y"], **dict(attributes))],
        operator,
        [helper.make_tensor_value_info(each, kinds.get(each, element), shapes[each]) for each in inputs],
        [helper.make_tensor_value_info("y", element, None)],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _run(r: Request, operator: str, feeds: Mapping[str, np.ndarray], **attributes: Any) -> np.ndarray:
    session = _session(operator, r.format, tuple(feeds), tuple(attributes.items()))
    return session.run(["y"], dict(feeds))[0]


def _activation(operator: str, formats: frozenset[str], **attributes: Any) -> Entry:
    return Entry(lambda r: _run(r, operator, {"logits": r.logits}, **attributes), formats)


def _log_sum_exp(r: Request) -> np.ndarray:
    return _run(r, "ReduceLogSumExp", {"logits": r.logits, "axes": np.array([1])}, keepdims=0)


def _cross_entropy(r: Request) -> np.ndarray:
    if not len(r.logits):
        raise Unsupported("a batch of no rows")
    feeds = {"logits": r.logits, "labels": r.labels}
    attributes = {"reduction": r.reduction}
    if (weights := r.class_weights) is not None:
        feeds["weights"] = weights
    if "ignore_index" in r.options:
        attributes["ignore_index"] = int(r.number("ignore_index"))
    return _run(r, "SoftmaxCrossEntropyLoss", feeds, **attributes)


# The CPU provider has no kernels for bfloat16; around those that lack float16 it puts casts itself.
FORMATS = frozenset(ELEMENTS)
LOSS = frozenset({"class_weights", "ignore_index", "reduction"})

ENTRIES = {
    "sigmoid": _activation("Sigmoid", FORMATS),
    "softplus": _activation("Softplus", FORMATS - {"float64"}),
    "log-sum-exp": Entry(_log_sum_exp, FORMATS),
    "softmax": _activation("Softmax", FORMATS, axis=1),
    "log-softmax": _activation("LogSoftmax", FORMATS, axis=1),
    "cross-entropy": Entry(_cross_entropy, FORMATS, LOSS),
}

if __name__ == "__main__":
    serve(ENTRIES)
