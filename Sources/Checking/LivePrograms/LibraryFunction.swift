internal import FloatFormats

/// A function at an address, called as its signature says.
///
/// Calling conventions pass the first integers and pointers, of whatever type, in registers or slots of
/// one size: six or eight registers on x86-64 and 64-bit ARM, then slots, and no callee looks at those that it does not
/// take. So every function of pointers and integers is called as one of nine integers.
struct LibraryFunction: @unchecked Sendable {
  private let address: UnsafeMutableRawPointer
  private let signature: LibrarySignature

  /// What one call is about.
  struct Arguments {
    let logits: UnsafeMutableRawPointer?
    let targets: UnsafeMutableRawPointer?
    let outputs: UnsafeMutableRawPointer?
    /// The bytes of a row's outputs.
    let outputSize: Int
    /// Where the gradient goes, where the function gives it with the loss.
    let gradient: UnsafeMutableRawPointer?
    let rows: Int
    let classes: Int
    /// The rows that stand side by side.
    let inner: Int
    /// The weights, the bias and the features of a linear layer, and what gradients are multiplied by.
    var weight: UnsafeMutableRawPointer?
    var bias: UnsafeMutableRawPointer?
    var upstream: UnsafeMutableRawPointer?
    var width = 0
  }

  init(address: UnsafeMutableRawPointer, signature: LibrarySignature) {
    self.address = address
    self.signature = signature
  }

  /// Calls the function; an output that it returns is put where it would have been written.
  func call(_ arguments: Arguments) {
    if signature.isByValue {
      arguments.outputSize == MemoryLayout<Float>.size
        ? callByValue(arguments, Float.self) : callByValue(arguments, Double.self)
      return
    }
    var words = signature.parameters.map { $0.word(arguments) }
    words += [Int](repeating: 0, count: LibrarySignature.greatestCount - words.count)
    guard signature.returnsOutput else {
      typealias Function =
        @convention(c) (Int, Int, Int, Int, Int, Int, Int, Int, Int) -> Void
      unsafeBitCast(address, to: Function.self)(
        words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7],
        words[8])
      return
    }
    if arguments.outputSize == MemoryLayout<Float>.size {
      typealias Function =
        @convention(c) (Int, Int, Int, Int, Int, Int, Int, Int, Int) -> Float
      let output = unsafeBitCast(address, to: Function.self)(
        words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7],
        words[8])
      arguments.outputs?.storeBytes(of: output, as: Float.self)
    } else {
      typealias Function =
        @convention(c) (Int, Int, Int, Int, Int, Int, Int, Int, Int) -> Double
      let output = unsafeBitCast(address, to: Function.self)(
        words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7],
        words[8])
      arguments.outputs?.storeBytes(of: output, as: Double.self)
    }
  }

  private func callByValue(_ arguments: Arguments, _: Float.Type) {
    typealias Unary = @convention(c) (Float) -> Float
    typealias Binary = @convention(c) (Float, Float) -> Float
    guard let logit = arguments.logits?.loadUnaligned(as: Float.self) else { return }
    let target = arguments.targets?.loadUnaligned(as: Float.self) ?? 0
    let output =
      signature.parameters.count == 1
      ? unsafeBitCast(address, to: Unary.self)(logit)
      : unsafeBitCast(address, to: Binary.self)(logit, target)
    arguments.outputs?.storeBytes(of: output, as: Float.self)
  }

  private func callByValue(_ arguments: Arguments, _: Double.Type) {
    typealias Unary = @convention(c) (Double) -> Double
    typealias Binary = @convention(c) (Double, Double) -> Double
    guard let logit = arguments.logits?.loadUnaligned(as: Double.self) else { return }
    let target = arguments.targets?.loadUnaligned(as: Double.self) ?? 0
    let output =
      signature.parameters.count == 1
      ? unsafeBitCast(address, to: Unary.self)(logit)
      : unsafeBitCast(address, to: Binary.self)(logit, target)
    arguments.outputs?.storeBytes(of: output, as: Double.self)
  }
}

extension LibrarySignature.Parameter {
  /// What is passed, as a machine word.
  fileprivate func word(_ arguments: LibraryFunction.Arguments) -> Int {
    switch self {
    case .logits: Int(bitPattern: arguments.logits)
    case .targets: Int(bitPattern: arguments.targets)
    case .outputs: Int(bitPattern: arguments.outputs)
    case .gradient: Int(bitPattern: arguments.gradient)
    case .rowCount: arguments.rows
    case .classCount: arguments.classes
    case .numberCount: arguments.rows * arguments.classes
    case .outer: arguments.rows / arguments.inner
    case .inner: arguments.inner
    case .weight: Int(bitPattern: arguments.weight)
    case .bias: Int(bitPattern: arguments.bias)
    case .upstream: Int(bitPattern: arguments.upstream)
    case .width: arguments.width
    case .constant(let value): value
    case .logit, .target: 0
    }
  }
}
