internal import CLossOracle
internal import FloatFormats
internal import LossFunctions
internal import Multiprecision
internal import Reference
internal import SmallFoundation
internal import Synchronization

extension Question {
  /// Writes the values.
  ///
  /// - Returns: Why rows are undecided, of the first that is.
  func write(
    _ values: UnsafeMutableRawPointer, rounding: RoundingDirection
  ) throws -> EntryError? {
    if try writeInBulk(values, rounding) { return nil }
    let size = outputFormat.byteCount
    // Each piece writes into places of its own.
    nonisolated(unsafe) let values = values
    let isFilled = try longRowFill(values, rounding)
    return try forEachCertified(rounding: rounding, isDone: isFilled) { certified, places in
      certified.values.encoded.withUnsafeBytes { bytes in
        guard let source = bytes.baseAddress else { return }
        memcpy(values + places.lowerBound * size, source, bytes.count)
      }
    }
  }

  /// What fills a long row where it lies, and says whether it could.
  private func longRowFill(
    _ values: UnsafeMutableRawPointer, _ rounding: RoundingDirection
  ) throws -> @Sendable (Range<Int>) throws -> Bool {
    guard !isReduced, rows.classCount > Reference.longRowClassCount,
      let layout = RowNumbers.Layout(outputFormat)
    else { return { _ in false } }
    let (function, options, rows, format) = (function, options, rows, outputFormat)
    let (mean, count) = (try meanParts(), outputsPerRow)
    nonisolated(unsafe) let values = values
    return { range in
      guard range.count == 1, let row = try rows.longRow(range.lowerBound) else { return false }
      let room = ValueMemory(values + range.lowerBound * count * format.byteCount, layout)
      room.clear(count)
      return Reference().fill(
        room, function, longRow: row, options: options, of: mean, from: rows.format, in: format,
        rounding: rounding)
    }
  }

  /// Calls `body` with the exact values, piece by piece, and with their places.
  ///
  /// - Parameter isDone: Of a piece, whether there is nothing more to do.
  /// - Returns: Why rows are undecided, of the first that is.
  func forEachCertified(
    rounding: RoundingDirection,
    isDone: @escaping @Sendable (Range<Int>) throws -> Bool = { _ in false },
    _ body: @escaping @Sendable (CertifiedRows, Range<Int>) -> Void
  ) throws -> EntryError? {
    guard !isReduced else {
      if let certified = try reducedByPieces(rounding) {
        body(certified, 0..<1)
        return nil
      }
      let all = try rows.rows(0..<rows.count)
      do {
        try function.validate(all, options)
      } catch {
        throw EntryError.input(error.description)
      }
      let certified = try Reference().evaluate(
        function, batch: all, reduction: reduction, options: options, in: outputFormat,
        rounding: rounding)
      body(certified, 0..<valueCount)
      return Self.failure(certified.undecided)
    }
    let undecided = Mutex<[Int: ReferenceError]>([:])
    let (function, options, rows, format) = (function, options, rows, outputFormat)
    let mean = try meanParts()
    let outputsPerRow = outputsPerRow
    let pieces = OrderedPieces(of: rows.count, pieceSize: rows.pieceSize)
    try Threads.forEach(pieces) { range in
      if try isDone(range) { return }
      let piece = try rows.rows(range)
      do throws(InputRowError) {
        try function.validate(piece, options)
      } catch {
        throw EntryError.input("row \(range.lowerBound + error.row + 1): \(error.error)")
      }
      let certified =
        if let mean {
          try Reference().gradients(
            function, piece, of: mean, options: options, in: format, rounding: rounding)
        } else {
          try Reference().evaluate(
            function, piece, options: options, in: format, rounding: rounding)
        }
      for (row, error) in certified.undecided {
        undecided.withLock { $0[range.lowerBound + row] = error }
      }
      body(certified, range.lowerBound * outputsPerRow..<range.upperBound * outputsPerRow)
    }
    return Self.failure(undecided.withLock(\.self))
  }

  /// What gradients of a mean need to know of all rows; nil where no mean is taken.
  private func meanParts() throws -> MeanParts? {
    guard reduction == .mean, rows.count > 0 else { return nil }
    return MeanParts(
      options, labels: rows.targetKind == .index ? try rows.indices(0..<rows.count) : nil,
      rowCount: rows.count, valueCount: rows.count * rows.classCount)
  }

  /// The reduction of all rows, whose totals are computed piece by piece; nil where these do not decide it.
  private func reducedByPieces(_ rounding: RoundingDirection) throws -> CertifiedRows? {
    let pieces = OrderedPieces(of: rows.count, pieceSize: rows.pieceSize)
    let totals = Mutex([LossTotal?](repeating: nil, count: pieces.count))
    try Threads.forEach(pieces) { range in
      let total = try total(of: range)
      totals.withLock { $0[range.lowerBound / pieces.pieceSize] = total }
    }
    let known = totals.withLock { $0.compactMap(\.self) }
    guard var total = known.first, known.count == pieces.count else { return nil }
    for other in known.dropFirst() { total.add(other) }
    let ground = function.groundOfReduction(rows.targetKind, options)
    return Reference().value(
      of: total, reduction: reduction, ground: ground, in: outputFormat, rounding: rounding
    ).map { CertifiedRows([$0], in: outputFormat) }
  }

