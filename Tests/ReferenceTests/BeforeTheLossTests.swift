import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import Testing

/// What stands before a loss: ((c·tanh(s·x/c)) + b)/T.
@Suite struct `Before the loss` {
  private func target(of function: LossFunction) -> Target {
    function.hasTarget ? function.isBinary ? soft(0.25) : .index(1) : .none
  }

  @Test(
    arguments: LossFunction.allCases.filter {
      $0.gradOutputKind == .none && !$0.isOfShards && !$0.isOfDistributions
    })
  func `an exact scale, bias and temperature give what the logits that they make give`(
    function: LossFunction
  ) throws {
    // (4x + b)/8, and gradients times 4/8.
    let logits: [Double] = function.isBinary ? [5] : [5, -2, 0.25]
    let biases: [Double] = function.isBinary ? [-3] : [-3, 1, 0]
    let made = zip(logits, biases).map { (4 * $0 + $1) / 8 }
    let expected = try values(function, made, target(of: function))
    let obtained = try values(
      function, logits, target(of: function),
      options: .before(scale: 4, bias: biases, temperature: 8))
    for (one, other) in zip(obtained, expected) {
      #expect(one.double == (function.isGradient ? 0.5 : 1) * other.double, "\(function)")
    }
  }

  @Test func `the cap comes after the scale and before the bias and the temperature`() throws {
    // 2·tanh(3·x/2) + b, over 0.5: e^(2v) of two classes, the second of which has the logit 0.
    let capped = try value(
      .softplus, [1], options: .before(scale: 3, softcap: 2, bias: [0.5], temperature: 0.5)
    ).double
    let v = (2 * 0.905_148_253_644_866_5 + 0.5) / 0.5
    let softplus = try value(.softplus, [v]).double
    #expect(abs(capped - softplus) < 1e-14)
    let pair = try value(
      .crossEntropy, [1, 0], .index(1),
      options: .before(scale: 3, softcap: 2, bias: [0.5, 0], temperature: 0.5)
    ).double
    #expect(abs(pair - softplus) < 1e-14)
  }

