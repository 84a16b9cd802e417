internal import FloatingPointEnvironment

/// Runs `body` in the arithmetic that the proofs assume: to nearest, with subnormal numbers and without
/// traps; and then puts back what the thread had.
///
/// A host may have set another: `fesetround`, `torch.set_flush_denormal`, or a library that was built with
/// -ffast-math and set it when it was loaded.
@inline(never)
package func withStandardArithmetic<Output: ~Copyable, Failure: Error>(
  _ body: () throws(Failure) -> Output
) throws(Failure) -> Output {
  let words = ControlWords.current()
  ControlWords.standard().install()
  defer { words.install() }
  return try body()
}
