"""Exact losses and gradients, and how far yours are from them.

    import loss_oracle as lo

    lo.cross_entropy(logits, target)                  # correctly rounded, in the caller's library and dtype
    lo.ulp_error(out, "cross-entropy", logits, target)
    lo.assert_within_ulp(out, "cross-entropy", logits, target, max_ulp=4)
    lo.assert_accurate(my_loss, "cross-entropy", dtype="float32")    # searches for the worst input
    lo.find_worst(my_kernel, "softmax", dtype="float16").worst

Arrays may be NumPy's (with the dtypes of ml_dtypes), PyTorch's or JAX's; none of the last two is
imported unless an array or a dtype of theirs is passed in. Logits have the classes on the last axis, or on
`axis`.

Every value is the correctly rounded one. An error in ulps is |computed - exact| in units in the last
place of the output's format at the exact value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._activations import (
        entropy,
        entropy_gradient,
        log_sigmoid,
        log_sigmoid_gradient,
        log_softmax,
        log_softmax_gradient,
        log_sum_exp,
        log_sum_exp_gradient,
        sigmoid,
        sigmoid_gradient,
        softmax,
        softmax_gradient,
        softplus,
        softplus_gradient,
    )
    from ._errors import (
        AccuracyError,
        ForkedError,
        InvalidInputError,
        LossOracleError,
        UndecidedError,
        UndecidedWarning,
        Unsupported,
    )
    from ._gate import GateVerdict, gate
    from ._linear import (
        linear_cross_entropy,
        linear_cross_entropy_gradient,
        linear_ulp_error,
    )
    from ._joint import assert_loss_and_gradient
    from ._losses import (
        binary_cross_entropy,
        binary_cross_entropy_gradient,
        cross_entropy,
        cross_entropy_gradient,
        js_divergence,
        js_divergence_gradient,
        kl_divergence,
        kl_divergence_gradient,
    )
    from ._pytest_decorator import accuracy
    from ._reports import BatchReport, Case, Finding, Report, Stage
    from ._replay import replay
    from ._search import assert_accurate, find_worst
    from ._shards import merged_cross_entropy, shard_partials
    from ._ulps import assert_within_ulp, ulp_distance, ulp_error
    from ._values import (
        catalogue,
        enclosure,
        evaluate,
        write_fixtures,
    )

# Where each name is, so that the import of this package costs next to nothing.
_PLACES = {
    "_activations": (
        "entropy",
        "entropy_gradient",
        "log_sigmoid",
        "log_sigmoid_gradient",
        "log_softmax",
        "log_softmax_gradient",
        "log_sum_exp",
        "log_sum_exp_gradient",
        "sigmoid",
        "sigmoid_gradient",
        "softmax",
        "softmax_gradient",
        "softplus",
        "softplus_gradient",
    ),
    "_errors": (
        "AccuracyError",
        "ForkedError",
        "InvalidInputError",
        "LossOracleError",
        "UndecidedError",
        "UndecidedWarning",
        "Unsupported",
    ),
    "_gate": ("GateVerdict", "gate"),
    "_linear": (
        "linear_cross_entropy",
        "linear_cross_entropy_gradient",
        "linear_ulp_error",
    ),
    "_joint": ("assert_loss_and_gradient",),
    "_losses": (
        "binary_cross_entropy",
        "binary_cross_entropy_gradient",
        "cross_entropy",
        "cross_entropy_gradient",
        "js_divergence",
        "js_divergence_gradient",
        "kl_divergence",
        "kl_divergence_gradient",
    ),
    "_pytest_decorator": ("accuracy",),
    "_reports": ("BatchReport", "Case", "Finding", "Report", "Stage"),
    "_replay": ("replay",),
    "_search": ("assert_accurate", "find_worst"),
    "_shards": ("merged_cross_entropy", "shard_partials"),
    "_ulps": ("assert_within_ulp", "ulp_distance", "ulp_error"),
    "_values": (
        "catalogue",
        "enclosure",
        "evaluate",
        "write_fixtures",
    ),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [
    "AccuracyError",
    "Case",
    "Finding",
    "ForkedError",
    "GateVerdict",
    "InvalidInputError",
    "LossOracleError",
    "Report",
    "Stage",
    "UndecidedError",
    "UndecidedWarning",
    "Unsupported",
    "accuracy",
    "assert_accurate",
    "assert_loss_and_gradient",
    "assert_within_ulp",
    "binary_cross_entropy",
    "binary_cross_entropy_gradient",
    "catalogue",
    "cross_entropy",
    "cross_entropy_gradient",
    "enclosure",
    "entropy",
    "entropy_gradient",
    "evaluate",
    "js_divergence",
    "js_divergence_gradient",
    "kl_divergence",
    "kl_divergence_gradient",
    "find_worst",
    "gate",
    "linear_cross_entropy",
    "linear_cross_entropy_gradient",
    "linear_ulp_error",
    "log_sigmoid",
    "log_sigmoid_gradient",
    "log_softmax",
    "log_softmax_gradient",
    "log_sum_exp",
    "log_sum_exp_gradient",
    "merged_cross_entropy",
    "replay",
    "shard_partials",
    "sigmoid",
    "sigmoid_gradient",
    "softmax",
    "softmax_gradient",
    "softplus",
    "softplus_gradient",
    "ulp_distance",
    "ulp_error",
    "write_fixtures",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from ._library import package_version

        return package_version()
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
