#if os(Linux)
  import FloatFormats
  import Foundation
  import Interchange
  import LossFunctions
  import TestSupport
  import Testing

  @Suite struct `The memory of a layer's file` {
    @Test func `is that of its weights in 32 bits`() throws {
      try inOwnProcess("is that of its weights in 32 bits") {
        let (classCount, width) = (1 << 13, 1 << 7)
        let byteCount = classCount * width * MemoryLayout<Float>.size
        let input = try LinearInput(
          hidden: [Float](repeating: 1, count: width),
          weight: [Float](repeating: 0.5, count: classCount * width), labels: [3], width: width)
        try withTemporaryDirectory { folder in
          let path = folder.path("layer.safetensors")
          // As a column of doubles the weights alone would take twice their bytes.
          let written = try Peak.growth {
            var tensors = LinearTensors()
            try tensors.add(input, in: .bfloat16)
            try tensors.write(to: path, metadata: [:])
          }
          #expect(written < byteCount, "\(written)")
          let read = try Peak.growth {
            let file = try LinearFile(contentsOf: URL(filePath: path))
            #expect(file.input.labels == [3] && file.input.weight.count == input.weight.count)
          }
          #expect(byteCount..<2 * byteCount ~= read, "\(read)")
        }
      }
    }
  }
#endif
