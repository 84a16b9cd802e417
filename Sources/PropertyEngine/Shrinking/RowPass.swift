internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// A way to make a row simpler.
struct RowPass: Sendable {
  /// A row that is made when it is asked for: of a million classes two or three fit into memory; nil
  /// where there is none.
  typealias Candidate = () -> LossInput?

  /// Rows like the given one but for one change, the boldest first. Some may be no simpler.
  let candidates: @Sendable (LossInput, FloatFormat) -> [Candidate]

  /// All of them, the boldest first.
  static let all: [RowPass] = [
    fewClasses, alike, sameOthersOfMany, lessClasses, removeClasses, simplerTarget, moveTarget,
    simplerGradOutput, sameOthers, changeAll, changeOne, changePair,
  ]

  /// Of as many logits and probabilities each is changed by itself.
  private static let changedCount = 64

  /// The target and one or two other classes: most failures need no more.
  private static let fewClasses = RowPass { input, _ in
    let kept = input.notableClasses
    return (1...3).flatMap(kept.combinations).map { classes -> Candidate in
      { input.keeping(classes) }
    }
  }

  /// Zeros, of one class and more: what goes wrong by the number of classes alone.
  private static let alike = RowPass { input, _ in
    input.lessCounts.map { count -> Candidate in
      {
        var alike = input
        alike.logits = [FloatValue](repeating: .zero, count: count)
        alike.target = input.target(of: count)
        alike.gradOutput = input.gradOutput(of: Array(0..<count))
        return alike
      }
    }
  }

  /// Of many classes zeros in all but one or two that stand out, or in a half or a quarter of them: what takes
  /// so many is legible where few differ.
  private static let sameOthersOfMany = RowPass { input, _ in
    let count = input.logits.count
    guard count > 64 else { return [] }
    let few = (1...2).flatMap(input.outstandingClasses.combinations).map(Set.init)
    let blocks = [2, 4].flatMap { parts in
      (0..<parts).map { $0 * count / parts..<($0 + 1) * count / parts }
    }
    return few.map { few -> Candidate in
      { input.mapLogits { few.contains($0) ? $1 : .zero } }
    }
      + blocks.map { block -> Candidate in
        { input.mapLogits { block.contains($0) ? .zero : $1 } }
      }
  }

  /// The first classes, or the last, fewer and fewer: where so many fail and fewer do not, this
  /// bisects.
  private static let lessClasses = RowPass { input, _ in
    let end = input.logits.count
    return input.lessCounts.flatMap { count in
      [0..<count, end - count..<end].map { range -> Candidate in
        { input.keeping(input.withTarget(range)) }
      }
    }
  }

  /// Without a block of classes, of falling size.
  private static let removeClasses = RowPass { input, _ in
    let count = input.logits.count
    var candidates: [Candidate] = []
    var size = count / 2
    while size > count >> 11 {
      for start in stride(from: 0, to: count, by: size) {
        let end = min(start + size, count)
        candidates.append { input.keeping(Array(0..<start) + Array(end..<count)) }
      }
      size /= 2
    }
    return candidates
  }

  /// A hard target for a soft one, which keeps the sum, and simpler probabilities.
  private static let simplerTarget = RowPass { input, format in
    if case .logits(let logits) = input.target {
      return simplerTargetLogits(logits, input, format)
    }
    guard case .probabilities(let probabilities) = input.target else { return [] }
    let indices = probabilities.indices.prefix(changedCount)
    let oneHot = indices.map { hot -> Candidate in
      { input.with(target: probabilities.indices.map { $0 == hot ? .one : .zero }) }
    }
    let simpler = indices.flatMap { index in
      format.simplerNumbers(than: probabilities[index])
        .filter { !$0.isNegative && $0.double <= 1 }
        .map { value -> Candidate in
          { input.with(target: probabilities.replacing(index, with: value)) }
        }
    }
    return (probabilities.count > 1 ? oneHot : []) + simpler
  }

