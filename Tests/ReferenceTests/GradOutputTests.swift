import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import Testing

// Gradients that are multiplied by `grad_output`. The expected numbers are mpmath's, at 4,000 bits.

private let inf = Double.infinity

/// The outputs of a gradient, rounded.
private func gradient(
  _ function: LossFunction, _ logits: [Double], _ g: Double...,
  options: LossOptions = LossOptions(),
  in format: FloatFormat = .float64, rounding direction: RoundingDirection = .nearestEven
) throws -> [FloatValue] {
  let input = LossInput(
    logits: logits.map { FloatValue($0) }, gradOutput: g.map { FloatValue($0) })
  let values = try Reference().evaluate(
    function, input, options: options, in: format, rounding: direction
  ).map(\.value)
  // The two tiers are one.
  let exact = try Reference(usesFastTier: false).evaluate(
    function, input, options: options, in: format, rounding: direction)
  #expect(values == exact.map(\.value))
  return values
}

@Suite struct `Gradients with an upstream` {
  @Test func `of one logit are the derivative times it`() throws {
    #expect(try gradient(.sigmoidGradient, [3], 2) == [FloatValue(0x1.72165282c6f72p-4)])
    #expect(
      try gradient(.sigmoidGradient, [-40.5], -0.75) == [FloatValue(-0x1.1d32593367803p-59)])
    #expect(try gradient(.sigmoidGradient, [1e-3], 1) == [FloatValue(0x1.fffff79c84472p-3)])
    #expect(try gradient(.sigmoidGradient, [700], 1e300) == [FloatValue(0x1.9d8b7883d2ce1p-14)])
    #expect(try gradient(.logSigmoidGradient, [3], 2) == [FloatValue(0x1.848343c905445p-4)])
    #expect(try gradient(.logSigmoidGradient, [40], -3) == [FloatValue(-0x1.d635b6e68a736p-57)])
    #expect(try gradient(.softplusGradient, [3], 2) == [FloatValue(0x1.e7b7cbc36fabcp+0)])
  }

  @Test func `of a row are vector-Jacobian products`() throws {
    let x = [1, 2, 3.5]
    #expect(
      try gradient(.logSumExpGradient, x, -2.5).map(\.double)
        == [-0x1.41ff32bab85c0p-3, -0x1.b5a39d31190d2p-2, -0x1.ea57325c62b13p+0])
    #expect(
      try gradient(.softmaxGradient, x, 1, 0, -2.25).map(\.double)
        == [0x1.56ba920a72166p-3, 0x1.22c2d5d465d88p-2, -0x1.ce201ed99ee3bp-2])
    #expect(
      try gradient(.logSoftmaxGradient, x, 1, 0, -2.25).map(\.double)
        == [0x1.141ff32bab85cp+0, 0x1.b5a39d31190d2p-3, -0x1.4ad466d1cea76p+0])
  }

  @Test func `keep what is left where an upstream cancels, and beside a class that leads`() throws {
    #expect(
      try gradient(.softmaxGradient, [0.3, 0.3000001, 5], 1, (1.0).nextUp, 1).map(\.double)
        == [-0x1.4eaedaf05a068p-66, 0x1.221845741219ap-59, -0x1.1f7ae7be3165ap-59])
    #expect(
      try gradient(.softmaxGradient, [50, 0, -1], 0.5, 0.25, -1).map(\.double)
        == [0x1.75ec3eb8b7819p-73, -0x1.d257d547e083fp-75, -0x1.01564966bf609p-73])
    #expect(
      try gradient(.logSoftmaxGradient, [50, 0, -1], 0.5, 0, 0).map(\.double)
        == [0x1.3ef35870dab78p-73, -0x1.d257d547e083fp-74, -0x1.571db733a9d61p-75])
  }

  @Test func `are rational at equal logits and at 0, ties among them`() throws {
    #expect(try gradient(.sigmoidGradient, [0], 3) == [FloatValue(0.75)])
    #expect(try gradient(.logSigmoidGradient, [-0.0], -3) == [FloatValue(-1.5)])
    // A quarter of 1 + 2⁻⁷ + 2⁻⁸ lies in the middle of two numbers of bfloat16.
    for (direction, expected) in [(RoundingDirection.nearestEven, 0x1.04p-2), (.down, 0x1.02p-2)] {
      #expect(
        try gradient(.sigmoidGradient, [0], 0x1.03p+0, in: .bfloat16, rounding: direction)
          == [FloatValue(expected)])
    }
    #expect(try gradient(.logSumExpGradient, [7, 7, 7], 3) == [.one, .one, .one])
    #expect(
      try gradient(.softmaxGradient, [-2, -2, -2, -2], 4, 0, 0, -4).map(\.double) == [1, 0, 0, -1])
    #expect(try gradient(.logSoftmaxGradient, [1, 1], 3, -1).map(\.double) == [2, -2])
    // Σ g = 0 leaves the upstream as it is.
    #expect(
      try gradient(.logSoftmaxGradient, [1, 2, 3], 0.5, 0.25, -0.75).map(\.double)
        == [0.5, 0.25, -0.75])
  }

  @Test func `of a softmax are 0 where the upstream is the mean over each group of equal logits`()
    throws
  {
    #expect(try gradient(.softmaxGradient, [1, 2, 3], 0.1, 0.1, 0.1) == [.zero, .zero, .zero])
    // The means over both groups are 2, so that the third class has no gradient.
    let values = try gradient(.softmaxGradient, [1, 1, 5], 1, 3, 2)
    #expect(values[2] == .zero && values[0].isNegative && !values[1].isNegative)
    #expect(!values[0].isZero && !values[1].isZero)
    let single = try Reference().evaluate(
      .softmaxGradient, LossInput(logits: [.one], gradOutput: [FloatValue(3.0)]), in: .float32)[0]
    #expect(single.value == .zero && single.ground == .rational)
  }

  @Test func `beside a breakpoint go by the sign of a tail that no precision reaches`() throws {
    let far = -1e300
    // (g₁ − g₂)/4 and next to nothing: for a one-hot upstream −w²/16, for (0, 1, 0) the same the other way.
    for (g, isBelow) in [([1.0, 0, 0], true), ([0, 1, 0], false)] {
      for (direction, isMoved) in [(RoundingDirection.down, isBelow), (.up, !isBelow)] {
        let value = try gradient(
          .softmaxGradient, [0, 0, far], g[0], g[1], g[2], rounding: direction)[0]
        let quarter = isBelow ? 0.25 : -0.25
        let next = direction == .up ? quarter.nextUp : quarter.nextDown
        #expect(value.double == (isMoved ? next : quarter), "\(g) \(direction)")
      }
    }
    // Of the class that leads the gradient is positive for its own upstream, and less than every number.
    #expect(
      try gradient(.softmaxGradient, [0, far], 1, 0, rounding: .up).map(\.double)[0] == 0x1p-1074)
    #expect(
      try gradient(.softmaxGradient, [0, far], 1, 0, rounding: .down).map(\.double)[1] == -0x1p-1074
    )
    #expect(
      try gradient(.logSumExpGradient, [0, far], -1, rounding: .up)[0].double == -(1.0).nextDown)
    #expect(
      try gradient(.softplusGradient, [1e300], 3, rounding: .down)[0].double == (3.0).nextDown)
    #expect(
      try gradient(.sigmoidGradient, [0x1p-1000], 4, rounding: .down)[0].double == (1.0).nextDown)
    #expect(
      try gradient(.logSoftmaxGradient, [0, far], 0, 1, rounding: .up)[0].double == -(1.0).nextDown)
  }

  @Test func `take temperatures, and a sharpness and a threshold of the softplus`() throws {
    let half = LossOptions.with { $0.temperature = FloatValue(2.0) }
    let halved = try gradient(.softmaxGradient, [2, 4, 7], 1, 0, -2.25, options: half)
    #expect(
      halved.map(\.double)
        == [0x1.56ba920a72166p-4, 0x1.22c2d5d465d88p-3, -0x1.ce201ed99ee3bp-3])
    let sharp = LossOptions.with { $0.beta = FloatValue(2.5) }
    #expect(
      try gradient(.softplusGradient, [0.7], 3, options: sharp)[0].double == 0x1.47265e4548c08p+1)
    #expect(try value(.softplus, [0.7], options: sharp).double == 0x1.8736c28b542a9p-1)
    let blunt = LossOptions.with { $0.beta = FloatValue(0.3) }
    #expect(try value(.softplus, [-3], options: blunt).double == 0x1.231e337c428efp+0)
    let cut = LossOptions.with {
      $0.beta = FloatValue(2.0)
      $0.threshold = FloatValue(20.0)
    }
    // At the threshold itself the formula still holds.
    #expect(try value(.softplus, [10], options: cut).double > 10)
    let beyond = (10.0).nextUp
    for direction in RoundingDirection.allCases {
      #expect(try value(.softplus, [beyond], options: cut, direction).double == beyond)
      #expect(
        try gradient(.softplusGradient, [beyond], 3, options: cut, rounding: direction)[0].double
          == 3)
    }
    #expect(try gradient(.softplusGradient, [10], 3, options: cut, rounding: .down)[0].double < 3)
  }

  @Test func `are NaN for NaN, 0·∞ and ∞ − ∞, and an infinity for what else is infinite`() throws {
    let infinite = FloatValue.infinity
    for function in [LossFunction.sigmoidGradient, .logSigmoidGradient, .softplusGradient] {
      #expect(try gradient(function, [.nan], 1)[0].isNaN)
      #expect(try gradient(function, [1], .nan)[0].isNaN)
      #expect(try gradient(function, [1], 0) == [.zero])
      #expect(try gradient(function, [1], inf) == [infinite])
      #expect(try gradient(function, [-1e300], -inf) == [infinite.negated])
    }
    #expect(try gradient(.sigmoidGradient, [inf], 2) == [.zero])
    #expect(try gradient(.sigmoidGradient, [inf], inf)[0].isNaN)
    #expect(try gradient(.softplusGradient, [inf], 2) == [FloatValue(2.0)])
    #expect(try gradient(.logSigmoidGradient, [inf], 2) == [.zero])
    #expect(try gradient(.logSumExpGradient, [0, -inf], inf) == [infinite, .nan])
    #expect(
      try gradient(.softmaxGradient, [0, 1, 2], inf, 0, 0)
        == [infinite, infinite.negated, infinite.negated])
    #expect(
      try gradient(.softmaxGradient, [0, 1, 2], inf, inf, 0) == [.nan, .nan, infinite.negated])
    #expect(
      try gradient(.softmaxGradient, [0, 1, 2], inf, -inf, 0)
        == [infinite, infinite.negated, .nan])
    #expect(try gradient(.softmaxGradient, [0, -inf], 1, inf) == [.nan, .nan])
    #expect(
      try gradient(.logSoftmaxGradient, [0, 1], 0, inf) == [infinite.negated, infinite])
    #expect(try gradient(.softmaxGradient, [0, .nan], 1, 0).allSatisfy(\.isNaN))
    #expect(try gradient(.logSoftmaxGradient, [0, 1], 0, .nan).allSatisfy(\.isNaN))
  }

  @Test func `have limits at infinite logits, and none where several are`() throws {
    #expect(try gradient(.softmaxGradient, [inf, 0, -inf], 1, 2, 3) == [.zero, .zero, .zero])
    #expect(
      try gradient(.logSoftmaxGradient, [inf, 0, -inf], 1, 2, 3).map(\.double) == [-5, 2, 3])
    #expect(try gradient(.logSumExpGradient, [inf, 0], 3).map(\.double) == [3, 0])
    #expect(try gradient(.softmaxGradient, [-inf, -inf], 1, 2).allSatisfy(\.isNaN))
    let several = try gradient(.logSumExpGradient, [inf, inf, 0], 3)
    #expect(several[0].isNaN && several[1].isNaN && several[2] == .zero)
    // A masked class counts in the sum of the upstream, and has it for its gradient.
    #expect(try gradient(.logSoftmaxGradient, [0, -inf], 1, 2).map(\.double) == [-2, 2])
    #expect(try gradient(.softmaxGradient, [0, 0, -inf], 4, 0, 9).map(\.double) == [1, -1, 0])
  }

  @Test func `refuse an upstream that is missing, needless or of another number`() {
    #expect(throws: ReferenceError.invalidInput(.gradOutputMissing)) {
      try Reference().evaluate(.softmaxGradient, LossInput(logits: [.one]), in: .float32)
    }
    #expect(throws: ReferenceError.invalidInput(.gradOutputUnexpected)) {
      try Reference().evaluate(
        .softmax, LossInput(logits: [.one], gradOutput: [.one]), in: .float32)
    }
    let three = LossInput(logits: [.one, .one], gradOutput: [.one, .one, .one])
    #expect(
      throws: ReferenceError.invalidInput(
        .wrongCount(what: "numbers of grad_output", count: 3, expected: 2))
    ) { try Reference().evaluate(.softmaxGradient, three, in: .float32) }
    for beta in [FloatValue.zero, .one.negated, .infinity, .nan] {
      #expect(throws: ReferenceError.self) {
        try value(.softplus, [1], options: .with { $0.beta = beta })
      }
    }
  }
}

