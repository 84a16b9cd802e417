internal import FloatFormats
internal import Reference
internal import Verification

/// An input at which an error was observed, bit for bit.
package struct SweepWitness: Codable, Hashable, Sendable {
  /// The logit, or two numbers separated by a space, the value computed and the correctly rounded one, as
  /// hexadecimal floats.
  package let logit: String
  package let computed: String
  package let exact: String
  /// |computed − exact| in ulps of the exact value; nil where the computed value is not finite.
  package let ulps: Double?
  /// Which of several outputs it is; nil where there is one.
  package let output: Int?

  init(numbers: [Float], computed: Float, exact: CertifiedValue, output: Int? = nil) {
    let ulps = exact.error(of: FloatValue(computed)).ulps
    logit = numbers.map { FloatValue($0).hexadecimal }.joined(separator: " ")
    self.computed = FloatValue(computed).hexadecimal
    self.exact = exact.value.hexadecimal
    self.ulps = ulps.isFinite ? ulps : nil
    self.output = output
  }

  /// Whether the logits are numbers of a format, as many as an input has, and the error is one.
  func isCase(of format: FloatFormat, numberCount: Int) -> Bool {
    let logits = logit.split(separator: " ", omittingEmptySubsequences: false)
      .map { FloatValue(hexadecimal: $0) }
    return logits.count == numberCount && logits.allSatisfy { $0.map(format.contains) == true }
      && (ulps ?? 0) >= 0
  }
}

/// What was counted over consecutive logits. Adding up is associative: however the logits are cut
/// into pieces, the whole has the same tally.
package struct SweepTally: Codable, Hashable, Sendable {
  /// The number of finite logits, or of other ordinary numbers.
  package internal(set) var finiteLogits: UInt64 = 0
  /// The number of values that are not the correctly rounded one.
  package internal(set) var misrounded: UInt64 = 0
  /// The number of infinite or NaN values where the exact one is finite.
  package internal(set) var nonFinite: UInt64 = 0
  /// The number of values of the opposite sign, neither being 0.
  package internal(set) var wrongSigns: UInt64 = 0
  /// The number of infinite and NaN logits, or of other numbers that are not ordinary, and of those whose limit or
  /// NaN was missed.
  package internal(set) var specialLogits: UInt64 = 0
  package internal(set) var specialDifferences: UInt64 = 0
  /// The number of finite logits whose exact value the fast tier left to MPFR.
  package internal(set) var decidedByMPFR: UInt64 = 0
  /// A sum, modulo 2⁶⁴, over a mix of each logit with the value computed for it: two runs that
  /// agree computed the same bits everywhere, but for a chance of 2⁻⁶⁴.
  package internal(set) var outputsDigest: UInt64 = 0
  /// The first of the largest finite errors.
  package internal(set) var worst: SweepWitness?
  /// The first infinite or NaN value where the exact one is finite.
  package internal(set) var firstNonFinite: SweepWitness?

  private enum CodingKeys: String, CodingKey {
    case finiteLogits = "finite_logits"
    case misrounded
    case nonFinite = "non_finite"
    case wrongSigns = "wrong_signs"
    case specialLogits = "special_logits"
    case specialDifferences = "special_differences"
    case decidedByMPFR = "decided_by_mpfr"
    case outputsDigest = "outputs_digest"
    case worst
    case firstNonFinite = "first_non_finite"
  }

  /// Nothing counted.
  package init() {}

  /// Adds what was counted over the logits that follow.
  package mutating func add(_ later: SweepTally) {
    finiteLogits += later.finiteLogits
    misrounded += later.misrounded
    nonFinite += later.nonFinite
    wrongSigns += later.wrongSigns
    specialLogits += later.specialLogits
    specialDifferences += later.specialDifferences
    decidedByMPFR += later.decidedByMPFR
    outputsDigest &+= later.outputsDigest
    if let ulps = later.worst?.ulps, ulps > worst?.ulps ?? -1 { worst = later.worst }
    if firstNonFinite == nil { firstNonFinite = later.firstNonFinite }
  }

  /// Adds what was counted over a batch.
  mutating func add(_ batch: BatchComparison) {
    misrounded += batch.misroundedCount
    wrongSigns += batch.wrongSignCount
    nonFinite += batch.nonFiniteCount
    outputsDigest &+= batch.digest
  }

  /// Adds a value to the digest, as `BatchComparison` does; every NaN as one.
  @inline(__always)
  mutating func digest(logitBits: UInt64, value: Float) {
    let bits = value.isNaN ? 0x7FC0_0000 : value.bitPattern
    var mixed = (logitBits << 32 | UInt64(bits)) &* 0x9E37_79B9_7F4A_7C15
    mixed ^= mixed >> 32
    outputsDigest &+= mixed &* 0xD6E8_FEB8_6659_FD93
  }
}

extension BatchComparison {
  /// One value held against an exact one, as kernels hold many.
  init(
    of value: Float, with exact: Float, approximation: Double, worst: Double, index: UInt64,
    _ test: RoundingTest
  ) {
    var tally = SweepTally()
    tally.digest(logitBits: index, value: value)
    self.init(
      misroundedCount: value != exact ? 1 : 0,
      wrongSignCount: value.isFinite && Double(value) * approximation < 0 ? 1 : 0,
      nonFiniteCount: !value.isFinite && exact.isFinite ? 1 : 0,
      digest: tally.outputsDigest,
      hasWorse: value.isFinite && !(test.error(value, approximation) <= worst))
  }
}
