import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

/// What stands before every function of logits: ((c·tanh(s·x/c)) + b)/T, of all rows that there are.
@Suite struct `Before every function` {
  private static let functions = LossFunction.allCases.filter { $0 != .mergedCrossEntropy }

  /// A row of three classes, or of one logit, with what goes with it.
  private static func input(
    _ function: LossFunction, _ logits: [Double]? = nil, _ targets: [Double]? = nil,
    gradOutput: [Double]? = nil
  ) -> LossInput {
    let logits = logits ?? (function.isBinary ? [1.25] : [1.25, -2, 0.5])
    let target: Target =
      if function.comparesLogits {
        .logits((targets ?? [-0.5, 1, 0.75]).map { FloatValue($0) })
      } else if function.hasTarget {
        function.isBinary ? soft(0.25) : .index(1)
      } else { .none }
    let count = function.gradOutputCount(classCount: logits.count)
    let numbers = gradOutput ?? [-1.5, 0.75, 2]
    return LossInput(
      logits: logits.map { FloatValue($0) }, target: target,
      gradOutput: numbers.prefix(count).map { FloatValue($0) })
  }

  private static func values(
    _ function: LossFunction, _ input: LossInput, _ options: LossOptions = LossOptions(),
    in format: FloatFormat = .float64, _ direction: RoundingDirection = .nearestEven
  ) throws -> [FloatValue] {
    try Reference().evaluate(function, input, options: options, in: format, rounding: direction)
      .map(\.value)
  }

  @Test
  func `all four options stand before all functions of logits, and before no partial results`() {
    let before: Set<LossOption> = [.scale, .softcap, .logitBias, .temperature]
    for function in LossFunction.allCases {
      let own = function.options.intersection(before)
      #expect(own == (function == .mergedCrossEntropy ? [] : before), "\(function)")
    }
  }

  @Test(arguments: functions)
  func `an exact scale, bias and temperature give what the logits that they make give`(
    function: LossFunction
  ) throws {
    // (4x + b)/8, and derivatives times 4/8.
    let biases: [Double] = function.isBinary ? [-3] : [-3, 1, 0]
    func made(_ logits: [FloatValue]) -> [Double] {
      zip(logits, biases).map { (4 * $0.double + $1) / 8 }
    }
    let given = Self.input(function)
    let other = Self.input(function, made(given.logits), made(given.target.numbers ?? []))
    let obtained = try Self.values(
      function, given, LossOptions.before(scale: 4, bias: biases, temperature: 8))
    let expected = try Self.values(function, other)
    for (one, other) in zip(obtained, expected) {
      #expect(one.double == (function.isDerivative ? 0.5 : 1) * other.double, "\(function)")
    }
  }

  @Test(arguments: functions)
  func `a scale of 1, no bias, a temperature of 1 and a cap out of sight change no bit`(
    function: LossFunction
  ) throws {
    let input = Self.input(function)
    let count = input.logits.count
    for format in [FloatFormat.float16, .bfloat16, .float32, .float64] {
      let plain = try Self.values(function, input, in: format)
      for options in [
        LossOptions.before(scale: 1),
        LossOptions.before(bias: [Double](repeating: 0, count: count)),
        LossOptions.before(temperature: 1),
        LossOptions.before(softcap: 0x1p300),
        LossOptions.before(softcap: 0x1p1000, bias: [0, 0, 0].dropLast(3 - count)),
      ] {
        let values = try Self.values(function, input, options, in: format)
        #expect(values == plain, "\(function) \(options.present) \(format)")
      }
    }
  }

  @Test(arguments: [true, false])
  func `equal logits with biases that differ are settled by no theorem`(usesFastTier: Bool) throws {
    let input = LossInput(logits: [FloatValue](repeating: .one, count: 3), target: .none)
    let cases: [([Double]?, Ground)] = [(nil, .lindemannWeierstrass), ([0, 1, 2], .unsettled)]
    for (biases, ground) in cases {
      let value = try Reference(usesFastTier: usesFastTier).evaluate(
        .entropy, input, options: .before(bias: biases), in: .float64)[0]
      #expect(value.ground == ground)
    }
  }

  @Test func `logits that biases make equal are one group`() throws {
    // 1, −2⁴⁰, 1: by the logits as they were given, −2⁴⁰ would stand between the equal ones. The greatest has 1/2 less
    // about e^(−2⁴¹), as what is of the order of e^(−2⁴⁰) cancels: only the sign of the rest tells.
    let input = Self.input(.softmaxGradient, [0, 0.5, 1], gradOutput: [1, -1, -1])
    let values = try Reference(usesFastTier: false).evaluate(
      .softmaxGradient, input, options: .before(bias: [1, -0x1p40, 0]), in: .float64,
      rounding: .towardZero)
    #expect(values[0].value == FloatValue(0.5.nextDown))
  }

