internal import FloatFormats
internal import LossFunctions
internal import PropertyEngine

// The scale, the soft cap and the bias of logits: not applied, or in another order.

extension Mistake {
  /// No soft cap.
  static let softcapLeftOut = leavingOut(
    [.softcap], "softcap-left-out", "the soft cap is not applied"
  ) { $0.softcap = nil }

  /// No scale.
  static let scaleLeftOut = leavingOut(
    [.scale], "scale-left-out", "the logits are not multiplied by the scale"
  ) { $0.scale = nil }

  /// No bias.
  static let biasLeftOut = leavingOut(
    [.logitBias], "logit-bias-left-out", "logit_bias is not added"
  ) { $0.logitBias = nil }

  /// The cap, the scale, the bias and the temperature in another order, or the cap in another form.
  static let beforeTheLossReordered = Mistake(
    "softcap-misplaced",
    "the soft cap is applied at another place; scale, cap, add the bias, and divide by the temperature"
  ) { evidence in
    guard let softcap = evidence.options.softcap?.double else { return [] }
    let present = evidence.options.present
    func form(
      _ detail: String,
      _ before: @escaping @Sendable (_ x: Double, BeforeTheLoss) -> (Double, Double)
    ) -> Hypothesis {
      Hypothesis(detail, evidence.model.taking { $0.before = before })
    }
    var forms = [
      form("tanh alone, not times the cap") { x, each in
        (
          (each.capped(each.scale * x) / softcap + each.bias) / each.temperature,
          each.slope(x) / softcap
        )
      },
      form("of the undivided logit") { x, each in
        let y = each.scale * x * softcap
        return ((each.capped(y) + each.bias) / each.temperature, each.slope(x * softcap) * softcap)
      },
      form("cut off at it instead") { x, each in
        let y = each.scale * x
        return (
          (max(-softcap, min(softcap, y)) + each.bias) / each.temperature,
          abs(y) > softcap ? 0 : each.scale / each.temperature
        )
      },
    ]
    if present.contains(.temperature) {
      forms.append(
        form("after the temperature") { x, each in
          let y = (each.scale * x + each.bias) / each.temperature
          return (
            each.capped(y),
            each.scale / each.temperature * BeforeTheLoss.slope(of: y, softcap)
          )
        })
      forms.append(
        form("after the temperature, before the bias") { x, each in
          let y = each.scale * x / each.temperature
          return (
            each.capped(y) + each.bias / each.temperature,
            each.scale / each.temperature * BeforeTheLoss.slope(of: y, softcap)
          )
        })
    }
    if present.contains(.scale) {
      forms.append(
        form("before the scale") { x, each in
          (
            (each.scale * each.capped(x) + each.bias) / each.temperature,
            each.scale / each.temperature * BeforeTheLoss.slope(of: x, softcap)
          )
        })
    }
    if present.contains(.logitBias) {
      forms.append(
        form("after the bias") { x, each in
          let y = each.scale * x + each.bias
          return (
            each.capped(y) / each.temperature,
            each.scale / each.temperature * BeforeTheLoss.slope(of: y, softcap)
          )
        })
    }
    return forms
  }

  /// A gradient that forgets what stands before the loss.
  static let chainBeforeTheLossCut = Mistake(
    "gradient-by-capped-logits",
    "the gradient is by the capped logits; multiply it by 1 − tanh² (chain rule)"
  ) { evidence in
    guard evidence.function.isDerivative, let softcap = evidence.options.softcap?.double else {
      return []
    }
    func form(
      _ detail: String?, _ slope: @escaping @Sendable (_ x: Double, BeforeTheLoss) -> Double
    ) -> Hypothesis {
      Hypothesis(
        detail, evidence.model.taking { $0.before = { x, each in (each.value(x), slope(x, each)) } }
      )
    }
    return [
      form(nil) { _, each in each.scale / each.temperature },
      form("1 − tanh in the place of 1 − tanh²") { x, each in
        each.scale / each.temperature * (1 - each.capped(each.scale * x) / softcap)
      },
      form("1 − tanh² of the logit itself") { x, each in
        each.scale / each.temperature * BeforeTheLoss.slope(of: each.scale * x, 1)
      },
      form("1 − tanh² of the capped logit") { x, each in
        each.scale / each.temperature
          * BeforeTheLoss.slope(of: each.capped(each.scale * x), softcap)
      },
    ]
  }

  /// A gradient by the scaled logits.
  static let scaleOutsideGradient = Mistake(
    "gradient-unscaled-by-scale", "the gradient is not multiplied by the scale (chain rule)"
  ) { row, evidence in
    guard evidence.function.isDerivative, let scale = evidence.options.scale?.double else {
      return nil
    }
    return evidence.model.outputs(row).map { $0 / scale }
  }
}
