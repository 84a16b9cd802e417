import FloatFormats
import LossFunctions
import Multiprecision
import Testing

@Suite struct `Binary functions` {
  @Test func `give the forum example its value, which the naive formula calls 0`() throws {
    let loss = try value(.binaryCrossEntropy, [-305.8], soft(0))
    #expect(loss.double == 1.558645801350814e-133)
    let gradient = try value(.binaryCrossEntropyGradient, [-305.8], soft(0))
    #expect(gradient.double == 1.558645801350814e-133)
  }

  @Test func `softplus of 1e300 rounded up is the next number, at once`() throws {
    let up = try value(.softplus, [1e300], .none, in: .float64, .up)
    #expect(up.double == (1e300).nextUp)
    for direction in [RoundingDirection.nearestEven, .down, .towardZero] {
      #expect(try value(.softplus, [1e300], .none, in: .float64, direction).double == 1e300)
    }
    let down = try value(.logSigmoid, [-1e300], .none, in: .float64, .down)
    #expect(down.double == -((1e300).nextUp))
  }

  @Test func `a logit that is a midpoint of a narrower format goes by the sign of the tail`() throws
  {
    // 1 + 2^−24 lies between the float32 numbers 1 and 1 + 2^−23, scaled by 2^10.
    let midpoint = 1024 * (1 + 0x1p-24)
    let above = FloatValue(Float(1024).nextUp)
    #expect(try value(.softplus, [midpoint], .none, in: .float32) == above)
    #expect(try value(.logSigmoid, [-midpoint], .none, in: .float32) == above.negated)
    // The binary loss of the wrong label is the same number.
    #expect(try value(.binaryCrossEntropy, [midpoint], soft(0), in: .float32) == above)
  }

  @Test(arguments: RoundingDirection.allCases)
  func `sigmoid saturates by direction and is a half at 0`(direction: RoundingDirection) throws {
    let up = direction == .up
    let down = direction == .down || direction == .towardZero
    #expect(try value(.sigmoid, [0], .none, in: .float64, direction).double == 0.5)
    #expect(
      try value(.sigmoid, [1e300], .none, in: .float64, direction).double
        == (down ? (1.0).nextDown : 1))
    #expect(
      try value(.sigmoid, [-1e300], .none, in: .float64, direction).double == (up ? 0x1p-1074 : 0))
    #expect(
      try value(.sigmoid, [0x1p-1074], .none, in: .float64, direction).double
        == (up ? (0.5).nextUp : 0.5))
    #expect(
      try value(.sigmoid, [-0x1p-1074], .none, in: .float64, direction).double
        == (down ? (0.5).nextDown : 0.5))
  }

  @Test func `the gradient at 0 is exactly a half less the target`() throws {
    for direction in RoundingDirection.allCases {
      for target in [0, 0.25, 0.5, 1] {
        let gradient = try value(
          .binaryCrossEntropyGradient, [0], soft(target), in: .float64, direction)
        #expect(gradient == FloatValue(0.5 - target), "\(target)")
      }
    }
  }

  @Test func `a value that rounds to zero keeps its sign, an exact zero has none`() throws {
    #expect(try value(.logSigmoid, [1e4]) == .zero(isNegative: true))
    #expect(try value(.binaryCrossEntropyGradient, [1e4], soft(1)) == .zero(isNegative: true))
    #expect(try value(.binaryCrossEntropyGradient, [0], soft(0.5)) == .zero)
    #expect(try value(.softplus, [-.infinity]) == .zero)
  }

  @Test func `infinite logits have their limits`() throws {
    #expect(try value(.sigmoid, [.infinity]) == .one)
    #expect(try value(.sigmoid, [-.infinity]) == .zero)
    #expect(try value(.softplus, [.infinity]) == .infinity)
    #expect(try value(.logSigmoid, [.infinity]) == .zero)
    #expect(try value(.logSigmoid, [-.infinity]) == .infinity(isNegative: true))
    #expect(try value(.binaryCrossEntropy, [.infinity], soft(1)) == .zero)
    #expect(try value(.binaryCrossEntropy, [.infinity], soft(0.5)) == .infinity)
    #expect(try value(.binaryCrossEntropy, [-.infinity], soft(0)) == .zero)
    #expect(try value(.binaryCrossEntropy, [-.infinity], soft(1)) == .infinity)
    #expect(try value(.binaryCrossEntropyGradient, [.infinity], soft(0.25)) == FloatValue(0.75))
    #expect(try value(.binaryCrossEntropyGradient, [-.infinity], soft(0.25)) == FloatValue(-0.25))
  }

  @Test func `NaN in a logit or a target gives NaN`() throws {
    for function in [LossFunction.sigmoid, .softplus, .logSigmoid] {
      #expect(try value(function, [.nan]).isNaN)
    }
    for function in [LossFunction.binaryCrossEntropy, .binaryCrossEntropyGradient] {
      #expect(try value(function, [.nan], soft(1)).isNaN)
      #expect(try value(function, [1], soft(.nan)).isNaN)
    }
  }

  @Test func `options change the loss as their formulas say`() throws {
    // pos_weight w, y = 1: w·softplus(−z); compare with the unweighted loss of w = 4, exactly scaled.
    let weighted = LossOptions.with { $0.positiveWeight = FloatValue(4.0) }
    let plain = try value(.binaryCrossEntropy, [1.5], soft(1))
    #expect(
      try value(.binaryCrossEntropy, [1.5], soft(1), options: weighted).double == 4 * plain.double)
    #expect(
      try value(.binaryCrossEntropy, [1.5], soft(0), options: weighted)
        == (try value(.binaryCrossEntropy, [1.5], soft(0))))
    // Smoothing by 1/2: y = 1 becomes 3/4, y = 0 becomes 1/4.
    let smoothed = LossOptions.with { $0.labelSmoothing = FloatValue(0.5) }
    for function in [LossFunction.binaryCrossEntropy, .binaryCrossEntropyGradient] {
      #expect(
        try value(function, [1.5], soft(1), options: smoothed)
          == (try value(function, [1.5], soft(0.75))))
      #expect(
        try value(function, [1.5], soft(0), options: smoothed)
          == (try value(function, [1.5], soft(0.25))))
    }
    // Temperature 2 halves the logit, and the gradient once more.
    let hot = LossOptions.with { $0.temperature = FloatValue(2.0) }
    #expect(
      try value(.binaryCrossEntropy, [3], soft(0), options: hot)
        == (try value(.binaryCrossEntropy, [1.5], soft(0))))
    #expect(
      try value(.binaryCrossEntropyGradient, [3], soft(0), options: hot).double
        == (try value(.binaryCrossEntropyGradient, [1.5], soft(0)).double) / 2)
  }
}
