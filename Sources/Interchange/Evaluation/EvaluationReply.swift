internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import Reference

extension Evaluator {
  /// The reply for rows of outputs: a single value, a list, or a list of lists.
  func reply(
    _ rows: [ExactValues], isList: Bool, isNested: Bool
  ) throws(ReferenceError) -> [UInt8] {
    var values = NumberColumn(outputFormat)
    var ranges: [Range<Int>] = []
    var digits: [String] = []
    for row in rows {
      let rounded = try row.rounded(to: outputFormat, direction)
      ranges.append(values.count..<values.count + rounded.count)
      for value in rounded { values.append(value.value) }
      if let digitCount { digits += try row.decimalDigits(digitCount) }
    }
    var text: [UInt8] = []
    text.appendReply(values, ranges, isList: isList, isNested: isNested)
    if digitCount != nil {
      text.append(contentsOf: ",\"exact\":".utf8)
      text.appendLists(ranges, isList: isList, isNested: isNested) {
        $0.append(contentsOf: digits[$1].utf8)
      }
    }
    text.append(contentsOf: "}\n".utf8)
    return text
  }
}

extension [UInt8] {
  /// Appends a reply but for its end: the values in hexadecimal and in decimal.
  mutating func appendReply(
    _ values: NumberColumn, _ ranges: [Range<Int>], isList: Bool, isNested: Bool
  ) {
    let format = values.format
    append(contentsOf: (isList ? "{\"values\":" : "{\"value\":").utf8)
    appendLists(ranges, isList: isList, isNested: isNested) { text, place in
      values[place].appendHexadecimal(to: &text)
    }
    append(contentsOf: (isList ? ",\"decimals\":" : ",\"decimal\":").utf8)
    appendLists(ranges, isList: isList, isNested: isNested) { text, place in
      if format.isWithinFloat64 {
        format.appendShortestDecimal(values.doubles[place], to: &text)
      } else {
        text.append(contentsOf: format.shortestDecimal(values[place]).utf8)
      }
    }
  }

  /// Appends one text in quotes for each place: alone, in a list, or in a list of lists.
  fileprivate mutating func appendLists(
    _ ranges: [Range<Int>], isList: Bool, isNested: Bool,
    _ appendText: (inout [UInt8], Int) -> Void
  ) {
    if isList { append(UInt8(ascii: "[")) }
    for (index, range) in ranges.enumerated() {
      if index > 0 { append(UInt8(ascii: ",")) }
      if isNested { append(UInt8(ascii: "[")) }
      for place in range {
        if place > range.lowerBound { append(UInt8(ascii: ",")) }
        append(UInt8(ascii: "\""))
        appendText(&self, place)
        append(UInt8(ascii: "\""))
      }
      if isNested { append(UInt8(ascii: "]")) }
    }
    if isList { append(UInt8(ascii: "]")) }
  }
}