  /// The logits themselves for those of the target, zeros, and simpler ones.
  private static func simplerTargetLogits(
    _ logits: [FloatValue], _ input: LossInput, _ format: FloatFormat
  ) -> [Candidate] {
    let indices = logits.indices.prefix(changedCount)
    let simpler = indices.flatMap { index in
      (format.simplerNumbers(than: logits[index]) + [input.logits[index]]).map {
        logits.replacing(index, with: $0)
      }
    }
    let zeros = [FloatValue](repeating: .zero, count: logits.count)
    return ([input.logits, zeros] + simpler).map { changed -> Candidate in
      { input.with(.logits(changed)) }
    }
  }

  /// The true class first: the two classes swapped.
  private static let moveTarget = RowPass { input, _ in
    // A label to be ignored may lie outside.
    guard case .index(let label) = input.target, label > 0, label < input.logits.count else {
      return []
    }
    return [
      {
        var swapped = input
        swapped.logits.swapAt(0, label)
        swapped.target = .index(0)
        return swapped
      },
      { input.with(.index(0)) },
    ]
  }

  /// 1 for what a gradient is multiplied by, in all classes or in one, and simpler numbers.
  private static let simplerGradOutput = RowPass { input, format in
    let numbers = input.gradOutput
    guard !numbers.isEmpty else { return [] }
    let indices = numbers.indices.prefix(changedCount)
    let ones = [FloatValue](repeating: .one, count: numbers.count)
    let oneHot = indices.map { hot in numbers.indices.map { $0 == hot ? FloatValue.one : .zero } }
    let simpler = indices.flatMap { index in
      ([.one] + format.simplerNumbers(than: numbers[index])).map {
        numbers.replacing(index, with: $0)
      }
    }
    return ([ones] + (numbers.count > 1 ? oneHot : []) + simpler).map { changed -> Candidate in
      {
        var row = input
        row.gradOutput = changed
        return row
      }
    }
  }

  /// The same logit in all classes, or in all but one.
  private static let sameOthers = RowPass { input, _ in
    let values = [.zero] + input.logits.prefix(4)
    return ([-1] + input.logits.indices.prefix(8)).flatMap { kept in
      values.map { value -> Candidate in { input.mapLogits { $0 == kept ? $1 : value } } }
    }
  }

  /// Every logit less by one of them, halved, cut to few digits, or of the other sign.
  private static let changeAll = RowPass { input, format in
    guard input.logits.count > 1 else { return [] }
    var changes: [(FloatValue) -> FloatValue] = input.logits.prefix(8).map { shift in
      { format.rounded(FloatValue($0.double - shift.double), .nearestEven) }
    }
    changes.append { format.rounded(FloatValue($0.double / 2), .nearestEven) }
    for choice in 0..<24 {
      changes.append { logit in
        let numbers = format.simplerNumbers(than: logit)
        return choice < numbers.count ? numbers[choice] : logit
      }
    }
    changes.append(\.negated)
    return changes.map { change -> Candidate in
      {
        let row = input.mapLogits { change($1) }
        return row.logits.contains(where: \.isNaN) ? nil : row
      }
    }
  }

  /// One logit simpler, or equal to another or next to it.
  private static let changeOne = RowPass { input, format in
    let indices = input.logits.indices.prefix(changedCount)
    return indices.flatMap { index in
      let others = indices.filter { $0 != index }.prefix(8).map { input.logits[$0] }
      let neighbours = (others + [.one]).flatMap { [format.nextUp($0), format.nextDown($0)] }
        .filter { $0.isFinite }
      let values = format.simplerNumbers(than: input.logits[index]) + others + neighbours
      return values.map { value -> Candidate in { input.replacing(index, with: value) } }
    }
  }

