import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import Testing

/// One test for each row of the table of special values in the documentation.
@Suite struct `Special values` {
  private let inf = Double.infinity

  /// Be the target smoothed away or its class of weight 0.
  @Test func `NaN among the probabilities of rows gives NaN, whatever the options`() throws {
    let row = LossInput(logits: [.one, FloatValue(2.0)], target: soft(0, .nan))
    let options: [LossOptions] = [
      .with { $0.labelSmoothing = .one }, .with { $0.classWeights = [.one, .zero] },
    ]
    for function in [LossFunction.crossEntropy, .crossEntropyGradient] {
      for options in options {
        let values = try Reference().evaluate(
          function, LossRows(row, in: .float64), options: options, in: .float64)
        #expect(try values.row(0).allSatisfy(\.value.isNaN), "\(options)")
      }
    }
  }

  @Test func `NaN anywhere gives NaN everywhere`() throws {
    for function in [LossFunction.logSumExp, .softmax, .logSoftmax] {
      #expect(try values(function, [1, .nan, inf]).allSatisfy(\.isNaN))
    }
    for function in [LossFunction.crossEntropy, .crossEntropyGradient] {
      #expect(try values(function, [1, .nan], .index(0)).allSatisfy(\.isNaN))
      #expect(try values(function, [1, 2], soft(0, .nan)).allSatisfy(\.isNaN))
    }
  }

  @Test func `all logits −∞: the sum is −∞, and probabilities have no limit`() throws {
    let row = [-inf, -inf]
    #expect(try value(.logSumExp, row) == .infinity(isNegative: true))
    #expect(try values(.softmax, row).allSatisfy(\.isNaN))
    #expect(try values(.logSoftmax, row).allSatisfy(\.isNaN))
    #expect(try value(.crossEntropy, row, .index(0)).isNaN)
    #expect(try values(.crossEntropyGradient, row, .index(0)).allSatisfy(\.isNaN))
  }

  @Test func `one logit +∞ is certain`() throws {
    let row = [0, inf, -inf]
    #expect(try value(.logSumExp, row) == .infinity)
    #expect(try values(.softmax, row) == [.zero, .one, .zero])
    let negativeInfinity = FloatValue.infinity(isNegative: true)
    #expect(try values(.logSoftmax, row) == [negativeInfinity, .zero, negativeInfinity])
    #expect(try value(.crossEntropy, row, .index(1)) == .zero)
    #expect(try value(.crossEntropy, row, .index(0)) == .infinity)
    #expect(try values(.crossEntropyGradient, row, .index(1)) == [.zero, .zero, .zero])
    #expect(try values(.crossEntropyGradient, row, .index(0)) == [.one.negated, .one, .zero])
  }

  @Test func `several logits +∞ share in no limit, but the finite ones have none of it`() throws {
    let row = [inf, 0, inf]
    #expect(try value(.logSumExp, row) == .infinity)
    let softmax = try values(.softmax, row)
    #expect(softmax[0].isNaN && softmax[1] == .zero && softmax[2].isNaN)
    let logSoftmax = try values(.logSoftmax, row)
    #expect(logSoftmax[0].isNaN && logSoftmax[1] == .infinity(isNegative: true))
    #expect(try value(.crossEntropy, row, .index(0)).isNaN)
    #expect(try value(.crossEntropy, row, .index(1)) == .infinity)
    let gradient = try values(.crossEntropyGradient, row, .index(1))
    #expect(gradient[0].isNaN && gradient[1] == .one.negated && gradient[2].isNaN)
  }

  @Test func `a logit −∞ is a class that is not there`() throws {
    let with = [1.5, -inf, 2.5]
    #expect(try value(.logSumExp, with) == (try value(.logSumExp, [1.5, 2.5])))
    let softmax = try values(.softmax, with)
    #expect([softmax[0], softmax[2]] == (try values(.softmax, [1.5, 2.5])) && softmax[1] == .zero)
    #expect(try value(.crossEntropy, with, .index(1)) == .infinity)
    #expect(
      try value(.crossEntropy, with, .index(0))
        == (try value(.crossEntropy, [1.5, 2.5], .index(0))))
    #expect(try value(.crossEntropy, [1.5, -inf], .index(0)) == .zero)
  }

  @Test func `0·∞ is 0 for a zero target and for a zero weight`() throws {
    let row = [1.5, -inf, 2.5]
    #expect(
      try value(.crossEntropy, row, soft(0.5, 0, 0.5))
        == (try value(.crossEntropy, [1.5, 2.5], soft(0.5, 0.5))))
    #expect(try value(.crossEntropy, row, soft(0.5, 0.25, 0.25)) == .infinity)
    let weights = LossOptions.with { $0.classWeights = [1, 0, 1].map { FloatValue($0) } }
    #expect(try value(.crossEntropy, row, .index(1), options: weights) == .zero)
    #expect(
      try values(.crossEntropyGradient, row, .index(1), options: weights) == [.zero, .zero, .zero])
    let unweighted = LossOptions.with { $0.positiveWeight = .zero }
    #expect(try value(.binaryCrossEntropy, [-inf], soft(1), options: unweighted) == .zero)
  }

  @Test func `zeros of both signs are the same logit`() throws {
    for function in [LossFunction.sigmoid, .softplus, .logSigmoid] {
      #expect(try value(function, [-0.0]) == (try value(function, [0.0])))
    }
    #expect(try values(.softmax, [-0.0, 0.0]).map(\.double) == [0.5, 0.5])
    #expect(
      try value(.crossEntropy, [-0.0, 0.0], .index(1))
        == (try value(.crossEntropy, [0, 0], .index(0))))
  }

  @Test func `an ignored row is zero, whatever its logits`() throws {
    let options = LossOptions.with { $0.ignoreIndex = -100 }
    #expect(try value(.crossEntropy, [.nan, 1], .index(-100), options: options) == .zero)
    #expect(
      try values(.crossEntropyGradient, [inf, inf], .index(-100), options: options) == [
        .zero, .zero,
      ])
  }

  @Test func `overflow of the loss is the format's infinity, or NaN where it has none`() throws {
    #expect(try value(.crossEntropy, [-1e5, 0], .index(0), in: .float16) == .infinity)
    #expect(try value(.crossEntropy, [-1e5, 0], .index(0), in: .float8E4M3FN).isNaN)
    #expect(
      try value(.crossEntropy, [-1e5, 0], .index(0), in: .float8E4M3FN, .towardZero).double == 448)
  }
}
