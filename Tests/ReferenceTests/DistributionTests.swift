import FloatFormats
import LossFunctions
import Multiprecision
import Reference
import Testing

// Entropies, divergences and soft labels that are given as logits. The expected numbers are mpmath's, by the
// definitions, at 1,200 digits.

/// Two rows, and the values of the functions at them.
private struct Case {
  let x: [Double]
  let y: [Double]
  let temperature: Double
  let values: [LossFunction: [Double]]
}

private let inf = Double.infinity

private let cases = [
  Case(
    x: [1, 2, 3.5], y: [0, 2, 1], temperature: 1,
    values: [
      .entropy: [0x1.5c2bdb6bc2d66p-1],
      .entropyGradient: [0x1.0cb7fe571fc1dp-3, 0x1.7c5788e1d8afdp-3, -0x1.4487c39c7c38dp-2],
      .klDivergence: [0x1.5056881e263bfp-1],
      .klDivergenceGradient: [-0x1.bcabc251569ccp-6, -0x1.fa26adf39c868p-2, 0x1.0af8b50c58f82p-1],
      .crossEntropy: [0x1.7d432488697fcp+0],
      .crossEntropyGradient: [-0x1.bcabc251569ccp-6, -0x1.fa26adf39c868p-2, 0x1.0af8b50c58f82p-1],
      .jsDivergence: [0x1.32e00335c2a2ap-3],
      .jsDivergenceGradient: [-0x1.677f2fa70b098p-7, -0x1.6edbead1e7313p-4, 0x1.9bcbd0c6c8926p-4],
    ]),
  Case(
    x: [1, 2, 3.5], y: [0, 2, 1], temperature: 0.75,
    values: [
      .entropy: [0x1.f6547e40ca007p-2],
      .entropyGradient: [0x1.f33bf665c71ecp-4, 0x1.07173b0f00941p-2, -0x1.83e638a8725bcp-2],
      .klDivergence: [0x1.244a530563044p+0],
      .klDivergenceGradient: [-0x1.d9212f219e273p-6, -0x1.b13344eb95e4bp-1, 0x1.bffc4e64a2d5fp-1],
      .crossEntropy: [0x1.d4f6df1833193p+0],
      .crossEntropyGradient: [-0x1.d9212f219e273p-6, -0x1.b13344eb95e4bp-1, 0x1.bffc4e64a2d5fp-1],
      .jsDivergence: [0x1.eefe403b34fe6p-3],
      .jsDivergenceGradient: [-0x1.723d85be115dep-7, -0x1.f0532aa2c26ccp-4, 0x1.0f4d6dad424c4p-3],
    ]),
  Case(
    x: [0.25, -3, 8], y: [0.25000000000000006, -3, 8], temperature: 1,
    values: [
      .entropy: [0x1.0407abc78b061p-8],
      .entropyGradient: [0x1.b52848b5b6795p-9, 0x1.80fd90c27df76p-13, -0x1.cd3821c1de58cp-9],
      .klDivergence: [0x1.c34518a3ef6f5p-121],
      .klDivergenceGradient: [
        -0x1.c34518a3ef6f5p-66, 0x1.edef585916ca7p-82, 0x1.c3432ab497163p-66,
      ],
      .crossEntropy: [0x1.0407abc78b062p-8],
      .crossEntropyGradient: [
        -0x1.c34518a3ef6f5p-66, 0x1.edef585916ca7p-82, 0x1.c3432ab497163p-66,
      ],
      .jsDivergence: [0x1.c34518a3ef6f5p-123],
      .jsDivergenceGradient: [
        -0x1.c34518a3ef6f5p-68, 0x1.edef585916ca7p-84, 0x1.c3432ab497163p-68,
      ],
    ]),
  Case(
    x: [50, 0, -1], y: [49.5, 0.5, -2], temperature: 1,
    values: [
      .entropy: [0x1.ff02106243e82p-67],
      .entropyGradient: [-0x1.f50a759ebd126p-67, 0x1.6c549ea027671p-67, 0x1.116badfd2b56ap-68],
      .klDivergence: [0x1.e1d17d8024b83p-73],
      .klDivergenceGradient: [
        0x1.6ee72c6c9ccb6p-72, -0x1.90a7891901aebp-72, 0x1.0e02e563271a2p-75,
      ],
      .crossEntropy: [0x1.0ecf50b9a56fbp-65],
      .crossEntropyGradient: [
        0x1.6ee72c6c9ccb6p-72, -0x1.90a7891901aebp-72, 0x1.0e02e563271a2p-75,
      ],
      .jsDivergence: [0x1.91747d0993c83p-75],
      .jsDivergenceGradient: [
        0x1.f734ab03ad39ap-75, -0x1.212fa595ed73dp-74, 0x1.2caa80a0b6b7ep-77,
      ],
    ]),
  Case(
    x: [700, 0, 3], y: [1, 650, -2], temperature: 2,
    values: [
      .entropy: [0x1.f2904c706b928p-495],
      .entropyGradient: [-0x1.f123661d22a8ap-496, 0x1.6c09d41f1534ap-498, 0x1.9620f1155d5b7p-496],
      .klDivergence: [0x1.5e00000000000p+8],
      .klDivergenceGradient: [
        0x1.0000000000000p-1, -0x1.0000000000000p-1, -0x1.9a8cfc4248613p-472,
      ],
      .crossEntropy: [0x1.5e00000000000p+8],
      .crossEntropyGradient: [
        0x1.0000000000000p-1, -0x1.0000000000000p-1, -0x1.9a8cfc4248613p-472,
      ],
      .jsDivergence: [0x1.62e42fefa39efp-1],
      .jsDivergenceGradient: [
        0x1.d4ebc54028fd4p-499, -0x1.6c09d41f1534ap-499, -0x1.a387c4844f229p-501,
      ],
    ]),
  Case(
    x: [1, 0.5, 2], y: [-.infinity, 0.5, 2.5], temperature: 1,
    values: [
      .entropy: [0x1.cfd9e4442c6b1p-1],
      .entropyGradient: [0x1.086ed299cc5fap-3, 0x1.2fff3582d1078p-3, -0x1.1c37040e4eb39p-2],
      .klDivergence: [0x1.1c81e89b42400p-2],
      .klDivergenceGradient: [0x1.d98bea32b9ec2p-3, 0x1.58be48de4c590p-6, -0x1.0251d9a741bbap-2],
      .crossEntropy: [0x1.494dfe4d125bep-1],
      .crossEntropyGradient: [0x1.d98bea32b9ec2p-3, 0x1.58be48de4c590p-6, -0x1.0251d9a741bbap-2],
      .jsDivergence: [0x1.755d7114d5fc2p-4],
      .jsDivergenceGradient: [0x1.2d98b3010d6a0p-4, 0x1.8f4a3ba9095aap-10, -0x1.33d5dbefb18f6p-4],
    ]),
  Case(
    x: [-.infinity, 1, 2], y: [-.infinity, 0.5, 2.5], temperature: 1,
    values: [
      .entropy: [0x1.2a1686a09bdd5p-1],
      .entropyGradient: [0, 0x1.92a946fa34394p-3, -0x1.92a946fa34394p-3],
      .klDivergence: [0x1.12f7b2aee9851p-4],
      .klDivergenceGradient: [0, 0x1.32aa192d35c35p-3, -0x1.32aa192d35c35p-3],
      .crossEntropy: [0x1.bad800aa9cd90p-2],
      .crossEntropyGradient: [0, 0x1.32aa192d35c35p-3, -0x1.32aa192d35c35p-3],
      .jsDivergence: [0x1.2beb3560e47e1p-6],
      .jsDivergenceGradient: [0, 0x1.5544495db6820p-5, -0x1.5544495db6820p-5],
    ]),
  Case(
    x: [3, 3, 3, 3], y: [1, 2, 3, 3], temperature: 1,
    values: [
      .entropy: [0x1.62e42fefa39efp+0],
      .entropyGradient: [0, 0, 0, 0],
      .klDivergence: [0x1.b581da900a183p-3],
      .klDivergenceGradient: [
        0x1.9146954569d8dp-3, 0x1.a60a562ab50e8p-4, -0x1.3225e02d62301p-3, -0x1.3225e02d62301p-3,
      ],
      .crossEntropy: [0x1.62e42fefa39efp+0],
      .crossEntropyGradient: [
        0x1.9146954569d8dp-3, 0x1.a60a562ab50e8p-4, -0x1.3225e02d62301p-3, -0x1.3225e02d62301p-3,
      ],
      .jsDivergence: [0x1.ddf311559ff52p-5],
      .jsDivergenceGradient: [
        0x1.c8d40c87c1108p-5, 0x1.6fa7a66bcb8aep-6, -0x1.4053efded36b0p-5, -0x1.4053efded36b0p-5,
      ],
    ]),
  Case(
    x: [100, 0], y: [0, 100], temperature: 1,
    values: [
      .entropy: [0x1.4f290867ade5fp-138],
      .entropyGradient: [-0x1.4bd7848511900p-138, 0x1.4bd7848511900p-138],
      .klDivergence: [0x1.9000000000000p+6],
      .klDivergenceGradient: [0x1.0000000000000p+0, -0x1.0000000000000p+0],
      .crossEntropy: [0x1.9000000000000p+6],
      .crossEntropyGradient: [0x1.0000000000000p+0, -0x1.0000000000000p+0],
      .jsDivergence: [0x1.62e42fefa39efp-1],
      .jsDivergenceGradient: [0x1.4bd7848511900p-139, -0x1.4bd7848511900p-139],
    ]),
]

