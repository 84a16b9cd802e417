internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// A way to make a row simpler.
struct RowPass: Sendable {
  /// Rows like the given one but for one change, the boldest first. Some may be no simpler.
  let rows: @Sendable (LossInput, FloatFormat) -> [LossInput]

  /// All of them, the boldest first.
  static let all: [RowPass] = [
    fewClasses, removeClasses, simplerTarget, moveTarget, sameOthers, changeAll, changeOne,
    changePair,
  ]

  /// The target and one or two other classes: most failures need no more.
  private static let fewClasses = RowPass { input, _ in
    let count = input.logits.count
    guard count > 1 else { return [] }
    let kept = input.notableClasses
    var rows = kept.map { input.keeping([$0]) }
    if count > 2 {
      rows += kept.pairs.map { input.keeping([$0, $1]) }
    }
    if count > 3 {
      for (first, second) in kept.pairs {
        rows += kept.filter { $0 > second }.map { input.keeping([first, second, $0]) }
      }
    }
    return rows.compactMap(\.self)
  }

  /// Without a block of classes, of falling size.
  private static let removeClasses = RowPass { input, _ in
    let count = input.logits.count
    var rows: [LossInput] = []
    var size = count / 2
    while size > 0 {
      for start in stride(from: 0, to: count, by: size) {
        let removed = start..<min(start + size, count)
        if let row = input.keeping((0..<count).filter { !removed.contains($0) }) {
          rows.append(row)
        }
      }
      size /= 2
    }
    return rows
  }

  /// A hard target for a soft one, which keeps the sum, and simpler probabilities.
  private static let simplerTarget = RowPass { input, format in
    guard case .probabilities(let probabilities) = input.target else { return [] }
    let oneHot = probabilities.indices.filter { _ in probabilities.count > 1 }.map { hot in
      LossInput(
        logits: input.logits,
        target: .probabilities(probabilities.indices.map { $0 == hot ? .one : .zero }))
    }
    return oneHot
      + probabilities.indices.flatMap { index in
        let simpler = format.simplerNumbers(than: probabilities[index])
          .filter { !$0.isNegative && $0.double <= 1 }
        return simpler.map { value in
          var changed = probabilities
          changed[index] = value
          return LossInput(logits: input.logits, target: .probabilities(changed))
        }
      }
  }

  /// The true class first: the two classes swapped.
  private static let moveTarget = RowPass { input, _ in
    // A label to be ignored may lie outside.
    guard case .index(let label) = input.target, label > 0, label < input.logits.count else {
      return []
    }
    var swapped = input.logits
    swapped.swapAt(0, label)
    return [
      LossInput(logits: swapped, target: .index(0)),
      LossInput(logits: input.logits, target: .index(0)),
    ]
  }

  /// The same logit in all classes, or in all but one.
  private static let sameOthers = RowPass { input, _ in
    guard (3...64).contains(input.logits.count) else { return [] }
    let values = input.logits.prefix(4)
    let all = values.map { value in input.mapLogits { _, _ in value } }
    let allButOne = input.logits.indices.prefix(8).flatMap { kept in
      values.map { value in input.mapLogits { $0 == kept ? $1 : value } }
    }
    return all + allButOne
  }

  /// Every logit less by one of them, halved, cut to few digits, or of the other sign.
  private static let changeAll = RowPass { input, format in
    guard input.logits.count > 1 else { return [] }
    let shifts = input.logits.prefix(8).map { shift in
      input.mapLogits { format.rounded(FloatValue($1.double - shift.double), .nearestEven) }
    }
    let halved = input.mapLogits { format.rounded(FloatValue($1.double / 2), .nearestEven) }
    let simpler = (0..<24).map { choice in
      input.mapLogits { _, logit in
        let numbers = format.simplerNumbers(than: logit)
        return choice < numbers.count ? numbers[choice] : logit
      }
    }
    return (shifts + [halved] + simpler + [input.mapLogits { $1.negated }])
      .filter { $0.logits.allSatisfy { !$0.isNaN } }
  }

  /// One logit simpler, or equal to another or next to it.
  private static let changeOne = RowPass { input, format in
    input.logits.indices.prefix(64).flatMap { index in
      let others = input.logits.indices.filter { $0 != index }.prefix(8).map { input.logits[$0] }
      let neighbours = (others + [.one]).flatMap { [format.nextUp($0), format.nextDown($0)] }
        .filter { $0.isFinite }
      let values = format.simplerNumbers(than: input.logits[index]) + others + neighbours
      return values.map { value in input.mapLogits { $0 == index ? value : $1 } }
    }
  }

  /// Two logits within a few ulps of each other simpler together, as far apart as they are.
  private static let changePair = RowPass { input, format in
    guard (2...16).contains(input.logits.count) else { return [] }
    return Array(input.logits.indices).pairs.flatMap { first, second -> [LossInput] in
      guard let steps = format.steps(from: input.logits[first], to: input.logits[second])
      else { return [] }
      return format.simplerNumbers(than: input.logits[first]).map { value in
        let neighbour = format.value(steps, stepsFrom: value)
        return input.mapLogits { $0 == first ? value : $0 == second ? neighbour : $1 }
      }
    }
  }
}

extension FloatFormat {
  private static let greatestStepCount = 16

  /// How many numbers `other` lies above `value`; nil where that is many.
  fileprivate func steps(from value: FloatValue, to other: FloatValue) -> Int? {
    guard value.isFinite, other.isFinite else { return nil }
    return (0...Self.greatestStepCount).lazy.flatMap { [$0, -$0] }
      .first { self.value($0, stepsFrom: value) == other }
  }

  fileprivate func value(_ steps: Int, stepsFrom value: FloatValue) -> FloatValue {
    (0..<abs(steps)).reduce(value) { moved, _ in steps < 0 ? nextDown(moved) : nextUp(moved) }
  }
}

extension LossInput {
  /// The true class, the first few, and those of the greatest and the least logit: a dozen at most.
  fileprivate var notableClasses: [Int] {
    let indices = logits.indices
    var notable = Set(indices.prefix(8))
    if case .index(let label) = target, indices.contains(label) { notable.insert(label) }
    if let greatest = indices.max(by: { logits[$0].isLess(than: logits[$1]) }) {
      notable.insert(greatest)
    }
    if let least = indices.min(by: { logits[$0].isLess(than: logits[$1]) }) {
      notable.insert(least)
    }
    if let last = indices.last { notable.insert(last) }
    return notable.sorted()
  }

  /// The row of some of the classes; nil where the true one is not among them.
  fileprivate func keeping(_ classes: [Int]) -> LossInput? {
    guard !classes.isEmpty, classes.count < logits.count else { return nil }
    let kept = classes.map { logits[$0] }
    switch target {
    case .none: return LossInput(logits: kept)
    case .index(let label) where !logits.indices.contains(label):
      // To be ignored, with however few classes.
      return LossInput(logits: kept, target: target)
    case .index(let label):
      return classes.firstIndex(of: label).map { LossInput(logits: kept, target: .index($0)) }
    case .probabilities(let probabilities):
      return LossInput(logits: kept, target: .probabilities(classes.map { probabilities[$0] }))
    }
  }

  fileprivate func mapLogits(_ transform: (Int, FloatValue) -> FloatValue) -> LossInput {
    LossInput(logits: logits.enumerated().map { transform($0, $1) }, target: target)
  }
}

extension [Int] {
  /// The pairs of elements, the first before the second.
  fileprivate var pairs: [(Int, Int)] {
    indices.flatMap { first in
      self[(first + 1)...].map { (self[first], $0) }
    }
  }
}