  /// The function that one is the derivative of, of what it is multiplied by.
  private static func primitive(
    _ function: LossFunction, _ input: LossInput, _ options: LossOptions, in format: FloatFormat
  ) throws -> FloatValue {
    guard let whole = LossFunction(rawValue: String(function.rawValue.dropLast("-gradient".count)))
    else { throw InputError.noLogits }
    let row = LossInput(logits: input.logits, target: input.target)
    let values = try Reference().evaluate(whole, row, options: options, in: format).map(\.value)
    guard !input.gradOutput.isEmpty else { return values[0] }
    var sum = BigFloat(0)
    for (value, number) in zip(values, input.gradOutput) {
      sum = .exactSum(sum, .exactProduct(BigFloat(value), BigFloat(number)))
    }
    return format.rounded(sum, .nearestEven)
  }

  /// Central differences of steps 2^−30 in 113 bits: what the third derivative adds is below 2^−56 here.
  @Test(arguments: functions.filter(\.isDerivative))
  func `derivatives are by the logits as they were given`(function: LossFunction) throws {
    let wide = try #require(FloatFormat(named: "e15m112"))
    let step = FloatValue(0x1p-30)
    let biases: [Double] = function.isBinary ? [-0.25] : [0.5, 0, -1]
    for options in [
      LossOptions.before(scale: 0.75, bias: biases, temperature: 1.5),
      LossOptions.before(softcap: 2), LossOptions.before(scale: 3, softcap: 5),
      LossOptions.before(scale: 1.25, softcap: 3, bias: biases, temperature: 0.7),
    ] {
      let input = Self.input(function)
      let gradient = try Self.values(function, input, options)
      for index in input.logits.indices {
        var ends: [FloatValue] = []
        for sign in [step, step.negated] {
          var moved = input
          moved.logits[index] = wide.rounded(
            .exactSum(BigFloat(input.logits[index]), BigFloat(sign)), .nearestEven)
          ends.append(try Self.primitive(function, moved, options, in: wide))
        }
        var difference = BigFloat.exactDifference(BigFloat(ends[0]), BigFloat(ends[1]))
        difference.scale(byPowerOfTwo: 29, rounding: .nearestEven)
        let error = abs(difference.double - gradient[index].double)
        #expect(error < 1e-15, "\(function) \(options.present) \(index): \(error)")
      }
    }
  }

  @Test func `capped infinities are numbers whose slope is 0`() throws {
    let inf = Double.infinity
    let options = LossOptions.before(scale: 3, softcap: 2, bias: [0.5, 0, -0.25], temperature: 0.5)
    for function in Self.functions where !function.isBinary {
      let input = Self.input(function, [inf, 0, -inf], [-inf, 0, inf])
      let capped = try Self.values(function, input, options)
      // The same numbers, without a cap.
      let ends = LossOptions.before(bias: [0.5, 0, -0.25], temperature: 0.5)
      let made = Self.input(function, [2, 0, -2], [-2, 0, 2])
      let expected = try Self.values(function, made, ends)
      for index in capped.indices {
        // In the middle the slope is that of the scale.
        let factor: Double = !function.isDerivative ? 1 : index == 1 ? 3 : 0
        let value = factor * expected[index].double
        let error = abs(capped[index].double - value)
        #expect(error <= 1e-15 * abs(value), "\(function) \(index)")
      }
    }
    for function in [LossFunction.sigmoidGradient, .logSigmoidGradient, .softplusGradient] {
      let options = LossOptions.before(softcap: 2)
      for logit in [inf, -inf] {
        let end = try Self.values(function, Self.input(function, [logit]), options)
        let infinite = try Self.values(
          function, Self.input(function, [logit], gradOutput: [inf]), options)
        #expect(end[0].isZero && infinite[0].isNaN, "\(function): 0·∞")
      }
      let far = try Self.values(
        function, Self.input(function, [1e300], gradOutput: [-inf]), options)
      let none = try Self.values(function, Self.input(function, [.nan]), options)
      #expect(far[0] == .infinity(isNegative: true) && none[0].isNaN, "\(function)")
    }
    let row = Self.input(.softmaxGradient, [inf, 0, 1], gradOutput: [inf, 1, 1])
    let products = try Self.values(.softmaxGradient, row, LossOptions.before(softcap: 2))
    #expect(products[0].isNaN && products[1].isInfinite && products[1].isNegative)
  }

  @Test func `masked classes have no part without a cap, and one at it`() throws {
    let inf = Double.infinity
    for function in [LossFunction.entropy, .entropyGradient, .klDivergence, .jsDivergenceGradient] {
      let input = Self.input(function, [1, -inf, 2], [0, -inf, 1])
      let kept = try Self.values(
        function, input, LossOptions.before(scale: 2, bias: [1, 7, 0], temperature: 3))
      let pair = Self.input(function, [1, 2], [0, 1])
      let expected = try Self.values(
        function, pair, LossOptions.before(scale: 2, bias: [1, 0], temperature: 3))
      #expect(kept.first == expected.first && kept.last == expected.last, "\(function)")
      let capped = try Self.values(function, input, LossOptions.before(softcap: 1))
      #expect(capped != kept, "\(function)")
    }
  }

