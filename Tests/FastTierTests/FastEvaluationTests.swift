import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

/// What both tiers say of rows, options, formats and directions of every kind.
@Suite struct `Certified rows` {
  private static let formats =
    [FloatFormat.float64, .float32, .float16, .bfloat16, .float8E4M3FN, .float8E5M2]
    + ["e9m30", "e11m50", "e15m112"].compactMap { FloatFormat(named: $0) }

  /// Rows of one shape; whole numbers make ties, midpoints and exact heads.
  private static func rows(
    of function: LossFunction, in format: FloatFormat, count: Int, isSoft: Bool,
    isOfLogits: Bool,
    _ choices: inout ChoiceSource
  ) -> [LossInput] {
    let classCount = function.isBinary ? 1 : [2, 3, 10, 20][Int(choices.choice(below: 4))]
    return (0..<count).map { index in
      let scale = [1, 8, 60, 700, 3e4, 0x1p-12, 0x1p12][index % 7]
      func number(_ scale: Double) -> FloatValue {
        let fraction = 2 * choices.unitInterval() - 1
        let value = index % 5 == 0 ? (fraction * scale).rounded() : fraction * scale
        let rounded = format.rounded(FloatValue(value), .nearestEven)
        return rounded.isFinite ? rounded : .one
      }
      let isConstant = index % 11 == 10
      let first = number(scale)
      let logits = (0..<classCount).map { isConstant || $0 == 0 ? first : number(scale) }
      let label = Int(choices.choice(below: UInt64(function.isBinary ? 2 : classCount)))
      let target: Target =
        if !function.hasTarget { .none } else if function.comparesLogits || isOfLogits {
          .logits(logits.map { index % 3 == 0 ? format.nextUp($0) : number(scale) })
        } else if isSoft {
          .probabilities(logits.map { _ in number(1).magnitude })
        } else if function.isBinary {
          .probabilities([FloatValue(Double(label))])
        } else { .index(label) }
      let numberCount = function.gradOutputCount(classCount: classCount)
      // Equal numbers cancel in a softmax's gradient, and opposite ones in a log-softmax's.
      let upstream = number([1, 64, 0x1p-20][index % 3])
      return LossInput(
        logits: logits, target: target,
        gradOutput: (0..<numberCount).map { place in
          switch index % 4 {
          case 0: upstream
          case 1: place.isMultiple(of: 2) ? upstream : upstream.negated
          default: number(1)
          }
        }.map { function.gradOutputKind == .partials ? $0.magnitude : $0 })
    }
  }

  private static func options(of function: LossFunction, classCount: Int) -> [LossOptions] {
    var all = [LossOptions()]
    func add(_ change: (inout LossOptions) -> Void) {
      var options = LossOptions()
      change(&options)
      if options.present.isSubset(of: function.options) { all.append(options) }
    }
    add { $0.temperature = FloatValue(0.7) }
    add { $0.scale = FloatValue(0.0625) }
    add {
      $0.scale = FloatValue(0.75)
      $0.temperature = FloatValue(1.7)
      $0.logitBias = (0..<classCount).map { FloatValue(Double($0 % 3) - 0.5) }
    }
    add {
      $0.softcap = FloatValue(30)
      $0.scale = FloatValue(3)
      $0.logitBias = (0..<classCount).map { FloatValue(Double($0 % 2)) }
    }
    add { $0.beta = FloatValue(0.7) }
    add {
      $0.beta = FloatValue(2)
      $0.threshold = FloatValue(20)
    }
    add { $0.labelSmoothing = FloatValue(0.1) }
    add { $0.positiveWeight = FloatValue(3) }
    add { $0.classWeights = (0..<classCount).map { FloatValue(Double($0 % 3)) } }
    add { $0.zLoss = FloatValue(1e-4) }
    add { $0.focalGamma = FloatValue(2) }
    add { $0.ignoreIndex = 0 }
    add {
      $0.focalGamma = FloatValue(2.5)
      $0.focalAlpha = FloatValue(0.25)
    }
    add {
      $0.focalAlpha = FloatValue(0.25)
      $0.temperature = FloatValue(3)
    }
    add {
      $0.labelSmoothing = FloatValue(0.25)
      $0.temperature = FloatValue(2)
      $0.zLoss = FloatValue(0.5)
      $0.classWeights = (0..<classCount).map { FloatValue(0.5 + Double($0 % 2)) }
    }
    return all
  }

