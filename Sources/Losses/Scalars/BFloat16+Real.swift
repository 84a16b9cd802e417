public import RealModule

// The elementary functions, computed in float32 and rounded.

extension BFloat16: Real {
  public static func exp(_ x: BFloat16) -> BFloat16 { BFloat16(Float.exp(x.float)) }
  public static func expMinusOne(_ x: BFloat16) -> BFloat16 { BFloat16(Float.expMinusOne(x.float)) }
  public static func cosh(_ x: BFloat16) -> BFloat16 { BFloat16(Float.cosh(x.float)) }
  public static func sinh(_ x: BFloat16) -> BFloat16 { BFloat16(Float.sinh(x.float)) }
  public static func tanh(_ x: BFloat16) -> BFloat16 { BFloat16(Float.tanh(x.float)) }
  public static func cos(_ x: BFloat16) -> BFloat16 { BFloat16(Float.cos(x.float)) }
  public static func sin(_ x: BFloat16) -> BFloat16 { BFloat16(Float.sin(x.float)) }
  public static func tan(_ x: BFloat16) -> BFloat16 { BFloat16(Float.tan(x.float)) }
  public static func log(_ x: BFloat16) -> BFloat16 { BFloat16(Float.log(x.float)) }
  public static func log(onePlus x: BFloat16) -> BFloat16 { BFloat16(Float.log(onePlus: x.float)) }
  public static func acosh(_ x: BFloat16) -> BFloat16 { BFloat16(Float.acosh(x.float)) }
  public static func asinh(_ x: BFloat16) -> BFloat16 { BFloat16(Float.asinh(x.float)) }
  public static func atanh(_ x: BFloat16) -> BFloat16 { BFloat16(Float.atanh(x.float)) }
  public static func acos(_ x: BFloat16) -> BFloat16 { BFloat16(Float.acos(x.float)) }
  public static func asin(_ x: BFloat16) -> BFloat16 { BFloat16(Float.asin(x.float)) }
  public static func atan(_ x: BFloat16) -> BFloat16 { BFloat16(Float.atan(x.float)) }
  public static func atan2(y: BFloat16, x: BFloat16) -> BFloat16 {
    BFloat16(Float.atan2(y: y.float, x: x.float))
  }
  public static func pow(_ x: BFloat16, _ y: BFloat16) -> BFloat16 {
    BFloat16(Float.pow(x.float, y.float))
  }
  public static func pow(_ x: BFloat16, _ n: Int) -> BFloat16 { BFloat16(Float.pow(x.float, n)) }
  public static func root(_ x: BFloat16, _ n: Int) -> BFloat16 { BFloat16(Float.root(x.float, n)) }
  public static func erf(_ x: BFloat16) -> BFloat16 { BFloat16(Float.erf(x.float)) }
  public static func erfc(_ x: BFloat16) -> BFloat16 { BFloat16(Float.erfc(x.float)) }
  public static func exp2(_ x: BFloat16) -> BFloat16 { BFloat16(Float.exp2(x.float)) }
  public static func hypot(_ x: BFloat16, _ y: BFloat16) -> BFloat16 {
    BFloat16(Float.hypot(x.float, y.float))
  }
  public static func gamma(_ x: BFloat16) -> BFloat16 { BFloat16(Float.gamma(x.float)) }
  public static func log2(_ x: BFloat16) -> BFloat16 { BFloat16(Float.log2(x.float)) }
  public static func log10(_ x: BFloat16) -> BFloat16 { BFloat16(Float.log10(x.float)) }
  public static func logGamma(_ x: BFloat16) -> BFloat16 { BFloat16(Float.logGamma(x.float)) }
}
