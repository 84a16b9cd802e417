internal import FloatFormats
internal import LossFunctions
internal import SmallFoundation

// The sum of exponentials: what it is made of, and where its maximum starts.

extension Mistake {
  /// Classes beyond the last one, of the padding of a block.
  static let paddingCounted = Mistake(
    "padding-counted",
    "the sum of exponentials counts classes that pad the row to a block; mask them with −∞"
  ) { evidence in
    typealias Width = @Sendable (Int) -> Int
    let toPower: Width = { 1 << (Int.bitWidth - max($0 - 1, 0).leadingZeroBitCount) }
    var widths: [(text: String, width: Width)] = [("a power of 2", toPower)]
    for block in [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096] {
      widths.append(("a multiple of \(block)", { ($0 + block - 1) / block * block }))
    }
    func form(_ text: String, _ width: @escaping Width, isShifted: Bool) -> Hypothesis {
      let value = isShifted ? "each as the greatest" : "as logits of 0"
      return evidence.summing("to \(text), \(value)") { x, greatest in
        let excess = DoubleModel.excess(x, greatest)
        let count = width(x.count) - x.count
        guard count > 0 else { return excess }
        return DoubleModel.logarithmOfSum(excess, log(Double(count)) - (isShifted ? 0 : greatest))
      }
    }
    return widths.map { form($0.text, $0.width, isShifted: false) }
      + widths.map { form($0.text, $0.width, isShifted: true) }
  }

  /// Classes at the end of the row that are not read.
  static let classesLeftOut = Mistake(
    "classes-left-out", "the classes at the end of a row are not in the sum of exponentials"
  ) { evidence in
    // Outputs that are never written look like rows of which nothing is read.
    guard evidence.rows.contains(where: { $0.computed.contains(where: \.isFinite) }) else {
      return []
    }
    // So many classes are read, from the end where it is negative.
    var ends: [(text: String, count: @Sendable (Int) -> Int)] = [
      ("the last", { $0 - 1 }), ("the first", { -($0 - 1) }),
    ]
    for block in [4, 8, 16, 32, 64, 128, 256, 512, 1024] {
      ends.append(("what is beyond a multiple of \(block)", { $0 - $0 % block }))
    }
    for power in 5...16 {
      ends.append(("what is beyond \(1 << power)", { min($0, 1 << power) }))
    }
    return ends.flatMap { text, end in
      [false, true].compactMap { isZero -> Hypothesis? in
        // Of the classes that are left out, the outputs may be 0.
        guard !isZero || [.softmax, .crossEntropyGradient].contains(evidence.function) else {
          return nil
        }
        let model = evidence.model.taking {
          $0.excess = { x, greatest in
            let count = end(x.count)
            let read = count >= 0 ? x[..<count] : x[(x.count + count)...]
            return log(read.reduce(0) { $0 + DoubleModel.exponential($1 - greatest) })
          }
        }
        return Hypothesis(text) { row in
          let outputs = model.outputs(row.row)
          let count = end(row.row.logits.count)
          guard isZero, count >= 0 else { return outputs }
          guard count > 0 else { return nil }
          return outputs.prefix(count) + [Double](repeating: 0, count: outputs.count - count)
        }
      }
    }
  }

  /// The sum over all shards, added up in each of them.
  static let sumCountedTwice = Mistake(
    "sum-counted-twice", "the sum of exponentials is that of the row, several times over"
  ) { evidence in
    [2, 4, 8, 16].map { count in
      evidence.summing("\(count) times") { DoubleModel.excess($0, $1) + log(Double(count)) }
    }
  }

  /// ε beside the sum.
  static let epsilonInSum = Mistake(
    "epsilon-in-the-sum",
    "an ε is added to the sum of exponentials; with the greatest off it is 1 or more"
  ) { evidence in
    (2...10).map { digits in
      let epsilon = pow(10, -Double(digits))
      return evidence.summing("ε = 1e-\(digits)") {
        DoubleModel.logarithmOfSum(DoubleModel.excess($0, $1), log(epsilon))
      }
    }
  }

