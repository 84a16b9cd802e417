internal import FloatFormats
internal import LossFunctions
internal import Losses
internal import Reference
internal import Verification

/// Counts over one block of inputs, in memory of its own: logits, or pairs of one first number with all second
/// ones.
///
/// An error in ulps is |computed − v|/ulp, with v the fast tier's approximation before it is rounded, or the
/// correctly rounded float64: within 2⁻²⁴ ulp of the truth (`tools/proofs/artanh.sollya`), but for a rounding of the difference. The block's
/// largest is then measured against MPFR. A pair is misrounded where one of its values is; its error is the
/// larger one.
struct BlockSweep {
  /// Values that outputs are made of: approximations, and the correctly rounded ones.
  private struct Column {
    var approximations: [Double]
    var rounded: [Float]

    init(count: Int) {
      approximations = Array(repeating: 0, count: count)
      rounded = Array(repeating: 0, count: count)
    }
  }

  private let plan: SweepPlan
  private let outputs: [PairFunction.Output]
  private let test: RoundingTest
  /// The numbers that vary, of one chunk, the first number beside them, and the index of the chunk's first input.
  private var lasts: [Float]
  private var first: Float = 0
  private var firstIndex: UInt64 = 0
  private var computed: [Float] = []
  private var columns: [Column]
  /// The values of this block's inputs whose last number is of a kind, but of ordinary ones.
  private var limits: [Int: [Float]] = [:]
  private var tally = SweepTally()
  private var worstULPs = -1.0
  private var worst: (place: UInt64, output: Int, computed: Float)?

  private init(_ plan: SweepPlan) {
    self.plan = plan
    outputs = plan.subject.outputs
    test = plan.subject.roundingTest(plan.format)
    lasts = Array(repeating: 0, count: plan.chunkSize)
    columns = Array(
      repeating: Column(count: plan.chunkSize), count: (outputs.map(\.column).max() ?? 0) + 1)
  }

  /// The tally of whole chunks of a block, by the indices of their inputs.
  static func tally(_ plan: SweepPlan, inputs: Range<Int>) throws(ReferenceError) -> SweepTally {
    var sweep = BlockSweep(plan)
    for first in stride(from: inputs.lowerBound, to: inputs.upperBound, by: plan.chunkSize) {
      try sweep.observe(chunkAt: UInt64(first))
    }
    if let worst = sweep.worst {
      sweep.tally.worst = try sweep.witness(worst.place, worst.output, worst.computed)
    }
    return sweep.tally
  }

  private mutating func observe(chunkAt index: UInt64) throws(ReferenceError) {
    firstIndex = index
    plan.inputs.fill(&lasts, from: index)
    first = plan.inputs.numbers(at: index)[0]
    computed =
      plan.implementation.evaluate(
        plan.subject.rows(first, lasts, plan.format), withBounds: false)?.values.floats
      ?? Array(repeating: .nan, count: lasts.count * outputs.count)
    let batches = stride(from: 0, to: lasts.count, by: plan.batchSize)
    let isFinite = plan.subject.numberCount == 1 || first.isFinite
    if isFinite, batches.contains(where: { isOrdinary(lasts[$0]) }) {
      for column in columns.indices { try approximate(column) }
    }
    for start in batches {
      let batch = start..<start + plan.batchSize
      if isFinite, isOrdinary(lasts[start]) {
        try compareFinite(batch)
      } else {
        for i in batch { try compareSpecial(i) }
      }
    }
  }

  private func isOrdinary(_ last: Float) -> Bool { plan.subject.kind(last) == 0 }

  /// The correctly rounded values, from MPFR where no bound decides.
  private mutating func approximate(_ column: Int) throws(ReferenceError) {
    let (plan, test, first) = (plan, test, first)
    // Out of the array, lest it be copied.
    var values = Column(count: 0)
    swap(&values, &columns[column])
    let undecidedCount = try lasts.withUnsafeBufferPointer { (lasts) throws(ReferenceError) in
      try values.approximations.withUnsafeMutableBufferPointer {
        (approximations) throws(ReferenceError) in
        try plan.subject.approximate(first, lasts, column: column, into: approximations)
        return values.rounded.withUnsafeMutableBufferPointer {
          test.round(UnsafeBufferPointer(approximations), to: plan.format, into: $0)
        }
      }
    }
    if undecidedCount > 0 { try decide(&values, column) }
    columns[column] = values
  }

