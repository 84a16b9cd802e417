public import FloatFormats
internal import LossFunctions
internal import Losses
internal import Multiprecision
public import Reference

/// One case told step by step: what each formula computes in a format, and where its digits go.
public struct Explanation: Encodable, Hashable, Sendable {
  /// What is explained.
  public let title: String
  /// The formulas, one after the other, then the exact values.
  public let sections: [Section]

  /// The steps of one formula.
  public struct Section: Encodable, Hashable, Sendable {
    /// What is computed, and how.
    public let title: String
    /// The steps in order.
    public let steps: [Step]

    package init(title: String, steps: [Step]) {
      (self.title, self.steps) = (title, steps)
    }
  }

  /// A step: an expression, its value and what happened to it.
  public struct Step: Encodable, Hashable, Sendable {
    /// The expression.
    public let expression: String
    /// Its value in decimal.
    public let value: String
    /// What was lost, if anything.
    public let remark: String?

    package init(expression: String, value: String, remark: String?) {
      (self.expression, self.value, self.remark) = (expression, value, remark)
    }
  }

  package init(title: String, sections: [Section]) {
    (self.title, self.sections) = (title, sections)
  }
}

/// Why a case cannot be explained.
public enum ExplanationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No arithmetic in the format is built in.
  case formatWithoutArithmetic(FloatFormat)
  /// The reference refuses the case or cannot decide it.
  case reference(ReferenceError)

  /// What was wrong.
  public var description: String {
    switch self {
    case .formatWithoutArithmetic(let format):
      "there is no arithmetic in \(format) to step through; there is in "
        + LossScalars.all.map { $0.format.name }.joined(separator: ", ")
    case .reference(let error): error.description
    }
  }
}

/// Collects the steps of a formula computed in T.
struct StepRecorder<T: LossScalar> {
  private(set) var steps: [Explanation.Step] = []

  /// Records a value and gives it back.
  mutating func record(_ expression: String, _ value: T, _ remark: String? = nil) -> T {
    steps.append(
      .init(
        expression: expression, value: T.format.shortestDecimal(value.floatValue), remark: remark))
    return value
  }

  /// The exponential of something, with what its range does to it.
  mutating func exponential(_ expression: String, of x: T) -> T {
    let value = T.exp(x)
    var remark: String?
    if value == .infinity { remark = "overflows: past \(decimal(T.format.greatestFinite))" }
    if value == 0, x.isFinite { remark = "underflows: below \(decimal(T.format.leastSubnormal))" }
    return record(expression, value, remark)
  }

  /// 1 + x or 1 − x, with what becomes of x.
  mutating func onePlus(_ expression: String, _ x: T, named name: String) -> T {
    let value = 1 + x
    return record(
      expression, value,
      value == 1 && x != 0 ? "\(name) is lost: less than half an ulp of 1" : nil)
  }

  /// Records a result and how far it is from the exact one.
  mutating func result(_ expression: String, _ value: T, exact: CertifiedValue) {
    _ = record(expression, value, exact.verdict(on: value.floatValue))
  }

  private func decimal(_ value: FloatValue) -> String { T.format.shortestDecimal(value) }
}

extension Double {
  /// The number to a few significant digits, as text.
  func rounded(toDigits count: Int) -> String {
    guard isFinite, self != 0 else { return "\(self)" }
    let digits = BigFloat(FloatValue(self)).decimalDigits(count: count, rounding: .nearestEven)
    return (abs(self) < 1e6 ? digits?.text : digits?.scientificText) ?? "\(self)"
  }
}

extension Explanation {
  /// The exact loss and an output of its gradient: rounded, to hold others against them, and as the section
  /// that shows them to twenty digits.
  static func exact(
    _ loss: LossFunction, _ gradient: LossFunction, named name: String = "gradient",
    at place: Int = 0,
    of input: LossInput, options: LossOptions = LossOptions(), in format: FloatFormat
  ) throws(ReferenceError) -> (rounded: [CertifiedValue], section: Section) {
    var (steps, all): ([Step], [CertifiedValue]) = ([], [])
    for (name, function, index) in [("loss", loss, 0), (name, gradient, place)] {
      let exact = try Reference().exact(function, input, options: options)
      let rounded = try exact.rounded(to: format, .nearestEven)[index]
      all.append(rounded)
      // What is too small for MPFR's own range has no digits to show.
      let digits = (try? exact.decimalDigits(20))?[index] ?? "below 2^-4611686018427387903"
      steps.append(Step(expression: name, value: digits, remark: nil))
      steps.append(
        Step(
          expression: "  in \(format)", value: format.shortestDecimal(rounded.value),
          remark: rounded.value.hexadecimal))
    }
    return (all, Section(title: "Exactly, to 20 digits and correctly rounded", steps: steps))
  }
}
