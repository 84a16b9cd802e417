import CReferences
import Foundation

/// Measures one subject at a time, for `tools/measure-speed`, which takes them in turn.
///
/// Reads a line a request, and answers with a line:
///
///     load FUNCTION FORMAT CLASSES PATH   float64 logits, row by row, then int32 labels
///     time SUBJECT ROWS                   the nanoseconds that ROWS rows take
///     values SUBJECT ROWS PATH            writes the values as float64
///     certified KIND ROWS SLOW            those of rows of a kind, and how many MPFR decided; and what SLOW
///                                         of them take that MPFR decides all
///     versions                            those of MPFR and Arb
///     memory ROWS                         the KiB by which the peak of memory grows, or `unknown`
@main
struct Benchmark {
  static func main() throws {
    var workload: Workload?
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      do {
        switch (words.first, workload) {
        case ("load", _) where words.count == 5:
          workload = try Workload(words[1], words[2], classCount: Int(words[3]) ?? 0, path: words[4])
          answer("loaded \(workload?.rowCount ?? 0)")
        case ("time", let workload?) where words.count == 3:
          answer(try workload.nanoseconds(of: try Subject(words[1]), rows: Int(words[2]) ?? 0))
        case ("values", let workload?) where words.count == 4:
          let values = try workload.values(of: try Subject(words[1]), rows: Int(words[2]) ?? 0)
          try values.withUnsafeBytes { Data($0) }.write(to: URL(filePath: words[3]))
          answer("wrote \(values.count)")
        case ("certified", let workload?) where words.count == 4:
          let rows = try workload.certified(words[1], rows: Int(words[2]) ?? 0)
          let some = try workload.certified(words[1], rows: Int(words[3]) ?? 0)
          _ = try rows.measure(usesFastTier: true)
          let fast = try rows.measure(usesFastTier: true)
          let slow = try some.measure(usesFastTier: false)
          answer("\(fast.nanoseconds) \(fast.slowRowCount) \(slow.nanoseconds)")
        case ("memory", let workload?) where words.count == 2:
          let growth = try workload.peakGrowth(rows: Int(words[1]) ?? 0)
          answer(growth.map { "\($0)" } ?? "unknown")
        case ("versions", _):
          answer("MPFR \(String(cString: mpfr_name())), Arb \(String(cString: arb_name()))")
        default: throw BadRequest(text: line)
        }
      } catch {
        answer("error: \(error)")
      }
    }
  }
}

/// Writes a line at once.
func answer(_ line: some CustomStringConvertible) {
  FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

/// A request that is none, or a file that does not fit.
struct BadRequest: Error, CustomStringConvertible {
  let text: String
  var description: String { "not understood: \(text)" }
}
