#include "ShippedFixtures.h"

// A new file is an array and a line of the table.
#pragma clang diagnostic ignored "-Wc23-extensions"

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

static const ShippedFixture files[] = {
    {"breast-cancer-confident.safetensors", breastCancerConfidentLogits, sizeof(breastCancerConfidentLogits)},
    {"breast-cancer-linear.safetensors", breastCancerLinearLogits, sizeof(breastCancerLinearLogits)},
    {"digits-confident.safetensors", digitsConfidentLogits, sizeof(digitsConfidentLogits)},
    {"digits-linear.safetensors", digitsLinearLogits, sizeof(digitsLinearLogits)},
};

const ShippedFixture *shippedLogits(size_t index) {
  return index < sizeof(files) / sizeof(files[0]) ? &files[index] : NULL;
}
