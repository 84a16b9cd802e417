public import LossFunctions

/// The binary losses of a probability p or its logarithm l, in the format's own arithmetic, to copy into a kernel.
///
///     loss      y·(−log p) + (1 − y)·(−log1p(−p)): terms of one sign; of l, −log(1 − e^l) in the two cases of Mächler
///     gradient  (p − y)/(p·(1 − p)), and (e^l − y)/(1 − e^l), from e^l = 1/2 on as ((1 − y) − (1 − e^l))/(1 − e^l)
///
/// With u = ulp(1)/2 and logarithms within 1.02u, a loss of p is within 1.02u for hard labels, of soft ones a rounding of 1 − y, which is
/// made good, of each product and the sum more: below 4 ulps. log(1 − e^l) has the errors of e^l or e^l − 1, 1.02u times
/// a condition of at most 1.45, and its own: below 4 ulps for hard labels, and 6 for soft ones. The gradient of p has four roundings. In that
/// of l, v, the error of e^l or 1 − e^l may be greater than what is left of the difference: it is at most
/// 1.1u·min(1, 2e^l) + 3.2u·|v|.
public struct PracticalBinaryOfProbability: BinaryAlgorithm {
  public var name: String { input == .probabilities ? "p-practical" : "log-p-practical" }
  public let function: LossFunction
  /// What the number is.
  public let input: InputKind
  public var source: String { "ours" }

  /// - Returns: nil but for the binary losses of probabilities and their logarithms.
  public init?(_ function: LossFunction, of input: InputKind) {
    guard [.binaryCrossEntropy, .binaryCrossEntropyGradient].contains(function), input != .logits
    else { return nil }
    (self.function, self.input) = (function, input)
  }

  public var formula: String {
    switch (function, input) {
    case (.binaryCrossEntropy, .probabilities): "-y log p - (1 - y) log1p(-p), 1 - y in two parts"
    case (.binaryCrossEntropy, _): "-y l - (1 - y) log1mexp(l), 1 - y in two parts"
    case (_, .probabilities): "y = 1 ? -1/p : y = 0 ? 1/(1 - p) : (p - y) / (p (1 - p))"
    default: "y = 1 ? -1 : l <= -log 2 ? (e^l - y) / -expm1(l) : ((1 - y) + expm1(l)) / -expm1(l)"
    }
  }

  public func options(classCount: Int) -> LossOptions { .of(input) }

  @inlinable
  public func value<T: LossNumber>(logit p: T, target y: T) -> T {
    switch (function, input) {
    case (.binaryCrossEntropy, .probabilities):
      if y == 1 { return -T.log(p) }
      if y == 0 { return -T.log(onePlus: -p) }
      return Self.mean(y, -T.log(p), -T.log(onePlus: -p))
    case (.binaryCrossEntropy, _):
      if y == 1 { return -p }
      let other = Self.logarithmOfComplement(p)
      return y == 0 ? -other : Self.mean(y, -p, -other)
    case (_, .probabilities):
      if y == 1 { return -1 / p }
      if y == 0 { return 1 / (1 - p) }
      return (p - y) / (p * (1 - p))
    default:
      if y == 1 { return -1 }
      let other = -T.expMinusOne(p)
      guard p > Self.logarithmOfHalf() else { return (T.exp(p) - y) / other }
      let rest = twoSum(1, -y)
      return ((rest.sum - other) + rest.error) / other
    }
  }

  /// −log 2.
  @inlinable
  static func logarithmOfHalf<T: LossNumber>() -> T { T(-0.693_147_180_559_945_3) }

  /// y·a + (1 − y)·b of numbers that are not negative.
  @inlinable
  static func mean<T: LossNumber>(_ y: T, _ a: T, _ b: T) -> T {
    let rest = twoSum(1, -y)
    // What 1 − y lost times b is next to nothing, unless b is infinite.
    let lost = b.isFinite ? rest.error * b : 0
    return y * a + (rest.sum * b + lost)
  }

  /// log(1 − e^l): M. Mächler, "Accurately computing log(1 − exp(−|a|))" (2012).
  @inlinable
  static func logarithmOfComplement<T: LossNumber>(_ l: T) -> T {
    l > logarithmOfHalf()
      ? T.log(-T.expMinusOne(l)) : T.log(onePlus: -T.exp(l))
  }
}

/// The losses of a row of probabilities or their logarithms, in the format's own arithmetic, to copy into a kernel.
///
///     loss      −log p_t, or Σ y·(−log p) with what the sum lost; −l_t, or Σ y·(−l)
///     gradient  −y/p, and −y: nothing but a quotient
///
/// For a label the loss is within 1.02u, or exact; for soft targets a product more, u for the compensated sum: below 4 ulps. Terms
/// of l > 0, which are no logarithms of probabilities, would cancel.
public struct PracticalCategoricalOfProbabilities: SoftTargetAlgorithm {
  public var name: String { input == .probabilities ? "p-practical" : "log-p-practical" }
  public let function: LossFunction
  /// What the numbers of a row are.
  public let input: InputKind
  public var source: String { "ours" }

  /// - Returns: nil but for the losses of a row of probabilities and their logarithms.
  public init?(_ function: LossFunction, of input: InputKind) {
    guard [.crossEntropy, .crossEntropyGradient].contains(function), input != .logits else {
      return nil
    }
    (self.function, self.input) = (function, input)
  }

  public var formula: String {
    switch (function, input) {
    case (.crossEntropy, .probabilities): "-log p_t; compensated sum of -y log p"
    case (.crossEntropy, _): "-l_t; compensated sum of -y l"
    case (_, .probabilities): "-y_i / p_i"
    default: "-y_i"
    }
  }

  public func options(classCount: Int) -> LossOptions { .of(input) }

  public func outputs<T: LossNumber>(logits p: [T], label t: Int) -> [T] {
    switch (function, input) {
    case (.crossEntropy, .probabilities): [-T.log(p[t])]
    case (.crossEntropy, _): [-p[t]]
    case (_, .probabilities): p.indices.map { $0 == t ? -1 / p[$0] : 0 }
    default: p.indices.map { $0 == t ? -1 : 0 }
    }
  }

  public func outputs<T: LossNumber>(logits p: [T], probabilities y: [T]) -> [T] {
    guard function == .crossEntropy else {
      return p.indices.map { y[$0] == 0 ? 0 : input == .probabilities ? -y[$0] / p[$0] : -y[$0] }
    }
    return [
      RowRoom<T>.with(2, of: p.count) { room in
        var count = 0
        for index in p.indices where y[index] != 0 {
          room[0][count] = y[index] * (input == .probabilities ? -T.log(p[index]) : -p[index])
          count += 1
        }
        return compensatedSum(
          .init(rebasing: room[0][..<count]), errors: .init(rebasing: room[1][..<count]))
      }
    ]
  }
}
