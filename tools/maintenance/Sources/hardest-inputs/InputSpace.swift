internal import FloatFormats

/// Every logit of a format, or every pair of logits, in the order of their encodings.
enum InputSpace {
  case logits(FloatFormat)
  case pairs(FloatFormat)

  var format: FloatFormat {
    switch self {
    case .logits(let format), .pairs(let format): format
    }
  }

  var classCount: Int {
    switch self {
    case .logits: 1
    case .pairs: 2
    }
  }

  var count: Int { 1 << (format.bitCount * classCount) }

  /// Calls `body` with the logits of each input that holds no infinity or NaN: the last, and the one before
  /// it of pairs.
  func forEach(_ range: Range<Int>, _ body: (_ first: Double?, _ last: Double) -> Void) {
    let (bitCount, mask) = (format.bitCount, 1 << format.bitCount - 1)
    for index in range {
      let last = number(index & mask)
      guard last.isFinite else { continue }
      guard case .pairs = self else {
        body(nil, last)
        continue
      }
      let first = number(index >> bitCount)
      if first.isFinite { body(first, last) }
    }
  }

  private func number(_ encoding: Int) -> Double {
    switch format {
    case .float32: Double(Float(bitPattern: UInt32(encoding)))
    case .bfloat16: Double(Float(bitPattern: UInt32(encoding) << 16))
    default: format.decode(UInt128(encoding)).double
    }
  }
}
