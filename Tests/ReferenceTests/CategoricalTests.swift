import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@Suite struct `Categorical functions` {
  @Test(
    arguments: [FloatFormat.float16, .bfloat16, .float32, .float64], RoundingDirection.allCases)
  func `cross-entropy of ties is log n`(format: FloatFormat, direction: RoundingDirection) throws {
    for count in 2...40 {
      var logarithm = Enclosure(count)
      logarithm.apply(.logarithm, precision: 200)
      let expected = format.rounded(logarithm, direction)
      let row = [Double](repeating: -3.5, count: count)
      #expect(try value(.crossEntropy, row, .index(count - 1), in: format, direction) == expected)
    }
  }

  @Test(arguments: [FloatFormat.float16, .float32, .float64], RoundingDirection.allCases)
  func `softmax and gradient of ties are the rounded fractions`(
    format: FloatFormat, direction: RoundingDirection
  ) throws {
    for count in 1...40 {
      let share = Enclosure.quotient(BigFloat(1), BigFloat(count), precision: 200)
      let rest = Enclosure.quotient(BigFloat(1 - count), BigFloat(count), precision: 200)
      let row = [Double](repeating: 1e4, count: count)
      let softmax = try values(.softmax, row, .none, in: format, direction)
      #expect(Set(softmax) == [format.rounded(share, direction)])
      let gradient = try values(.crossEntropyGradient, row, .index(0), in: format, direction)
      #expect(gradient[0] == format.rounded(rest, direction))
      if count > 1 { #expect(gradient[1] == format.rounded(share, direction)) }
    }
  }

  @Test func `a fraction that is a number of the format is itself in every direction`() throws {
    for direction in RoundingDirection.allCases {
      let row = [Double](repeating: 2, count: 8)
      #expect(try values(.softmax, row, .none, in: .float16, direction)[3].double == 0.125)
      let gradient = try values(
        .crossEntropyGradient, [5, 5], soft(0.25, 0.75), in: .float16, direction)
      #expect(gradient.map(\.double) == [0.25, -0.25])
    }
  }

  @Test func `a near-tie goes by the tiny difference`() throws {
    let row = [0.0, 0x1p-1074]
    #expect(
      try values(.softmax, row, .none, in: .float64, .up).map(\.double) == [0.5, (0.5).nextUp])
    #expect(
      try values(.softmax, row, .none, in: .float64, .down).map(\.double) == [(0.5).nextDown, 0.5])
  }

  @Test func `ties at the top round by what is left below them, however little`() throws {
    let top = Double(Float.greatestFiniteMagnitude)
    let row = [-top, top, top, -top]
    #expect(try values(.softmax, row, .none, in: .float64, .down)[1].double == (0.5).nextDown)
    #expect(try values(.softmax, row, .none, in: .float64, .up)[1].double == 0.5)
    // Six equal targets of a sixth, rounded, and three logits at the top: A/3 − a = a, less a tail.
    let sixth = Double(Float(1) / 6)
    let gradient = try values(
      .crossEntropyGradient, [-top, -top, -top, top, top, top],
      soft(sixth, sixth, sixth, sixth, sixth, sixth), in: .float64, .down)
    #expect(gradient[3].double == sixth.nextDown && gradient[0].double == -sixth)
  }

  @Test func `a confident right answer keeps its digits`() throws {
    // log1p(e^−50) and e^−50/(1 + e^−50) agree to 2^−72.
    let loss = try value(.crossEntropy, [50, 0], .index(0), in: .float32)
    #expect(loss.double == Double(Float(1.928749847963917783e-22)))
    let gradient = try values(.crossEntropyGradient, [50, 0], .index(0), in: .float32)
    #expect(gradient == [loss.negated, loss])
  }

  @Test func `huge logits give the difference, and round by their tail`() throws {
    #expect(try value(.crossEntropy, [1e300, 0], .index(1)).double == 1e300)
    #expect(
      try value(.crossEntropy, [1e300, 0], .index(1), in: .float64, .up).double == (1e300).nextUp)
    #expect(try value(.logSumExp, [1e300, 0], .none, in: .float64, .up).double == (1e300).nextUp)
    #expect(try value(.logSumExp, [-1e300, -1e300], .none, in: .float64, .down).double == -1e300)
    #expect(try value(.crossEntropy, [1e300, 0], .index(0)) == .zero)
    #expect(try value(.crossEntropy, [1e300, 0], .index(0), in: .float64, .up).double == 0x1p-1074)
    #expect(
      try values(.logSoftmax, [1e300, 0], .none, in: .float64, .down).map(\.double)
        == [-0x1p-1074, -((1e300).nextUp)])
  }

  @Test func `the loss of one class is zero, and its log-sum-exp the logit`() throws {
    for direction in RoundingDirection.allCases {
      #expect(try value(.crossEntropy, [7.25], .index(0), in: .float32, direction) == .zero)
      #expect(
        try values(.crossEntropyGradient, [7.25], .index(0), in: .float32, direction) == [.zero])
      #expect(try value(.logSumExp, [7.25], .none, in: .float32, direction).double == 7.25)
      #expect(try values(.softmax, [7.25], .none, in: .float32, direction) == [.one])
      #expect(try values(.logSoftmax, [7.25], .none, in: .float32, direction) == [.zero])
    }
  }

  @Test func `a one-hot target is the class index`() throws {
    var choices = TestSeed.choices("one-hot")
    for _ in 0..<50 {
      let row = (0..<4).map { _ in choices.normalValue(of: .float32, scale: 20).double }
      let label = choices.integer(in: 0...3)
      let oneHot = Target.probabilities((0..<4).map { $0 == label ? .one : .zero })
      for function in [LossFunction.crossEntropy, .crossEntropyGradient] {
        let expected = try values(function, row, .index(label), in: .float32)
        #expect(try values(function, row, oneHot, in: .float32) == expected, "\(row) t=\(label)")
      }
    }
  }

  @Test func `two classes are the binary loss of the difference`() throws {
    var choices = TestSeed.choices("two classes")
    for _ in 0..<200 {
      let z = choices.normalValue(of: .float64, scale: 30).double
      for direction in RoundingDirection.allCases {
        let binary = try value(.binaryCrossEntropy, [z], soft(1), in: .float32, direction)
        #expect(try value(.crossEntropy, [z, 0], .index(0), in: .float32, direction) == binary)
        let gradient = try value(.binaryCrossEntropyGradient, [z], soft(1), in: .float32, direction)
        let row = try values(.crossEntropyGradient, [z, 0], .index(0), in: .float32, direction)
        #expect(row[0] == gradient, "\(z) \(direction)")
      }
    }
  }

  @Test func `directions enclose the value by neighbours`() throws {
    var choices = TestSeed.choices("directions")
    for _ in 0..<100 {
      let format = choices.element(of: [FloatFormat.float16, .bfloat16, .float32, .float8E5M2])
      let row = (0..<5).map { _ in choices.normalValue(of: format, scale: 6).double }
      for function in [LossFunction.crossEntropy, .crossEntropyGradient] {
        let down = try values(function, row, .index(2), in: format, .down)
        let up = try values(function, row, .index(2), in: format, .up)
        let near = try values(function, row, .index(2), in: format)
        let short = try values(function, row, .index(2), in: format, .towardZero)
        for index in down.indices where down[index] != up[index] {
          #expect(format.nextUp(down[index]).isNumericallyEqual(to: up[index]))
          #expect([down[index], up[index]].contains(near[index]))
          #expect(
            short[index]
              == (up[index].isNegative || up[index].isZero && down[index].isNegative
                ? up[index] : down[index]))
        }
      }
    }
  }
}
