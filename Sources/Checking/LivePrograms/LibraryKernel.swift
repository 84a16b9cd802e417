internal import FloatingPointEnvironment
internal import SmallFoundation
internal import Synchronization

/// A function of a C library, called as its signature says.
///
/// It is called with the floating-point environment that loading the library has left, and ours is put
/// back after each call.
public final class LibraryKernel: Sendable {
  /// What a function of values may not do.
  enum Misdeed: Hashable, Sendable, CustomStringConvertible {
    case writesBeyondOutputs
    case writesIntoInputs
    /// How the arithmetic is that it leaves.
    case changesEnvironment(String)
    case changesEnvironmentWhenLoaded(String)

    var description: String {
      switch self {
      case .writesBeyondOutputs: "writes beyond its outputs"
      case .writesIntoInputs: "writes into its inputs"
      case .changesEnvironment(let text):
        "leaves the floating-point environment changed: arithmetic that \(text)"
      case .changesEnvironmentWhenLoaded(let text):
        "changes the floating-point environment when it is loaded: arithmetic that \(text)"
      }
    }
  }

  private struct State {
    /// What it has done, and how often.
    var misdeeds: [Misdeed: Int] = [:]
    /// When the calls began that have not returned.
    var calls: [Int: ContinuousClock.Instant] = [:]
    var callCount = 0
  }

  private let function: LibraryFunction
  private let environment: ControlWords
  private let processIdentifier = getpid()
  private let state = Mutex(State())
  /// What stands around the outputs, to notice a function that writes beyond them.
  private static let guardSize = 64
  private static let guardByte: UInt8 = 0xa5

  /// How it is called.
  let signature: LibrarySignature

