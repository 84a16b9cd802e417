/// What is measured.
enum Subject: String {
  /// The reference's fast tier, on one thread and on all.
  case fast
  case threads
  /// The reference without it.
  case mpfrTier = "mpfr-tier"
  case mpfr
  case arb
  /// The approximations of softplus, not rounded yet, by what the kernel in C was in Swift.
  case swiftKernel = "swift-kernel"

  init(_ name: String) throws {
    guard let subject = Subject(rawValue: name) else { throw BadRequest(text: name) }
    self = subject
  }
}