  /// Two logits within a few ulps of each other simpler together, as far apart as they are.
  private static let changePair = RowPass { input, format in
    Array(input.logits.indices.prefix(16)).combinations(of: 2).flatMap { pair -> [Candidate] in
      let (first, second) = (input.logits[pair[0]], input.logits[pair[1]])
      guard let steps = format.steps(from: first, to: second) else { return [] }
      return format.simplerNumbers(than: first).map { value -> Candidate in
        {
          input.replacing(pair[0], with: value)
            .replacing(pair[1], with: format.value(steps, stepsFrom: value))
        }
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
  /// The true class and that of the greatest logit, the first and the last.
  fileprivate var outstandingClasses: [Int] {
    var outstanding: [Int] = []
    if case .index(let label) = target { outstanding.append(label) }
    let greatest = logits.indices.max { logits[$0].isLess(than: logits[$1]) }
    outstanding += [greatest, 0, logits.count - 1].compactMap(\.self)
    return outstanding.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

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

  /// Smaller numbers of classes: the least, powers of 2, and what halves the distance to the least
  /// that fails, taken again and again.
  fileprivate var lessCounts: [Int] {
    let count = logits.count
    let powers = (5..<20).map { 1 << $0 }.filter { $0 < count / 2 }
    let halving = [2, 4, 16, 256, 4096].map { count - count / $0 } + [count - 1]
    return (Array(1...16) + powers + halving).filter { $0 > 0 && $0 < count }
  }

  /// The classes of a range, the last of them replaced by the true one where that is not among them.
  fileprivate func withTarget(_ range: Range<Int>) -> [Int] {
    guard case .index(let label) = target, logits.indices.contains(label), !range.contains(label)
    else { return Array(range) }
    return label < range.lowerBound
      ? [label] + range.dropFirst() : range.dropLast() + [label]
  }

  /// The target of a row of so many classes that are alike.
  fileprivate func target(of count: Int) -> Target {
    switch target {
    case .none: .none
    case .index(let label): .index(logits.indices.contains(label) ? 0 : label)
    case .probabilities: .probabilities([.one] + [FloatValue](repeating: .zero, count: count - 1))
    case .logits: .logits([.one] + [FloatValue](repeating: .zero, count: count - 1))
    }
  }

  /// The row of some of the classes; nil where the true one is not among them.
  fileprivate func keeping(_ classes: [Int]) -> LossInput? {
    guard !classes.isEmpty, classes.count < logits.count else { return nil }
    var kept = self
    kept.logits = classes.map { logits[$0] }
    kept.gradOutput = gradOutput(of: classes)
    switch target {
    case .none: return kept
    case .index(let label) where !logits.indices.contains(label):
      // To be ignored, with however few classes.
      return kept
    case .index(let label):
      return classes.firstIndex(of: label).map { kept.with(.index($0)) }
    case .probabilities(let values), .logits(let values):
      return kept.with(target.with(classes.map { values[$0] }))
    }
  }

  /// The numbers of `grad_output` of some of the classes; of one number for all of them that one.
  fileprivate func gradOutput(of classes: [Int]) -> [FloatValue] {
    // Of shards there are two for each.
    if gradOutput.count == 2 * logits.count {
      return classes.map { gradOutput[$0] } + classes.map { gradOutput[logits.count + $0] }
    }
    return gradOutput.count == logits.count && logits.count > 1
      ? classes.map { gradOutput[$0] } : gradOutput
  }

  fileprivate func with(_ target: Target) -> LossInput {
    var row = self
    row.target = target
    return row
  }

  fileprivate func with(target probabilities: [FloatValue]) -> LossInput {
    with(.probabilities(probabilities))
  }

  fileprivate func replacing(_ index: Int, with logit: FloatValue) -> LossInput {
    var row = self
    row.logits[index] = logit
    return row
  }

  fileprivate func mapLogits(_ transform: (Int, FloatValue) -> FloatValue) -> LossInput {
    var row = self
    row.logits = logits.enumerated().map { transform($0, $1) }
    return row
  }
}

extension [Int] {
  /// The lists of so many of the elements, in their order.
  fileprivate func combinations(of size: Int) -> [[Int]] {
    guard size > 0 else { return [[]] }
    return indices.flatMap { first in
      Array(self[(first + 1)...]).combinations(of: size - 1).map { [self[first]] + $0 }
    }
  }
}

extension [FloatValue] {
  fileprivate func replacing(_ index: Int, with value: FloatValue) -> [FloatValue] {
    var changed = self
    changed[index] = value
    return changed
  }
}
