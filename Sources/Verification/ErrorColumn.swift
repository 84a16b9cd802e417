internal import FloatFormats
public import LossFunctions
public import Reference

/// The errors of computed outputs, as columns.
///
/// Each is measured once, from the columns of the exact values: |(c − v)/2^e − r| for a computed c, the
/// rounded value v, its residual r and the exponent e of the ulp. The difference of two numbers of one
/// format is exact in a double or a double's rounding away from it, and the residual is good to 2⁻¹⁵: so
/// is the error, and beyond 2³⁸ ulps to 2⁻⁵² of itself.
public struct ErrorColumn: Sendable {
  /// Each error in ulps: infinite where the output is not finite and the exact value is.
  public private(set) var ulps: [Double]
  private var kinds: [Kind]

  /// What is wrong with an output beside its error.
  private struct Kind: OptionSet {
    let rawValue: UInt8
    static let misrounded = Kind(rawValue: 1)
    static let nonFinite = Kind(rawValue: 2)
    static let wrongSign = Kind(rawValue: 4)
  }

  /// The errors of outputs of the exact values' format, as many as there are.
  ///
  /// An implementation that gives too few or too many has said nothing that could be assigned to rows:
  /// each value counts as missed. In rows that are undecided nothing is.
  public init(of computed: NumberColumn, against exact: CertifiedRows) {
    let count = exact.residuals.count
    ulps = [Double](repeating: 0, count: count)
    kinds = [Kind](repeating: [], count: count)
    guard computed.count == count else {
      for place in 0..<count { set(.missing, at: place) }
      return
    }
    if exact.format.isWithinFloat64, computed.format.isWithinFloat64 {
      withStandardArithmetic { measure(computed.doubles, exact) }
    } else {
      for place in 0..<count { set(exact[place].error(of: computed[place]), at: place) }
    }
    for row in exact.undecided.keys {
      for place in exact.places(ofRow: row) { set(.none, at: place) }
    }
  }

  private mutating func measure(_ computed: [Double], _ exact: CertifiedRows) {
    let (values, residuals) = (exact.values.doubles, exact.residuals)
    let ulpExponents = exact.ulpExponents
    for place in computed.indices {
      let (value, residual) = (values[place], residuals[place])
      let output = computed[place]
      guard output.isFinite, residual.isFinite else {
        if residual.isNaN {
          set(exact[place].error(of: FloatValue(output)), at: place)
        } else if output != value, !output.isNaN || !value.isNaN {
          ulps[place] = .infinity
          kinds[place] =
            output.isFinite || !value.isFinite ? .misrounded : [.misrounded, .nonFinite]
        }
        continue
      }
      let units = (output - value).scaled(byPowerOfTwo: -Int(ulpExponents[place]))
      ulps[place] = min((units - residual).magnitude, .greatestFiniteMagnitude)
      guard output != value else { continue }
      kinds[place] = .misrounded
      // The exact value has the sign of the rounded one, or of the residual where that is 0.
      let sign = value == 0 ? residual : value
      if output != 0, sign != 0, (output < 0) != (sign < 0) {
        kinds[place].insert(.wrongSign)
      }
    }
  }

  private mutating func set(_ error: OutputError, at place: Int) {
    ulps[place] = error.ulps
    var kind: Kind = error.isMisrounded ? .misrounded : []
    if error.isNonFinite { kind.insert(.nonFinite) }
    if error.hasWrongSign { kind.insert(.wrongSign) }
    kinds[place] = kind
  }

  /// The number of outputs.
  public var count: Int { ulps.count }

  /// Whether an output is not the correctly rounded value.
  package func isMisrounded(_ place: Int) -> Bool { kinds[place].contains(.misrounded) }

  /// Whether an output is of the opposite sign: it is misrounded, too.
  func hasWrongSign(_ place: Int) -> Bool { kinds[place].contains(.wrongSign) }

  /// The error of one output.
  public subscript(place: Int) -> OutputError {
    let kind = kinds[place]
    return OutputError(
      ulps: ulps[place], isMisrounded: kind.contains(.misrounded),
      isNonFinite: kind.contains(.nonFinite), hasWrongSign: kind.contains(.wrongSign))
  }
}
