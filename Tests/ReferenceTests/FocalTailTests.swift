import Cases
import FloatFormats
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@testable import Reference

/// Focal losses whose tail no precision brings up to their head.
@Suite struct `The tail of a focal loss` {
  /// What a split says at a low precision that a value lies between.
  private final class Bounds {
    var enclosure: Enclosure?

    /// Whether an output lies there, as many bits tell.
    func hold(_ function: any ExactFunction, _ index: Int) throws -> Bool {
      var isInside = false
      try withExactArithmetic { () throws(ReferenceError) in
        function.enclose([index], precision: 800) { _, entry in
          guard case .real(let number) = consume entry, let own = enclosure.take() else { return }
          let exact = number.enclosure(precision: 800)
          isInside = own.lower.isLess(than: exact.lower) && exact.upper.isLess(than: own.upper)
        }
      }
      return isInside
    }
  }

  @Test func `of a logit far from 0 encloses what the formula gives in many bits`() throws {
    var random = RandomSource(seed: TestSeed.current, path: ["focal-tail", "binary"])
    let gammas = [0.5, 1, 1.5, 2, 5], temperatures = [1, 0.75, 3]
    var splitCount = 0
    for _ in 0..<400 {
      let y = [0, 1, 0.5, 0.25, 0.75, 0x1p-9, 1 - 0x1p-9, 0.4375][Int(random.next() % 8)]
      let z = (30 + Double(random.next() % 512) / 8) * (random.next() % 2 == 0 ? 1 : -1)
      let options = LossOptions.with {
        $0.focalGamma = FloatValue(gammas[Int(random.next() % 5)])
        $0.temperature = FloatValue(temperatures[Int(random.next() % 3)])
        if random.next() % 2 == 0 { $0.scale = FloatValue(0.75) }
      }
      for isGradient in [false, true] {
        let focal = FocalBinaryCrossEntropy(
          logit: SingleLogit(FloatValue(z), options), target: FloatValue(y), options: options,
          isGradient: isGradient)
        let low = 8 + Int(random.next() % 12)
        let bounds = Bounds()
        try withExactArithmetic { () throws(ReferenceError) in
          guard let weights = BinaryWeights(target: FloatValue(y), LossOptions()),
            var number = focal.saturated(weights, low)
          else { return }
          if isGradient { focal.logit.value.multiplyBySlope(&number, precision: low) }
          bounds.enclosure = number.enclosure(precision: low)
        }
        guard bounds.enclosure != nil else { continue }
        splitCount += 1
        #expect(
          try bounds.hold(focal, 0), "z = \(z), y = \(y), \(options), gradient: \(isGradient)")
      }
    }
    #expect(splitCount > 200)
  }

  @Test func `of a greatest logit that stands alone encloses what the formula gives`() throws {
    var random = RandomSource(seed: TestSeed.current, path: ["focal-tail", "row"])
    var counts = [0, 0, 0]
    for _ in 0..<300 {
      let label = Int(random.next() % 4)
      var logits = (0..<4).map { _ in Double(random.next() % 256) / 8 }
      let greatest = (label + 1) % 4
      logits[greatest] = 70 + Double(random.next() % 64)
      let options = LossOptions.with {
        $0.focalGamma = FloatValue([0.5, 1, 2, 5][Int(random.next() % 4)])
        $0.temperature = FloatValue([1, 0.75, 2][Int(random.next() % 3)])
      }
      let gamma = try #require(options.focalGamma)
      let input = LossInput(logits: logits.map { FloatValue($0) }, target: .index(label))
      let low = 10 + Int(random.next() % 10)
      for (kind, index) in [(0, 0), (1, label), (2, greatest)] {
        let focal = FocalCrossEntropy(
          input, label: label, gamma: gamma, options, isGradient: kind > 0)
        let bounds = Bounds()
        try withExactArithmetic { () throws(ReferenceError) in
          let saturation = FocalSaturation(focal.row, label: label, gamma: gamma, precision: low)
          if let number = kind == 0 ? saturation?.loss : saturation?.derivative(index) {
            bounds.enclosure = number.enclosure(precision: low)
          }
        }
        guard bounds.enclosure != nil else { continue }
        counts[kind] += 1
        #expect(
          try bounds.hold(focal, kind == 0 ? 0 : index), "\(logits), \(label), \(options), \(kind)")
      }
    }
    #expect(counts.allSatisfy { $0 > 150 }, "\(counts)")
  }

  @Test func `tells the side of the head that the value lies on, in all directions`() throws {
    func loss(
      _ z: Double, _ y: Double, _ gamma: Double, alpha: Double? = nil, gradient: Bool = false,
      in format: FloatFormat = .float64, _ direction: RoundingDirection
    ) throws -> Double {
      let options = LossOptions.with {
        $0.focalGamma = FloatValue(gamma)
        $0.focalAlpha = alpha.map { FloatValue($0) }
      }
      return try value(
        gradient ? .binaryCrossEntropyGradient : .binaryCrossEntropy, [z], soft(y),
        options: options, in: format, direction
      ).double
    }
    // Of z = 10⁹ and y = ¼ the loss is (3/4)³·10⁹, less s·(γ·½·10⁹ − 1); of y = ¾ it is ¼³·10⁹ and more.
    for (y, head, isAbove) in [(0.25, 0.421875e9, false), (0.75, 0.015625e9, true)] {
      #expect(try loss(1e9, y, 2, .down) == (isAbove ? head : head.nextDown))
      #expect(try loss(1e9, y, 2, .up) == (isAbove ? head.nextUp : head))
      #expect(try loss(-1e9, 1 - y, 2, .down) == (isAbove ? head : head.nextDown))
      #expect(try loss(1e9, y, 2, .nearestEven) == head)
    }
    // No number tells these from 0 in any range of exponents.
    #expect(try loss(1e300, 0, 2, .down) == Double(1e300).nextDown)
    #expect(try loss(1e300, 0, 2, .up) == 1e300)
    // The derivative of y = ¼ is (3/4)³ and more, that of y = ¾ less: −γd(|z| − 1) − 1 behind s.
    for (y, head, isAbove) in [(0.25, 0.421875, true), (0.75, 0.015625, false)] {
      #expect(try loss(1e9, y, 2, gradient: true, .down) == (isAbove ? head : head.nextDown))
      #expect(try loss(1e9, y, 2, gradient: true, .up) == (isAbove ? head.nextUp : head))
      let mirrored = try loss(-1e9, 1 - y, 2, gradient: true, .up)
      #expect(mirrored == -(isAbove ? head : head.nextDown))
    }
    // ¾·z on a midpoint of bfloat16, of which it lies below.
    let z = 0x1.d4p+30
    #expect(try loss(z, 0, 2, alpha: 0.25, in: .bfloat16, .nearestEven) == 0x1.5ep+30)
    // γ = ½ has a root that is known where q₀ is a power of four.
    #expect(try loss(1e9, 0.75, 0.5, .down) == 0.125e9)
    #expect(try loss(1e9, 0.75, 0.5, .up) == Double(0.125e9).nextUp)
  }

  @Test func `of a row tells the side, in all directions`() throws {
    func values(
      _ row: [Double], _ label: Int, gradient: Bool = false, _ direction: RoundingDirection
    ) throws -> [Double] {
      let options = LossOptions.with {
        $0.focalGamma = FloatValue(2.0)
        $0.focalAlpha = FloatValue(0.25)
      }
      return try Reference().evaluate(
        gradient ? .crossEntropyGradient : .crossEntropy,
        LossInput(logits: row.map { FloatValue($0) }, target: .index(label)), options: options,
        in: .float64, rounding: direction
      ).map(\.value.double)
    }
    // Alone with the label, W = w = 1 and the tail is s·(1 − 2D); with another beside it, s·W, above.
    #expect(try values([1e9, 0], 1, .up) == [0.25e9])
    #expect(try values([1e9, 0], 1, .down) == [Double(0.25e9).nextDown])
    #expect(try values([1e9, 0, 100], 1, .up) == [Double(0.25e9).nextUp])
    #expect(try values([1e9, 0, 100], 1, .down) == [0.25e9])
    #expect(try values([1e300, 0, -1e300], 2, .down) == [0.5e300])
    #expect(try values([1e300, 0, -1e300], 2, .up) == [Double(0.5e300).nextUp])
    let up = try values([1e9, 0], 1, gradient: true, .up)
    let down = try values([1e9, 0], 1, gradient: true, .down)
    let next = Double(0.25).nextUp
    #expect(up == [next, -0.25] && down == [0.25, -next])
    let above = try values([1e9, 0, 100], 1, gradient: true, .up)
    #expect(above[0] == 0.25 && above[1] == -0.25)
  }
}
