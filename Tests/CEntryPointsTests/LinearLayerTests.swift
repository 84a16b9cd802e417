import CEntryPoints
import CLossOracle
import Foundation
import Testing

@Suite struct `A linear layer through the C interface` {
  /// Two rows, three classes, two features; the logits of the first are 50, 0 and −50.
  private static let hidden: [Float] = [1, 2, 0, 1]
  private static let weight: [Float] = [10, 20, 0, 0, -10, -20]

  private func call(
    labels: [Int64] = [0, 1], parameter: String? = nil, reduction: String? = nil,
    options: String? = nil, format: String = "float32", weight: [Float]? = weight,
    size: Int = MemoryLayout<lo_layer>.size, gradOutput: [Float] = [],
    _ body: (UnsafePointer<lo_question>, UnsafePointer<lo_layer>, UnsafePointer<CChar>?) ->
      lo_status
  ) -> lo_status {
    var copies: [UnsafeMutablePointer<CChar>?] = []
    defer { for copy in copies { free(copy) } }
    func c(_ text: String?) -> UnsafePointer<CChar>? {
      let copy = text.map { strdup($0) } ?? nil
      copies.append(copy)
      return copy.map { UnsafePointer($0) }
    }
    var question = lo_question(
      size: MemoryLayout<lo_question>.size, function: c("linear-cross-entropy"),
      options: c(options), reduction: c(reduction), output_format: nil, rounding: nil)
    return Self.hidden.withUnsafeBufferPointer { hidden in
      (weight ?? []).withUnsafeBufferPointer { numbers in
        gradOutput.withUnsafeBufferPointer { gradOutput in
          labels.withUnsafeBufferPointer { labels in
            var layer = lo_layer(
              size: size, format: c(format), row_count: 2, class_count: 3, width: 2,
              hidden: UnsafeRawPointer(hidden.baseAddress),
              weight: weight == nil ? nil : UnsafeRawPointer(numbers.baseAddress), bias: nil,
              labels: labels.baseAddress,
              grad_output: gradOutput.isEmpty ? nil : UnsafeRawPointer(gradOutput.baseAddress))
            return body(&question, &layer, c(parameter))
          }
        }
      }
    }
  }

  @Test func `has exact losses and gradients`() {
    var losses = [Float](repeating: -1, count: 2)
    #expect(call { lo_layer_values($0, $1, $2, &losses, 2) } == lo_status(LO_OK))
    // log1p(e⁻⁵⁰ + e⁻¹⁰⁰), and 20 + log1p(e⁻²⁰ + e⁻⁴⁰).
    #expect(losses == [1.9287499e-22, 20])
    var mean: Float = 0
    #expect(call(reduction: "mean") { lo_layer_values($0, $1, $2, &mean, 1) } == lo_status(LO_OK))
    #expect(mean == 10)
    var gradient = [Float](repeating: -1, count: 6)
    #expect(
      call(parameter: "weight") { lo_layer_values($0, $1, $2, &gradient, 6) } == lo_status(LO_OK))
    #expect(gradient[3] == -1 && gradient[1] == 1)
    var ulps = [Double](repeating: -1, count: 2)
    losses[0] = losses[0].nextUp
    #expect(call { lo_layer_ulp_errors($0, $1, $2, losses, 2, &ulps) } == lo_status(LO_OK))
    #expect(ulps[0] > 0.5 && ulps[0] < 1.5 && ulps[1] < 0.5)
  }

  @Test func `refuses what does not go together`() {
    var losses = [Float](repeating: -1, count: 2)
    let statuses =
      [
        call(labels: [0, 3]) { lo_layer_values($0, $1, $2, &losses, 2) },
        call(weight: [1, .nan, 0, 0, 0, 0]) { lo_layer_values($0, $1, $2, &losses, 2) },
        call(options: #"{"focal_gamma": 2}"#) { lo_layer_values($0, $1, $2, &losses, 2) },
        call(weight: nil) { lo_layer_values($0, $1, $2, &losses, 2) },
        call(parameter: "input") { lo_layer_values($0, $1, $2, &losses, 2) },
        call(size: 8) { lo_layer_values($0, $1, $2, &losses, 2) },
        call { lo_layer_values($0, $1, $2, &losses, 3) },
        call { lo_layer_values($0, $1, $2, nil, 2) },
        call(format: "float64") { question, layer, parameter in
          // Of four numbers in float64 there are two: it is refused before they are read.
          var narrow = layer.pointee
          narrow.row_count = 0
          narrow.class_count = 1
          narrow.width = 1
          return lo_layer_values(question, &narrow, parameter, nil, 0)
        },
      ]
      + [(-1, 3, 2), (Int.max, 3, 2), (2, -1, 2), (2, Int.max / 8, 2), (2, 3, -1), (2, 3, 0)].map {
        rows, classes, width in
        call { question, layer, parameter in
          var strange = layer.pointee
          (strange.row_count, strange.class_count, strange.width) = (rows, classes, width)
          return lo_layer_values(question, &strange, parameter, &losses, 2)
        }
      }
    for status in statuses {
      #expect([LO_INVALID_INPUT, LO_INVALID_ARGUMENT].map { lo_status($0) }.contains(status))
    }
    #expect(losses == [-1, -1])
  }

  @Test func `multiplies each row's gradient by its grad_output, which older callers do not have`()
  {
    var plain = [Float](repeating: -1, count: 4)
    var scaled = plain
    func gradient(
      _ values: inout [Float], size: Int = MemoryLayout<lo_layer>.size, _ gradOutput: [Float]
    ) -> lo_status {
      call(parameter: "hidden", size: size, gradOutput: gradOutput) {
        lo_layer_values($0, $1, $2, &values, 4)
      }
    }
    #expect(gradient(&plain, []) == lo_status(LO_OK))
    #expect(gradient(&scaled, [-2, 0.5]) == lo_status(LO_OK))
    #expect(scaled == [plain[0] * -2, plain[1] * -2, plain[2] / 2, plain[3] / 2])
    // The layer as it was before: what lies behind it is not looked at.
    let before = MemoryLayout<lo_layer>.offset(of: \lo_layer.grad_output) ?? 0
    #expect(gradient(&scaled, size: before, [-2, 0.5]) == lo_status(LO_OK))
    #expect(scaled == plain)
  }
}