@Suite struct `Gradients of losses with an upstream` {
  private static let functions = LossFunction.allCases.filter(\.mayHaveGradOutput)
  private static let numbers: [Double] = [
    1, -1, 0, -0.0, 2, -0.75, 65_536, 1 + 0x1p-20, -0x1.5p-30, 0x1p-140, 0x1.8p+120, inf, -inf,
    .nan,
  ]

  private static func options(of function: LossFunction, _ classCount: Int) -> [LossOptions] {
    var all = [LossOptions()]
    func add(_ change: (inout LossOptions) -> Void) {
      var options = LossOptions()
      change(&options)
      if options.present.isSubset(of: function.options) { all.append(options) }
    }
    add { $0.input = .probabilities }
    add { $0.input = .logProbabilities }
    add { $0.temperature = FloatValue(2.5) }
    add { $0.labelSmoothing = FloatValue(0.125) }
    add { $0.positiveWeight = FloatValue(3) }
    add { $0.zLoss = FloatValue(0.25) }
    add { $0.focalGamma = FloatValue(2) }
    add { $0.softcap = FloatValue(4) }
    add { $0.ignoreIndex = 0 }
    add {
      $0.scale = FloatValue(0.5)
      $0.classWeights = (0..<classCount).map { FloatValue(Double($0 % 3)) }
    }
    return all
  }

