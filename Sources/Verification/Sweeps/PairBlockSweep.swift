internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Reference

/// Counts over the pairs of one first logit with every second one.
///
/// A pair is misrounded where one of its values is; its error is the larger one.
struct PairBlockSweep {
  private let plan: SweepPlan
  private let function: PairFunction
  private let domain: PairDomain
  private let tier: PairTier
  private let test: RoundingTest
  private let first: Float
  private let firstIndex: UInt64
  private var computed: [Float]
  private var approximations: [Double]
  private var exact: [Float]
  private var tally = SweepTally()
  private var worstULPs = -1.0
  private var worst: (second: Float, output: Int, computed: Float)?

  /// The tally of the pairs whose first logit has the encoding `block`.
  static func tally(
    _ plan: SweepPlan, _ function: PairFunction, _ domain: PairDomain, block: Int
  ) throws(ReferenceError) -> SweepTally {
    var sweep = PairBlockSweep(plan, function, domain, block)
    sweep.compute()
    try sweep.compare()
    if let worst = sweep.worst {
      sweep.tally.worst = try sweep.witness(worst.second, worst.output, worst.computed)
    }
    return sweep.tally
  }

  private init(_ plan: SweepPlan, _ function: PairFunction, _ domain: PairDomain, _ block: Int) {
    self.plan = plan
    self.function = function
    self.domain = domain
    tier = PairTier(function)
    test = RoundingTest(plan.format, .row)
    first = domain.logits[block]
    firstIndex = UInt64(block * domain.logits.count)
    computed = Array(repeating: 0, count: domain.logits.count * function.outputCount)
    approximations = Array(repeating: 0, count: domain.logits.count)
    exact = Array(repeating: 0, count: domain.logits.count)
  }

  private mutating func compute() {
    let outputCount = function.outputCount
    for start in stride(from: 0, to: domain.logits.count, by: Self.rowCount) {
      var logits = [Float](repeating: first, count: 2 * Self.rowCount)
      for i in 0..<Self.rowCount { logits[2 * i + 1] = domain.logits[start + i] }
      let labels = [Int32](repeating: Int32(function.label), count: Self.rowCount)
      let rows = LossRows(
        classCount: 2, logits: NumberColumn(plan.format, floats: logits), labels: labels)
      let values = plan.implementation.evaluate(rows, withBounds: false)?.values.floats
      let range = start * outputCount..<(start + Self.rowCount) * outputCount
      computed.replaceSubrange(
        range, with: values ?? Array(repeating: .nan, count: range.count))
    }
  }

  /// So many rows at a time as stay in the processor's cache.
  private static let rowCount = 1 << 10

  private mutating func compare() throws(ReferenceError) {
    if first.isFinite {
      let (tier, first) = (tier, first)
      domain.logits.withUnsafeBufferPointer { seconds in
        approximations.withUnsafeMutableBufferPointer {
          tier.approximate(first, seconds, into: $0)
        }
      }
      try round()
    }
    for start in stride(from: 0, to: domain.logits.count, by: Self.batchSize) {
      let batch = start..<start + Self.batchSize
      if first.isFinite, domain.logits[start].isFinite {
        try compareFinite(batch)
      } else {
        for i in batch {
          digest(i)
          compareSpecial(i, domain.logits[i])
        }
      }
    }
  }

  /// The correctly rounded magnitudes, from MPFR where no bound decides.
  private mutating func round() throws(ReferenceError) {
    let (test, format) = (test, plan.format)
    let undecidedCount = approximations.withUnsafeBufferPointer { approximations in
      exact.withUnsafeMutableBufferPointer {
        test.round(approximations, to: format, into: $0)
      }
    }
    guard undecidedCount > 0 else { return }
    for i in exact.indices where exact[i].isNaN {
      let second = domain.logits[i]
      guard second.isFinite else { continue }
      if let ends = tier.ends(first, second, approximations[i]), let value = test.rounded(ends) {
        exact[i] = value
      } else {
        tally.decidedByMPFR += 1
        exact[i] = Float(try exactValue(second, 0).value.magnitude.double)
      }
    }
  }

  /// A number of pairs of which the second logits are all finite, or none.
  private static let batchSize = 128