  /// Rounds what is left open.
  private mutating func decide(_ values: inout Column, _ column: Int) throws(ReferenceError) {
    guard let output = outputs.firstIndex(where: { $0.column == column }) else { return }
    let sign = outputs[output].sign
    for i in lasts.indices where values.rounded[i].isNaN && isOrdinary(lasts[i]) {
      let place = firstIndex + UInt64(i)
      if values.approximations[i].isNaN {
        let value = try exactValue(place, output, in: .float64).value.double
        values.approximations[i] = value * Double(sign)
      }
      let ends = plan.subject.ends(first, lasts[i], values.approximations[i], column: column)
      if let value = ends.flatMap({ test.rounded($0) }) {
        values.rounded[i] = value
      } else {
        tally.decidedByMPFR += 1
        values.rounded[i] = Float(try exactValue(place, output).value.double) * sign
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
      for (j, output) in outputs.enumerated() {
        let column = columns[output.column]
        let value = computed[i * outputs.count + j]
        let error = test.error(value * output.sign, column.approximations[i])
        // Also takes NaN. An overflow where the exact value overflows is no error.
        if !(error <= worstULPs), value.isFinite || column.rounded[i].isFinite {
          try observe(error, i, j, value)
        }
      }
    }
  }

  private func comparison(_ batch: Range<Int>) -> BatchComparison {
    if batch.count == 1 {
      let i = batch.lowerBound
      return BatchComparison(
        of: computed[i], with: columns[0].rounded[i], approximation: columns[0].approximations[i],
        worst: worstULPs, index: firstIndex + UInt64(i), test)
    }
    let values = batch.lowerBound * outputs.count..<batch.upperBound * outputs.count
    return computed.withUnsafeBufferPointer { computed in
      withExact(batch, []) { exact in
        test.compare(
          UnsafeBufferPointer(rebasing: computed[values]), with: exact, worst: worstULPs,
          firstIndex: firstIndex + UInt64(batch.lowerBound))
      }
    }
  }

  /// Calls `body` with the exact values of all outputs.
  private func withExact(
    _ batch: Range<Int>, _ exact: [ExactColumn], _ body: ([ExactColumn]) -> BatchComparison
  ) -> BatchComparison {
    guard exact.count < outputs.count else { return body(exact) }
    let output = outputs[exact.count]
    let column = columns[output.column]
    return column.rounded.withUnsafeBufferPointer { rounded in
      column.approximations.withUnsafeBufferPointer { approximations in
        let next = ExactColumn(
          rounded: UnsafeBufferPointer(rebasing: rounded[batch]),
          approximations: UnsafeBufferPointer(rebasing: approximations[batch]), sign: output.sign)
        return withExact(batch, exact + [next], body)
      }
    }
  }

  private mutating func digest(_ i: Int) {
    let index = firstIndex + UInt64(i)
    for j in outputs.indices {
      tally.digest(
        logitBits: j == 0 ? index : ~index & 0xFFFF_FFFF, value: computed[i * outputs.count + j])
    }
  }

  private mutating func compareSpecial(_ i: Int) throws(ReferenceError) {
    tally.specialLogits += 1
    digest(i)
    let limits = try limits(i)
    let isSame = limits.indices.allSatisfy { j in
      let value = computed[i * limits.count + j]
      return value == limits[j] || (value.isNaN && limits[j].isNaN)
    }
    if !isSame { tally.specialDifferences += 1 }
  }

  /// The values of an input of which a number is not ordinary: beside an infinite one they may depend on the other, as
  /// log(e^(−∞) + e^x) does.
  private mutating func limits(_ i: Int) throws(ReferenceError) -> [Float] {
    let kind = plan.subject.kind(lasts[i])
    let isKnown = plan.subject.numberCount == 1 || !first.isInfinite
    if isKnown, let known = limits[kind] { return known }
    let numbers = plan.inputs.numbers(at: firstIndex + UInt64(i))
    let values = try plan.subject.exact(numbers, in: plan.format).map { Float($0.value.double) }
    if isKnown { limits[kind] = values }
    return values
  }

  private func exactValue(
    _ place: UInt64, _ output: Int, in format: FloatFormat? = nil
  ) throws(ReferenceError) -> CertifiedValue {
    try plan.subject.exact(plan.inputs.numbers(at: place), in: format ?? plan.format)[output]
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
      test.isOneBinade(columns[outputs[output].column].approximations[i])
      ? error : try exactValue(place, output).error(of: FloatValue(value)).ulps
    guard ulps > worstULPs else { return }
    worstULPs = ulps
    worst = (place, output, value)
  }

  private func witness(
    _ place: UInt64, _ output: Int, _ value: Float
  ) throws(ReferenceError) -> SweepWitness {
    SweepWitness(
      numbers: plan.inputs.numbers(at: place), computed: value,
      exact: try exactValue(place, output), output: outputs.count > 1 ? output : nil)
  }
}
