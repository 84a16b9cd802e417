#include "ShippedFixtures.h"

#include <stddef.h>

// Read by the compiler, so that the command needs no file beside it. A new file is an array and a
// line of the table.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char breastCancerData[] = {
#embed "../../Fixtures/data/breast-cancer.safetensors"
};
static const unsigned char digitsData[] = {
#embed "../../Fixtures/data/digits.safetensors"
};
static const unsigned char breastCancerConfidentLogits[] = {
#embed "../../Fixtures/logits/breast-cancer-confident.safetensors"
};
static const unsigned char breastCancerLinearLogits[] = {
#embed "../../Fixtures/logits/breast-cancer-linear.safetensors"
};
static const unsigned char digitsConfidentLogits[] = {
#embed "../../Fixtures/logits/digits-confident.safetensors"
};
static const unsigned char digitsLinearLogits[] = {
#embed "../../Fixtures/logits/digits-linear.safetensors"
};
static const unsigned char binaryCrossEntropyGradientWitnesses[] = {
#embed "../../Fixtures/witnesses/binary-cross-entropy-gradient.json"
};
static const unsigned char binaryCrossEntropyWitnesses[] = {
#embed "../../Fixtures/witnesses/binary-cross-entropy.json"
};
static const unsigned char crossEntropyGradientWitnesses[] = {
#embed "../../Fixtures/witnesses/cross-entropy-gradient.json"
};
static const unsigned char crossEntropyWitnesses[] = {
#embed "../../Fixtures/witnesses/cross-entropy.json"
};
static const unsigned char logSigmoidWitnesses[] = {
#embed "../../Fixtures/witnesses/log-sigmoid.json"
};
static const unsigned char logSoftmaxWitnesses[] = {
#embed "../../Fixtures/witnesses/log-softmax.json"
};
static const unsigned char logSumExpWitnesses[] = {
#embed "../../Fixtures/witnesses/log-sum-exp.json"
};
static const unsigned char sigmoidWitnesses[] = {
#embed "../../Fixtures/witnesses/sigmoid.json"
};
static const unsigned char softmaxWitnesses[] = {
#embed "../../Fixtures/witnesses/softmax.json"
};
static const unsigned char softplusWitnesses[] = {
#embed "../../Fixtures/witnesses/softplus.json"
};

#define FILE(name, bytes) {name, bytes, sizeof(bytes)}

static const ShippedFixture files[] = {
    FILE("data/breast-cancer.safetensors", breastCancerData),
    FILE("data/digits.safetensors", digitsData),
    FILE("logits/breast-cancer-confident.safetensors", breastCancerConfidentLogits),
    FILE("logits/breast-cancer-linear.safetensors", breastCancerLinearLogits),
    FILE("logits/digits-confident.safetensors", digitsConfidentLogits),
    FILE("logits/digits-linear.safetensors", digitsLinearLogits),
    FILE("witnesses/binary-cross-entropy-gradient.json", binaryCrossEntropyGradientWitnesses),
    FILE("witnesses/binary-cross-entropy.json", binaryCrossEntropyWitnesses),
    FILE("witnesses/cross-entropy-gradient.json", crossEntropyGradientWitnesses),
    FILE("witnesses/cross-entropy.json", crossEntropyWitnesses),
    FILE("witnesses/log-sigmoid.json", logSigmoidWitnesses),
    FILE("witnesses/log-softmax.json", logSoftmaxWitnesses),
    FILE("witnesses/log-sum-exp.json", logSumExpWitnesses),
    FILE("witnesses/sigmoid.json", sigmoidWitnesses),
    FILE("witnesses/softmax.json", softmaxWitnesses),
    FILE("witnesses/softplus.json", softplusWitnesses),
};

const ShippedFixture *shippedFixture(size_t index) {
  return index < sizeof(files) / sizeof(files[0]) ? &files[index] : NULL;
}
