internal import Foundation

/// A function of a C library, `void f(const T *logits, const int32_t *targets, size_t rows,
/// size_t classes, T *out)`; for the binary functions classes is 1 and targets are of the type T.
public struct LibraryKernel: Sendable {
  private typealias Function =
    @convention(c) @Sendable (
      UnsafeRawPointer?, UnsafeRawPointer?, Int, Int, UnsafeMutableRawPointer?
    ) -> Void

  private let function: Function
  /// What stands around the outputs, to notice a function that writes beyond them.
  private static let guardSize = 64
  private static let guardByte: UInt8 = 0xa5

  /// Loads a library.
  ///
  /// - Throws: `ProgramError.cannotStart`.
  public init(library: String, symbol: String) throws(ProgramError) {
    // A name without a slash would be looked for among the system's libraries.
    let path = library.contains("/") ? library : "./" + library
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw .cannotStart(command: library, reason: Self.linkerError)
    }
    guard let address = dlsym(handle, symbol) else {
      throw .cannotStart(command: "\(library): \(symbol)", reason: Self.linkerError)
    }
    function = unsafeBitCast(address, to: Function.self)
  }

  private static var linkerError: String {
    dlerror().map { String(cString: $0) } ?? "unknown reason"
  }

  /// Calls the function, each array at a multiple of 64 bytes. Outputs that it does not write are NaN.
  ///
  /// - Parameter take: Is given the outputs; not called where the function has written beyond them.
  /// - Returns: Whether it has not.
  func call(
    logits: some Collection<UInt8>, targets: some Collection<UInt8>, rows: Int, classes: Int,
    outputSize: Int, take: (UnsafeRawBufferPointer) -> Void
  ) -> Bool {
    let inputs = [Array(logits), Array(targets)].map { bytes in
      let copy = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(bytes.count, 1), alignment: 64)
      copy.copyBytes(from: bytes)
      return copy
    }
    let outputs = UnsafeMutableRawBufferPointer.allocate(
      byteCount: outputSize + 2 * Self.guardSize, alignment: 64)
    defer { for buffer in inputs + [outputs] { buffer.deallocate() } }
    outputs.initializeMemory(as: UInt8.self, repeating: Self.guardByte)
    let body = Self.guardSize..<Self.guardSize + outputSize
    let room = UnsafeMutableRawBufferPointer(rebasing: outputs[body])
    room.initializeMemory(as: UInt8.self, repeating: 0xff)
    function(
      inputs[0].baseAddress, targets.isEmpty ? nil : inputs[1].baseAddress, rows, classes,
      room.baseAddress)
    let around = [outputs[..<body.lowerBound], outputs[body.upperBound...]]
    guard around.allSatisfy({ $0.allSatisfy { $0 == Self.guardByte } }) else { return false }
    take(UnsafeRawBufferPointer(room))
    return true
  }
}
