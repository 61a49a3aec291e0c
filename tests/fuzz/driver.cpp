// Runs a libFuzzer target without libFuzzer, so that every build and every compiler replays the corpus and a
// fixed set of mutations of it. The mutations depend on nothing but the corpus: a failure on one machine is
// one on all.
//
//   fuzz_NAME [OPTIONS] CORPUS...   replay, then mutate
//   fuzz_NAME --runs 0 FILE         replay one input, as after a crash
//
// --runs N        how many mutations (20000)
// --seconds N     stop mutating after so long (60)
// --max-length N  bytes of the longest mutation (4096)
// --longest N     seconds that one input may take (30)
//
// An input that crashes, trips a sanitizer or takes too long is written to crash-<hash> in the current
// folder.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
}

namespace {

using bytes = std::vector<std::uint8_t>;

unsigned longest_input_seconds = 30;

// The input under test, for the handlers that run when it crashes.
const std::uint8_t* current_data = nullptr;
std::size_t current_size = 0;

std::uint64_t hash_of(const std::uint8_t* data, std::size_t size) {
  std::uint64_t hash = 0xcbf29ce484222325u; // FNV-1a
  for (std::size_t i = 0; i < size; ++i)
    hash = (hash ^ data[i]) * 0x100000001b3u;
  return hash;
}

// Only async-signal-safe calls from here to the handlers.
void save_current_input() {
  if (current_data == nullptr) return;
  const auto* data = current_data;
  const auto size = current_size;
  current_data = nullptr; // a second fault must not write again
  char name[] = "crash-0000000000000000";
  auto hash = hash_of(data, size);
  for (std::size_t i = sizeof(name) - 2; hash != 0; --i, hash >>= 4)
    name[i] = "0123456789abcdef"[hash & 15];
  const int file = ::open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  const bool written = ::write(file, data, size) == static_cast<ssize_t>(size);
  ::close(file);
  const char* text = written ? "\nthe input is in ./" : "\nthe input could not be written to ./";
  (void)!::write(2, text, std::strlen(text));
  (void)!::write(2, name, sizeof(name) - 1);
  (void)!::write(2, "\n", 1);
}

void on_signal(int number) {
  save_current_input();
  if (number == SIGALRM) {
    const char text[] = "one input took too long\n";
    (void)!::write(2, text, sizeof(text) - 1);
    ::_exit(1);
  }
  std::signal(number, SIG_DFL);
  ::raise(number);
}

void install_handlers() {
  // A sanitizer reports SIGSEGV and its like itself and then calls back; SIGABRT is ours in every build.
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(save_current_input);
  } else {
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
      std::signal(number, on_signal);
  }
  std::signal(SIGABRT, on_signal);
  std::signal(SIGALRM, on_signal);
}

void run_one(const bytes& input) {
  // The target gets a heap block of exactly the input's size, so that reading past its end is seen.
  std::uint8_t* copy = new std::uint8_t[input.size()];
  std::copy(input.begin(), input.end(), copy);
  current_data = copy;
  current_size = input.size();
  ::alarm(longest_input_seconds);
  LLVMFuzzerTestOneInput(copy, input.size());
  current_data = nullptr;
  delete[] copy;
}

// SplitMix64: tiny, and the same everywhere.
class mutator {
public:
  mutator(const std::vector<bytes>& corpus, std::size_t max_length)
    : corpus_(corpus), max_length_(max_length) {}

