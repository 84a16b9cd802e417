internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Reference

/// Counts over one block of logits, in memory of its own.
///
/// An error in ulps is |computed − v|/ulp, with v the fast tier's approximation before it is rounded:
/// within 2⁻²⁴ ulp of the truth (`tools/proofs/artanh.sollya`), but for a rounding of the difference. The block's
/// largest is then measured against MPFR.
struct BlockSweep {
  private let plan: SweepPlan
  private let function: OneLogitFunction
  private let tier: FastTier
  private let test: RoundingTest
  private let sign: Float
  /// The label of every logit, where the function has one.
  private let target: NumberColumn?
  private var logits: [Float]
  private var computed: [Float]
  private var approximations: [Double]
  private var exact: [Float]
  private var tally = SweepTally()
  private var worstULPs = -1.0
  private var worstLogit: (logit: Float, computed: Float)?

  private init(_ plan: SweepPlan, _ function: OneLogitFunction) {
    self.plan = plan
    self.function = function
    tier = FastTier(function)
    test = RoundingTest(plan.format)
    sign = function.isNegative ? -1 : 1
    target = function.label.map {
      NumberColumn(plan.format, doubles: Array(repeating: Double($0), count: plan.batchSize))
    }
    logits = Array(repeating: 0, count: plan.batchSize)
    computed = logits
    approximations = Array(repeating: 0, count: plan.batchSize)
    exact = logits
  }

  /// The tally of a block.
  static func tally(
    _ plan: SweepPlan, _ function: OneLogitFunction, block: Int
  ) throws(ReferenceError) -> SweepTally {
    var sweep = BlockSweep(plan, function)
    let start = block * plan.blockSize
    for first in stride(from: start, to: start + plan.blockSize, by: plan.batchSize) {
      try sweep.observe(batchAt: UInt64(first))
    }
    if let worst = sweep.worstLogit {
      sweep.tally.worst = try sweep.witness(worst.logit, worst.computed)
    }
    return sweep.tally
  }

  private mutating func observe(batchAt first: UInt64) throws(ReferenceError) {
    if plan.format == .float32 {
      for i in logits.indices {
        logits[i] = Float(bitPattern: UInt32(truncatingIfNeeded: first) &+ UInt32(i))
      }
    } else {
      for i in logits.indices {
        logits[i] = Float(plan.format.decode(UInt128(first) + UInt128(i)).double)
      }
    }
    compute()
    if logits[0].isFinite {
      let tier = tier
      logits.withUnsafeBufferPointer { logits in
        approximations.withUnsafeMutableBufferPointer { tier.approximate(logits, into: $0) }
      }
      try compareFinite(first)
    } else {
      try compareSpecial(first)
    }
  }

  private mutating func compute() {
    let rows = LossRows(
      classCount: 1, logits: NumberColumn(plan.format, floats: logits),
      probabilities: target)
    computed =
      plan.implementation.evaluate(rows, withBounds: false)?.values.floats
      ?? Array(repeating: .nan, count: logits.count)
  }

  private mutating func compareFinite(_ first: UInt64) throws(ReferenceError) {
    tally.finiteLogits += UInt64(logits.count)
    try round()
    if tally.add(comparison(first)) { return }
    for i in logits.indices {
      let (value, approximation) = (computed[i], approximations[i])
      tally.digest(logitBits: first &+ UInt64(i), value: value)
      if value != exact[i] { tally.misrounded += 1 }
      if value * sign < 0, value.isFinite { tally.wrongSigns += 1 }
      let error = test.error(value, approximation)
      // Also takes NaN.
      if !(error <= worstULPs) { try observe(error, at: i) }
    }
  }

  /// The correctly rounded values, from MPFR where the bound does not decide.
  private mutating func round() throws(ReferenceError) {
    let (test, format) = (test, plan.format)
    let undecidedCount = approximations.withUnsafeBufferPointer { approximations in
      exact.withUnsafeMutableBufferPointer {
        test.round(approximations, to: format, into: $0)
      }
    }
    guard undecidedCount > 0 else { return }
    for i in exact.indices where exact[i].isNaN {
      tally.decidedByMPFR += 1
      exact[i] = Float(try tier.exact(logits[i], in: plan.format).value.double)
    }
  }

  private func comparison(_ first: UInt64) -> BatchComparison {
    computed.withUnsafeBufferPointer { computed in
      exact.withUnsafeBufferPointer { exact in
        approximations.withUnsafeBufferPointer { approximations in
          test.compare(
            computed, with: exact, approximations: approximations, sign: sign, worst: worstULPs,
            firstIndex: first)
        }
      }
    }
  }

  /// Takes note of an error that is not finite, or larger than all before in the block.
  private mutating func observe(_ error: Double, at i: Int) throws(ReferenceError) {
    let (logit, value) = (logits[i], computed[i])
    guard value.isFinite else {
      tally.nonFinite += 1
      if tally.firstNonFinite == nil { tally.firstNonFinite = try witness(logit, value) }
      return
    }
    // Beside a power of two the approximation does not tell the ulp of the exact value.
    let ulps =
      test.isOneBinade(approximations[i])
      ? error : try tier.exact(logit, in: plan.format).error(of: FloatValue(value)).ulps
    guard ulps > worstULPs else { return }
    worstULPs = ulps
    worstLogit = (logit, value)
  }

  private mutating func compareSpecial(_ first: UInt64) throws(ReferenceError) {
    tally.specialLogits += UInt64(logits.count)
    let exact = Float(try tier.exact(.nan, in: plan.format).value.double)
    for i in logits.indices {
      let limit =
        logits[i].isNaN ? exact : Float(try tier.exact(logits[i], in: plan.format).value.double)
      let value = computed[i]
      tally.digest(logitBits: first &+ UInt64(i), value: value)
      if !(value == limit || (value.isNaN && limit.isNaN)) { tally.specialDifferences += 1 }
    }
  }

  private func witness(_ logit: Float, _ value: Float) throws(ReferenceError) -> SweepWitness {
    SweepWitness(
      logits: [logit], computed: value, exact: try tier.exact(logit, in: plan.format))
  }
}
