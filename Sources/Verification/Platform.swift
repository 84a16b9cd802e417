internal import Cases
internal import RealModule
internal import SmallFoundation

/// What computes: the last bits of `exp` and `log` differ from one C library, and from one processor,
/// to the next, and with them the errors of everything that calls them.
public struct Platform: Codable, Hashable, Sendable {
  /// The operating system and the processor's architecture: `linux-x86_64`.
  public let system: String
  /// A hash of what the elementary functions give on a fixed set of arguments.
  public let fingerprint: String

  /// The name of its file of bounds, without the extension.
  public var name: String { "\(system)-\(fingerprint)" }

  /// This machine.
  public static let current = Platform(
    system: "\(operatingSystem)-\(architecture)", fingerprint: libraryFingerprint)

  private static var operatingSystem: String {
    #if os(Linux)
      "linux"
    #elseif os(macOS)
      "macos"
    #else
      "other"
    #endif
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "arm64"
    #else
      "other"
    #endif
  }

  /// 32 bits of FNV-1a over the bits of exp, expm1, log and log1p at 4,096 arguments of each type.
  private static var libraryFingerprint: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func absorb(_ bits: UInt64) {
      withUnsafeBytes(of: bits.littleEndian) {
        for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
      }
    }
    var choices = ChoiceSource(RandomSource(seed: 0))
    for _ in 0..<4096 {
      let x = 80 * choices.unitInterval()
      for value in [Double.exp(-x), .expMinusOne(-x), .log(x), .log(onePlus: x)] {
        absorb(value.bitPattern)
      }
      let y = Float(x)
      for value in [Float.exp(-y), .expMinusOne(-y), .log(y), .log(onePlus: y)] {
        absorb(UInt64(value.bitPattern))
      }
    }
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32).hexadecimalDigits
  }
}
