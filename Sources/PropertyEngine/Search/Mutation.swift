package import Cases
package import FloatFormats
package import LossFunctions
internal import Multiprecision

/// Small changes of a row, in value and in bit pattern.
package struct Mutation {
  let format: FloatFormat
  /// The classes that a row may have at most.
  let greatestClassCount: Int

  /// Changes of rows of a format.
  package init(format: FloatFormat, greatestClassCount: Int) {
    self.format = format
    self.greatestClassCount = greatestClassCount
  }

  /// The row with one or two changes.
  package func changed(_ input: LossInput, _ choices: inout ChoiceSource) -> LossInput {
    var row = change(input, &choices)
    if choices.oneIn(3) { row = change(row, &choices) }
    return row
  }

  private func change(_ input: LossInput, _ choices: inout ChoiceSource) -> LossInput {
    if !input.gradOutput.isEmpty, choices.oneIn(4) { return changedGradOutput(input, &choices) }
    let count = input.logits.count
    let index = choices.integer(in: 0...count - 1)
    var row = input
    switch choices.choice(below: 12) {
    case 0...2: row.logits[index] = step(row.logits[index], &choices)
    case 3, 4: row.logits[index] = flipBit(row.logits[index], &choices)
    case 5: row.logits[index] = scaled(row.logits[index], &choices)
    case 6: row.logits[index] = row.logits[index].negated
    case 7: row.logits[index] = row.logits[choices.integer(in: 0...count - 1)]
    case 8:
      let shift = scaled(row.logits[index], &choices)
      row.logits = row.logits.map { sum($0, shift) }
    case 9: row.target = changedTarget(row, &choices)
    case 10 where count > 1 && !isSoft(row): row = without(index, row)
    case 11 where (2..<greatestClassCount).contains(count) && !isSoft(row):
      row.logits.append(row.logits[index])
      if row.gradOutput.count == count { row.gradOutput.append(row.gradOutput[index]) }
      if row.gradOutput.count == 2 * count {
        // A shard more, without the target.
        row.gradOutput.append(row.gradOutput[count + index])
        row.gradOutput.insert(row.gradOutput[index], at: count)
      }
      if let numbers = row.target.numbers {
        row.target = row.target.with(numbers + [numbers[index]])
      }
    default: row.logits[index] = step(row.logits[index], &choices)
    }
    return row
  }

  /// A number a few ulps away: mostly one, at times hundreds.
  private func step(_ value: FloatValue, _ choices: inout ChoiceSource) -> FloatValue {
    guard let bits = format.encode(value.magnitude) else { return value }
    let distance = UInt128(1 + choices.choice(below: 1 << choices.choice(below: 10)))
    let isUp = choices.isNegative()
    let moved = isUp ? bits + distance : bits - min(bits, distance)
    return decoded(moved, isNegative: value.isNegative) ?? value
  }

  private func flipBit(_ value: FloatValue, _ choices: inout ChoiceSource) -> FloatValue {
    guard let bits = format.encode(value.magnitude) else { return value }
    let bit = UInt128(choices.choice(below: UInt64(format.bitCount - 1)))
    return decoded(bits ^ 1 << bit, isNegative: value.isNegative) ?? value
  }

  /// The number of a pattern; nil where it is not a finite one.
  private func decoded(_ bits: UInt128, isNegative: Bool) -> FloatValue? {
    guard bits < 1 << (format.bitCount - 1) else { return nil }
    let value = format.decode(bits)
    guard value.isFinite else { return nil }
    return isNegative ? value.negated : value
  }

  /// Between a half and twice the number.
  private func scaled(_ value: FloatValue, _ choices: inout ChoiceSource) -> FloatValue {
    finite(value.double * (0.5 + 1.5 * choices.unitInterval())) ?? value
  }

  private func sum(_ value: FloatValue, _ shift: FloatValue) -> FloatValue {
    finite(value.double + shift.double) ?? value
  }

  private func finite(_ value: Double) -> FloatValue? {
    let rounded = format.rounded(FloatValue(value), .nearestEven)
    return rounded.isFinite ? rounded : nil
  }

  private func isSoft(_ input: LossInput) -> Bool {
    if case .probabilities = input.target { true } else { false }
  }

  private func changedTarget(_ input: LossInput, _ choices: inout ChoiceSource) -> Target {
    switch input.target {
    case .none: return .none
    case .index: return .index(choices.integer(in: 0...input.logits.count - 1))
    case .probabilities(var probabilities):
      let index = choices.integer(in: 0...probabilities.count - 1)
      let changed = step(probabilities[index], &choices).magnitude
      probabilities[index] = changed.isFinite && changed.double <= 1 ? changed : .one
      return .probabilities(probabilities)
    case .logits(var logits):
      let index = choices.integer(in: 0...logits.count - 1)
      logits[index] =
        switch choices.choice(below: 6) {
        case 0: input.logits[index]
        case 1: logits[index].negated
        case 2: flipBit(logits[index], &choices)
        case 3: scaled(logits[index], &choices)
        default: step(logits[index], &choices)
        }
      return .logits(logits)
    }
  }

  /// The row with another number to multiply with, or with 1 for it.
  private func changedGradOutput(
    _ input: LossInput, _ choices: inout ChoiceSource
  ) -> LossInput {
    var row = input
    let index = choices.integer(in: 0...input.gradOutput.count - 1)
    let number = input.gradOutput[index]
    row.gradOutput[index] =
      switch choices.choice(below: 6) {
      case 0: .one
      case 1: number.negated
      case 2: flipBit(number, &choices)
      case 3: scaled(number, &choices)
      default: step(number, &choices)
      }
    return row
  }

  private func without(_ index: Int, _ input: LossInput) -> LossInput {
    var row = input
    row.logits.remove(at: index)
    let count = input.logits.count
    if row.gradOutput.count == 2 * count { row.gradOutput.remove(at: count + index) }
    if row.gradOutput.count >= count { row.gradOutput.remove(at: index) }
    if case .index(let label) = row.target {
      row.target = .index(label > index ? label - 1 : min(label, row.logits.count - 1))
    } else if var numbers = row.target.numbers {
      numbers.remove(at: index)
      row.target = row.target.with(numbers)
    }
    return row
  }
}
