public import Checking
public import LossOracle

/// A loss and its gradient, as one call gives them, each to be held against exact values.
///
///     JointLossUnderTest.crossEntropy { (logits: [Float], label: Int) in
///       let (loss, gradient) = myLossAndGradient(logits, label)
///       return (loss, gradient)
///     }
public struct JointLossUnderTest: Sendable {
  let loss: LossUnderTest
  let gradient: LossUnderTest

  /// The loss of a row and the index of its class, and the derivatives by the logits.
  public static func crossEntropy<T: LossScalar>(
    options: LossOptions = LossOptions(),
    _ body:
      @escaping @Sendable (_ logits: [T], _ label: Int) throws -> (loss: T, gradient: [T])
  ) -> JointLossUnderTest {
    JointLossUnderTest(
      loss: .crossEntropy(options: options) { (x: [T], label: Int) in try body(x, label).loss },
      gradient: .crossEntropyGradient(options: options) { (x: [T], label: Int) in
        try body(x, label).gradient
      })
  }

  /// The loss of a row and a probability for each class, and the derivatives by the logits.
  public static func crossEntropy<T: LossScalar>(
    options: LossOptions = LossOptions(),
    _ body:
      @escaping @Sendable (_ logits: [T], _ probabilities: [T]) throws -> (loss: T, gradient: [T])
  ) -> JointLossUnderTest {
    JointLossUnderTest(
      loss: .crossEntropy(options: options) { (x: [T], y: [T]) in try body(x, y).loss },
      gradient: .crossEntropyGradient(options: options) { (x: [T], y: [T]) in
        try body(x, y).gradient
      })
  }

  /// The loss of a logit and a target in [0, 1], and the derivative by the logit.
  public static func binaryCrossEntropy<T: LossScalar>(
    options: LossOptions = LossOptions(),
    _ body: @escaping @Sendable (_ logit: T, _ target: T) throws -> (loss: T, gradient: T)
  ) -> JointLossUnderTest {
    JointLossUnderTest(
      loss: .binaryCrossEntropy(options: options) { (z: T, y: T) in try body(z, y).loss },
      gradient: .binaryCrossEntropyGradient(options: options) { (z: T, y: T) in
        try body(z, y).gradient
      })
  }
}

/// That a loss or its gradient fell short, and what they say of each other.
public struct InaccurateJointLoss: Error, CustomStringConvertible {
  /// The findings in words.
  public let description: String
  /// Whether the gradient is that of the loss.
  public let verdict: JointVerdict?
}

/// Throws where a loss or its gradient falls short of the claim: the error says which, and whether the one belongs to
/// the other.
///
/// - Throws: `InaccurateJointLoss`.
public func requireAccuracy(
  of joint: JointLossUnderTest, _ check: AccuracyCheck
) async throws {
  var results: [CheckResult] = []
  for loss in [joint.loss, joint.gradient] {
    let plan = TrialPlan(
      families: check.families, caseCount: check.caseCount, classCounts: check.classCounts,
      seed: check.seed)
    results.append(
      try await Check(
        loss.subject, named: "test", check.claim(about: loss).contract, plan
      ).run())
  }
  guard results.contains(where: { !$0.report.hasPassed }) else { return }
  let verdict = JointVerdict(results)
  let findings = zip([joint.loss, joint.gradient], results).map {
    check.text($1.report, on: $0, filter: nil)
  }
  throw InaccurateJointLoss(
    description: (findings + [verdict?.text ?? ""]).filter { !$0.isEmpty }.joined(
      separator: "\n"), verdict: verdict)
}