  @Test(arguments: LossFunction.allCases)
  func `are those of MPFR, with their binades, grounds and distances`(
    function: LossFunction
  ) throws {
    let directions = RoundingDirection.allCases
    var (slowCount, rowCount) = (0, 0)
    for (position, format) in Self.formats.enumerated() {
      var choices = TestSeed.choices("rows \(function) \(format.name)")
      for round in 0..<TestSeed.count(2) {
        let isSoft = round % 3 == 2 && function.isOfLosses
        let inputs = Self.rows(
          of: function, in: format, count: 6, isSoft: isSoft,
          isOfLogits: round % 3 == 1 && function.targetKinds.contains(.logits), &choices)
        let batch = inputs.batches(in: format)[0].rows
        // Every other one, and the others in another format or round; `LOSS_ORACLE_CASES` asks for all.
        let share = TestSeed.count(0) > 0 ? 1 : 2
        for (number, options) in Self.options(of: function, classCount: batch.classCount)
          .enumerated()
        where (number + position + round / 2) % share == 0 {
          guard (try? function.validate(batch, options)) != nil else { continue }
          let isSame = round % 2 == 0
          let output =
            isSame ? format : Self.formats[(position + round + 1) % Self.formats.count]
          let direction = isSame ? .nearestEven : directions[(round + position) % 4]
          let fast = try Reference().evaluate(
            function, batch, options: options, in: output, rounding: direction)
          let exact = try Reference(usesFastTier: false).evaluate(
            function, batch, options: options, in: output, rounding: direction)
          // Powers that are no integers, sharpnesses and soft caps of one logit are MPFR's.
          let isServed =
            options.focalGamma != FloatValue(2.5) && options.beta == nil
            && (options.softcap == nil || !function.isBinary)
          if isServed, format.isWithinFloat64, output.isWithinFloat64 {
            slowCount += fast.slowRowCount
            rowCount += batch.count
          }
          Self.expect(
            fast, exact, batch, "\(function) \(format) to \(output) \(direction) \(options.present)"
          )
        }
      }
    }
    // Most are decided by the bounds; of the gradients with an upstream none of logits beyond 500 are.
    // Rows with a masked class, and two that are all but the same, are left.
    let isPlain = function.gradOutputKind == .none && !function.isOfDistributions
    let limit = isPlain ? rowCount / 3 : rowCount / 2
    #expect(slowCount < limit, "\(slowCount) of \(rowCount)")
  }

  @Test(arguments: LossFunction.allCases.filter { !$0.isBinary })
  func `of infinite and NaN logits are those of MPFR`(function: LossFunction) throws {
    let numbers: [FloatValue] = [
      .infinity, .infinity(isNegative: true), .nan, .one, .zero, FloatValue(-3.25),
      .zero(isNegative: true),
    ]
    for format in Self.formats {
      for classCount in 1...4 {
        var rows = LossRows(
          format, classCount: classCount, targetKind: function.targetKinds[0],
          gradOutputCount: function.gradOutputCount(classCount: classCount))
        for index in 0..<40 {
          var choices = TestSeed.choices("special rows \(index)")
          rows.append(
            LossInput(
              logits: (0..<classCount).map { _ in numbers[Int(choices.choice(below: 7))] },
              target: function.comparesLogits
                ? .logits((0..<classCount).map { _ in numbers[Int(choices.choice(below: 7))] })
                : function.hasTarget
                  ? .index(Int(choices.choice(below: UInt64(classCount)))) : .none,
              gradOutput: (0..<rows.gradOutputCount).map { _ in
                numbers[Int(choices.choice(below: 14)) % 8 % 7]
              }.map { function.gradOutputKind == .partials ? $0.magnitude : $0 }))
        }
        let fast = try Reference().evaluate(function, rows, in: format)
        let exact = try Reference(usesFastTier: false).evaluate(function, rows, in: format)
        if format.isWithinFloat64, function.gradOutputKind == .none, !function.isOfShards,
          !function.isOfDistributions
        {
          #expect(fast.slowRowCount == 0, "\(format)")
        }
        for place in 0..<rows.count * fast.outputsPerRow {
          let (a, b) = (fast[place], exact[place])
          var text: String {
            let row = rows[place / fast.outputsPerRow]
            return "\(function) \(format) \(row.logits.map(\.hexadecimal)) \(row.target)"
          }
          #expect(a.value == b.value && a.ulpExponent == b.ulpExponent, "\(text)")
          #expect(a.ground == b.ground, "\(text)")
          #expect(fast.isFinite(place) == (b.approximation != nil), "\(text)")
          #expect(Self.distance(a, b) <= 0x1p-14, "\(text)")
        }
      }
    }
  }

  /// What underflows, cancels, overflows or is saturated.
  private static let edges: [Family] = [
    .subnormals, .underflowEdge, .overflowEdge, .subnormalResults, .nearTies, .hugeMagnitude,
    .saturationEdge, .fewBits, .largeOffset, .mixed,
  ]

