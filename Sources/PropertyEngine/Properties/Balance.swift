internal import FloatFormats
internal import Multiprecision

/// A sum of outputs and other numbers that is 0, or at most 0, for the exact values: added up without
/// rounding, and held against what the errors of the outputs allow.
///
/// **Allowance.** An output v within E ulps of its exact value e lies in the binade of e or in one next
/// to it, for E below 2^(p − 2), so ulp(e) ≤ 2 ulp(v) and |v − e| ≤ 2E·ulp(v). A sum of outputs times
/// factors is off by at most the sum of these, times the factors' magnitudes.
struct Balance: ~Copyable {
  private let context: PropertyContext
  private var sum = BigFloat(0)
  private var allowance = BigFloat(0)

  init(_ context: PropertyContext) {
    self.context = context
  }

  /// Adds `factor` times an output.
  mutating func add(_ output: FloatValue, times factor: Double = 1) {
    let weight = BigFloat(FloatValue(factor))
    sum = .exactSum(sum, .exactProduct(BigFloat(output), weight))
    guard let ulp = context.format.ulp(at: output) else { return }
    let error = BigFloat.exactProduct(
      BigFloat(FloatValue(2 * context.accuracy.ulps * factor.magnitude)), BigFloat(ulp))
    allowance = .exactSum(allowance, error)
  }

  /// Adds `factor` times a number that is exact.
  mutating func add(exactly number: FloatValue, times factor: Double = 1) {
    sum = .exactSum(sum, .exactProduct(BigFloat(number), BigFloat(FloatValue(factor))))
  }

  /// What is wrong where the sum is not 0 to within the allowance.
  func violationUnlessZero(_ message: @autoclosure () -> String) -> Violation? {
    violation(of: sum.magnitude, message())
  }

  /// What is wrong where the sum is above 0 by more than the allowance.
  func violationIfPositive(_ message: @autoclosure () -> String) -> Violation? {
    sum.signum > 0 ? violation(of: sum.magnitude, message()) : nil
  }

  /// What is wrong where the sum is below 0 by more than the allowance.
  func violationIfNegative(_ message: @autoclosure () -> String) -> Violation? {
    sum.signum < 0 ? violation(of: sum.magnitude, message()) : nil
  }

  /// Whether the sum, as it stands, is above 0.
  var isPositive: Bool { sum.signum > 0 }

  private func violation(of excess: consuming BigFloat, _ message: String) -> Violation? {
    guard allowance.isLess(than: excess) else { return nil }
    var ratio = BigFloat(precision: 53)
    if allowance.isZero { return Violation(message: message, excess: .infinity) }
    ratio.assignQuotient(excess, allowance, rounding: .nearestEven)
    return Violation(message: message, excess: ratio.double)
  }
}

extension BigFloat {
  /// The absolute value.
  fileprivate var magnitude: BigFloat {
    var result = copy()
    if result.isNegative { result.negate() }
    return result
  }
}

extension PropertyContext {
  /// What is wrong where two outputs that are equal exactly differ by more than their errors allow;
  /// correctly rounded ones must be the same.
  func difference(_ first: FloatValue, _ second: FloatValue, _ message: String) -> Violation? {
    let text =
      "\(message): \(format.shortestDecimal(first)) and \(format.shortestDecimal(second))"
    if accuracy == .correctlyRounded {
      return first.isNumericallyEqual(to: second)
        ? nil : Violation(message: text, excess: .infinity)
    }
    var balance = Balance(self)
    balance.add(first)
    balance.add(second, times: -1)
    return balance.violationUnlessZero(text)
  }

  /// What is wrong where an output that is at most another one exactly is greater by more than their
  /// errors allow; correctly rounded ones must keep the order.
  func excess(_ lesser: FloatValue, over greater: FloatValue, _ message: String) -> Violation? {
    let text =
      "\(message): \(format.shortestDecimal(lesser)) above \(format.shortestDecimal(greater))"
    if accuracy == .correctlyRounded {
      return greater.isLess(than: lesser) ? Violation(message: text, excess: .infinity) : nil
    }
    var balance = Balance(self)
    balance.add(lesser)
    balance.add(greater, times: -1)
    return balance.violationIfPositive(text)
  }

  /// Two rows of outputs that are equal exactly.
  func difference(_ first: [FloatValue], _ second: [FloatValue], _ message: String) -> Violation? {
    guard first.count == second.count else {
      return Violation(message: "\(message): \(first.count) and \(second.count)", excess: .infinity)
    }
    for (one, other) in zip(first, second) {
      if let violation = difference(one, other, message) { return violation }
    }
    return nil
  }
}
