import Cases
import FloatFormats
import Interchange
import LossFunctions
import Multiprecision
import TestSupport
import Testing

@Suite struct `Answers to lines` {
  @Test func `hold the value in hexadecimal and in decimal`() {
    let answer = answer(.binaryCrossEntropy, #"{"logit": -305.8, "target": 0}"#)
    #expect(answer == #"{"value":"0x1.c52755a129346p-442","decimal":"1.558645801350814e-133"}"#)
  }

  @Test func `hold lists for functions with an output per class`() {
    let answer = answer(.softmax, #"{"logits": ["0x1p1", 2.0, "-inf"]}"#)
    #expect(
      answer == #"{"values":["0x1p-1","0x1p-1","0x0p+0"],"decimals":["0.5","0.5","0"]}"#)
  }

  @Test func `go by the field that says what the numbers are`() {
    #expect(
      answer(.binaryCrossEntropy, #"{"probability": 0.5, "target": 1}"#)
        == answer(.binaryCrossEntropy, #"{"logit": 0, "target": 1}"#))
    #expect(
      answer(.crossEntropy, #"{"log_probabilities": [-1.5, -2], "target": 0}"#)
        == #"{"value":"0x1.8p+0","decimal":"1.5"}"#)
    #expect(
      answer(.crossEntropyGradient, #"{"rows": [{"probabilities": [0.5, 0.25], "target": 1}]}"#)
        == #"{"values":[["0x0p+0","-0x1p+2"]],"decimals":[["0","-4"]]}"#)
    let several = #"{"probability": 0.5, "logit": 0, "target": 1}"#
    let mixed =
      #"{"rows": [{"logits": [1], "target": 0}, {"probabilities": [1], "target": 0}]}"#
    for (function, line) in [
      (LossFunction.binaryCrossEntropy, several), (.crossEntropy, mixed),
      (.softmax, #"{"probabilities": [1]}"#), (.crossEntropy, #"{"target": 0}"#),
    ] {
      #expect(answer(function, line) == nil, "\(line)")
    }
  }

  @Test func `hold digits where they are asked for`() {
    let evaluator = Evaluator(
      function: .softplus, inputFormat: .float16, outputFormat: .float16, digitCount: 5)
    let line = Array(#"{"logit": 0}"#.utf8)
    #expect(
      (try? evaluator.answer(line[...]).get())
        == #"{"value":"0x1.63p-1","decimal":"0.6934","exact":"0.69315"}"#)
  }

  @Test func `of batches hold one value, or one for each row`() {
    let rows = #""rows":[{"logits":[0,0],"target":0},{"logits":[0,0],"target":1}]"#
    let half =
      #"{"values":[["-0x1p-2","0x1p-2"],["0x1p-2","-0x1p-2"]],"decimals":[["-0.25","0.25"],["0.25","-0.25"]]}"#
    #expect(answer(.crossEntropyGradient, "{\(rows)}") == half)
    #expect(
      answer(.crossEntropy, "{\(rows)}")?.contains(#""decimal":"0.6931471805599453""#) == true)
    #expect(
      answer(.crossEntropy, "{\(rows),\"reduction\":\"sum\"}")?.contains(
        #""decimal":"1.3862943611198906""#) == true)
    #expect(
      answer(.crossEntropy, "{\(rows),\"reduction\":\"none\"}")?.hasPrefix(#"{"values":["0x"#)
        == true)
    // By its own name or that of a call, and in a mean alone.
    for name in ["values", "kl_div"] {
      #expect(
        answer(.crossEntropy, "{\(rows),\"denominator\":\"\(name)\"}")?.contains(
          #""decimal":"0.34657359027997264""#) == true)
    }
    #expect(
      answer(.crossEntropy, "{\(rows),\"reduction\":\"sum\",\"denominator\":\"rows\"}") == nil)
    #expect(
      answer(.crossEntropy, #"{"logits":[0,0],"target":0,"denominator":"rows"}"#) == nil)
  }

  @Test func `read decimals in the input format and round to the output format`() {
    let evaluator = Evaluator(
      function: .logSumExp, inputFormat: .bfloat16, outputFormat: .float32)
    let line = Array(#"{"logits": [0.1]}"#.utf8)
    // 0.1 is 0x1.9ap−4 in bfloat16.
    #expect(
      (try? evaluator.answer(line[...]).get()) == #"{"value":"0x1.9ap-4","decimal":"0.100097656"}"#)
  }

  @Test func `take an option that is a number as it is, and a list in the input format`() throws {
    let line = Array(
      #"{"logits": [1, 2], "target": 0, "label_smoothing": 0.1, "class_weights": [0.1, 1]}"#.utf8)
    let request = try EvaluationRequest(parsing: line[...], for: .crossEntropy, in: .bfloat16)
    guard case .row(_, let options) = request else {
      Issue.record("no row")
      return
    }
    #expect(options.labelSmoothing == FloatValue(0.1))
    #expect(options.classWeights == [FloatValue(0x1.9Ap-4), .one])
    // What a program is sent is the same, whatever it reads decimals as.
    #expect(options.text == #"{"class_weights": [0.10009765625, 1], "label_smoothing": 0.1}"#)
  }

  @Test func `of many lines are those of each, with the numbers of those that have none`() {
    var choices = TestSeed.choices("many lines")
    let lines = (0..<200).map { _ -> String in
      switch choices.integer(in: 0...9) {
      case 0: "{"
      case 1: #"{"logits": [1], "target": 3}"#
      case 2: #"{"logits": [1, 2], "target": [0.5, 0.5]}"#
      case 3: #"{"logits": [1, 2, 3], "target": 1, "temperature": 2}"#
      case 4: #"{"rows": [{"logits": [1], "target": 0}]}"#
      case 5: #"{"logits": [1, 2, 3], "target": 5000000000, "ignore_index": 5000000000}"#
      default: #"{"logits": [\#(choices.normal()), 2, 3], "target": 1}"#
      }
    }
    let evaluator = Evaluator(
      function: .crossEntropy, inputFormat: .float32, outputFormat: .float32)
    let alone = lines.map { evaluator.answer(Array($0.utf8)[...]) }
    let together = evaluator.answers(Array(lines.joined(separator: "\n").utf8)[...])
    #expect(together.lineCount == 200)
    let texts = alone.compactMap { try? $0.get() }
    #expect(String(decoding: together.text, as: UTF8.self) == texts.map { $0 + "\n" }.joined())
    let faults = alone.indices.filter { (try? alone[$0].get()) == nil }
    #expect(!faults.isEmpty && together.errors.map(\.line) == faults.map { $0 + 1 })
  }

  @Test(arguments: [
    (LossFunction.crossEntropy, "{", "not JSON"),
    (.crossEntropy, "[]", "expected an object"),
    (.crossEntropy, "", "not JSON"),
    (.crossEntropy, #"{"logits":[1,2]}"#, "\"target\" is missing"),
    (.crossEntropy, #"{"target":0}"#, "\"logits\" is missing"),
    (.crossEntropy, #"{"logits":[1,2],"target":2}"#, "label 2 is out of range for 2 classes"),
    (.crossEntropy, #"{"logits":[1,2],"target":-1}"#, "label -1 is out of range"),
    (.crossEntropy, #"{"logits":[],"target":0}"#, "list of logits is empty"),
    (.crossEntropy, #"{"logits":[1,2],"target":0,"weight":[1,2]}"#, "unknown field \"weight\""),
    (.crossEntropy, #"{"logits":[1,"x"],"target":0}"#, "\"x\" is not a number"),
    (.crossEntropy, #"{"logits":[1,true],"target":0}"#, "must be a number, not a boolean"),
    (.crossEntropy, #"{"logits":[1,2],"target":0.5}"#, "must be an integer, not 0.5"),
    (.crossEntropy, #"{"logits":[1,2],"target":[0.5]}"#, "1 target probabilities for 2 classes"),
    (.crossEntropy, #"{"logits":[1,2],"target":[0.5,1.5]}"#, "outside of [0, 1]"),
    (.crossEntropy, #"{"logits":[1,2],"target":0,"temperature":0}"#, "outside of (0, ∞)"),
    (.crossEntropy, #"{"logits":[1,2],"target":0,"class_weights":[1]}"#, "1 class weights for 2"),
    (
      .crossEntropy, #"{"logits":[1,2],"target":0,"focal_gamma":2,"z_loss":1}"#,
      "cannot be combined"
    ),
    (
      .crossEntropy, #"{"rows":[{"logits":[1],"target":0},{"logits":[1],"target":[1]}]}"#,
      "all probabilities"
    ),
    (.crossEntropy, #"{"rows":[],"reduction":"avg"}"#, "one of none, mean, sum"),
    (.crossEntropy, #"{"rows":[],"denominator":"torchvision"}"#, "rows (optax, jax, batchmean)"),
    (.binaryCrossEntropy, #"{"logit":1,"target":2}"#, "outside of [0, 1]"),
    (.binaryCrossEntropy, #"{"logits":[1],"target":1}"#, "unknown field \"logits\""),
    (.binaryCrossEntropy, #"{"logit":[1],"target":1}"#, "must be a number, not a list"),
    (.softplus, #"{"logit":"0x1.00000000000001p0"}"#, "is not a number of float64"),
    (.softplus, #"{"logit":1,"pos_weight":2}"#, "unknown field \"pos_weight\""),
    (.softplus, #"{"logit":1,"softcap":0}"#, "softcap is 0.0, outside of (0, ∞)"),
    (.softplus, #"{"logit":1,"scale":-1}"#, "scale is -1.0, outside of (0, ∞)"),
    (.softmax, #"{"logits":[1,2],"logit_bias":[1]}"#, "1 logit biases for 2"),
    (.softmax, #"{"logits":[1,2],"logit_bias":[1,"-inf"]}"#, "outside of (-∞, ∞)"),
  ])
  func `that cannot be given say why`(function: LossFunction, line: String, reason: String) {
    let evaluator = Evaluator(function: function, inputFormat: .float64, outputFormat: .float64)
    guard case .failure(let error) = evaluator.answer(Array(line.utf8)[...]) else {
      Issue.record("\(line) was answered")
      return
    }
    #expect(error.description.contains(reason), "\(error)")
  }

  private func answer(_ function: LossFunction, _ line: String) -> String? {
    let evaluator = Evaluator(function: function, inputFormat: .float64, outputFormat: .float64)
    return try? evaluator.answer(Array(line.utf8)[...]).get()
  }
}