private func target(_ logits: [Double]) -> Target { .logits(logits.map { FloatValue($0) }) }

/// The outputs of a function, rounded, by both tiers, which are one.
private func outputs(
  _ function: LossFunction, _ x: [Double], _ y: [Double], temperature: Double = 1,
  in format: FloatFormat = .float64, _ direction: RoundingDirection = .nearestEven
) throws -> [CertifiedValue] {
  let input = LossInput(
    logits: x.map { FloatValue($0) }, target: function.hasTarget ? target(y) : .none)
  let options = LossOptions.with {
    $0.temperature = temperature == 1 ? nil : FloatValue(temperature)
  }
  let values = try Reference().evaluate(
    function, input, options: options, in: format, rounding: direction)
  let exact = try Reference(usesFastTier: false).evaluate(
    function, input, options: options, in: format, rounding: direction)
  #expect(values.map(\.value) == exact.map(\.value), "\(function) \(x) \(y)")
  return values
}

private func doubles(
  _ function: LossFunction, _ x: [Double], _ y: [Double] = [],
  _ direction: RoundingDirection = .nearestEven
) throws -> [Double] {
  try outputs(function, x, y, in: .float64, direction).map(\.value.double)
}

@Suite struct `Entropies and divergences` {
  @Test(arguments: cases.indices) func `are those of the definitions`(_ index: Int) throws {
    let known = cases[index]
    for (function, expected) in known.values {
      let values = try outputs(function, known.x, known.y, temperature: known.temperature)
      #expect(
        values.map(\.value.double) == expected, "\(function) \(known.x) \(known.y)")
    }
  }

  @Test func `of equal logits are a logarithm, and gradients of 0`() throws {
    let entropy = try outputs(.entropy, [7, 7, 7], [])[0]
    #expect(entropy.value.double == 1.0986122886681098)
    #expect(entropy.ground == .unsettled || entropy.ground == .lindemannWeierstrass)
    let gradient = try outputs(.entropyGradient, [7, 7, 7], [])
    #expect(gradient.map(\.value) == [.zero, .zero, .zero])
    #expect(gradient.allSatisfy { $0.ground == .rational })
    #expect(try doubles(.entropy, [5]) == [0])
    #expect(try doubles(.entropy, [5, -inf]) == [0])
  }

  @Test(arguments: [
    LossFunction.klDivergence, .jsDivergence, .klDivergenceGradient, .jsDivergenceGradient,
  ])
  func `of rows that differ by one number are exactly 0`(function: LossFunction) throws {
    // In every direction: −0 would be a sign, and the least number an error.
    for direction in RoundingDirection.allCases {
      for (x, y) in [
        ([1, 2, 3], [1, 2, 3]), ([1, 2, 3.5], [-4, -3, -1.5]), ([1, -inf], [8, -inf]),
        ([1e300, -1e300], [1e300, -1e300]), ([2], [3]), ([0, 1e-300], [0, 1e-300]),
      ] {
        let values = try outputs(function, x, y, in: .float64, direction)
        #expect(values.allSatisfy { $0.value == .zero && $0.ground == .rational }, "\(x) \(y)")
      }
    }
  }

  @Test func `keep the digits of rows that are all but the same`() throws {
    // To second order it is p(1 − p)·δ²/2 of one logit that is δ off.
    let divergence = try doubles(.klDivergence, [0, 0x1p-400], [0, 0])[0]
    #expect(divergence == 0x1p-803)
    #expect(try doubles(.jsDivergence, [0, 0x1p-400], [0, 0])[0] == 0x1p-805)
    #expect(try doubles(.klDivergence, [0, 0x1p-1074], [0, 0], .up)[0] == 0x1p-1074)
    #expect(try doubles(.klDivergence, [0, 0x1p-1074], [0, 0])[0] == 0)
    let gradient = try doubles(.klDivergenceGradient, [0, 0x1p-400], [0, 0])
    #expect(gradient == [-0x1p-402, 0x1p-402])
  }

  @Test func `of a class are 0 where the same differences stand in another order`() throws {
    // p₀ = q₀, for the differences to the other logits are 1 and 3 in both rows.
    let values = try outputs(.klDivergenceGradient, [2, 3, 5], [0, 3, 1])
    #expect(values[0].value == .zero && values[0].ground == .rational)
    #expect(values[1].value.double < 0 && values[2].value.double > 0)
    #expect(values[1].value.double == -values[2].value.double)
  }

  @Test func `beside a breakpoint go by the sign of a tail that no precision reaches`() throws {
    let far = -1e300
    // p = (1 − w, w) and q = (1 − v, v), with w below v: the first class has a little more in p.
    let (x, y) = ([0, 2 * far], [0, far])
    #expect(try doubles(.klDivergenceGradient, x, y, .up) == [0x1p-1074, -0.0])
    #expect(try doubles(.klDivergenceGradient, x, y, .down) == [0, -0x1p-1074])
    // Sure of different classes the divergence is the distance, and a little more.
    #expect(try doubles(.klDivergence, [0, -100], [far, 0])[0] == 100)
    #expect(try doubles(.klDivergence, [0, -100], [far, 0], .up)[0] == (100.0).nextUp)
    #expect(try doubles(.crossEntropy, [0, -100], [far, 0], .down)[0] == 100)
    #expect(try doubles(.entropy, [0, far], [], .up)[0] == 0x1p-1074)
    // The divergence of (1 − w, w) and (v, 1 − v) is 2⁷⁰⁰ and a tail, v·(log v − 2⁷⁰⁰) of the greater exponential.
    let (large, small) = (0x1p+700, 0x1p+699)
    #expect(try doubles(.klDivergence, [large, 0], [0, small]) == [large])
    #expect(try doubles(.klDivergence, [large, 0], [0, small], .down) == [large.nextDown])
    #expect(try doubles(.klDivergence, [small, 0], [0, large], .up) == [small.nextUp])
    // Of 1 − 1/2 the two tails are −w and v/2.
    #expect(
      try doubles(.klDivergenceGradient, [0, far, far], [0, 0, 2 * far], .down)[0]
        == (0.5).nextDown)
    #expect(
      try doubles(.klDivergenceGradient, [0, 2 * far, far], [0, 0, far / 2], .up)[0] == (0.5).nextUp
    )
    // Both are sure of the first class, whose derivative of the Jensen–Shannon divergence is −w·log 2/2 for w above v.
    #expect(try doubles(.jsDivergenceGradient, [0, far], [0, 2 * far], .down)[0] == -0x1p-1074)
    #expect(try doubles(.jsDivergenceGradient, [0, 2 * far], [0, far], .up)[0] == 0x1p-1074)
  }

  @Test func `take infinite logits by their limits`() throws {
    // A class that is masked in the target counts nothing, and one that is masked in the row alone everything.
    #expect(
      try doubles(.klDivergence, [0, 1], [-inf, 3])[0]
        == (try doubles(.crossEntropy, [0, 1], [-inf, 3])[0]))
    #expect(try doubles(.klDivergence, [-inf, 1], [0, 3]) == [inf])
    #expect(try doubles(.crossEntropy, [-inf, 1], [0, 3]) == [inf])
    #expect(try doubles(.klDivergence, [-inf, 1], [-inf, 3]) == [0])
    #expect(try doubles(.klDivergence, [inf, 1], [inf, 3]) == [0])
    #expect(try doubles(.klDivergence, [inf, 1], [2, 3]) == [inf])
    #expect(try doubles(.klDivergence, [inf, inf], [2, 3])[0].isNaN)
    #expect(try doubles(.klDivergence, [-inf, -inf], [2, 3])[0].isNaN)
    #expect(try doubles(.klDivergence, [.nan, 1], [2, 3])[0].isNaN)
    #expect(try doubles(.klDivergenceGradient, [inf, 1], [1, inf]) == [1, -1])
    #expect(try doubles(.entropy, [inf, 1]) == [0])
    #expect(try doubles(.entropyGradient, [inf, 1]) == [0, 0])
    #expect(try doubles(.entropy, [-inf, -inf])[0].isNaN)
    // Without a class in common, log 2; the gradient is 0, as nothing small changes that.
    #expect(try doubles(.jsDivergence, [0, -inf], [-inf, 0])[0] == 0x1.62e42fefa39efp-1)
    #expect(try doubles(.jsDivergenceGradient, [0, 1, -inf], [-inf, -inf, 0]) == [0, 0, 0])
    #expect(try doubles(.jsDivergence, [inf, 0], [0, inf])[0] == 0x1.62e42fefa39efp-1)
  }

  @Test func `say that no theorem settles them, and that one settles gradients of the softmax`()
    throws
  {
    for function in [LossFunction.entropy, .klDivergence, .jsDivergence, .jsDivergenceGradient] {
      #expect(try outputs(function, [1, 2, 4], [0, 2, 3])[0].ground == .unsettled, "\(function)")
    }
    for function in [LossFunction.entropyGradient, .klDivergenceGradient, .crossEntropyGradient] {
      #expect(
        try outputs(function, [1, 2, 4], [0, 2, 3])[0].ground == .lindemannWeierstrass,
        "\(function)")
    }
  }

  @Test func `refuse other targets, and other options beside target logits`() throws {
    let x = [FloatValue.one, .zero]
    for (function, target, error) in [
      (LossFunction.klDivergence, Target.index(0), InputError.targetNotLogits),
      (.jsDivergence, soft(0.5, 0.5), .targetNotLogits),
      (.klDivergence, .none, .targetMissing),
      (.entropy, .logits(x), .targetUnexpected),
      (.softmax, .logits(x), .targetUnexpected),
      (
        .klDivergence, .logits([.one]),
        .countMismatch(what: "target logits", count: 1, classCount: 2)
      ),
    ] {
      #expect(throws: error) {
        try function.validate(LossInput(logits: x, target: target), LossOptions())
      }
    }
    #expect(throws: InputError.targetIsLogits) {
      try LossFunction.binaryCrossEntropy.validate(
        LossInput(logits: [.one], target: .logits([.one])), LossOptions())
    }
    #expect(throws: InputError.optionBesideTargetLogits(.labelSmoothing)) {
      try LossFunction.crossEntropy.validate(
        LossInput(logits: x, target: .logits(x)), .with { $0.labelSmoothing = .one })
    }
    #expect(throws: InputError.optionNotApplicable(.labelSmoothing, .entropy)) {
      try LossFunction.entropy.validate(LossInput(logits: x), .with { $0.labelSmoothing = .one })
    }
  }

  @Test func `have a mean over rows`() throws {
    let rows = [([1.0, 2], [0.0, 3]), ([0.5, 0], [2, -1])].map { x, y in
      LossInput(logits: x.map { FloatValue($0) }, target: target(y))
    }
    let batch = try Reference().exact(.klDivergence, batch: rows, reduction: .mean)
    guard case .reduced(let value) = batch else {
      Issue.record("no mean")
      return
    }
    let single = try rows.map {
      try Reference().evaluate(.klDivergence, $0, in: .float64)[0].value.double
    }
    let mean = try value.rounded(to: .float64, .nearestEven)[0].value.double
    #expect(abs(mean - (single[0] + single[1]) / 2) < 1e-16)
  }
}
