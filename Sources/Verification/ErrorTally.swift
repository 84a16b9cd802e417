public import FloatFormats
public import LossFunctions
public import Reference

/// What was observed of one implementation on some cases.
///
/// Tallies add up: in whatever order and groups, to the same bits. The worst of equals is the one whose
/// case comes first in its family.
public struct ErrorTally: Hashable, Sendable {
  /// The number of cases.
  public private(set) var caseCount = 0
  /// The number of cases left out, as the reference could not decide the exact value.
  public private(set) var undecidedCount = 0
  /// The number of outputs.
  public private(set) var outputCount = 0
  /// The number of outputs with a finite error.
  public private(set) var finiteCount = 0
  /// The sum of their errors in ulps.
  public private(set) var ulpSum = ExactSum()
  /// The number of outputs that are not the correctly rounded value.
  public private(set) var misroundedCount = 0
  /// The number of outputs that are infinite or NaN where they should be finite.
  public private(set) var nonFiniteCount = 0
  /// The number of outputs of the opposite sign.
  public private(set) var wrongSignCount = 0
  /// The first of the worst finite errors.
  public private(set) var worst: Witness?
  /// The first output that is infinite or NaN where it should be finite.
  public private(set) var firstNonFinite: Witness?
  /// The largest finite error of outputs that are of no case.
  private var greatestULPs = 0.0
  /// How the errors compare with their bounds.
  public private(set) var bounds = BoundStatistics()

  /// Nothing observed.
  public init() {}

  /// Observes rows.
  ///
  /// - Parameters:
  ///   - places: The place of each row in its family.
  ///   - computed: The outputs.
  ///   - exact: What they should be.
  ///   - errors: How far they are from it.
  ///   - bounds: What analysis allows each output to be off by, absolutely; nil where there is none.
  ///   - isCounted: Whether a row counts.
  public mutating func observe(
    _ rows: LossRows, places: [Int], computed: NumberColumn, exact: CertifiedRows,
    errors: ErrorColumn, bounds errorBounds: [Double]? = nil,
    where isCounted: (Int) -> Bool = { _ in true }
  ) {
    let outputsPerRow = exact.outputsPerRow
    var (worstPlace, firstNonFinitePlace): (Int?, Int?)
    var worstULPs = -1.0
    var nearest: (place: Int, ratio: Double)?
    let (undecided, ulpExponents) = (exact.undecided, exact.ulpExponents)
    // Nearly always all are; it counts for bounds alone.
    let areFinite = errorBounds != nil && rows.areFinite
    for row in 0..<rows.count where isCounted(row) {
      guard undecided.isEmpty || undecided[row] == nil else {
        undecidedCount += 1
        continue
      }
      caseCount += 1
      outputCount += outputsPerRow
      let isBounded = errorBounds != nil && (areFinite || rows.isFinite(row))
      for place in row * outputsPerRow..<(row + 1) * outputsPerRow {
        let ulps = errors.ulps[place]
        if errors.isMisrounded(place) {
          misroundedCount += 1
          if errors.hasWrongSign(place) { wrongSignCount += 1 }
        }
        if isBounded, let errorBounds, exact.isFinite(place) {
          // Absolute errors beyond the doubles' range are scaled in two steps.
          let bound = errorBounds[place].scaled(byPowerOfTwo: -Int(ulpExponents[place]))
          if let ratio = bounds.observe(ulps, bound: bound), ratio > nearest?.ratio ?? -1 {
            nearest = (place, ratio)
          }
        }
        guard ulps.isFinite else {
          nonFiniteCount += 1
          if firstNonFinitePlace == nil { firstNonFinitePlace = place }
          continue
        }
        finiteCount += 1
        ulpSum.add(ulps)
        if ulps > worstULPs { (worstPlace, worstULPs) = (place, ulps) }
      }
    }
    func witness(_ place: Int) -> Witness {
      let row = place / outputsPerRow
      let isWhole = computed.count == errors.count
      return Witness(
        index: places[row], input: rows[row], outputIndex: place % outputsPerRow,
        computed: isWhole ? computed[place] : .nan, exact: exact[place].value,
        ulps: errors.ulps[place])
    }
    if let worstPlace { offerWorst(errors.ulps[worstPlace]) { witness(worstPlace) } }
    if let firstNonFinitePlace { offerNonFinite(witness(firstNonFinitePlace)) }
    if let nearest { bounds.offer(nearest.ratio) { witness(nearest.place) } }
  }

  /// Observes outputs that are of no row, such as those of a layer: there is no case to show.
  public mutating func observe(_ errors: ErrorColumn, against exact: CertifiedRows) {
    for place in errors.ulps.indices where exact.undecided[place / exact.outputsPerRow] == nil {
      let ulps = errors.ulps[place]
      outputCount += 1
      if errors.isMisrounded(place) { misroundedCount += 1 }
      if errors.hasWrongSign(place) { wrongSignCount += 1 }
      if ulps.isFinite {
        finiteCount += 1
        ulpSum.add(ulps)
        greatestULPs = max(greatestULPs, ulps)
      } else {
        nonFiniteCount += 1
      }
    }
  }

  /// Observes one case.
  public mutating func observe(
    index: Int, _ input: LossInput, computed: [FloatValue], exact: [CertifiedValue],
    bounds errorBounds: [Double]? = nil
  ) {
    let numbers = input.numbers + computed + exact.map(\.value)
    let isDouble = numbers.allSatisfy { FloatFormat.float64.contains($0) }
    let format = isDouble ? FloatFormat.float64 : .widest
    var column = NumberColumn(format)
    for value in computed { column.append(value) }
    let rows = CertifiedRows(exact, in: format)
    observe(
      LossRows(input, in: format), places: [index], computed: column, exact: rows,
      errors: ErrorColumn(of: column, against: rows),
      bounds: errorBounds?.count == exact.count ? errorBounds : nil)
  }

  private mutating func offerWorst(_ ulps: Double, _ witness: () -> Witness) {
    guard let worst, worst.ulps >= ulps else { return worst = witness() }
    guard worst.ulps == ulps else { return }
    let other = witness()
    if other.isBefore(worst) { self.worst = other }
  }

  private mutating func offerNonFinite(_ witness: Witness) {
    if firstNonFinite.map({ witness.isBefore($0) }) ?? true { firstNonFinite = witness }
  }

  /// Adds what was observed elsewhere.
  public mutating func merge(_ other: ErrorTally) {
    caseCount += other.caseCount
    undecidedCount += other.undecidedCount
    outputCount += other.outputCount
    finiteCount += other.finiteCount
    ulpSum.add(other.ulpSum)
    misroundedCount += other.misroundedCount
    nonFiniteCount += other.nonFiniteCount
    wrongSignCount += other.wrongSignCount
    greatestULPs = max(greatestULPs, other.greatestULPs)
    if let worst = other.worst { offerWorst(worst.ulps) { worst } }
    if let first = other.firstNonFinite { offerNonFinite(first) }
    bounds.merge(other.bounds)
  }
}

extension ErrorTally {
  /// The largest error in ulps: infinite where an output is not finite.
  public var maximumULPs: Double {
    nonFiniteCount > 0 ? .infinity : max(worst?.ulps ?? 0, greatestULPs)
  }

  /// The mean of the finite errors in ulps; NaN where there is none.
  public var meanULPs: Double { ulpSum.mean(over: finiteCount) }

  /// The share of outputs that are not the correctly rounded value.
  public var misroundedShare: Double { Double(misroundedCount) / Double(outputCount) }

  /// The case to show: one that is not finite before the worst finite one.
  public var witness: Witness? { firstNonFinite ?? worst }
}