  /// Loads a library.
  ///
  /// - Throws: `ProgramError.cannotStart`.
  public init(
    library: String, symbol: String, signature: LibrarySignature = .standard
  ) throws(ProgramError) {
    self.signature = signature
    // A name without a slash would be looked for among the system's libraries.
    let path = library.contains("/") ? library : "./" + library
    let ours = ControlWords.current()
    let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)
    environment = ControlWords.current()
    ours.install()
    guard let handle else { throw .cannotStart(command: library, reason: Self.linkerError) }
    guard let address = dlsym(handle, symbol) else {
      throw .cannotStart(command: "\(library): \(symbol)", reason: Self.linkerError)
    }
    function = LibraryFunction(address: address, signature: signature)
    if !environment.isSame(as: ours) {
      state.withLock { $0.misdeeds[.changesEnvironmentWhenLoaded(environment.text)] = 1 }
    }
  }

  private static var linkerError: String {
    dlerror().map { String(cString: $0) } ?? "unknown reason"
  }

  /// What it has done that a function of values may not, and how often.
  public var misdeeds: [String] {
    state.withLock { state in
      state.misdeeds.map { "\($0)\($1 > 1 ? ", in \($1) calls" : "")" }.sorted()
    }
  }

  /// How long the call has taken that has taken longest and not returned yet.
  public var longestCall: Duration {
    let earliest = state.withLock { $0.calls.values.min() }
    return earliest.map { .now - $0 } ?? .zero
  }

  /// Calls the function, each array at a multiple of 64 bytes. Outputs that it does not write are NaN.
  ///
  /// - Parameters:
  ///   - targets: Labels of 32 bits, or numbers; empty where there are none.
  ///   - inner: How many rows stand side by side, their classes apart.
  ///   - outputSize: The bytes of the outputs of a row.
  ///   - isReduced: Whether there is one output for all rows.
  ///   - gradientSize: The bytes of the gradient of a row, which the function gives with the loss.
  ///   - take: Is given the outputs, and then the gradients; not called where the function has written beyond them.
  /// - Returns: What it has done that it may not.
  func call(
    logits: UnsafeRawBufferPointer, targets: UnsafeRawBufferPointer,
    gradOutput: UnsafeRawBufferPointer? = nil, rows: Int, classes: Int, inner: Int = 1,
    outputSize: Int, isReduced: Bool = false, gradientSize: Int = 0,
    take: (UnsafeRawBufferPointer) -> Void
  ) -> Misdeed? {
    let sizes = (outputSize, gradientSize)
    let beside = gradOutput.map { [$0] } ?? []
    guard signature.hasWideLabels else {
      return call([logits, targets] + beside, rows, classes, inner, sizes, isReduced, take)
    }
    return targets.widenedLabels.withUnsafeBytes {
      call([logits, $0] + beside, rows, classes, inner, sizes, isReduced, take)
    }
  }

  /// The same of a linear layer; an empty bias is none.
  ///
  /// - Parameter outputSize: The bytes of all outputs.
  func call(
    hidden: UnsafeRawBufferPointer, weight: UnsafeRawBufferPointer, bias: UnsafeRawBufferPointer,
    labels: UnsafeRawBufferPointer, upstream: UnsafeRawBufferPointer, rows: Int, classes: Int,
    width: Int, outputSize: Int, take: (UnsafeRawBufferPointer) -> Void
  ) -> Misdeed? {
    let wide = signature.hasWideLabels ? labels.widenedLabels : [UInt8](labels)
    return wide.withUnsafeBytes {
      call(
        [hidden, $0, weight, bias, upstream], rows, classes, 1, (outputSize, 0), true, take,
        width: width)
    }
  }

  private func call(
    _ given: [UnsafeRawBufferPointer], _ rows: Int, _ classes: Int, _ inner: Int,
    _ sizes: (output: Int, gradient: Int), _ isReduced: Bool,
    _ take: (UnsafeRawBufferPointer) -> Void, width: Int = 0
  ) -> Misdeed? {
    let inputs = given.map { bytes in
      let copy = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(bytes.count, 1), alignment: 64)
      copy.copyMemory(from: bytes)
      return copy
    }
    let body = Self.guardSize..<Self.guardSize + (isReduced ? 1 : rows) * sizes.output
    let gradientStart = (body.upperBound + 2 * Self.guardSize - 1) / 64 * 64
    let gradient = gradientStart..<gradientStart + rows * sizes.gradient
    let outputs = UnsafeMutableRawBufferPointer.allocate(
      byteCount: gradient.upperBound + Self.guardSize, alignment: 64)
    defer { for buffer in inputs + [outputs] { buffer.deallocate() } }
    outputs.initializeMemory(as: UInt8.self, repeating: Self.guardByte)
    let rooms = [body, gradient].map { UnsafeMutableRawBufferPointer(rebasing: outputs[$0]) }
    for room in rooms { room.initializeMemory(as: UInt8.self, repeating: 0xff) }
    var left = environment
    let step = signature.isRowByRow ? 1 : max(rows, 1)
    for row in stride(from: 0, to: rows, by: step) {
      var arguments = LibraryFunction.Arguments(
        logits: inputs[0].baseAddress.map { $0 + row * (given[0].count / rows) },
        targets: given[1].isEmpty
          ? nil : inputs[1].baseAddress.map { $0 + row * (given[1].count / rows) },
        outputs: rooms[0].baseAddress.map { $0 + row * sizes.output }, outputSize: sizes.output,
        gradient: rooms[1].baseAddress.map { $0 + row * sizes.gradient }, rows: step,
        classes: classes, inner: signature.isRowByRow ? 1 : inner)
      if given.count == 3 {
        arguments.upstream = inputs[2].baseAddress.map { $0 + row * (given[2].count / rows) }
      }
      if given.count > 3 {
        arguments.weight = inputs[2].baseAddress
        arguments.bias = given[3].isEmpty ? nil : inputs[3].baseAddress
        arguments.upstream = given[4].isEmpty ? nil : inputs[4].baseAddress
        arguments.width = width
      }
      let after = timed {
        let ours = ControlWords.current()
        environment.install()
        function.call(arguments)
        let after = ControlWords.current()
        ours.install()
        return after
      }
      if !after.isSame(as: environment) { left = after }
    }
    // A library that forks has made another one of this process: one is enough.
    guard getpid() == processIdentifier else { _exit(0) }
    let around = [
      outputs[..<body.lowerBound], outputs[body.upperBound..<gradient.lowerBound],
      outputs[gradient.upperBound...],
    ]
    let isWithin = around.allSatisfy { $0.allSatisfy { $0 == Self.guardByte } }
    let areKept = zip(inputs, given).allSatisfy { copy, bytes in
      let size = bytes.count
      guard let copy = copy.baseAddress, let bytes = bytes.baseAddress else { return true }
      return memcmp(copy, bytes, size) == 0
    }
    if isWithin {
      for room in rooms where !room.isEmpty { take(UnsafeRawBufferPointer(room)) }
    }
    let misdeed: Misdeed? =
      if !isWithin {
        .writesBeyondOutputs
      } else if !areKept {
        .writesIntoInputs
      } else if !left.isSame(as: environment) {
        .changesEnvironment(left.text)
      } else { nil }
    if let misdeed { state.withLock { $0.misdeeds[misdeed, default: 0] += 1 } }
    return misdeed ?? state.withLock { $0.misdeeds.keys.first { $0.isOfLoading } }
  }

  private func timed(_ body: () -> ControlWords) -> ControlWords {
    let number = state.withLock { state in
      state.callCount += 1
      state.calls[state.callCount] = .now
      return state.callCount
    }
    defer { state.withLock { _ = $0.calls.removeValue(forKey: number) } }
    return body()
  }
}

extension UnsafeRawBufferPointer {
  /// Labels of 32 bits as labels of 64.
  fileprivate var widenedLabels: [UInt8] {
    let size = MemoryLayout<Int32>.size
    let labels = (0..<count / size).map { (index: Int) -> Int64 in
      Int64(loadUnaligned(fromByteOffset: index * size, as: Int32.self))
    }
    return labels.withUnsafeBytes { [UInt8]($0) }
  }
}

extension LibraryKernel.Misdeed {
  fileprivate var isOfLoading: Bool {
    if case .changesEnvironmentWhenLoaded = self { true } else { false }
  }
}

extension ControlWords {
  /// What arithmetic does under them that it does not in a new process.
  fileprivate var text: String {
    var parts: [String] = []
    if roundingDirection != 0 {
      parts.append(["", "rounds down", "rounds up", "rounds toward zero"][Int(roundingDirection)])
    }
    if flushesSubnormals { parts.append("flushes subnormal numbers to zero") }
    if trapsExceptions { parts.append("has exceptions trap") }
    return parts.isEmpty ? "differs in precision" : parts.joined(separator: " and ")
  }
}