  @Test func `what is 0 under a cap is known to be, whatever no theorem settles`() throws {
    let capped = LossOptions.before(scale: 0.5, softcap: 3, bias: [1, 0, 1], temperature: 2)
    let row = [1.5, -2, 7]
    for function in Self.functions where function.comparesLogits {
      for direction in RoundingDirection.allCases {
        let values = try Self.values(
          function, Self.input(function, row, row), capped, in: .float64, direction)
        #expect(values.allSatisfy { $0.isZero }, "\(function)")
      }
    }
    // The first and the last class change places: the middle one has the same probability in both.
    let swapped = try Self.values(
      .klDivergenceGradient, Self.input(.klDivergenceGradient, row, [7, -2, 1.5]), capped,
      in: .float64, .up)
    #expect(swapped[1].isZero && !swapped[0].isZero && !swapped[2].isZero)
    // Two classes with one ratio, and of x and −x one distance.
    let mirrored = try Self.values(
      .jsDivergence, Self.input(.jsDivergence, [4, -4], [-4, 4]), LossOptions.before(softcap: 3))
    #expect(!mirrored[0].isZero)
    let equal = try Self.values(
      .entropyGradient, Self.input(.entropyGradient, [5, 5, 5]), LossOptions.before(softcap: 3),
      in: .float64, .down)
    #expect(equal.allSatisfy { $0.isZero })
    let products = try Self.values(
      .softmaxGradient, Self.input(.softmaxGradient, [5, 5, -1], gradOutput: [1, 1, 1]),
      LossOptions.before(softcap: 3), in: .float64, .down)
    #expect(products.allSatisfy { $0.isZero })
  }

  @Test func `shards merge to the loss with the same options`() throws {
    let options = LossOptions.before(
      scale: 2, softcap: 5, bias: [0.5, -1, 0, 2], temperature: 0.75)
    let logits: [Double] = [1, -3, 4, 0.25]
    var parts: [[FloatValue]] = []
    for shard in 0..<2 {
      var own = options
      own.logitBias = options.logitBias.map { Array($0[2 * shard..<2 * shard + 2]) }
      let row = LossInput(
        logits: logits[2 * shard..<2 * shard + 2].map { FloatValue($0) },
        target: .index(shard == 0 ? 1 : -1))
      parts.append(try Self.values(.shardPartials, row, own))
    }
    let merged = LossInput(
      logits: parts.map { $0[0] }, gradOutput: parts.map { $0[1] } + parts.map { $0[2] })
    let loss = try Self.values(.mergedCrossEntropy, merged)[0].double
    let whole = LossInput(logits: logits.map { FloatValue($0) }, target: .index(1))
    let expected = try Self.values(.crossEntropy, whole, options)[0].double
    #expect(abs(loss / expected - 1) < 1e-15)
  }

  @Test
  func `grounds say that no theorem ends the search under a cap, and that one does elsewhere`()
    throws
  {
    for function in Self.functions {
      for (options, isSettled) in [
        (LossOptions.before(scale: 3, temperature: 0.7), true),
        (LossOptions.before(softcap: 3), false),
      ] {
        let values = try Reference().evaluate(
          function, Self.input(function), options: options, in: .float64)
        let isUnsettled: Set<LossFunction> = [
          .entropy, .klDivergence, .jsDivergence, .jsDivergenceGradient,
        ]
        for value in values where value.ground != .rational {
          let expected: Ground =
            isSettled && !isUnsettled.contains(function) ? .lindemannWeierstrass : .unsettled
          #expect(value.ground == expected, "\(function) \(options.present)")
        }
      }
    }
  }

  @Test(arguments: functions)
  func `are refused where a number is none`(function: LossFunction) {
    let count = function.isBinary ? 1 : 3
    for options in [
      LossOptions.before(scale: 0), LossOptions.before(softcap: -1),
      LossOptions.before(temperature: .infinity),
      LossOptions.before(bias: [Double](repeating: 1, count: count + 1)),
      LossOptions.before(bias: [Double](repeating: .infinity, count: count)),
    ] {
      #expect(throws: ReferenceError.self) {
        try Self.values(function, Self.input(function), options)
      }
    }
  }

  @Test(arguments: [LossFunction.softplus, .softplusGradient])
  func `a sharpness stands beside none of them`(function: LossFunction) {
    for option in LossOption.allCases where [.scale, .softcap, .temperature].contains(option) {
      var options = LossOptions.before(
        scale: option == .scale ? 2 : nil, softcap: option == .softcap ? 2 : nil,
        temperature: option == .temperature ? 2 : nil)
      options.beta = FloatValue(2.0)
      #expect(throws: ReferenceError.invalidInput(.optionsIncompatible(.beta, option))) {
        try Self.values(function, Self.input(function), options)
      }
    }
  }
}
