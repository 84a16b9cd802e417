internal import RealModule

// The elementary functions; those that losses are made of from tables where the format has them.

extension Lockstep: Real {
  private func value(of function: ElementaryFunction) -> Self {
    Self(Number.values(of: function, at: lanes), divergence)
  }

  static func exp(_ x: Self) -> Self { x.value(of: .exponential) }
  static func expMinusOne(_ x: Self) -> Self { x.value(of: .exponentialMinusOne) }
  static func log(_ x: Self) -> Self { x.value(of: .logarithm) }
  static func log(onePlus x: Self) -> Self { x.value(of: .logarithmOnePlus) }
  static func cosh(_ x: Self) -> Self { x.mapped { .cosh($0) } }
  static func sinh(_ x: Self) -> Self { x.mapped { .sinh($0) } }
  static func tanh(_ x: Self) -> Self { x.mapped { .tanh($0) } }
  static func cos(_ x: Self) -> Self { x.mapped { .cos($0) } }
  static func sin(_ x: Self) -> Self { x.mapped { .sin($0) } }
  static func tan(_ x: Self) -> Self { x.mapped { .tan($0) } }
  static func acosh(_ x: Self) -> Self { x.mapped { .acosh($0) } }
  static func asinh(_ x: Self) -> Self { x.mapped { .asinh($0) } }
  static func atanh(_ x: Self) -> Self { x.mapped { .atanh($0) } }
  static func acos(_ x: Self) -> Self { x.mapped { .acos($0) } }
  static func asin(_ x: Self) -> Self { x.mapped { .asin($0) } }
  static func atan(_ x: Self) -> Self { x.mapped { .atan($0) } }
  static func atan2(y: Self, x: Self) -> Self { y.combined(x) { .atan2(y: $0, x: $1) } }
  static func pow(_ x: Self, _ y: Self) -> Self { x.combined(y) { .pow($0, $1) } }
  static func pow(_ x: Self, _ n: Int) -> Self { x.mapped { .pow($0, n) } }
  static func root(_ x: Self, _ n: Int) -> Self { x.mapped { .root($0, n) } }
  static func erf(_ x: Self) -> Self { x.mapped { .erf($0) } }
  static func erfc(_ x: Self) -> Self { x.mapped { .erfc($0) } }
  static func exp2(_ x: Self) -> Self { x.mapped { .exp2($0) } }
  static func hypot(_ x: Self, _ y: Self) -> Self { x.combined(y) { .hypot($0, $1) } }
  static func gamma(_ x: Self) -> Self { x.mapped { .gamma($0) } }
  static func log2(_ x: Self) -> Self { x.mapped { .log2($0) } }
  static func log10(_ x: Self) -> Self { x.mapped { .log10($0) } }
  static func logGamma(_ x: Self) -> Self { x.mapped { .logGamma($0) } }
}
