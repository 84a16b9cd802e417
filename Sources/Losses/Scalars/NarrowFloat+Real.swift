public import RealModule

// The elementary functions, computed in float32 and rounded.

extension NarrowFloat: Real {
  public static func exp(_ x: Self) -> Self { Self(Float.exp(x.float)) }
  public static func expMinusOne(_ x: Self) -> Self { Self(Float.expMinusOne(x.float)) }
  public static func cosh(_ x: Self) -> Self { Self(Float.cosh(x.float)) }
  public static func sinh(_ x: Self) -> Self { Self(Float.sinh(x.float)) }
  public static func tanh(_ x: Self) -> Self { Self(Float.tanh(x.float)) }
  public static func cos(_ x: Self) -> Self { Self(Float.cos(x.float)) }
  public static func sin(_ x: Self) -> Self { Self(Float.sin(x.float)) }
  public static func tan(_ x: Self) -> Self { Self(Float.tan(x.float)) }
  public static func log(_ x: Self) -> Self { Self(Float.log(x.float)) }
  public static func log(onePlus x: Self) -> Self { Self(Float.log(onePlus: x.float)) }
  public static func acosh(_ x: Self) -> Self { Self(Float.acosh(x.float)) }
  public static func asinh(_ x: Self) -> Self { Self(Float.asinh(x.float)) }
  public static func atanh(_ x: Self) -> Self { Self(Float.atanh(x.float)) }
  public static func acos(_ x: Self) -> Self { Self(Float.acos(x.float)) }
  public static func asin(_ x: Self) -> Self { Self(Float.asin(x.float)) }
  public static func atan(_ x: Self) -> Self { Self(Float.atan(x.float)) }
  public static func atan2(y: Self, x: Self) -> Self {
    Self(Float.atan2(y: y.float, x: x.float))
  }
  public static func pow(_ x: Self, _ y: Self) -> Self {
    Self(Float.pow(x.float, y.float))
  }
  public static func pow(_ x: Self, _ n: Int) -> Self { Self(Float.pow(x.float, n)) }
  public static func root(_ x: Self, _ n: Int) -> Self { Self(Float.root(x.float, n)) }
  public static func erf(_ x: Self) -> Self { Self(Float.erf(x.float)) }
  public static func erfc(_ x: Self) -> Self { Self(Float.erfc(x.float)) }
  public static func exp2(_ x: Self) -> Self { Self(Float.exp2(x.float)) }
  public static func hypot(_ x: Self, _ y: Self) -> Self {
    Self(Float.hypot(x.float, y.float))
  }
  public static func gamma(_ x: Self) -> Self { Self(Float.gamma(x.float)) }
  public static func log2(_ x: Self) -> Self { Self(Float.log2(x.float)) }
  public static func log10(_ x: Self) -> Self { Self(Float.log10(x.float)) }
  public static func logGamma(_ x: Self) -> Self { Self(Float.logGamma(x.float)) }
}
