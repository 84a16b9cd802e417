public import FloatFormats
internal import LossFunctions
internal import Reference
internal import Verification

/// What rows of one shape say about a claim, as columns.
public struct Judgements: Sendable {
  /// How near to failing each row is, the larger the nearer: what the search climbs. Where no search is to follow, it
  /// may be too large for rows that are not the nearest of those judged with them.
  public internal(set) var badness: [Double]
  /// Why the claim does not hold, by row.
  public internal(set) var failures: [Int: Failure] = [:]
  /// Why nothing could be said, by row: the code or the oracle does not answer for it.
  public internal(set) var abstentions: [Int: String] = [:]
  /// What went wrong, and did not when the rows from one on were asked again.
  public internal(set) var lapses: [Int: [Failure]] = [:]
  /// What was compared with exact values, where the claim is about these.
  var comparison: ComparedRows?

  /// Rows at which the claim holds.
  init(count: Int) {
    badness = [Double](repeating: 0, count: count)
  }

  /// Rows of which nothing can be said, for one reason.
  init(count: Int, abstaining reason: String) {
    self.init(count: count)
    for row in 0..<count { abstentions[row] = reason }
  }

  /// The number of rows.
  public var count: Int { badness.count }

  /// What a row says.
  public subscript(row: Int) -> Judgement {
    Judgement(
      failure: failures[row], badness: badness[row], worst: comparison?.worst(ofRow: row),
      abstention: abstentions[row])
  }

  /// Notes that a row was not answered, or wrongly.
  mutating func fail(_ row: Int, _ failure: Failure) {
    failures[row] = failure
    badness[row] = .infinity
  }

  /// Takes what others say of a row; what was compared stays behind.
  mutating func take(_ others: Judgements, _ position: Int, for row: Int) {
    badness[row] = others.badness[position]
    failures[row] = others.failures[position]
    abstentions[row] = others.abstentions[position]
    lapses[row] = others.lapses[position]
  }
}

/// Computed outputs beside exact ones, with their errors, which are measured once.
struct ComparedRows: Sendable {
  let computed: NumberColumn
  let exact: CertifiedRows
  /// The number of outputs of each row, at hand for each: the exact values are many columns.
  let outputsPerRow: Int
  let errors: ErrorColumn
  /// The rows that have no outputs, or no exact ones.
  let left: Set<Int>
  /// The rows with numbers that are not finite, but for those that have one agreed value.
  let special: Set<Int>
  /// The grades that rows may reach, and what each of them does.
  let ladder: GradeLadder
  var grades: [RowGrade] = []
  /// What knows what each output may be off by and be common.
  var grader: RowGrader?

  /// Whether a row's errors say something of its accuracy.
  @inline(__always) func isOrdinary(_ row: Int) -> Bool {
    (left.isEmpty || !left.contains(row)) && (special.isEmpty || !special.contains(row))
  }

  /// The places of a row's outputs.
  func places(ofRow row: Int) -> Range<Int> { row * outputsPerRow..<(row + 1) * outputsPerRow }

  /// The first of a row's worst outputs; nil where the row was not compared.
  func worst(ofRow row: Int) -> ComparedOutput? {
    guard !left.contains(row) else { return nil }
    let places = places(ofRow: row)
    var worst = places.lowerBound
    for place in places where errors.ulps[place] > errors.ulps[worst] { worst = place }
    return output(worst, ofRow: row)
  }

  /// An output of a row.
  func output(_ place: Int, ofRow row: Int) -> ComparedOutput {
    ComparedOutput(
      index: place - row * outputsPerRow, computed: computed[place],
      exact: exact.values[place], ulps: errors.ulps[place],
      allowedULPs: grader?.allowed(place) ?? .infinity)
  }

  /// A row at an output, as a witness.
  func witness(_ place: Int, _ input: LossInput, _ index: Int) -> Witness {
    Witness(
      index: index, input: input, outputIndex: place % outputsPerRow,
      computed: computed[place], exact: exact.values[place], ulps: errors.ulps[place])
  }
}

/// A computed output beside the exact one.
public struct ComparedOutput: Hashable, Sendable {
  /// Which of a row's outputs.
  public let index: Int
  /// As it was computed.
  public let computed: FloatValue
  /// The exact value, rounded.
  public let exact: FloatValue
  /// The error.
  public let ulps: Double
  /// What it may be and be common.
  public let allowedULPs: Double
}

/// What one row says about a claim.
public struct Judgement: Sendable {
  /// Why the claim does not hold there; nil where it does.
  public var failure: Failure?
  /// How near to failing the row is.
  public var badness = 0.0
  /// The worst output, where it was compared with an exact value.
  public var worst: ComparedOutput?
  /// Why nothing could be said.
  public var abstention: String?
}