  private func total(of range: Range<Int>) throws -> LossTotal? {
    if let floats = rows.floats(range), rows.targetKind == .index,
      let total = Reference().total(
        function, logits: floats, classCount: rows.classCount, labels: try rows.indices(range),
        options: options, in: outputFormat)
    {
      return total
    }
    if let floats = rows.floats(range), function.isBinary,
      let targets: UnsafeBufferPointer<Float> = rows.numbers(rows.probabilities, range),
      let total = Reference().total(
        function, logits: floats, targets: targets, options: options, in: outputFormat)
    {
      return total
    }
    if let doubles = rows.doubles(range), rows.targetKind == .index,
      let total = Reference().total(
        function, logits: doubles, classCount: rows.classCount, labels: try rows.indices(range),
        options: options)
    {
      return total
    }
    if let doubles = rows.doubles(range), function.isBinary,
      let targets: UnsafeBufferPointer<Double> = rows.numbers(rows.probabilities, range),
      let total = Reference().total(function, logits: doubles, targets: targets, options: options)
    {
      return total
    }
    if range.count == 1, let row = try rows.longRow(range.lowerBound),
      let total = Reference().total(function, longRow: row, options: options, from: rows.format)
    {
      return total
    }
    let piece = try rows.rows(range)
    do throws(InputRowError) {
      try function.validate(piece, options)
    } catch {
      throw EntryError.input("row \(range.lowerBound + error.row + 1): \(error.error)")
    }
    return try Reference().total(function, piece, options: options, in: outputFormat)
  }

  private static func failure(_ undecided: [Int: ReferenceError]) -> EntryError? {
    undecided.min { $0.key < $1.key }.map {
      EntryError(LO_UNDECIDED, "row \($0.key + 1): \($0.value)")
    }
  }

  /// Writes values of float32 and float64 without a copy; false where that cannot be done.
  private func writeInBulk(
    _ values: UnsafeMutableRawPointer, _ rounding: RoundingDirection
  ) throws -> Bool {
    let mayBeMean: Set<LossOption> =
      function.isBinary ? [.input, .denominator] : [.classWeights, .ignoreIndex, .denominator]
    let isOfMean =
      reduction == .mean && function.isGradient && options.present.isSubset(of: mayBeMean)
    guard isOfMean || options.present.isSubset(of: [.input]) && reduction == .none,
      rounding == .nearestEven, !function.isOfShards, rows.format == outputFormat,
      rows.probabilities == nil || function.isBinary, !rows.hasMoreColumns
    else { return false }
    let labels = try rows.indices(0..<rows.count)
    let ignored = options.ignoreIndex.flatMap { Int32(exactly: $0) }
    if let row = labels.firstIndex(where: {
      !(0..<Int32(clamping: rows.classCount)).contains($0) && $0 != ignored
    }) {
      let error = InputError.labelOutOfRange(label: Int(labels[row]), classCount: rows.classCount)
      throw EntryError.input("row \(row + 1): \(error)")
    }
    let mean =
      isOfMean
      ? MeanParts(
        options, labels: rows.targetKind == .index ? labels : nil, rowCount: rows.count,
        valueCount: rows.count * rows.classCount)
      : nil
    do throws(ReferenceError) {
      return switch outputFormat {
      case .float32: try fillFloats(values, labels, mean)
      case .float64: try fillDoubles(values, labels, mean)
      default: false
      }
    } catch {
      // The other way finds it again, and says in which row.
      return false
    }
  }

  private func fillFloats(
    _ values: UnsafeMutableRawPointer, _ labels: [Int32], _ mean: MeanParts?
  ) throws(ReferenceError) -> Bool {
    guard let places: UnsafeMutableBufferPointer<Float> = places(values),
      let logits = rows.floats(0..<rows.count)
    else { return false }
    let (classCount, threads) = (rows.classCount, Threads.count())
    guard rows.probabilities != nil else {
      if let mean {
        return try Reference().fill(
          places, function, of: mean, logits: logits, classCount: classCount, targets: labels,
          threadCount: threads)
      }
      _ = try Reference().fill(
        places, function, of: options.input, logits: logits, classCount: classCount,
        targets: labels, threadCount: threads)
      return true
    }
    guard let targets: UnsafeBufferPointer<Float> = rows.numbers(rows.probabilities, 0..<rows.count)
    else { return false }
    if let mean {
      return try Reference().fill(
        places, function, of: mean, logits: logits, targets: targets, threadCount: threads)
    }
    _ = try Reference().fill(
      places, function, of: options.input, logits: logits, classCount: classCount, targets: targets,
      threadCount: threads)
    return true
  }

  private func fillDoubles(
    _ values: UnsafeMutableRawPointer, _ labels: [Int32], _ mean: MeanParts?
  ) throws(ReferenceError) -> Bool {
    guard options.input == .logits, let places: UnsafeMutableBufferPointer<Double> = places(values),
      let logits = rows.doubles(0..<rows.count)
    else { return false }
    let (classCount, threads) = (rows.classCount, Threads.count())
    guard rows.probabilities != nil else {
      if let mean {
        return try Reference().fill(
          places, function, of: mean, logits: logits, classCount: classCount, targets: labels,
          threadCount: threads)
      }
      _ = try Reference().fill(
        places, function, logits: logits, classCount: classCount, targets: labels,
        threadCount: threads)
      return true
    }
    guard
      let targets: UnsafeBufferPointer<Double> = rows.numbers(rows.probabilities, 0..<rows.count)
    else { return false }
    if let mean {
      return try Reference().fill(
        places, function, of: mean, logits: logits, targets: targets, threadCount: threads)
    }
    _ = try Reference().fill(
      places, function, logits: logits, classCount: classCount, targets: targets,
      threadCount: threads)
    return true
  }

  /// Room for the values, where it lies as their type should.
  private func places<Number>(
    _ values: UnsafeMutableRawPointer
  ) -> UnsafeMutableBufferPointer<Number>? {
    guard UInt(bitPattern: values) % UInt(MemoryLayout<Number>.alignment) == 0 else { return nil }
    return UnsafeMutableBufferPointer(
      start: values.assumingMemoryBound(to: Number.self), count: valueCount)
  }
}
