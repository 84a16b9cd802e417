internal import LossFunctions
internal import PropertyEngine
internal import Reference
internal import Verification

/// How far the outputs of one run are from what a test expects of them.
struct Deviation: Sendable {
  /// Whether the test passes.
  private(set) var passes = true
  /// Whether a check that claims what it does by default passes.
  private(set) var keepsClaim = true
  /// The greatest error of an output.
  private(set) var greatest = Measures()

  /// No outputs.
  init() {}

  /// Adds the outputs for some rows, as many as there are exact values.
  mutating func add(
    _ outputs: NumberColumn, _ rows: LossRows, _ exact: CertifiedRows, _ audit: Audit
  ) {
    compare(
      outputs.doubles, exact.values.doubles, ulps: ErrorColumn(of: outputs, against: exact).ulps,
      audit)
    guard keepsClaim else { return }
    let answers = RowAnswers(outputs, outputsPerRow: exact.outputsPerRow)
    keepsClaim =
      audit.contract.judgements(
        of: rows, answers, exact, ranking: false
      ).failures.isEmpty
  }

  /// Adds the outputs for a whole batch: a sum or a mean, or the gradients of it.
  mutating func add(_ outputs: NumberColumn, _ exact: ReducedExact, _ audit: Audit) {
    let comparison = BatchComparison(outputs, exact, audit.contract)
    compare(
      outputs.doubles, exact.certified.values.doubles, ulps: comparison.ulps, audit)
    if comparison.failingPlace != nil { keepsClaim = false }
  }

  private mutating func compare(
    _ computed: [Double], _ expected: [Double], ulps: [Double], _ audit: Audit
  ) {
    for (place, (a, e)) in zip(computed, expected).enumerated() where a != e {
      if !audit.closeness.allows(a, e) { passes = false }
      greatest.raise(
        to: Measures(rtol: Self.relative(a, e), atol: Self.absolute(a, e), ulps: ulps[place]))
    }
    for place in ulps.indices { greatest.ulps = max(greatest.ulps, ulps[place]) }
  }

  private static func absolute(_ a: Double, _ e: Double) -> Double {
    if a == e { return 0 }
    let difference = (a - e).magnitude
    return difference.isNaN ? .infinity : difference
  }

  private static func relative(_ a: Double, _ e: Double) -> Double {
    let difference = absolute(a, e)
    return difference == 0 ? 0 : e == 0 ? .infinity : difference / e.magnitude
  }
}

/// An error in each of the ways that a test can be told to allow one: `rtol` alone, `atol` alone, ulps of
/// the exact value.
struct Measures: Hashable, Sendable {
  var rtol = 0.0
  var atol = 0.0
  var ulps = 0.0

  static let unlimited = Measures(rtol: .infinity, atol: .infinity, ulps: .infinity)

  /// The ways.
  static let all: [(name: String, path: any WritableKeyPath<Measures, Double> & Sendable)] = [
    ("rtol", \.rtol), ("atol", \.atol), ("ulps", \.ulps),
  ]

  mutating func raise(to other: Measures) {
    // Member by member: for each of millions of outputs, paths would cost more than all else.
    rtol = max(rtol, other.rtol)
    atol = max(atol, other.atol)
    ulps = max(ulps, other.ulps)
  }

  mutating func lower(to other: Measures) {
    for (_, path) in Self.all {
      self[keyPath: path] = min(self[keyPath: path], other[keyPath: path])
    }
  }

  /// Whether this is an error where `other` is what right implementations need. The models of mistakes
  /// are a rounding away from what they stand for.
  func isBeyond(_ other: Measures) -> Bool {
    ulps > 1 && Self.all.contains { self[keyPath: $0.path] > other[keyPath: $0.path] }
  }
}

/// What came of all runs.
struct DeviationTally: Hashable, Sendable {
  /// The number of runs, and of those that passed.
  private(set) var runCount = 0
  private(set) var passCount = 0
  /// The number of those that kept the claim.
  private(set) var keptCount = 0
  /// The greatest error of each run: the least of them, and the greatest. A tolerance below the least
  /// catches it in every run; one of at least the greatest lets it pass in every run.
  private(set) var least = Measures.unlimited
  private(set) var greatest = Measures()

  mutating func add(_ run: Deviation) {
    runCount += 1
    if run.passes { passCount += 1 }
    if run.keepsClaim { keptCount += 1 }
    least.lower(to: run.greatest)
    greatest.raise(to: run.greatest)
  }

  /// The share of the runs that passed.
  var passShare: Double { Double(passCount) / Double(runCount) }
}
