// A fuzz target with a bug that the corpus of the test does not trip but its mutations do.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 4 && data[0] == 'h') {
    for (;;)
      ::pause(); // a hang, which the test asks for by its own input
  }
  if (size > 3 && data[0] == '{' && data[size - 1] == '[') std::abort();
  return 0;
}