  bytes next() {
    bytes out = corpus_[below(corpus_.size())];
    const auto changes = 1 + below(4);
    for (std::size_t i = 0; i < changes; ++i)
      change(out);
    if (out.size() > max_length_) out.resize(max_length_);
    return out;
  }

private:
  std::uint64_t random() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit); }

  void change(bytes& out) {
    const auto at = below(out.size() + 1);
    const auto length = below(std::min<std::size_t>(out.size() - at, 16) + 1);
    const auto place = out.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(8)) {
    case 0: // flip one bit
      if (at < out.size()) out[at] ^= static_cast<std::uint8_t>(1u << below(8));
      break;
    case 1: // any byte
      if (at < out.size()) out[at] = static_cast<std::uint8_t>(random());
      break;
    case 2: // a byte that means something to most parsers
      out.insert(place, static_cast<std::uint8_t>(telling_[below(telling_.size())]));
      break;
    case 3:
      out.erase(place, place + static_cast<std::ptrdiff_t>(length));
      break;
    case 4:
      out.resize(at);
      break;
    case 5: { // repeat a piece, sometimes very often: nesting and length limits
      const bytes piece(place, place + static_cast<std::ptrdiff_t>(length));
      bytes run;
      for (auto times = below(8) == 0 ? below(512) : below(4); times > 0 && run.size() < max_length_; --times)
        run.insert(run.end(), piece.begin(), piece.end());
      out.insert(place, run.begin(), run.end());
      break;
    }
    case 6: { // go on as another input does
      const auto& other = corpus_[below(corpus_.size())];
      const auto from = below(other.size() + 1);
      out.resize(at);
      out.insert(out.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      break;
    }
    default: { // a number at its edge
      static constexpr const char* numbers[] = {"-1",
                                                "2147483648",
                                                "9223372036854775808",
                                                "1e999",
                                                "18446744073709551616",
                                                "0.0000000000000000000001",
                                                "4294967296",
                                                "-0"};
      const std::string number = numbers[below(std::size(numbers))];
      out.insert(place, number.begin(), number.end());
    }
    }
  }

  static constexpr std::string_view telling_{"{}[]()\"'\\/%&=?*:;,.+-#<>\n\r\t 09aA\xff\x80\0", 35};

  const std::vector<bytes>& corpus_;
  std::size_t max_length_;
  std::uint64_t state_ = 1;
};

bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  return bytes(std::istreambuf_iterator<char>(file), {});
}

struct options {
  std::uint64_t runs = 20000;
  std::uint64_t seconds = 60;
  std::size_t max_length = 4096;
  std::uint64_t longest = 30;
  std::vector<std::filesystem::path> inputs;
};

[[noreturn]] void usage(const char* program, const std::string& problem) {
  std::fprintf(
    stderr,
    "%s\nusage: %s [--runs N] [--seconds N] [--longest SECONDS] [--max-length BYTES] CORPUS_OR_FILE...\n",
    problem.c_str(), program);
  std::exit(2);
}

options parse(int argc, char** argv) {
  options out;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("--", 0) != 0) {
      if (!std::filesystem::exists(word)) usage(argv[0], "there is no " + word);
      if (!std::filesystem::is_directory(word)) {
        out.inputs.emplace_back(word);
        continue;
      }
      for (const auto& entry : std::filesystem::directory_iterator(word))
        if (entry.is_regular_file()) out.inputs.push_back(entry.path());
      continue;
    }
    if (i + 1 == argc) usage(argv[0], word + " needs a number");
    char* end = nullptr;
    const auto number = std::strtoull(argv[++i], &end, 10);
    if (*argv[i] == '\0' || *end != '\0') usage(argv[0], word + " needs a number, not " + argv[i]);
    if (word == "--runs")
      out.runs = number;
    else if (word == "--seconds")
      out.seconds = number;
    else if (word == "--longest")
      out.longest = number;
    else if (word == "--max-length")
      out.max_length = number;
    else
      usage(argv[0], "there is no option " + word);
  }
  // The order in which a folder lists its files is the file system's.
  std::sort(out.inputs.begin(), out.inputs.end());
  if (out.inputs.empty()) usage(argv[0], "no input: name a corpus folder or a file");
  return out;
}

} // namespace

int main(int argc, char** argv) {
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  const auto chosen = parse(argc, argv);
  longest_input_seconds = static_cast<unsigned>(chosen.longest);
  install_handlers();

  std::vector<bytes> corpus;
  corpus.reserve(chosen.inputs.size());
  for (const auto& path : chosen.inputs) {
    corpus.push_back(read_file(path));
    run_one(corpus.back());
  }
  run_one({});

  const auto stop = std::chrono::steady_clock::now() + std::chrono::seconds(chosen.seconds);
  mutator mutations(corpus, chosen.max_length);
  std::uint64_t done = 0;
  while (done < chosen.runs && std::chrono::steady_clock::now() < stop) {
    run_one(mutations.next());
    ++done;
  }
  ::alarm(0);
  std::printf("%zu corpus inputs and %llu of %llu mutations passed\n", corpus.size(),
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(chosen.runs));
  return 0;
}
