public import LossFunctions

/// ½ Σ p·log(p/m) + ½ Σ q·log(q/m) of probabilities.
public struct NaiveJSDivergence: TargetLogitsAlgorithm {
  public var name: String { "naive" }
  public let function = LossFunction.jsDivergence
  public var formula: String {
    "p, q = softmax(x), softmax(y); m = (p + q) / 2; sum (p log(p / m) + q log(q / m)) / 2"
  }
  public var source: String { "the definition" }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], targetLogits y: [T]) -> [T] {
    let p = ShiftedSoftmax().outputs(logits: x, label: 0)
    let q = ShiftedSoftmax().outputs(logits: y, label: 0)
    var sum: T = 0
    for (p, q) in zip(p, q) {
      let mean = (p + q) / 2
      sum += p * T.log(p / mean) + q * T.log(q / mean)
    }
    return [sum / 2]
  }
}

/// Through log m = logaddexp(a, b) − log 2 of the log-softmaxes.
public struct LogSoftmaxJSDivergence: TargetLogitsAlgorithm {
  public var name: String { "log-softmax" }
  public let function = LossFunction.jsDivergence
  public var formula: String {
    "a, b = log_softmax(x), log_softmax(y); c = logaddexp(a, b) - log 2; sum (e^a (a - c) + e^b (b - c)) / 2"
  }
  public var source: String { "TRL trl/trainer/gkd_trainer.py, generalized_jsd_loss, beta = 1/2" }
  public var frameworks: [String] { ["TRL"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], targetLogits y: [T]) -> [T] {
    let a = ShiftedLogSoftmax().outputs(logits: x, label: 0)
    let b = ShiftedLogSoftmax().outputs(logits: y, label: 0)
    var sum: T = 0
    for (a, b) in zip(a, b) {
      let mean = logarithmOfMean(a, b)
      sum += T.exp(a) * (a - mean) + T.exp(b) * (b - mean)
    }
    return [sum / 2]
  }
}

/// ½ e^a·(a − c − Σ e^a·(a − c)) of the log-softmax a and the logarithm c of the mean.
public struct LogSoftmaxJSDivergenceGradient: TargetLogitsAlgorithm {
  public var name: String { "log-softmax" }
  public let function = LossFunction.jsDivergenceGradient
  public var formula: String {
    "a, b = log_softmax(x), log_softmax(y); d = a - logaddexp(a, b) + log 2; e^a_i (d_i - sum e^a d) / 2"
  }
  public var source: String { "Liger liger_kernel/ops/jsd.py, beta = 1/2, and log-softmax" }
  public var frameworks: [String] { ["Liger"] }

  public init() {}

  @inlinable
  public func outputs<T: LossNumber>(logits x: [T], targetLogits y: [T]) -> [T] {
    let a = ShiftedLogSoftmax().outputs(logits: x, label: 0)
    let b = ShiftedLogSoftmax().outputs(logits: y, label: 0)
    let differences = zip(a, b).map { $0 - logarithmOfMean($0, $1) }
    var sum: T = 0
    for (a, difference) in zip(a, differences) { sum += T.exp(a) * difference }
    return zip(a, differences).map { T.exp($0) * ($1 - sum) / 2 }
  }
}

/// log((e^a + e^b)/2).
@inlinable
func logarithmOfMean<T: LossNumber>(_ a: T, _ b: T) -> T {
  let greater = T.maximum(a, b)
  return greater + T.log(onePlus: T.exp(T.minimum(a, b) - greater)) - T.log(2)
}