  /// A running sum that is not scaled when the maximum rises.
  static let sumNotRescaled = Mistake(
    "sum-not-rescaled",
    "the running sum of exponentials is not scaled when the running maximum rises"
  ) { evidence in
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].map { block in
      evidence.summing("blocks of \(block)") { x, greatest in
        var (sum, running) = (0.0, -Double.infinity)
        for start in stride(from: 0, to: x.count, by: block) {
          let part = x[start..<min(start + block, x.count)]
          running = max(running, part.max() ?? running)
          // Of masked blocks the terms are 0, however they are scaled.
          guard running > -.infinity else { continue }
          for value in part { sum += DoubleModel.exponential(value - running) }
        }
        return log(sum)
      }
    }
  }

  /// A running maximum that starts above the logits.
  static let maximumStart = Mistake(
    "maximum-starts-too-high",
    "the running maximum starts above the logits of a row, so that all exponentials are 0; start at −∞"
  ) { evidence in
    let starts: [(String, Double)] = [
      ("0", 0), ("the least positive number", 0x1p-126), ("−1", -1), ("−100", -100),
      ("−1e3", -1e3), ("−1e4", -1e4), ("−5e4", -5e4), ("−65504", -65504), ("−1e5", -1e5),
      ("−1e6", -1e6), ("−1e9", -1e9), ("−1e20", -1e20), ("−1e30", -1e30), ("−1e37", -1e37),
      ("−1e38", -1e38), ("−3e38", -3e38), ("−3.4e38", -3.4e38), ("−3.4028e38", -3.4028e38),
      ("−3.4028235e38", -0x1.fffffep127),
    ]
    return starts.flatMap { text, start in
      evidence.computingFormats.flatMap { format in
        [false, true].compactMap { isZero -> Hypothesis? in
          guard !isZero || evidence.function.hasOutputPerClass else { return nil }
          let model = evidence.model.taking {
            $0.excess = { x, greatest in
              guard greatest < start else { return DoubleModel.excess(x, greatest) }
              let sum = x.reduce(0) { $0 + format.nearest(DoubleModel.exponential($1 - start)) }
              return sum == 0 ? -.infinity : (start - greatest) + log(sum)
            }
          }
          return Hypothesis("at \(text)") { row in
            let outputs = model.outputs(row.row)
            guard isZero, !outputs.allSatisfy(\.isFinite) else { return outputs }
            // 0 over the guarded sum.
            let y = outputs.indices.map { model.coefficient($0, row.row) }
            return evidence.function == .crossEntropyGradient
              ? y.map { -$0 / model.temperature } : outputs.map { _ in 0 }
          }
        }
      }
    }
  }

  /// A mask that is a logit like any other.
  static let maskCounted = Mistake(
    "mask-counted", "masked classes count, as if their logits were others; set them to −∞"
  ) { evidence in
    let model = evidence.model
    let values: [(String, @Sendable ([Double]) -> Double)] = [
      ("0", { _ in 0 }), ("−1", { _ in -1 }), ("−10", { _ in -10 }), ("−50", { _ in -50 }),
      ("−100", { _ in -100 }), ("−1e3", { _ in -1000 }), ("the greatest logit", { $0.max() ?? 0 }),
    ]
    return values.map { text, value in
      Hypothesis("as \(text)") { row in
        let x = row.row.logits
        guard x.contains(where: { $0 <= -9000 }), !x.allSatisfy({ $0 <= -9000 }) else {
          return model.outputs(row.row)
        }
        let other = value(x)
        return model.outputs(row.row.with(x.map { $0 <= -9000 ? other : $0 }))
      }
    }
  }

  /// ∞ − ∞ and 0 · ∞.
  static let maskMakesNaN = Mistake(
    "nan-from-mask", "a masked class, −∞, makes NaN: of −∞ − −∞, or of 0 · ∞"
  ) { evidence in
    let model = evidence.model
    let isFirst: @Sendable ([Double]) -> Bool = { $0.first == -.infinity }
    let isAny: @Sendable ([Double]) -> Bool = { $0.contains(-.infinity) }
    var forms = [("where there is one", isAny), ("where the row begins with one", isFirst)]
    for block in [8, 16, 32, 64, 128, 256, 512, 1024, 4096] {
      let isBlock: @Sendable ([Double]) -> Bool = { x in
        stride(from: 0, to: x.count, by: block).contains { start in
          x[start..<min(start + block, x.count)].allSatisfy { $0 == -.infinity }
        }
      }
      forms.append(("where a block of \(block) is masked", isBlock))
    }
    return forms.map { text, isLost in
      Hypothesis(text) { row in
        let outputs = model.outputs(row.row)
        return isLost(row.row.logits) ? outputs.map { _ in .nan } : outputs
      }
    }
  }
}

extension Evidence {
  /// The functions with another sum of exponentials.
  func summing(
    _ detail: String?, _ excess: @escaping @Sendable (_ x: [Double], _ greatest: Double) -> Double
  ) -> Hypothesis {
    guard !function.isBinary else { return Hypothesis(detail, row: { _ in nil }) }
    return Hypothesis(detail, model.taking { $0.excess = excess })
  }
}
