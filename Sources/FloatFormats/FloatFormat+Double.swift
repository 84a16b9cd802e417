internal import Multiprecision

// Numbers as doubles and their encodings: what goes through columns by the million. For formats that
// float64 holds.

extension FloatFormat {
  /// The number nearest to a double, ties to even, as a double.
  package func nearest(_ value: Double) -> Double {
    switch self {
    case .float64: value
    case .float32: Double(Float(value))
    case _ where isWithinFloat64: double(encoding(value))
    default: rounded(FloatValue(value), .nearestEven).double
    }
  }

  /// The encoding of the number nearest to a double, ties to even; that of the number itself where it
  /// is one of the format. NaN has one encoding.
  package func encoding(_ value: Double) -> UInt64 {
    let sign = (value.bitPattern &>> 63) &<< UInt64(bitCount - 1)
    guard value == value else { return UInt64(truncatingIfNeeded: encode(.nan) ?? 0) }
    let magnitude = nearestPattern(value.magnitude)
    let greatest = greatestWord
    // The patterns above the greatest number's would count on: the first is infinity or NaN.
    guard magnitude > greatest else { return sign | magnitude }
    return specials == .ieee ? sign | (greatest + 1) : greatest + 1
  }

  /// The number that an encoding stands for.
  package func double(_ encoding: UInt64) -> Double {
    let signPlace = UInt64(bitCount - 1)
    let magnitude = encoding & (1 &<< signPlace - 1)
    let sign = (encoding &>> signPlace) &<< 63
    if magnitude > greatestWord {
      let isInfinite = specials == .ieee && magnitude == greatestWord + 1
      return isInfinite ? Double(bitPattern: sign | Double.infinity.bitPattern) : .nan
    }
    if magnitude &>> UInt64(fractionBitCount) > 0 {
      let moved = magnitude &<< UInt64(52 - fractionBitCount) + UInt64(1023 - bias) &<< 52
      return Double(bitPattern: sign | moved)
    }
    // By way of a normal number, for the unit of the subnormal ones may be none.
    let fraction = Double(magnitude) * Double(powerOfTwo: -fractionBitCount)
    return Double(bitPattern: sign | (fraction * Double(powerOfTwo: leastExponent)).bitPattern)
  }

  /// `greatestPattern` in 64 bits.
  private var greatestWord: UInt64 {
    let beyond = 1 &<< UInt64(exponentBitCount + fractionBitCount) as UInt64
    return beyond - (specials == .ieee ? 1 &<< UInt64(fractionBitCount) + 1 : 2)
  }

  /// The pattern of the number nearest to a magnitude, as if the exponents went on beyond the greatest.
  private func nearestPattern(_ magnitude: Double) -> UInt64 {
    let field = Int(magnitude.bitPattern &>> 52)
    let significand = magnitude.significandBitPattern | (field == 0 ? 0 : 1 << 52)
    // The exponent field of the format; what is below the normal numbers loses as many bits more.
    let ownField = max(field, 1) - 1023 + bias
    let excess = UInt64(52 - fractionBitCount + max(1 - ownField, 0))
    // Of 54 bits or more what is cut off is less than half.
    guard excess < 54 else { return 0 }
    let isOdd = significand &>> excess & 1
    let half = (1 &<< excess) &>> 1 as UInt64
    // With nothing to cut off, half and odd are of no account: they would add up to a carry.
    let kept = excess == 0 ? significand : (significand + half - 1 + isOdd) &>> excess
    // A carry moves on to the next binade, as encodings do. The leading bit counts for 1 in the field.
    return kept + UInt64(max(ownField, 1) - 1) &<< UInt64(fractionBitCount)
  }
}

extension Double {
  /// 2^`exponent`, a normal number.
  fileprivate init(powerOfTwo exponent: Int) {
    self.init(bitPattern: UInt64(exponent + 1023) &<< 52)
  }
}

extension FloatFormat {
  /// The encodings of doubles that are numbers of the format: little-endian, one after another.
  package func encoded(_ values: ArraySlice<Double>) -> [UInt8] {
    switch (self, byteCount) {
    // The quiet NaNs are spelt out: a double's may have a sign.
    case (.float64, _): bytes(values) { $0.isNaN ? 0x7FF8 << 48 : $0.bitPattern }
    case (.float32, _): bytes(values) { $0.isNaN ? 0x7FC0_0000 : Float($0).bitPattern }
    case (.bfloat16, _):
      bytes(values) {
        $0.isNaN ? 0x7FC0 : UInt16(truncatingIfNeeded: Float($0).bitPattern >> 16)
      }
    case (_, 1): bytes(values) { UInt8(truncatingIfNeeded: encoding($0)) }
    case (_, 2): bytes(values) { UInt16(truncatingIfNeeded: encoding($0)) }
    default:
      values.flatMap { value in
        withUnsafeBytes(of: encoding(value).littleEndian) { Array($0.prefix(byteCount)) }
      }
    }
  }

  /// The numbers that encodings, little-endian and one after another, stand for.
  package func decoded(_ bytes: UnsafeRawBufferPointer) -> [Double] {
    switch (self, byteCount) {
    case (.float64, _): numbers(bytes) { Double(bitPattern: $0) }
    case (.float32, _): numbers(bytes) { Double(Float(bitPattern: $0)) }
    case (.bfloat16, _): numbers(bytes) { Double(Float(bitPattern: UInt32($0 as UInt16) << 16)) }
    case (_, 1): numbers(bytes) { double(UInt64($0 as UInt8)) }
    case (_, 2): numbers(bytes) { double(UInt64($0 as UInt16)) }
    default:
      stride(from: 0, to: bytes.count - byteCount + 1, by: byteCount).map { start in
        let encoding = bytes[start..<start + byteCount].reversed().reduce(0 as UInt64) {
          $0 << 8 | UInt64($1)
        }
        return double(encoding)
      }
    }
  }

  // Loops over plain memory, which compilers turn into vectors: a sweep decodes each output of a library.

  @inline(__always)
  private func bytes<Bits: FixedWidthInteger>(
    _ values: ArraySlice<Double>, _ encoding: (Double) -> Bits
  ) -> [UInt8] {
    let size = MemoryLayout<Bits>.size
    return values.withUnsafeBufferPointer { values in
      [UInt8](unsafeUninitializedCapacity: values.count * size) { bytes, count in
        let bytes = UnsafeMutableRawBufferPointer(bytes)
        for index in values.indices {
          bytes.storeBytes(
            of: encoding(values[index]).littleEndian, toByteOffset: index &* size, as: Bits.self)
        }
        count = values.count * size
      }
    }
  }

  @inline(__always)
  private func numbers<Bits: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, _ number: (Bits) -> Double
  ) -> [Double] {
    let size = MemoryLayout<Bits>.size
    return [Double](unsafeUninitializedCapacity: bytes.count / size) { numbers, count in
      count = bytes.count / size
      for index in 0..<count {
        let bits = bytes.loadUnaligned(fromByteOffset: index &* size, as: Bits.self)
        numbers[index] = number(Bits(littleEndian: bits))
      }
    }
  }
}
