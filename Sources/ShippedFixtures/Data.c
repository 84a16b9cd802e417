#include "ShippedFixtures.h"

// A new file is an array and a line of the table.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char breastCancerData[] = {
#embed "../../Fixtures/data/breast-cancer.safetensors"
};
static const unsigned char digitsData[] = {
#embed "../../Fixtures/data/digits.safetensors"
};

static const ShippedFixture files[] = {
    {"breast-cancer.safetensors", breastCancerData, sizeof(breastCancerData)},
    {"digits.safetensors", digitsData, sizeof(digitsData)},
};

const ShippedFixture *shippedData(size_t index) {
  return index < sizeof(files) / sizeof(files[0]) ? &files[index] : NULL;
}