  private static func rows(_ function: LossFunction, _ input: InputKind, count: Int) -> LossRows {
    let classCount = function.isBinary ? 1 : 3
    let shapes: [[Double]] = [
      [0.5, 0.25, 0.125], [3, -2, 0.75], [50, -0.5, -7], [2, 2, 2], [0, -40, 700],
    ]
    let isSoft = function.isBinary || input != .logits
    var rows = LossRows(
      .float64, classCount: classCount,
      targetKind: !function.hasTarget
        ? .none : function.comparesLogits ? .logits : isSoft ? .probabilities : .index,
      gradOutputCount: 1)
    for index in 0..<count {
      let logits = shapes[index % shapes.count].prefix(classCount).map { x in
        switch input {
        case .logits: FloatValue(x)
        case .probabilities: FloatValue(min(x.magnitude, 50) / 64)
        case .logProbabilities: FloatValue(-x.magnitude)
        }
      }
      let shares = [1, 0, 0.25, 0.5].map { FloatValue($0) }
      let target: Target =
        switch rows.targetKind {
        case .none: .none
        case .index: .index(index / 2 % classCount)
        case .probabilities: .probabilities((0..<classCount).map { shares[($0 + index) % 4] })
        case .logits: .logits(shapes[(index + index / 5) % shapes.count].map { FloatValue($0) })
        }
      rows.append(
        LossInput(
          logits: logits, target: target,
          gradOutput: [FloatValue(numbers[index % numbers.count])]))
    }
    return rows
  }

