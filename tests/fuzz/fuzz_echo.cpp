#include <string>
#include <vector>

#include "gateway/secret_echo.hpp"
#include "gateway/token_answer.hpp"
#include "policy/json.hpp"
#include "tests/fuzz/fuzz.hpp"

// A secret (the first line) and a JSON text. Redacted, the text parses, no decoded string of it holds the secret, strings that
// did not hold it are what they were, and a text without it is not touched. Whatever a token endpoint may answer is read
// without harm, and a token that was taken can stand in a header.
namespace {

using namespace durward;
using namespace durward::fuzz;
using namespace durward::gateway;

void strings_of(json::Value value, std::vector<std::string>& out) {
  if (value.is(json::Kind::string)) out.push_back(value.string());
  for (const json::Value one : value.elements()) strings_of(one, out);
  for (const json::Member one : value.members()) {
    out.push_back(one.key.string());
    strings_of(one.value, out);
  }
}

std::vector<std::string> strings_of(const json::Document& document) {
  std::vector<std::string> out;
  strings_of(document.root(), out);
  return out;
}

void check_token(std::string_view text) {
  const auto token = read_token_answer(text);
  if (!token) return;
  must(token->token.reveal().find_first_of("\r\n\" ") == std::string_view::npos);
  must(token->lives.count() > 0 && token->lives <= kLongestLife);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  check_token(text);
  const std::string secret(take_line(text));
  if (secret.size() < SecretEcho::kLeast || secret.find(SecretEcho::kMark) != std::string::npos) return 0;
  if (SecretEcho::kMark.find(secret) != std::string_view::npos) return 0;
  const auto before = json::Document::parse(std::string(text));
  if (!before) return 0;
  std::vector<Edit> edits;
  SecretEcho(secret).find(text, edits);
  const bool found = !edits.empty();
  const std::string out = apply(text, std::move(edits));
  const auto after = json::Document::parse(out);
  const std::vector<std::string> was = strings_of(*before);
  bool held = false;
  for (const std::string& one : was) held |= one.find(secret) != std::string::npos;
  // Escapes of lone surrogates decode to U+FFFD in one reading, and to bytes that are no text in the other: they hide nothing.
  if (held) must(found);
  if (!found) must(out == text);
  if (!after) return 0;  // two names became one: JSON still, but not for our strict reader
  const std::vector<std::string> is = strings_of(*after);
  must(is.size() == was.size());
  for (std::size_t i = 0; i < is.size(); ++i)
    if (was[i].find(secret) == std::string::npos && was[i].find("\xEF\xBF\xBD") == std::string::npos) must(is[i] == was[i]);
  return 0;
}
