internal import FloatFormats

/// Writes values that an enclosure decides into their places.
struct CertifiedWriter {
  private(set) var rounding: EnclosureRounding
  private var room: Room
  /// What all values are divided by.
  let divisor: Ball?
  /// What is nearly the same to multiply by, where that decides most.
  private let inverse: Double?
  private var factors: Factors?

  /// Where values go.
  enum Room {
    /// With all that is known of them.
    case columns(Columns)
    /// By themselves, into memory where NaN stands for what is not decided.
    case memory(ValueMemory)
  }

  /// Those of `CertifiedRows`.
  struct Columns {
    var values: UnsafeMutablePointer<Double>
    var residuals: UnsafeMutablePointer<Double>
    var ulpExponents: UnsafeMutablePointer<Int32>
    var rational: UnsafeMutablePointer<Bool>
    /// Room for what the numbers lie in, where that is kept.
    var enclosures: UnsafeMutablePointer<Ball>?

    fileprivate mutating func advance(by count: Int) {
      values += count
      residuals += count
      ulpExponents += count
      rational += count
      enclosures = enclosures.map { $0 + count }
    }
  }

  /// What the values of each row are multiplied by.
  private struct Factors {
    let numbers: UnsafeBufferPointer<Double>
    let outputsPerRow: Int
    /// The place of the writer's first value among those of all rows.
    var start = 0
  }

  init(_ rounding: EnclosureRounding, _ room: Room, in format: FloatFormat, divisor: Ball?) {
    (self.rounding, self.room, self.divisor) = (rounding, room, divisor)
    if case .memory = room { self.rounding.givesResiduals = false }
    inverse = format.precision <= 24 ? divisor.map { 1 / $0.high } : nil
  }

  /// A writer of the values times one number for each row.
  func multiplying(
    by numbers: UnsafeBufferPointer<Double>, outputsPerRow: Int
  ) -> CertifiedWriter {
    var writer = self
    writer.factors = Factors(numbers: numbers, outputsPerRow: outputsPerRow)
    return writer
  }

  /// The writer whose first place is this one's so many further on.
  func advanced(by count: Int) -> CertifiedWriter {
    var writer = self
    switch room {
    case .columns(var columns):
      columns.advance(by: count)
      writer.room = .columns(columns)
    case .memory(let memory): writer.room = .memory(memory.advanced(by: count))
    }
    writer.factors?.start += count
    return writer
  }

  /// Whether no value stands at the place.
  func isUndecided(at place: Int) -> Bool {
    switch room {
    case .columns(let columns): columns.residuals[place].isNaN
    case .memory(let memory): memory.isNaN(at: place)
    }
  }

  /// Whether a value is asked for at the place: always with all that is known of it, and else where there is none.
  @inline(__always)
  func isOpen(at place: Int) -> Bool {
    guard case .memory(let memory) = room else { return true }
    return memory.isNaN(at: place)
  }

  /// Whether values are multiplied before they are rounded, so that one that is rounded is none.
  var multiplies: Bool { factors != nil }

  /// Writes the number's rounded value, where it is decided.
  func put(_ number: MagnitudeEnclosure?, at place: Int) {
    guard var number else { return }
    if let factors {
      let factor = factors.numbers[(factors.start + place) / factors.outputsPerRow]
      guard let product = number.times(factor) else { return }
      number = product
    }
    if let divisor {
      if let inverse, let result = rounding.rounded(number, times: inverse) {
        return put(result, isRational: number.isRational, at: place)
      }
      guard let quotient = number.divided(by: divisor) else { return }
      number = quotient
    }
    if case .columns(let columns) = room, let enclosures = columns.enclosures {
      // Who asks for these asks for no rounded value; of one that is wide MPFR knows more.
      let ball = number.ball
      guard number.exponent == 0, ball.error <= max(ball.high.magnitude * 0x1p-56, 0x1p-900) else {
        return
      }
      enclosures[place] = ball
      columns.residuals[place] = 0
      return
    }
    guard let result = rounding.rounded(number) else { return }
    put(result, isRational: number.isRational, at: place)
  }

  /// Writes a number that is rounded.
  @inline(__always)
  func put(_ number: EnclosureRounding.Result, at place: Int) {
    switch room {
    case .columns(let columns):
      columns.values[place] = number.value
      columns.residuals[place] = number.residual
      columns.ulpExponents[place] = Int32(number.ulpExponent)
    case .memory(let memory): memory.store(number.value, at: place)
    }
  }

  private func put(_ number: EnclosureRounding.Result, isRational: Bool, at place: Int) {
    put(number, at: place)
    if case .columns(let columns) = room { columns.rational[place] = isRational }
  }

  /// Writes a limit: an infinity or NaN.
  func putLimit(_ limit: Double, at place: Int) {
    // What it is times a number, or over one, is left to MPFR; and in memory NaN is what is not decided.
    guard factors == nil, divisor == nil, case .columns(let columns) = room else { return }
    columns.values[place] = limit.isNaN ? .nan : limit > 0 ? rounding.infinity : -rounding.infinity
    columns.residuals[place] = .infinity
  }
}
