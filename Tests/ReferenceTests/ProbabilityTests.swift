import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import TestSupport
import Testing

// Losses of probabilities and of their logarithms. The expected numbers are mpmath's, at 4,000 bits.

private let probabilities = LossOptions.with { $0.input = .probabilities }
private let logarithms = LossOptions.with { $0.input = .logProbabilities }
private let inf = Double.infinity

@Suite struct `Losses of probabilities` {
  @Test func `are those of the probability that is given`() throws {
    #expect(
      try value(.binaryCrossEntropy, [0x1.fffffep-1], soft(1), options: probabilities).double
        == 0x1.0000008000005p-24)
    #expect(
      try value(.binaryCrossEntropy, [0.3], soft(0.25), options: probabilities).double
        == 0x1.23125ac334b4ep-1)
    #expect(
      try value(.crossEntropy, [0.1, 0.7, 0.2], soft(0.25, 0.5, 0.25), options: probabilities)
        .double == 0x1.28061c07235c1p+0)
    #expect(
      try value(.crossEntropy, [0.1, 0.7, 0.2], .index(1), options: probabilities).double
        == 0x1.6d3c324e13f50p-2)
    let weighted = LossOptions.with {
      $0.input = .probabilities
      $0.positiveWeight = FloatValue(3.0)
      $0.labelSmoothing = FloatValue(0.125)
    }
    #expect(
      try value(.binaryCrossEntropy, [0.3], soft(1), options: weighted).double
        == 0x1.b4489a9b47584p+1)
  }

  @Test func `keep the second term of a probability far below the format's last bit`() throws {
    // −log(1 − p) = p + p²/2 + …, in every direction but up just p.
    for p in [0x1p-1000, 0x1p-70, 0x1p-1074, 0x1.8p-64, 0x1p-65] {
      let loss = try value(.binaryCrossEntropy, [p], soft(0), options: probabilities)
      #expect(loss.double == p)
      for direction in [RoundingDirection.down, .towardZero] {
        #expect(
          try value(.binaryCrossEntropy, [p], soft(0), options: probabilities, direction).double
            == p)
      }
      #expect(
        try value(.binaryCrossEntropy, [p], soft(0), options: probabilities, .up).double
          == p.nextUp)
    }
    let wide = try #require(FloatFormat(named: "e19m100"))
    let least = LossInput(logits: [wide.leastSubnormal], target: soft(0))
    for (direction, steps) in [(RoundingDirection.down, 1), (.up, 2)] {
      let loss = try Reference().evaluate(
        .binaryCrossEntropy, least, options: probabilities, in: wide, rounding: direction)[0]
      #expect(
        loss.value
          == FloatValue(
            isNegative: false, significand: UInt128(steps), exponent: wide.leastSubnormal.exponent))
    }
  }

  @Test func `are the same beside 1/2, where the formula changes, and beside 2⁻⁶⁴`() throws {
    for p in [0.5, (0.5).nextUp, 0.75] {
      let one = try value(.binaryCrossEntropy, [p], soft(1), options: probabilities)
      let zero = try value(.binaryCrossEntropy, [1 - p], soft(0), options: probabilities)
      #expect(one == zero)
    }
    let wide = FloatFormat(named: "e11m90") ?? .float64
    for p in [0x1p-64, (0x1p-64).nextDown, 0x1.fp-66] {
      // p + p²/2 + p³/3: what is left out is beyond 91 bits.
      let loss = try value(.binaryCrossEntropy, [p], soft(0), options: probabilities, in: wide)
      #expect(loss != FloatValue(p) && loss.double == p)
      let rest = loss.adding(FloatValue(-p), scaledByPowerOfTwo: 0).double
      #expect((rest / (p * p / 2) - 1).magnitude < 0x1p-20)
    }
  }

  @Test func `have rational gradients, and ties among them`() throws {
    for direction in RoundingDirection.allCases {
      #expect(
        try value(
          .binaryCrossEntropyGradient, [0.25], soft(1), options: probabilities, direction
        ).double
          == -4)
      #expect(
        try values(
          .crossEntropyGradient, [0.25, 0.5, 0.25], soft(0.5, 0.5, 0), options: probabilities,
          direction
        ).map(\.double) == [-2, -1, 0])
    }
    // 1/(1 − p) of p = 1/3 or so, and (p − y)/(p(1 − p)).
    #expect(
      try value(.binaryCrossEntropyGradient, [0.25], soft(0), options: probabilities).double
        == 4 / 3.0)
    #expect(
      try value(.binaryCrossEntropyGradient, [0.25], soft(0.5), options: probabilities).double
        == -4 / 3.0)
    #expect(
      try value(.binaryCrossEntropyGradient, [0.5], soft(0.5), options: probabilities) == .zero)
    // −y/p = −(1 + 2⁻⁸) lies in the middle of two numbers of bfloat16.
    let tie = LossInput(logits: [FloatValue(0.5)], target: soft(0x1.01p-1))
    for (direction, expected) in [(RoundingDirection.nearestEven, -1), (.down, -0x1.02p+0)] {
      let certified = try Reference().evaluate(
        .crossEntropyGradient, tie, options: probabilities, in: .bfloat16, rounding: direction)[0]
      #expect(certified.ground == .rational && certified.value.double == expected)
    }
  }

  @Test func `have the limits of certain answers`() throws {
    let table: [(p: Double, y: Double, loss: Double, gradient: Double)] = [
      (0, 0, 0, 1), (0, 1, inf, -inf), (1, 1, 0, -1), (1, 0, inf, inf), (0, 0.5, inf, -inf),
      (1, 0.5, inf, inf), (-0.0, 0, 0, 1),
    ]
    for (p, y, loss, gradient) in table {
      #expect(
        try value(.binaryCrossEntropy, [p], soft(y), options: probabilities).double == loss)
      #expect(
        try value(.binaryCrossEntropyGradient, [p], soft(y), options: probabilities).double
          == gradient)
    }
    #expect(try value(.crossEntropy, [0, 1], .index(1), options: probabilities) == .zero)
    #expect(try value(.crossEntropy, [0, 1], .index(0), options: probabilities) == .infinity)
    #expect(
      try values(.crossEntropyGradient, [0, 1], .index(0), options: probabilities).map(\.double)
        == [-inf, 0])
    #expect(
      try value(.crossEntropy, [0, 0.5, 0.5], soft(0, 0.5, 0.5), options: probabilities).double
        == 0x1.62e42fefa39efp-1)
  }

  @Test func `are NaN for what is no probability, wherever it stands`() throws {
    for p in [-0x1p-1074, (1.0).nextUp, .nan, inf, -inf] {
      for function in [LossFunction.binaryCrossEntropy, .binaryCrossEntropyGradient] {
        #expect(try value(function, [p], soft(1), options: probabilities).isNaN)
      }
      for function in [LossFunction.crossEntropy, .crossEntropyGradient] {
        #expect(
          try values(function, [0.5, p], .index(0), options: probabilities).allSatisfy(\.isNaN))
      }
    }
    #expect(try value(.binaryCrossEntropy, [0.5], soft(.nan), options: probabilities).isNaN)
  }

  @Test func `do not divide by the sum of a row`() throws {
    #expect(
      try value(.crossEntropy, [0.5, 0.5, 0.5], .index(0), options: probabilities).double
        == 0x1.62e42fefa39efp-1)
  }

  @Test func `take the options that have a meaning, and refuse the others`() throws {
    let half = LossInput(logits: [FloatValue(0.5), FloatValue(0.5)], target: .index(0))
    for option in [LossOption.temperature, .zLoss, .focalGamma, .focalAlpha] {
      var options = probabilities
      if case .number(let path) = option.value { options[keyPath: path] = .one }
      #expect(throws: ReferenceError.invalidInput(.optionsIncompatible(.input, option))) {
        try Reference().evaluate(.crossEntropy, half, options: options, in: .float64)
      }
    }
    #expect(throws: ReferenceError.invalidInput(.optionNotApplicable(.input, .softmax))) {
      try Reference().evaluate(
        .softmax, LossInput(logits: [.one]), options: probabilities, in: .float64)
    }
    let ignoring = LossOptions.with {
      $0.input = .probabilities
      $0.ignoreIndex = -100
    }
    #expect(try value(.crossEntropy, [.nan, 2], .index(-100), options: ignoring) == .zero)
  }

  @Test func `are reduced as those of logits are`() throws {
    let rows = [
      LossInput(logits: [FloatValue(0.25)], target: soft(1)),
      LossInput(logits: [FloatValue(0.5)], target: soft(0)),
    ]
    guard
      case .reduced(let mean) = try Reference().exact(
        .binaryCrossEntropy, batch: rows, reduction: .mean, options: probabilities)
    else {
      Issue.record("not reduced")
      return
    }
    // (log 4 + log 2)/2.
    let certified = try mean.rounded(to: .float64, .nearestEven)[0]
    #expect(certified.value.double == 0x1.0a2b23f3bab73p+0)
    #expect(certified.ground == .lindemannWeierstrass)
  }
}

