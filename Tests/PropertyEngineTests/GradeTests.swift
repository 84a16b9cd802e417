import FloatFormats
import Testing

@testable import PropertyEngine

@Suite struct Grades {
  @Test(
    arguments: [
      (.correctlyRounded, "correctly-rounded"), (.faithful, "faithful"), (.ulps(4), "ulp:4"),
      (.ulps(0.75), "ulp:0.75"), (.ulps(.infinity), "ulp:inf"), (.common, "common"),
      (.roundedFrom(.float32), "rounded-from:float32"),
      (.roundedFrom(.float64), "rounded-from:float64"),
    ] as [(Grade, String)])
  func `have names by which they are claimed`(_ grade: Grade, _ name: String) throws {
    #expect(grade.rawValue == name)
    #expect(try Grade(claim: name) == grade)
  }

  @Test(
    arguments: [
      "falls-short", "", "ulp", "ulp:", "ulp:-1", "ulp:nan", "ulps:4", "rounded-from:",
      "rounded-from:bfloat16", "Common", "faithful:1",
    ])
  func `of other names are refused with those that there are`(_ name: String) {
    let error = #expect(throws: GradeError.self) { try Grade(claim: name) }
    #expect(error?.description.contains("correctly-rounded, faithful, ulp:N") == true)
  }

  @Test func `end at their limits`() {
    var row = RowGrade()
    (row.share, row.ulps) = (1, 4)
    #expect(!row.refutes(.common, 0) && !row.refutes(.ulps(4), 0))
    (row.share, row.ulps) = (1.0.nextUp, 4.0.nextUp)
    #expect(row.refutes(.common, 0) && row.refutes(.ulps(4), 0))
    row.ulps = 1
    #expect(row.refutes(.faithful, 0))
  }
}