  @Test(arguments: [
    LossFunction.sigmoid, .logSigmoid, .softplus, .binaryCrossEntropy, .logSumExp, .crossEntropy,
  ])
  func `far below the cap it changes next to nothing, and far above it all`(
    function: LossFunction
  ) throws {
    let logits: [Double] = function.isBinary ? [0.125] : [0.125, -0.5]
    let plain = try value(function, logits, target(of: function)).double
    let wide = try value(function, logits, target(of: function), options: .before(softcap: 1e9))
    #expect(abs(wide.double / plain - 1) < 1e-15)
    // From 1e300 on tanh is 1 to the last bit.
    let huge: [Double] = function.isBinary ? [1e300] : [1e300, -1e300]
    let ends: [Double] = function.isBinary ? [3] : [3, -3]
    #expect(
      try value(function, huge, target(of: function), options: .before(softcap: 3))
        == value(function, ends, target(of: function)), "\(function)")
  }

  @Test func `a capped logit has the sides of the cap that directions tell`() throws {
    // 3·tanh(x/3) lies below 3, whatever x; its log-sum-exp alone is it.
    let huge = LossOptions.before(softcap: 3)
    #expect(try value(.logSumExp, [1e300], options: huge, .down).double == 3.0.nextDown)
    #expect(try value(.logSumExp, [1e300], options: huge, .up).double == 3)
    #expect(try value(.logSumExp, [-1e300], options: huge, .down).double == -3)
    #expect(try value(.logSumExp, [.infinity], options: huge, .down).double == 3)
  }

  @Test func `infinite logits become the cap, and masks are none under it`() throws {
    let options = LossOptions.before(softcap: 2)
    let capped = try values(.softmax, [.infinity, -.infinity, 0], options: options)
    #expect(capped == (try values(.softmax, [2, -2, 0])))
    #expect(try value(.crossEntropy, [-.infinity, 0], .index(0), options: options).isFinite)
    let gradient = try values(
      .crossEntropyGradient, [-.infinity, 0, .infinity], .index(1), options: options)
    #expect(gradient[0].isZero && gradient[2].isZero && !gradient[1].isZero)
    #expect(try value(.softmax, [.nan, 0], options: options).isNaN)
  }

  @Test func `equal logits stay ties under a cap, and logits that the cap brings together do not`()
    throws
  {
    let options = LossOptions.before(softcap: 30)
    let ties = try values(.softmax, [1e30, 1e30, 1e30, 1e30], options: options, .up)
    #expect(ties.allSatisfy { $0.double == 0.25 })
    // 600 and 601 are the same under the cap to 2^-58.
    let apart = try values(.softmax, [600, 601], options: options, in: .float64, .up)
    #expect(apart[0].double == 0.5 && apart[1].double == 0.5.nextUp)
    // A bias that makes a tie.
    let tied = try values(.softmax, [1, 3], options: .before(scale: 2, bias: [4, 0]))
    #expect(tied.allSatisfy { $0.double == 0.5 })
    let broken = try values(.softmax, [2, 2], options: .before(bias: [0x1p-60, 0]), .up)
    #expect(broken[0].double == 0.5.nextUp && broken[1].double == 0.5)
  }

  @Test func `gradients are by the logits, times the derivative of the cap`() throws {
    // 1 − tanh²(1) = 0.41997…
    let gradient = try value(
      .binaryCrossEntropyGradient, [2], soft(0), options: .before(softcap: 2)
    ).double
    let sigmoid = try value(.sigmoid, [2 * 0.761_594_155_955_764_9]).double
    #expect(abs(gradient - sigmoid * 0.419_974_341_614_026_1) < 1e-15)
    // Where 1 − tanh² has left float64 behind, e^(−2x/c)·4 is left.
    let far = try value(
      .binaryCrossEntropyGradient, [200], soft(0), options: .before(softcap: 2))
    let expected = 4 * 1.383_896_526_736_737_5e-87 * 0.880_797_077_977_882_4
    #expect(abs(far.double / expected - 1) < 1e-12)
    // Of a logit that is out of reach there is but the sign.
    let least = try value(
      .binaryCrossEntropyGradient, [1e300], soft(1), options: .before(softcap: 2), .down)
    #expect(least == FloatValue(-Double.leastNonzeroMagnitude))
  }

  @Test func `what no theorem settles under a cap is said, and nothing is guessed`() throws {
    let capped = LossOptions.before(softcap: 30)
    let input = LossInput(logits: [FloatValue(1.0)])
    let certified = try Reference().evaluate(.sigmoid, input, options: capped, in: .float64)[0]
    #expect(certified.ground == .unsettled)
    let scaled = try Reference().evaluate(
      .sigmoid, input, options: .before(scale: 3), in: .float64)[0]
    #expect(scaled.ground == .lindemannWeierstrass)
    // Three logits next to the cap, and 1/3 of it all: on which side no 4,096 bits tell.
    #expect(throws: ReferenceError.self) {
      try values(
        .crossEntropyGradient, [1e300, 1e301, 1e302], soft(0.25, 0.25, 0.5),
        options: .with {
          $0.softcap = FloatValue(30.0)
          $0.labelSmoothing = FloatValue(1.0)
        }, .down)
    }
  }

  @Test(
    arguments: LossFunction.allCases.filter {
      $0.gradOutputKind == .none && !$0.isOfShards && !$0.isOfDistributions
    })
  func `is refused where a number is none`(function: LossFunction) {
    let input = LossInput(
      logits: function.isBinary ? [.one] : [.one, .zero], target: target(of: function))
    for options in [
      LossOptions.before(scale: 0), LossOptions.before(softcap: -1),
      LossOptions.before(temperature: .infinity),
      LossOptions.before(bias: [1, 2, 3]),
      LossOptions.before(bias: function.isBinary ? [.nan] : [0, .infinity]),
    ] {
      #expect(throws: ReferenceError.self) {
        try Reference().evaluate(function, input, options: options, in: .float64)
      }
    }
  }
}