  @Test(arguments: LossFunction.allCases)
  func `of families at the edges are those of MPFR`(function: LossFunction) throws {
    let formats = [FloatFormat.float64, .float32, .bfloat16, .float16]
    for (position, format) in formats.enumerated() {
      for (place, family) in Self.edges.enumerated() {
        for gradOutput in function.mayHaveGradOutput ? [GradOutputKind.none, .row] : [.none] {
          let shape = CaseShape(
            function: function, format: format, gradOutput: gradOutput, classCount: 5)
          guard family.suits(shape) else { continue }
          let direction = RoundingDirection.allCases[(place + position) % 4]
          let seed = TestSeed.current
          for batch in family.rows(shape, seed: seed, indices: 0..<TestSeed.count(2)) {
            let options = Self.options(of: function, classCount: batch.rows.classCount)
            // Each family has some of them, fewer of the narrower formats; `LOSS_ORACLE_CASES` asks for all.
            let share = TestSeed.count(0) > 0 ? 1 : position == 0 ? 2 : 4
            for (number, var options) in options.enumerated() where (number + place) % share == 0 {
              options.gradOutput = gradOutput
              guard (try? function.validate(batch.rows, options)) != nil else { continue }
              let fast = try Reference().evaluate(
                function, batch.rows, options: options, in: format, rounding: direction)
              let exact = try Reference(usesFastTier: false).evaluate(
                function, batch.rows, options: options, in: format, rounding: direction)
              Self.expect(
                fast, exact, batch.rows,
                "\(function) \(family.name) \(format) \(direction) \(options.present)")
            }
          }
        }
      }
    }
  }

  /// That values are the same to the bit, for the same reasons.
  private static func expect(
    _ fast: CertifiedRows, _ exact: CertifiedRows, _ batch: LossRows, _ what: String
  ) {
    // A bound may decide, by what lies beyond a head, what no precision does.
    for row in fast.undecided.keys where exact.undecided[row] == nil {
      Issue.record(
        "\(what) \(batch[row].logits.map(\.hexadecimal)) \(batch[row].target): undecided")
    }
    for place in 0..<batch.count * fast.outputsPerRow
    where exact.undecided[place / fast.outputsPerRow] == nil {
      let (a, b) = (fast[place], exact[place])
      let isSame =
        a.value == b.value && a.value.isNegative == b.value.isNegative
        && a.ulpExponent == b.ulpExponent && (a.ground == b.ground || b.ground == .unsettled)
        && distance(a, b) <= 0x1p-14
      guard !isSame else { continue }
      let row = batch[place / fast.outputsPerRow]
      Issue.record(
        """
        \(what) \(row.logits.map(\.hexadecimal)) \(row.target) \(row.gradOutput.map(\.hexadecimal)), \
        output \(place % fast.outputsPerRow): \(a) for \(b)
        """)
    }
  }

  /// In ulps; each is within 2⁻¹⁵ of the exact value.
  private static func distance(_ a: CertifiedValue, _ b: CertifiedValue) -> Double {
    guard let near = a.approximation, let other = b.approximation else {
      return a.approximation == nil && b.approximation == nil ? 0 : .infinity
    }
    var difference = BigFloat.exactDifference(BigFloat(near), BigFloat(other))
    difference.scale(byPowerOfTwo: -a.ulpExponent, rounding: .nearestEven)
    return difference.double.magnitude
  }

  @Test func `of long rows are those of MPFR`() throws {
    var choices = TestSeed.choices("long rows")
    let logits = (0..<5_000).map { _ in choices.normalValue(of: .float32, scale: 8) }
    let targets: [LossFunction: Target] = [
      .crossEntropy: .index(17), .crossEntropyGradient: .index(17), .shardPartials: .index(17),
    ]
    let others = Target.logits(logits.map { FloatValue(1 - $0.double / 2) })
    for function in LossFunction.allCases where !function.isBinary {
      let numbers = function.gradOutputCount(classCount: logits.count)
      let input = LossInput(
        logits: logits, target: targets[function] ?? (function.comparesLogits ? others : .none),
        gradOutput: (0..<numbers).map {
          FloatValue(Double($0 % 7) - (function.gradOutputKind == .partials ? 0 : 2.75))
        })
      let fast = try Reference().evaluate(function, input, in: .float64)
      let exact = try Reference(usesFastTier: false).evaluate(function, input, in: .float64)
      #expect(fast.map(\.value) == exact.map(\.value), "\(function)")
    }
  }

  @Test func `refuse the row that is none`() {
    var rows = LossRows(.float32, classCount: 2, targetKind: .index)
    rows.append(LossInput(logits: [.one, .zero], target: .index(1)))
    rows.append(LossInput(logits: [.one, .zero], target: .index(2)))
    let wrong = InputError.labelOutOfRange(label: 2, classCount: 2)
    #expect(throws: ReferenceError.invalidInput(wrong)) {
      try Reference().evaluate(.crossEntropy, rows, in: .float32)
    }
    #expect(throws: InputRowError(row: 1, error: wrong)) {
      try LossFunction.crossEntropy.validate(rows, LossOptions())
    }
  }
}
