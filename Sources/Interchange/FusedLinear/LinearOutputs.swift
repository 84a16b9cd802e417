public import LossFunctions
public import SmallFoundation

/// Losses and gradients of a linear layer that were computed elsewhere.
public struct LinearOutputs: Sendable {
  /// What was computed.
  public let quantity: LinearQuantity
  /// The outputs.
  public let values: NumberColumn

  /// Those of a safetensors file: tensors of the quantities' names; `outputs` may stand for `loss`.
  ///
  /// - Throws: Where there are none, or of another shape than the layer asks for.
  public static func reading(
    _ url: URL, input: LinearInput, reduction: Reduction
  ) throws(FixtureError) -> [LinearOutputs] {
    do {
      let file = try SafetensorsFile(FileBytes.reading(url))
      var outputs: [LinearOutputs] = []
      for quantity in LinearQuantity.allCases {
        let names = quantity == .loss ? [quantity.rawValue, "outputs"] : [quantity.rawValue]
        guard let name = names.first(where: { file.names.contains($0) }) else { continue }
        let tensor = try file.tensor(name)
        let expected = quantity.shape(input, reduction)
        guard tensor.shape == expected || (expected == [1] && tensor.shape.isEmpty) else {
          throw FixtureError.outputShape(found: tensor.shape, expected: expected)
        }
        outputs.append(
          LinearOutputs(quantity: quantity, values: try tensor.column(0..<tensor.count)))
      }
      guard !outputs.isEmpty else {
        throw SafetensorsError.missing(name: LinearQuantity.loss.rawValue, present: file.names)
      }
      return outputs
    } catch let error as SafetensorsError {
      throw .safetensors(error)
    } catch {
      throw error as? FixtureError ?? .noRows
    }
  }
}
