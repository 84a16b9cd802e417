internal import FloatFormats
internal import LossFunctions
internal import Losses

/// The built-in implementations that nobody would call wrong: what a test must let pass.
struct RightForms: Sendable {
  private let forms: [any Implementation]
  /// The format that they compute in.
  private let format: FloatFormat
  private let outputFormat: FloatFormat
  /// The one right form where there are options, which the built-in ones do not take: in float64, rounded
  /// once.
  private let model: DoubleModel?

  /// Those of an audit.
  init(_ audit: Audit) {
    self.init(
      audit.function, in: audit.format, outputFormat: audit.outputFormat, options: audit.options)
  }

  /// Those of a function: the form in common use with each way to sum, and those to copy. With 16-bit
  /// logits the sums of exponentials are kept in float32, as GPU kernels keep them.
  init(
    _ function: LossFunction, in format: FloatFormat, outputFormat: FloatFormat,
    options: LossOptions = LossOptions()
  ) {
    let isPlain = options == LossOptions()
    model = isPlain ? nil : DoubleModel(function: function, options: options)
    let wider = outputFormat.precision > format.precision ? outputFormat : format
    self.format = wider.scalarType == nil ? .float32 : wider
    self.outputFormat = outputFormat
    let isNarrow = self.format.precision < FloatFormat.float32.precision
    let common = Implementations.common(function)?.name
    let plain = [common].compactMap(\.self) + Summation.allCases.map(\.rawValue)
    let names =
      (isNarrow && !function.isBinary ? ["float32-accumulation"] : plain)
      + ["practical", "faithful"]
    forms = Implementations.all.filter {
      isPlain && $0.function == function && names.contains($0.name)
    }
  }

  /// Their names.
  var names: [String] { model == nil ? forms.map(\.name) : ["float64"] }

  /// The outputs of one, rounded once where the outputs are narrower; nil where it takes no such rows.
  func outputs(_ index: Int, _ rows: LossRows) -> NumberColumn? {
    if let model {
      return outputFormat.column(
        nearest: (0..<rows.count).flatMap { model.outputs(DoubleModel.Row(rows[$0])) })
    }
    let rows = LossRows(
      classCount: rows.classCount, logits: NumberColumn(format, doubles: rows.logits.doubles),
      labels: rows.targetKind == .index ? rows.labels : nil,
      probabilities: rows.targetKind == .probabilities
        ? NumberColumn(format, doubles: rows.probabilities.doubles) : nil,
      targetLogits: rows.targetKind == .logits
        ? NumberColumn(format, doubles: rows.probabilities.doubles) : nil,
      gradOutputs: NumberColumn(format, doubles: rows.gradOutputs.doubles))
    guard let values = forms[index].evaluate(rows, withBounds: false)?.values else { return nil }
    return values.format == outputFormat ? values : outputFormat.column(nearest: values.doubles)
  }
}

extension FloatFormat {
  /// The numbers nearest to doubles.
  func column(nearest values: [Double]) -> NumberColumn {
    NumberColumn(self, doubles: values.map { nearest($0) })
  }
}
