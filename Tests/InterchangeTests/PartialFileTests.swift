import Foundation
import LossFunctions
import Testing

@Suite struct `A partial file` {
  private func bytes(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  @Test func `appears when it is complete, and leaves nothing else`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    do {
      let file = try PartialFile(for: path)
      try file.write(Data("abc".utf8), at: 2)
      #expect(try folder.names.count == 1 && folder.names != ["x"])
      #expect(try file.read(9, at: 3) == Array("bc".utf8))
      try file.write([UInt8]("xy".utf8), at: 0)
      try file.commit()
    }
    #expect(try folder.names == ["x"] && bytes(path) == "xyabc")
    try PartialFile.write(Data("new".utf8), to: path)
    #expect(try folder.names == ["x"] && bytes(path) == "new")
  }

  @Test func `that is given up leaves what stood there before`() throws {
    let folder = try TemporaryFolder()
    try PartialFile.write(Data("old".utf8), to: folder.path("x"))
    do {
      let file = try PartialFile(for: folder.path("x"))
      try file.write(Data("new".utf8), at: 0)
    }
    #expect(try folder.names == ["x"] && bytes(folder.path("x")) == "old")
  }

  @Test func `removes what another left of the same place, unless that one is alive`() throws {
    let folder = try TemporaryFolder()
    for name in [".x.1f.partial", ".x.zz.partial", ".y.1f.partial", ".x.partial", ".x.1.part"] {
      try Data().write(to: folder.url.appending(path: name))
    }
    let alive = try PartialFile(for: folder.path("x"))
    try PartialFile.write(Data("new".utf8), to: folder.path("x"))
    let left = try folder.names.filter { !$0.hasPrefix(".x.") || $0.count < 18 }
    #expect(left == [".x.1.part", ".x.partial", ".x.zz.partial", ".y.1f.partial", "x"])
    #expect(try folder.names.count == 6)
    try alive.commit()
    #expect(try folder.names == left && bytes(folder.path("x")) == "")
  }

  @Test func `follows a link to its end, and refuses one that leads nowhere`() throws {
    let folder = try TemporaryFolder()
    let manager = FileManager.default
    try manager.createDirectory(
      at: folder.url.appending(path: "far"), withIntermediateDirectories: false)
    try Data("old".utf8).write(to: folder.url.appending(path: "far/end"))
    try manager.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: "far/end")
    try PartialFile.write(Data("new".utf8), to: folder.path("link"))
    #expect(try bytes(folder.path("far/end")) == "new")
    #expect(try manager.destinationOfSymbolicLink(atPath: folder.path("link")) == "far/end")
    try manager.createSymbolicLink(atPath: folder.path("lost"), withDestinationPath: "nowhere")
    #expect(throws: FileWriteError.self) { try PartialFile.write(Data(), to: folder.path("lost")) }
    #expect(try folder.names == ["far", "link", "lost"])
  }

  @Test(arguments: [
    "", "/", "/tmp", "/tmp/", "/tmp/.", "/tmp/..", "/dev/null", "/no/such/folder/x",
  ])
  func `is refused where there can be no plain file`(path: String) {
    let error = #expect(throws: FileWriteError.self) { try PartialFile.write(Data(), to: path) }
    guard case .cannotCreate(path, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `of a name as long as names can be is written`() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "é", count: 127)
    try PartialFile.write(Data("new".utf8), to: folder.path(name))
    #expect(try folder.names == [name])
  }
}
