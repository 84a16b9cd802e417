internal import FloatFormats
internal import LossFunctions
internal import Multiprecision

/// The derivatives of a function by what it is of, as those by the logits that were given: each times the derivative
/// s·(1 − tanh²(s·x/c))/T of what stands before the function, see `LogitTransform`.
///
/// An infinite derivative stays so, but where the cap has a logit of ±∞: 0·∞ has no value.
struct DerivativeByLogits: ScaledFunction {
  let function: any ExactFunction
  let row: LogitRow
  /// T, where the function leaves it to this.
  let divisor: FloatValue

  /// - Parameter isDivided: Whether the function's derivatives are over the temperature.
  init(_ function: any ExactFunction, _ row: LogitRow, isDivided: Bool) {
    self.function = function
    self.row = row
    divisor = isDivided ? .one : row.temperature
  }

  func enclose(
    _ indices: [Int], precision: Int, _ receive: (Int, consuming ExactEntry) -> Void
  ) {
    function.enclose(indices, precision: precision) { index, entry in
      switch consume entry {
      case .limit(let limit):
        receive(index, .limit(row[index].isSaturated ? .notANumber : limit))
      case .real(var number):
        if divisor != .one { number.divide(by: BigFloat(divisor)) }
        row[index].multiplyBySlope(&number, precision: precision)
        receive(index, .real(number))
      }
    }
  }
}