@Suite struct `Losses of log-probabilities` {
  @Test func `are rational but for the complement's logarithm`() throws {
    #expect(try value(.crossEntropy, [-1.5, -2], .index(0), options: logarithms).double == 1.5)
    #expect(
      try value(.crossEntropy, [-1.5, -2], soft(0.25, 0.75), options: logarithms).double == 1.875)
    #expect(
      try values(.crossEntropyGradient, [-1.5, -2], soft(0.25, 0.75), options: logarithms)
        .map(\.double) == [-0.25, -0.75])
    #expect(try value(.binaryCrossEntropy, [-3], soft(1), options: logarithms).double == 3)
    #expect(
      try value(.binaryCrossEntropy, [-0.125], soft(0), options: logarithms).double
        == 0x1.1215cf5465348p+1)
    #expect(
      try value(.binaryCrossEntropy, [-40], soft(0), options: logarithms).double
        == 0x1.39792499b1a24p-58)
    #expect(try value(.binaryCrossEntropy, [-40], soft(0.5), options: logarithms).double == 20)
    #expect(
      try value(.binaryCrossEntropyGradient, [-0.125], soft(0), options: logarithms).double
        == 0x1.e0aa9f4b09ea4p+2)
  }

  @Test func `keep the sign of a tail that no precision reaches`() throws {
    let up = try value(.binaryCrossEntropy, [-1e300], soft(0.5), options: logarithms, .up)
    #expect(up.double == (5e299).nextUp)
    #expect(
      try value(.binaryCrossEntropy, [-1e300], soft(0), options: logarithms, .up).double
        == 0x1p-1074)
    #expect(
      try value(.binaryCrossEntropyGradient, [-1e300], soft(0.5), options: logarithms, .up).double
        == -(0.5).nextDown)
  }

  @Test func `have the limits of certain answers, and NaN above 0`() throws {
    #expect(try value(.binaryCrossEntropy, [0], soft(0), options: logarithms) == .infinity)
    #expect(try value(.binaryCrossEntropy, [0], soft(1), options: logarithms) == .zero)
    #expect(try value(.binaryCrossEntropy, [-inf], soft(1), options: logarithms) == .infinity)
    #expect(try value(.binaryCrossEntropy, [-inf], soft(0), options: logarithms) == .zero)
    #expect(
      try value(.binaryCrossEntropyGradient, [-inf], soft(0.5), options: logarithms).double == -0.5)
    #expect(
      try value(.binaryCrossEntropyGradient, [0], soft(0.5), options: logarithms) == .infinity)
    #expect(try value(.crossEntropy, [-inf, 0], .index(0), options: logarithms) == .infinity)
    #expect(try value(.crossEntropy, [-inf, 0], .index(1), options: logarithms) == .zero)
    for function in [LossFunction.crossEntropy, .crossEntropyGradient] {
      #expect(
        try values(function, [-1, 0x1p-1074], .index(0), options: logarithms).allSatisfy(\.isNaN))
    }
  }
}
