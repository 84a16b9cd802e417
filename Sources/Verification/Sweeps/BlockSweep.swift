internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Reference

/// Counts over one block of inputs, in memory of its own: logits, or pairs of one first logit with all second
/// ones.
///
/// An error in ulps is |computed − v|/ulp, with v the fast tier's approximation before it is rounded, or the
/// correctly rounded float64: within 2⁻²⁴ ulp of the truth (`tools/proofs/artanh.sollya`), but for a rounding of the difference. The block's
/// largest is then measured against MPFR. A pair is misrounded where one of its values is; its error is the
/// larger one.
struct BlockSweep {
  private let plan: SweepPlan
  /// The signs of an input's outputs.
  private let signs: [Float]
  private let test: RoundingTest
  private let labels: [Int32]?
  private let targets: NumberColumn?
  private let gradOutputs: NumberColumn?
  /// The logits that vary, of one chunk, and the index of its first input.
  private var logits: [Float]
  private var firstIndex: UInt64 = 0
  private var computed: [Float] = []
  private var approximations: [Double]
  /// The correctly rounded values; magnitudes, where there are two outputs of opposite signs.
  private var exact: [Float]
  private var tally = SweepTally()
  private var worstULPs = -1.0
  private var worst: (place: UInt64, output: Int, computed: Float)?

  private init(_ plan: SweepPlan) {
    self.plan = plan
    signs = plan.subject.signs
    test = plan.subject.roundingTest(plan.format)
    let (label, count) = (plan.subject.label, plan.chunkSize)
    let isPair = plan.subject.classCount > 1
    labels = isPair ? label.map { Array(repeating: Int32($0), count: count) } : nil
    targets =
      isPair
      ? nil
      : label.map {
        NumberColumn(plan.format, doubles: Array(repeating: Double($0), count: count))
      }
    gradOutputs = plan.subject.gradOutputs(count, in: plan.format)
    logits = Array(repeating: 0, count: count)
    approximations = Array(repeating: 0, count: count)
    exact = logits
  }

  /// The tally of a block.
  static func tally(_ plan: SweepPlan, block: Int) throws(ReferenceError) -> SweepTally {
    var sweep = BlockSweep(plan)
    let start = block * plan.blockSize
    for first in stride(from: start, to: start + plan.blockSize, by: plan.chunkSize) {
      try sweep.observe(chunkAt: UInt64(first))
    }
    if let worst = sweep.worst {
      sweep.tally.worst = try sweep.witness(worst.place, worst.output, worst.computed)
    }
    return sweep.tally
  }

  private mutating func observe(chunkAt first: UInt64) throws(ReferenceError) {
    firstIndex = first
    plan.inputs.fill(&logits, from: first)
    // The first of a pair, and else the chunk's first.
    let other = plan.inputs.logits(at: first)[0]
    compute(other)
    let batches = stride(from: 0, to: logits.count, by: plan.batchSize)
    let isFinite = labels == nil || other.isFinite
    if isFinite, batches.contains(where: { plan.inputs.isOrdinary(logits[$0]) }) {
      try approximate(other)
    }
    for start in batches {
      let batch = start..<start + plan.batchSize
      if isFinite, plan.inputs.isOrdinary(logits[start]) {
        try compareFinite(batch)
      } else {
        for i in batch { compareSpecial(i) }
      }
    }
  }

  private mutating func compute(_ other: Float) {
    var numbers = logits
    if labels != nil {
      numbers = Array(repeating: other, count: 2 * logits.count)
      for i in logits.indices { numbers[2 * i + 1] = logits[i] }
    }
    let rows = LossRows(
      classCount: plan.subject.classCount, logits: NumberColumn(plan.format, floats: numbers),
      labels: labels, probabilities: targets, gradOutputs: gradOutputs)
    computed =
      plan.implementation.evaluate(rows, withBounds: false)?.values.floats
      ?? Array(repeating: .nan, count: logits.count * signs.count)
  }

