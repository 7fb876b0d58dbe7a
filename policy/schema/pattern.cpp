#include "policy/schema/pattern.hpp"

#include <re2/re2.h>

namespace durward::schema {
namespace {

/// Of one program with the states that it remembers; callers make those grow.
constexpr std::int64_t kMemory = 1 << 20;
constexpr std::size_t kMostBytes = 4096;

/// Where the states of its automaton do not fit RE2 steps through the whole program for each byte, 13 ns for an instruction. A
/// pattern of few characters has few states, which fit whatever the text.
constexpr std::uint64_t kFewCharacters = 4;
constexpr int kFewInstructions = 400;
constexpr std::uint64_t kInstructionsPerStep = 4;

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMemory);
  return options;
}

}  // namespace

policy::Outcome<Pattern, std::string> Pattern::compile(std::string_view pattern) {
  if (pattern.size() > kMostBytes) return std::string("longer than 4096 bytes");
  const Translation translation = translate(pattern);
  if (!translation.fault.empty()) return translation.fault;
  return make(translation.re2, translation.characters);
}

policy::Outcome<Pattern, std::string> Pattern::native(std::string_view expression) {
  if (expression.size() > kMostBytes) return std::string("longer than 4096 bytes");
  return make(expression, kFewCharacters + 1);
}

policy::Outcome<Pattern, std::string> Pattern::make(std::string_view expression, std::uint64_t characters) {
  auto program = std::make_unique<RE2>(re2::StringPiece(expression.data(), expression.size()), options());
  if (!program->ok()) return "RE2 does not take it: " + program->error();
  if (program->ProgramSize() > static_cast<int>(kMostInstructions)) {
    return "too large: " + std::to_string(program->ProgramSize()) + " instructions, " + std::to_string(kMostInstructions) +
           " are allowed";
  }
  return Pattern(std::move(program), characters);
}

Pattern::Pattern(std::unique_ptr<re2::RE2> program, std::uint64_t characters) : program_(std::move(program)) {
  const int size = program_->ProgramSize();
  const bool fits = characters <= 1 || (characters <= kFewCharacters && size <= kFewInstructions);
  price_ = fits ? 1 : 8 * (1 + static_cast<std::uint64_t>(size) / kInstructionsPerStep);
}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::occurs(std::string_view text, Budget& budget) const {
  if (!budget.take(4 + text.size() * price_ / 8)) return false;
  return program_->Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

}  // namespace durward::schema