@Suite struct `A check of a linear layer through the C interface` {
  @Test func `draws a layer of a family and judges what was computed of it`() throws {
    var hidden = [Float](repeating: 0, count: 6)
    var weight = [Float](repeating: 0, count: 10)
    var labels = [Int64](repeating: -1, count: 3)
    let drawn = lo_layer_draw(
      "normal", "float32", 3, 5, 2, 1, &hidden, &weight, nil, &labels)
    #expect(drawn == lo_status(LO_OK))
    #expect(hidden.allSatisfy { $0 != 0 } && labels.allSatisfy { (0..<5).contains($0) })
    #expect(
      lo_layer_draw("norml", "float32", 3, 5, 2, 1, &hidden, &weight, nil, &labels)
        == lo_status(LO_INVALID_ARGUMENT))
    #expect(
      lo_layer_draw("normal", "float32", 0, 5, 2, 1, &hidden, &weight, nil, &labels)
        == lo_status(LO_INVALID_ARGUMENT))
    let function = strdup("linear-cross-entropy")
    let format = strdup("float32")
    defer {
      free(function)
      free(format)
    }
    var question = lo_question(
      size: MemoryLayout<lo_question>.size, function: UnsafePointer(function), options: nil,
      reduction: nil, output_format: nil, rounding: nil)
    hidden.withUnsafeBufferPointer { hidden in
      weight.withUnsafeBufferPointer { weight in
        labels.withUnsafeBufferPointer { labels in
          var layer = lo_layer(
            size: MemoryLayout<lo_layer>.size, format: UnsafePointer(format), row_count: 3,
            class_count: 5, width: 2, hidden: UnsafeRawPointer(hidden.baseAddress),
            weight: UnsafeRawPointer(weight.baseAddress), bias: nil, labels: labels.baseAddress,
            grad_output: nil)
          var losses = [Float](repeating: 0, count: 3)
          #expect(lo_layer_values(&question, &layer, nil, &losses, 3) == lo_status(LO_OK))
          func verdict(_ claim: String) -> String? {
            var text: lo_handle = 0
            guard
              lo_layer_check(&question, &layer, nil, &losses, 3, claim, &text)
                == lo_status(LO_OK)
            else { return nil }
            defer { _ = lo_release(text) }
            var buffer = [CChar](repeating: 0, count: 4096)
            _ = lo_text_read(text, &buffer, buffer.count, nil)
            let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            return String(decoding: bytes, as: UTF8.self)
          }
          #expect(verdict("correctly-rounded")?.contains(#""verdict":"passed""#) == true)
          losses[1] += 1
          #expect(verdict("common")?.contains(#""verdict":"fell short""#) == true)
          #expect(verdict("rounded-from:float32") == nil)
          #expect(verdict("roughly") == nil)
        }
      }
    }
  }
}
