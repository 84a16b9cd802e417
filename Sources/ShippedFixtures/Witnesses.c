#include "ShippedFixtures.h"

// A new file is an array and a line of the table.
#pragma clang diagnostic ignored "-Wc23-extensions"

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

static const ShippedFixture files[] = {
    {"binary-cross-entropy-gradient.json", binaryCrossEntropyGradientWitnesses, sizeof(binaryCrossEntropyGradientWitnesses)},
    {"binary-cross-entropy.json", binaryCrossEntropyWitnesses, sizeof(binaryCrossEntropyWitnesses)},
    {"cross-entropy-gradient.json", crossEntropyGradientWitnesses, sizeof(crossEntropyGradientWitnesses)},
    {"cross-entropy.json", crossEntropyWitnesses, sizeof(crossEntropyWitnesses)},
    {"log-sigmoid.json", logSigmoidWitnesses, sizeof(logSigmoidWitnesses)},
    {"log-softmax.json", logSoftmaxWitnesses, sizeof(logSoftmaxWitnesses)},
    {"log-sum-exp.json", logSumExpWitnesses, sizeof(logSumExpWitnesses)},
    {"sigmoid.json", sigmoidWitnesses, sizeof(sigmoidWitnesses)},
    {"softmax.json", softmaxWitnesses, sizeof(softmaxWitnesses)},
    {"softplus.json", softplusWitnesses, sizeof(softplusWitnesses)},
};

const ShippedFixture *shippedWitnesses(size_t index) {
  return index < sizeof(files) / sizeof(files[0]) ? &files[index] : NULL;
}