  /// The correctly rounded values, from MPFR where no bound decides.
  private mutating func approximate(_ other: Float) throws(ReferenceError) {
    let (plan, test) = (plan, test)
    let undecidedCount = try logits.withUnsafeBufferPointer {
      (logits) throws(ReferenceError) in
      try approximations.withUnsafeMutableBufferPointer {
        (approximations) throws(ReferenceError) in
        try plan.subject.approximate(other, logits, into: approximations)
        return exact.withUnsafeMutableBufferPointer {
          test.round(UnsafeBufferPointer(approximations), to: plan.format, into: $0)
        }
      }
    }
    guard undecidedCount > 0 else { return }
    for i in exact.indices where exact[i].isNaN && plan.inputs.isOrdinary(logits[i]) {
      let ends = plan.subject.ends(other, logits[i], approximations[i])
      if let value = ends.flatMap({ test.rounded($0) }) {
        exact[i] = value
      } else {
        tally.decidedByMPFR += 1
        let value = Float(try exactValue(firstIndex + UInt64(i), 0).value.double)
        exact[i] = signs.count > 1 ? value.magnitude : value
      }
    }
  }

  private mutating func compareFinite(_ batch: Range<Int>) throws(ReferenceError) {
    tally.finiteLogits += UInt64(batch.count)
    let counts = comparison(batch)
    tally.add(counts)
    guard counts.hasWorse || (counts.nonFiniteCount > 0 && tally.firstNonFinite == nil) else {
      return
    }
    for i in batch {
      let (magnitude, approximation) = (exact[i].magnitude, approximations[i].magnitude)
      for j in signs.indices {
        let value = computed[i * signs.count + j]
        let error = test.error(value * signs[j], approximation)
        // Also takes NaN. An overflow where the exact value overflows is no error.
        if !(error <= worstULPs), value.isFinite || magnitude.isFinite {
          try observe(error, i, j, value)
        }
      }
    }
  }

  private func comparison(_ batch: Range<Int>) -> BatchComparison {
    if batch.count == 1 {
      let i = batch.lowerBound
      return BatchComparison(
        of: computed[i], with: exact[i], approximation: approximations[i], sign: signs[0],
        worst: worstULPs, index: firstIndex + UInt64(i), test)
    }
    let values = batch.lowerBound * signs.count..<batch.upperBound * signs.count
    return computed.withUnsafeBufferPointer { computed in
      exact.withUnsafeBufferPointer { exact in
        approximations.withUnsafeBufferPointer { approximations in
          test.compare(
            UnsafeBufferPointer(rebasing: computed[values]),
            with: UnsafeBufferPointer(rebasing: exact[batch]),
            approximations: UnsafeBufferPointer(rebasing: approximations[batch]),
            sign: signs[0], worst: worstULPs, firstIndex: firstIndex + UInt64(batch.lowerBound))
        }
      }
    }
  }

  private mutating func digest(_ i: Int) {
    let index = firstIndex + UInt64(i)
    for j in signs.indices {
      tally.digest(
        logitBits: j == 0 ? index : ~index & 0xFFFF_FFFF, value: computed[i * signs.count + j])
    }
  }

  private mutating func compareSpecial(_ i: Int) {
    tally.specialLogits += 1
    digest(i)
    let limits = plan.inputs.limits(at: firstIndex + UInt64(i))
    let isSame = limits.indices.allSatisfy { j in
      let value = computed[i * limits.count + j]
      return value == limits[j] || (value.isNaN && limits[j].isNaN)
    }
    if !isSame { tally.specialDifferences += 1 }
  }

  private func exactValue(
    _ place: UInt64, _ output: Int
  ) throws(ReferenceError) -> CertifiedValue {
    try plan.subject.exact(plan.inputs.logits(at: place), in: plan.format)[output]
  }

  /// Takes note of an error that is not finite, or larger than all before in the block.
  private mutating func observe(
    _ error: Double, _ i: Int, _ output: Int, _ value: Float
  ) throws(ReferenceError) {
    let place = firstIndex + UInt64(i)
    guard value.isFinite else {
      if tally.firstNonFinite == nil {
        tally.firstNonFinite = try witness(place, output, value)
      }
      return
    }
    // Beside a power of two the approximation does not tell the ulp of the exact value.
    let ulps =
      test.isOneBinade(approximations[i])
      ? error : try exactValue(place, output).error(of: FloatValue(value)).ulps
    guard ulps > worstULPs else { return }
    worstULPs = ulps
    worst = (place, output, value)
  }

  private func witness(
    _ place: UInt64, _ output: Int, _ value: Float
  ) throws(ReferenceError) -> SweepWitness {
    SweepWitness(
      logits: plan.inputs.logits(at: place), computed: value, exact: try exactValue(place, output),
      output: signs.count > 1 ? output : nil)
  }
}