  private mutating func compareFinite(_ batch: Range<Int>) throws(ReferenceError) {
    tally.finiteLogits += UInt64(batch.count)
    if tally.add(comparison(batch)) { return }
    let signs = function.signs
    for i in batch {
      let (second, magnitude) = (domain.logits[i], exact[i])
      digest(i)
      var isMisrounded = false
      for j in signs.indices {
        let value = computed[i * signs.count + j]
        if value != magnitude * signs[j] { isMisrounded = true }
        if value * signs[j] < 0, value.isFinite { tally.wrongSigns += 1 }
        let error = test.error(value * signs[j], approximations[i])
        // Also takes NaN.
        if !(error <= worstULPs) {
          // An overflow where the exact value overflows is no error.
          guard value.isFinite || magnitude.isFinite else { continue }
          let isOneBinade = test.isOneBinade(approximations[i])
          try observe(error, second, j, value, isOneBinade: isOneBinade)
        }
      }
      if isMisrounded { tally.misrounded += 1 }
    }
  }

  private func comparison(_ batch: Range<Int>) -> BatchComparison {
    let outputCount = function.outputCount
    let values = batch.lowerBound * outputCount..<batch.upperBound * outputCount
    return computed.withUnsafeBufferPointer { computed in
      exact.withUnsafeBufferPointer { exact in
        approximations.withUnsafeBufferPointer { approximations in
          test.compare(
            UnsafeBufferPointer(rebasing: computed[values]),
            with: UnsafeBufferPointer(rebasing: exact[batch]),
            approximations: UnsafeBufferPointer(rebasing: approximations[batch]),
            sign: function.signs[0], worst: worstULPs,
            firstIndex: firstIndex + UInt64(batch.lowerBound))
        }
      }
    }
  }

  private mutating func digest(_ i: Int) {
    let index = firstIndex + UInt64(i)
    tally.digest(logitBits: index, value: computed[i * function.outputCount])
    if function.outputCount == 2 {
      tally.digest(logitBits: ~index & 0xFFFF_FFFF, value: computed[2 * i + 1])
    }
  }

  private mutating func compareSpecial(_ i: Int, _ second: Float) {
    tally.specialLogits += 1
    let limits = domain.limits(first, second)
    let isSame = limits.indices.allSatisfy { j in
      let value = computed[i * limits.count + j]
      return value == limits[j] || (value.isNaN && limits[j].isNaN)
    }
    if !isSame { tally.specialDifferences += 1 }
  }

  private func exactValue(_ second: Float, _ output: Int) throws(ReferenceError) -> CertifiedValue {
    try SweepSubject.pairs(function).exact([first, second], in: plan.format)[output]
  }

  /// Takes note of an error that is not finite, or larger than all before in the block.
  private mutating func observe(
    _ error: Double, _ second: Float, _ output: Int, _ value: Float, isOneBinade: Bool
  ) throws(ReferenceError) {
    guard value.isFinite else {
      tally.nonFinite += 1
      if tally.firstNonFinite == nil {
        tally.firstNonFinite = try witness(second, output, value)
      }
      return
    }
    // Beside a power of two the approximation does not tell the ulp of the exact value.
    let ulps =
      isOneBinade ? error : try exactValue(second, output).error(of: FloatValue(value)).ulps
    guard ulps > worstULPs else { return }
    worstULPs = ulps
    worst = (second, output, value)
  }

  private func witness(
    _ second: Float, _ output: Int, _ value: Float
  ) throws(ReferenceError) -> SweepWitness {
    SweepWitness(
      logits: [first, second], computed: value, exact: try exactValue(second, output),
      output: function.outputCount > 1 ? output : nil)
  }
}

/// The logits of a 16-bit format, and the values where one of a pair is infinite or NaN, which depend on
/// the kinds of both alone.
struct PairDomain: Sendable {
  let logits: [Float]
  private let limits: [[Float]]

  init(_ function: PairFunction, _ format: FloatFormat) throws(ReferenceError) {
    logits = (0..<UInt128(1 << 16)).map { Float(format.decode($0).double) }
    let kinds: [Float] = [1, .infinity, -.infinity, .nan]
    var limits: [[Float]] = []
    for first in kinds {
      for second in kinds {
        let values = try SweepSubject.pairs(function).exact([first, second], in: format)
        limits.append(values.map { Float($0.value.double) })
      }
    }
    self.limits = limits
  }

  func limits(_ first: Float, _ second: Float) -> [Float] {
    limits[4 * Self.kind(first) + Self.kind(second)]
  }

  private static func kind(_ logit: Float) -> Int {
    logit.isNaN ? 3 : logit.isFinite ? 0 : logit > 0 ? 1 : 2
  }
}
