"""PyTorch: `torch.nn.functional` on the CPU, gradients by autograd."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np
import torch
import torch.nn.functional as F
from protocol import Entry, Request, Unsupported, serve

FORMATS = frozenset({"float16", "bfloat16", "float32", "float64"})
# What models do to their logits first, as they write it.
BEFORE = frozenset({"scale", "softcap", "logit_bias", "temperature"})
BINARY = BEFORE | {"pos_weight", "reduction"}
CATEGORICAL = BEFORE | {"class_weights", "label_smoothing", "ignore_index", "reduction"}

# Requests may have any number of rows, and results must not depend on how they are shared out.
torch.set_num_threads(1)


def tensor(values: np.ndarray) -> torch.Tensor:
    if values.dtype == ml_dtypes.bfloat16:  # which torch does not take from NumPy
        return torch.from_numpy(values.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(values)


def array(values: torch.Tensor) -> np.ndarray:
    if values.dtype == torch.bfloat16:
        return values.detach().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return values.detach().numpy()


def _before(r: Request, logits: torch.Tensor) -> torch.Tensor:
    scale, softcap = r.number("scale"), r.number("softcap")
    temperature, bias = r.number("temperature"), r.logit_bias
    if scale is not None:
        logits = logits * scale
    if softcap is not None:
        logits = softcap * torch.tanh(logits / softcap)
    if bias is not None:
        bias = tensor(bias)
        logits = logits + (bias if logits.ndim < 3 else bias[:, None])
    return logits if temperature is None else logits / temperature


def _activation(function: Callable[[torch.Tensor], torch.Tensor]) -> Entry:
    return Entry(
        lambda r: array(function(_before(r, tensor(r.logits)))), FORMATS, BEFORE, takes_axes=True)


def _binary(r: Request, logits: torch.Tensor) -> torch.Tensor:
    weight = r.number("pos_weight")
    return F.binary_cross_entropy_with_logits(
        _before(r, logits),
        tensor(r.probabilities),
        reduction=r.reduction,
        pos_weight=None if weight is None else torch.tensor([weight], dtype=logits.dtype),
    )


def _cross_entropy(r: Request, logits: torch.Tensor) -> torch.Tensor:
    indices = r.target is None or r.target.dtype.kind == "i"
    weights = r.class_weights
    if "ignore_index" in r.options and not indices:
        raise Unsupported("ignore_index with probabilities for a target")
    ignored = {"ignore_index": int(r.number("ignore_index"))} if "ignore_index" in r.options else {}
    return F.cross_entropy(
        _before(r, logits),
        tensor(r.labels if indices else r.probabilities),
        weight=None if weights is None else tensor(weights),
        reduction=r.reduction,
        label_smoothing=r.number("label_smoothing", 0.0),
        **ignored,
    )


Loss = Callable[[Request, torch.Tensor], torch.Tensor]


def both(loss: Loss) -> Callable[[Request], tuple[np.ndarray, np.ndarray]]:
    """A loss, and its gradient by autograd."""
    def call(r: Request) -> tuple[np.ndarray, np.ndarray]:
        logits = tensor(r.logits).requires_grad_()
        values = loss(r, logits)
        _backward(r, values)
        return array(values), array(logits.grad)

    return call


def _backward(r: Request, values: torch.Tensor) -> None:
    """Goes back from the sum of the values, each times what comes after it."""
    if r.grad_output is None:
        values.sum().backward()
    else:
        values.backward(tensor(r.grad_output).reshape(values.shape))


def gradient(loss: Loss) -> Callable[[Request], np.ndarray]:
    return lambda r: both(loss)(r)[1]


def losses(
    name: str, loss: Loss, options: frozenset[str], *arguments: object, **more: object
) -> dict[str, Entry]:
    """A loss, beside its gradient or by itself, and the gradient."""
    return {
        name: Entry(
            lambda r: array(loss(r, tensor(r.logits))), FORMATS, options, *arguments, both=both(loss), **more),
        f"{name}-gradient": Entry(
            gradient(loss), FORMATS, options | {"grad_output"}, *arguments, **more),
    }


def upstream(function: Callable[[torch.Tensor], torch.Tensor]) -> Entry:
    """The gradient of an activation, for what comes after it."""

    def call(r: Request) -> np.ndarray:
        logits = tensor(r.logits).requires_grad_()
        values = function(_before(r, logits))
        values.backward(tensor(r.grad_output).reshape(values.shape))
        return array(logits.grad)

    return Entry(call, FORMATS, BEFORE, takes_axes=True)


def _softplus(r: Request, logits: torch.Tensor) -> torch.Tensor:
    # Without a threshold the exact value has none, and PyTorch has 20.
    return F.softplus(logits, r.number("beta", 1.0), r.number("threshold", 20.0))


def _softplus_gradient(r: Request) -> np.ndarray:
    logits = tensor(r.logits).requires_grad_()
    _softplus(r, _before(r, logits)).backward(tensor(r.grad_output).reshape(logits.shape))
    return array(logits.grad)


def _entropy(r: Request, logits: torch.Tensor) -> torch.Tensor:
    return torch.distributions.Categorical(
        logits=_before(r, logits).movedim(1, -1), validate_args=False).entropy()


def _kl_divergence(r: Request, logits: torch.Tensor) -> torch.Tensor:
    p = F.log_softmax(_before(r, logits), dim=1)
    q = F.log_softmax(_before(r, tensor(r.target_logits)), dim=1)
    if r.reduction == "none":
        return F.kl_div(p, q, reduction="none", log_target=True).sum(1)
    if r.logits.ndim > 2:
        raise Unsupported("kl_div's batchmean divides by the first axis alone")
    # Its mean is over all numbers, and `batchmean` over rows.
    by_rows = r.options.get("denominator") != "values"
    reduction = "sum" if r.reduction == "sum" else "batchmean" if by_rows else "mean"
    return F.kl_div(p, q, reduction=reduction, log_target=True)


SHARP = frozenset({"beta", "threshold"})
# Without weights and ignored rows they are all the same.
ROWS = frozenset({"weights", "valid-rows", "rows", "all-weights", "nonzero-weights"})
ENTRIES = {
    **losses("entropy", _entropy, BEFORE, takes_axes=True, takes_target_logits=True),
    **losses(
        "kl-divergence", _kl_divergence, BEFORE | {"reduction"}, takes_axes=True,
        takes_target_logits=True, denominators=ROWS | {"values"}),
    "sigmoid": _activation(torch.sigmoid),
    "log-sigmoid": _activation(F.logsigmoid),
    "softplus": Entry(
        lambda r: array(_softplus(r, _before(r, tensor(r.logits)))), FORMATS, BEFORE | SHARP),
    "softplus-gradient": Entry(_softplus_gradient, FORMATS, BEFORE | SHARP),
    "sigmoid-gradient": upstream(torch.sigmoid),
    "log-sigmoid-gradient": upstream(F.logsigmoid),
    "log-sum-exp-gradient": upstream(lambda x: torch.logsumexp(x, dim=1)),
    "softmax-gradient": upstream(lambda x: F.softmax(x, dim=1)),
    "log-softmax-gradient": upstream(lambda x: F.log_softmax(x, dim=1)),
    "log-sum-exp": _activation(lambda x: torch.logsumexp(x, dim=1)),
    "softmax": _activation(lambda x: F.softmax(x, dim=1)),
    "log-softmax": _activation(lambda x: F.log_softmax(x, dim=1)),
    **losses("binary-cross-entropy", _binary, BINARY, denominators=ROWS),
    **losses(
        "cross-entropy", _cross_entropy, CATEGORICAL, takes_axes=True,
        denominators=frozenset({"weights"})),
}

if __name__ == "__main__":
    serve(ENTRIES)
