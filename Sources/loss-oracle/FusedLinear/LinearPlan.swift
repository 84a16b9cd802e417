internal import Checking
internal import LossOracle

/// Which layers something is asked about.
struct LinearPlan: Sendable {
  var families: [LinearFamily]
  /// The number of layers of each family.
  var caseCount: Int
  var seed: UInt64
  var quantities: [LinearQuantity]
  /// Layers that failed before, which come first.
  var known: [LinearInput] = []

  init(
    families: [LinearFamily] = LinearFamily.all, caseCount: Int = 8, seed: UInt64 = 1,
    quantities: [LinearQuantity] = LinearQuantity.allCases
  ) {
    self.families = families
    self.caseCount = caseCount
    self.seed = seed
    self.quantities = quantities
  }

  /// A layer without difficulty.
  ///
  /// - Throws: Where options or formats are none of the fused loss.
  func easyInput(for contract: LinearContract) throws(InputError) -> LinearInput {
    let classes = contract.options.classCount ?? 2
    let input = try LinearInput(
      hidden: [1, 0.5], weight: (0..<2 * classes).map { $0 == 0 ? 1 : 0.5 }, labels: [0], width: 2)
    try input.validate(contract.options)
    return input
  }

  /// A layer of a family: every other one has a bias, and every fourth numbers of `grad_output`.
  ///
  /// - Throws: Where a format is wider than float32.
  func input(
    _ family: LinearFamily, _ index: Int, for contract: LinearContract
  ) throws(InputError) -> LinearInput {
    var choices = ChoiceSource(
      RandomSource(seed: seed, path: ["linear-trial", family.name, String(index)]))
    let options = contract.options
    // What is left to MPFR takes some microseconds for each class and feature.
    let isSlow = options.softcap != nil || options.zLoss != nil
    func size(_ greatest: Int) -> Int {
      let bits = choices.integer(in: 0...Int.bitWidth - greatest.leadingZeroBitCount - 1)
      return min(max(1, choices.integer(in: (1 << bits) / 2...1 << bits)), greatest)
    }
    let classes = options.classCount ?? max(2, size(isSlow ? 64 : 1024))
    let (rows, width) = (size(isSlow ? 8 : 64), size(isSlow ? 16 : 128))
    let input = try family.input(
      rows: rows, classes: classes, width: width, in: contract.format,
      hasBias: index.isMultiple(of: 2), seed: seed &+ UInt64(index))
    guard contract.reduction == .none, index % 4 == 3 else { return input }
    return try LinearInput(
      hidden: input.hidden, weight: input.weight, bias: input.bias, labels: input.labels,
      width: width,
      gradOutput: (0..<rows).map { _ in Float(choices.integer(in: -4...8)) / 4 })
  }
}

extension LinearInput {
  /// Layers with fewer rows, features or classes, the smallest first.
  func smaller(keepsClasses: Bool) -> [LinearInput] {
    func halves(_ count: Int) -> [Range<Int>] {
      if count < 2 { return [] }
      let parts = count > 2 ? [0..<1, count - 1..<count] : []
      return parts + [0..<count / 2, count / 2..<count] + (count > 3 ? [1..<count] : [])
    }
    var inputs: [LinearInput?] = halves(rowCount).map { part(rows: $0) }
    inputs += halves(width).map { part(features: $0) }
    if !keepsClasses { inputs += halves(classCount).map { part(classes: $0) } }
    return inputs.compactMap(\.self)
  }

  /// Some rows, classes and features; nil where a label's class is not among them.
  private func part(
    rows: Range<Int>? = nil, classes: Range<Int>? = nil, features: Range<Int>? = nil
  ) -> LinearInput? {
    let (rows, classes) = (rows ?? 0..<rowCount, classes ?? 0..<classCount)
    let features = features ?? 0..<width
    let shifted = labels[rows].map { $0 < 0 ? $0 : $0 - Int32(classes.lowerBound) }
    guard zip(labels[rows], shifted).allSatisfy({ $0 < 0 || classes.contains(Int($0)) && $1 >= 0 })
    else { return nil }
    func part(_ numbers: [Float], _ kept: Range<Int>) -> [Float] {
      kept.flatMap { row in features.map { numbers[row * width + $0] } }
    }
    return try? LinearInput(
      hidden: part(hidden, rows), weight: part(weight, classes),
      bias: bias.map { Array($0[classes]) }, labels: shifted, width: features.count,
      gradOutput: gradOutput.map { Array($0[rows]) })
  }
}
