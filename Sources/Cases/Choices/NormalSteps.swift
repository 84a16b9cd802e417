/// The steps of the normal density.
struct NormalSteps: Sendable {
  static let shared = NormalSteps()

  /// The weights of the steps up to each one, in units of 2⁻⁴⁰ of the density at 0.
  private(set) var cumulative: [UInt64] = []
  /// The first step that a weight of so many times 2³⁶ can be in.
  private(set) var guide: [UInt8] = []
  /// The weight of all steps.
  private(set) var total: UInt64 = 0

  private init() {
    // The density in the middle of step k is e^(−(2k + 1)²/8192) times that at 0, and the ratio of
    // two successive ones e^(−(k + 1)/1024): multiplications of Double, the same everywhere.
    let base = 0.999_023_914_181_975_7  // e^(−1/1024)
    var (density, ratio) = (1.0, base)
    while density > 0x1p-40 {
      total += UInt64(density * 0x1p40)
      cumulative.append(total)
      density *= ratio
      ratio *= base
    }
    var step = 0
    for weight in 0...(total - 1) >> 36 {
      while cumulative[step] <= weight << 36 { step += 1 }
      guide.append(UInt8(step))
    }
  }

  /// The first step whose cumulative weight exceeds `weight`, which is less than the total.
  func step(of weight: UInt64) -> Int {
    var step = Int(guide[Int(weight >> 36)])
    while cumulative[step] <= weight { step += 1 }
    return step
  }
}