  @Test(arguments: functions)
  func `are those of both tiers, and once rounded`(function: LossFunction) throws {
    for options in Self.options(of: function, function.isBinary ? 1 : 3) {
      let rows = Self.rows(function, options.input, count: 70)
      for (format, direction) in [
        (FloatFormat.float32, RoundingDirection.nearestEven), (.bfloat16, .up),
        (.float64, .nearestEven),
        (.float16, .down), (.float64, .towardZero),
      ] {
        let fast = try Reference().evaluate(
          function, rows, options: options, in: format, rounding: direction)
        let exact = try Reference(usesFastTier: false).evaluate(
          function, rows, options: options, in: format, rounding: direction)
        #expect(fast.undecided.keys.sorted() == exact.undecided.keys.sorted())
        for place in 0..<rows.count * fast.outputsPerRow
        where exact.undecided[place / fast.outputsPerRow] == nil {
          let (a, b) = (fast[place], exact[place])
          let row = rows[place / fast.outputsPerRow]
          #expect(
            a.value == b.value && a.ulpExponent == b.ulpExponent,
            "\(function) \(options.present) \(format) \(direction) \(row), output \(place)")
        }
      }
    }
  }

  @Test(arguments: functions)
  func `are for the most part those of the fast tier`(function: LossFunction) throws {
    var rows = Self.rows(function, .logits, count: 0)
    let all = Self.rows(function, .logits, count: 70)
    for row in 0..<70 where all[row].isFinite && all[row].gradOutput[0].magnitude.double < 1e6 {
      rows.append(row, of: all)
    }
    let values = try Reference().evaluate(function, rows, in: .float32)
    #expect(values.slowRowCount < rows.count / 2, "\(values.slowRowCount) of \(rows.count)")
  }

  @Test func `for 1 are the gradients themselves, and for 2 twice these`() throws {
    for function in Self.functions {
      let rows = Self.rows(function, .logits, count: 30)
      for row in 0..<30 {
        var input = rows[row]
        input.gradOutput = []
        let plain = try Reference().evaluate(function, input, in: .float64)
        for (number, factor) in [(1.0, 1.0), (2, 2), (-1, -1)] {
          input.gradOutput = [FloatValue(number)]
          let values = try Reference().evaluate(function, input, in: .float64)
          // Of subnormal numbers the double has another rounding.
          for (value, one) in zip(values, plain) where one.value.double.magnitude > 1e-300 {
            #expect(value.value.double == one.value.double * factor)
          }
        }
      }
    }
  }

  @Test func `are 0 in a row that is ignored, whatever comes after it`() throws {
    var options = LossOptions()
    options.ignoreIndex = 1
    for number in [2.0, inf, .nan] {
      let input = LossInput(
        logits: [.one, .zero], target: .index(1), gradOutput: [FloatValue(number)])
      for reference in [Reference(), Reference(usesFastTier: false)] {
        let values = try reference.evaluate(
          .crossEntropyGradient, input, options: options, in: .float32)
        #expect(values.map(\.value) == [.zero, .zero])
      }
    }
  }

  @Test func `have the infinity of their sign, and no value at 0 times infinity`() throws {
    let row = LossInput(
      logits: [.one, .infinity(isNegative: true)], target: .probabilities([.one, .zero]),
      gradOutput: [.infinity])
    #expect(
      try Reference().evaluate(.crossEntropyGradient, row, in: .float32).allSatisfy(\.value.isNaN))
    let one = LossInput(
      logits: [.zero], target: .probabilities([.one]), gradOutput: [.infinity])
    #expect(
      try Reference().evaluate(.binaryCrossEntropyGradient, one, in: .float32)[0].value
        == .infinity(isNegative: true))
  }

  @Test func `are refused without a number where the options ask for one, and with two`() {
    var options = LossOptions()
    options.gradOutput = .row
    var input = LossInput(logits: [.one, .zero], target: .index(0))
    #expect(throws: ReferenceError.invalidInput(.gradOutputMissing)) {
      try Reference().evaluate(.crossEntropyGradient, input, options: options, in: .float32)
    }
    input.gradOutput = [.one, .one]
    #expect(throws: ReferenceError.self) {
      try Reference().evaluate(.crossEntropyGradient, input, in: .float32)
    }
    #expect(throws: ReferenceError.self) {
      try Reference().evaluate(.crossEntropy, input, options: options, in: .float32)
    }
  }

  @Test func `by the mean of a batch are over what the mean divides by`() throws {
    let rows = Self.rows(.crossEntropyGradient, .logits, count: 6)
    for reference in [Reference(), Reference(usesFastTier: false)] {
      let mean = try reference.evaluate(
        .crossEntropyGradient, batch: rows, reduction: .mean, options: LossOptions(), in: .float32)
      for row in 0..<6 {
        var input = rows[row]
        input.gradOutput = []
        let plain = try Reference().evaluate(.crossEntropyGradient, input, in: .float64)
        let number = rows[row].gradOutput[0].double
        for index in 0..<3 {
          let value = mean[3 * row + index].value.double
          let near = plain[index].value.double * number / 6
          #expect((value - near).magnitude <= 0x1p-22 * near.magnitude + 0x1p-149)
        }
      }
    }
  }
}
