"""Lines that must be refused: each one alone, between two good ones that must still be answered."""
from comparison import Outcome
from oracle import Oracle

BAD = (
    ("softplus", "float16", '{"logit": "0x1.001p0"}'),
    ("softplus", "float16", '{"logit": "0x1p-25"}'),
    ("softplus", "float16", '{"logit": "0x1p16"}'),
    ("softplus", "float64", '{"logit": "0x1.8p-1074"}'),
    ("softplus", "float8_e4m3fn", '{"logit": "inf"}'),
    ("softplus", "float8_e4m3fn", '{"logit": "0x1.ep8"}'),
    ("softplus", "float64", '{"logit": "twelve"}'),
    ("softplus", "float64", '{"logit": ""}'),
    ("softplus", "float64", '{"logit": true}'),
    ("softplus", "float64", '{"logit": null}'),
    ("softplus", "float64", '{"logits": [1]}'),
    ("softplus", "float64", '{"logit": 1'),
    ("softplus", "float64", '[1]'),
    ("log-sum-exp", "float64", '{"logits": []}'),
    ("log-sum-exp", "float64", '{"logits": 3}'),
    ("binary-cross-entropy", "float64", '{"logit": 1}'),
    ("binary-cross-entropy", "float64", '{"logit": 1, "target": 1.5}'),
    ("binary-cross-entropy", "float64", '{"logit": 1, "target": -0.25}'),
    ("binary-cross-entropy", "float64", '{"logit": 1, "target": 1, "pos_weight": -1}'),
    ("binary-cross-entropy", "float64", '{"logit": 1, "target": 1, "temperature": 0}'),
    ("binary-cross-entropy", "float64",
     '{"logit": 1, "target": 1, "focal_gamma": 2, "pos_weight": 2}'),
    ("binary-cross-entropy", "float64", '{"probability": 1, "logit": 1, "target": 1}'),
    ("binary-cross-entropy", "float64", '{"probability": 1, "target": 1, "temperature": 2}'),
    ("binary-cross-entropy", "float64", '{"probabilities": [1], "target": 1}'),
    ("cross-entropy", "float64", '{"probabilities": [1, 0], "target": 0, "z_loss": 1}'),
    ("cross-entropy", "float64",
     '{"rows": [{"logits": [1, 2], "target": 0}, {"probabilities": [1, 0], "target": 0}]}'),
    ("softmax", "float64", '{"probabilities": [1, 2]}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": 2}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": -100}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": [0.5]}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": [0.5, 1.5]}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": 0, "label_smoothing": 1.5}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": 0, "class_weights": [1]}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": 0, "class_weights": [1, -1]}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": 0, "z_loss": -1}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": 0, "focal_gamma": -1}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": 0, "focal_gamma": 2, "z_loss": 1}'),
    ("cross-entropy", "float64",
     '{"logits": [1, 2], "target": 0, "focal_gamma": 2, "label_smoothing": 0.1}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": [1, 0], "focal_gamma": 2}'),
    ("cross-entropy", "float64",
     '{"rows": [{"logits": [1, 2], "target": 0}, {"logits": [1, 2], "target": [1, 0]}]}'),
    ("cross-entropy", "float64",
     '{"rows": [{"logits": [1, 2], "target": 0}], "reduction": "median"}'),
    ("softmax", "float64", '{"rows": [{"logits": [1, 2]}]}'),
    ("kl-divergence", "float64", '{"logits": [1, 2]}'),
    ("kl-divergence", "float64", '{"logits": [1, 2], "target": 0}'),
    ("kl-divergence", "float64", '{"logits": [1, 2], "target_logits": [1, 2, 3]}'),
    ("kl-divergence", "float64", '{"logits": [1, 2], "target_logits": [1, 2], "temperature": 0}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target": 0, "target_logits": [1, 2]}'),
    ("cross-entropy", "float64", '{"logits": [1, 2], "target_logits": [1, 2], "z_loss": 1}'),
)
GOOD = {"log-sum-exp": '{"logits": [1, 2]}', "softmax": '{"logits": [1, 2]}',
        "binary-cross-entropy": '{"logit": 1, "target": 1}',
        "kl-divergence": '{"logits": [1, 2], "target_logits": [0, 3]}',
        "cross-entropy": '{"logits": [1, 2], "target": 0}', "softplus": '{"logit": 1}'}


def check(path, functions):
    """The outcome: one mismatch for each line that was answered, or whose neighbours were not."""
    outcome = Outcome()
    for function, format, bad in BAD:
        if functions and function not in functions:
            continue
        outcome.tallies["refusals"] += 1
        lines = [GOOD[function], bad, GOOD[function]]
        case = function, format, format, "nearest-even"
        try:
            answers = Oracle(path).answers(lines, *case)
            refused = [isinstance(answer, str) for answer in answers]
            obtained = f"refused: {refused}"
        except (RuntimeError, ValueError) as error:
            refused, obtained = None, str(error)
        if refused != [False, True, False]:
            outcome.tallies["mismatches"] += 1
            outcome.mismatches.append({
                "command": " ".join(["loss-oracle", *Oracle.arguments(*case)]), "input": bad,
                "entry": None, "expected": "a refusal of this line alone", "obtained": obtained})
    return outcome
