package import FloatFormats

extension NumberColumn {
  /// Appends the encodings of the numbers of a range as files and pipes have them, little-endian.
  package func append(_ range: Range<Int>, encodedTo bytes: inout [UInt8]) {
    guard format.isWithinFloat64 else { return appendEach(range, to: &bytes) }
    let numbers = doubles[range]
    switch format.byteCount {
    case 8: append(numbers, to: &bytes) { format.bits(of: $0) }
    case 4 where format == .float32:
      append(numbers, to: &bytes) { $0 == $0 ? Float($0).bitPattern : Float.nan.bitPattern }
    case 4: append(numbers, to: &bytes) { UInt32(truncatingIfNeeded: format.bits(of: $0)) }
    case 2: append(numbers, to: &bytes) { UInt16(truncatingIfNeeded: format.bits(of: $0)) }
    case 1: append(numbers, to: &bytes) { UInt8(truncatingIfNeeded: format.bits(of: $0)) }
    default: appendEach(range, to: &bytes)
    }
  }

  /// The numbers that bytes encode, little-endian; bytes after the last whole number are left.
  package init(_ format: FloatFormat, decoding bytes: UnsafeRawBufferPointer) {
    self.init(format)
    reserveCapacity(bytes.count / format.byteCount)
    switch (format.isWithinFloat64, format.byteCount) {
    case (true, 8): append(bytes) { (bits: UInt64) in format.double(bits) }
    case (true, 4) where format == .float32:
      append(bytes) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
    case (true, 4): append(bytes) { (bits: UInt32) in format.double(UInt64(bits)) }
    case (true, 2): append(bytes) { (bits: UInt16) in format.double(UInt64(bits)) }
    case (true, 1): append(bytes) { (bits: UInt8) in format.double(UInt64(bits)) }
    default:
      for start in stride(
        from: 0, through: bytes.count - format.byteCount, by: format.byteCount)
      {
        var bits: UInt128 = 0
        for index in 0..<format.byteCount {
          bits |= UInt128(bytes[start + index]) << UInt128(8 * index)
        }
        append(format.decode(bits))
      }
    }
  }

  private func append<Word: FixedWidthInteger>(
    _ numbers: ArraySlice<Double>, to bytes: inout [UInt8], _ bits: (Double) -> Word
  ) {
    numbers.map { bits($0).littleEndian }.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  private func appendEach(_ range: Range<Int>, to bytes: inout [UInt8]) {
    for index in range {
      let bits = format.encode(self[index]) ?? format.encode(.nan) ?? 0
      for byte in 0..<format.byteCount {
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt128(8 * byte)))
      }
    }
  }

  private mutating func append<Word: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, _ number: (Word) -> Double
  ) {
    let size = MemoryLayout<Word>.size
    doubles += (0..<bytes.count / size).map { index in
      number(Word(littleEndian: bytes.loadUnaligned(fromByteOffset: index * size, as: Word.self)))
    }
  }
}

extension FloatFormat {
  /// The encoding of one of its numbers, which float64 holds; NaN has the one of `encode`.
  ///
  /// The fields of a normal number are those of its float64, but for the bias and the zeros at the
  /// end of the fraction.
  fileprivate func bits(of number: Double) -> UInt64 {
    let sign = (number.bitPattern >> 63) << UInt64(bitCount - 1)
    let magnitude = number.bitPattern & (.max >> 1)
    let field: UInt64 = 1 << UInt64(exponentBitCount) - 1
    let excess = UInt64(52 - fractionBitCount)
    guard number.isFinite else {
      if number.isNaN {
        let fraction: UInt64 =
          specials == .ieee
          ? 1 << UInt64(fractionBitCount - 1) : 1 << UInt64(fractionBitCount) - 1
        return field << UInt64(fractionBitCount) | fraction
      }
      return sign | field << UInt64(fractionBitCount)
    }
    if magnitude == 0 || exponentBitCount == 11 { return sign | magnitude >> excess }
    let below = leastExponent + 1023 - Int(magnitude >> 52)
    guard below > 0 else {
      return sign | (magnitude >> excess - UInt64(1023 - bias) << UInt64(fractionBitCount))
    }
    let significand = magnitude & (1 << 52 - 1) | 1 << 52
    return sign | significand >> (excess + UInt64(below))
  }

  /// The number of an encoding, where float64 holds the format.
  fileprivate func double(_ bits: UInt64) -> Double {
    let excess = UInt64(52 - fractionBitCount)
    let sign = (bits >> UInt64(bitCount - 1)) << 63
    let magnitude = bits & (1 << UInt64(bitCount - 1) - 1)
    let fraction = magnitude & (1 << UInt64(fractionBitCount) - 1)
    let field = magnitude >> UInt64(fractionBitCount)
    if field == 1 << UInt64(exponentBitCount) - 1 {
      switch specials {
      case .ieee:
        return fraction == 0 ? Double(bitPattern: sign | 0x7FF << 52) : .nan
      case .finiteAndNaN where fraction == 1 << UInt64(fractionBitCount) - 1: return .nan
      case .finiteAndNaN: break
      }
    }
    if exponentBitCount == 11 { return Double(bitPattern: sign | magnitude << excess) }
    guard field == 0 else {
      return Double(bitPattern: sign | (magnitude << excess + UInt64(1023 - bias) << 52))
    }
    // Exact: a few bits times a power of two that float64 holds.
    let unit = Double(sign: .plus, exponent: leastExponent - fractionBitCount, significand: 1)
    let number = Double(fraction) * unit
    return sign == 0 ? number : -number
  }
}
