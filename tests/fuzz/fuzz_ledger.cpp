#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "audit/chain.hpp"
#include "audit/line.hpp"
#include "audit/verify.hpp"
#include "policy/canonical.hpp"
#include "tests/fuzz/fuzz.hpp"

// A log from anywhere, to the verifier that holds the vectors' public key. Nobody here can sign with it: a log that verifies
// is made of lines that the key's owner wrote, in the order in which he chained them, whatever was done to the bytes.
// An input that begins with NUL is a list of edits to a good log instead: see `edited`.
namespace {

using namespace durward;
using namespace durward::fuzz;

namespace fs = std::filesystem;

const fs::path kVectors = fs::path(DURWARD_SOURCE_DIR) / "tests/vectors/ledger";

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) lines.emplace_back(take_line(text));
  return lines;
}

struct Known {
  std::string key;              // public, raw
  std::set<std::string> lines;  // of every log that this key signed and that verifies
  std::vector<std::string> good = lines_of(slurp(kVectors / "good-base.ndjson"));
};

/// What the vectors' index says is valid, or torn or open but sound as far as it goes.
const Known& known() {
  static const Known made = [] {
    Known out;
    const auto index = json::Document::parse(slurp(kVectors / "index.json"));
    must(static_cast<bool>(index));
    out.key = crypto::from_base64(index->root().at(0).find("key").string()).value();
    for (const json::Value vector : index->root().elements()) {
      if (vector.find("expect").integer() != 0 && vector.find("expect").integer() != 3) continue;
      const fs::path path = kVectors / vector.find("file").string();
      if (!fs::is_directory(path)) {
        for (auto& line : lines_of(slurp(path))) out.lines.insert(std::move(line));
        continue;
      }
      for (const auto& file : fs::directory_iterator(path))
        for (auto& line : lines_of(slurp(file.path()))) out.lines.insert(std::move(line));
    }
    must(out.lines.size() > 100 && !out.good.empty());
    return out;
  }();
  return made;
}

/// Four bytes an edit: what, a line, another line or a place in the line, a byte.
std::string edited(std::string_view edits) {
  std::vector<std::string> lines = known().good;
  for (; edits.size() >= 4 && !lines.empty() && lines.size() < 64; edits.remove_prefix(4)) {
    const auto number = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(edits[i])); };
    const std::size_t one = number(1) % lines.size();
    const std::size_t other = number(2) % lines.size();
    std::string& line = lines[one];
    const std::size_t at = line.empty() ? 0 : (number(2) * 4 + number(3) % 4) % line.size();
    switch (number(0) % 7) {
      case 0:
        std::swap(lines[one], lines[other]);
        break;
      case 1:
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(one));
        break;
      case 2:
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(other), std::string(line));
        break;
      case 3:
        if (!line.empty()) line[at] = edits[3];
        break;
      case 4:
        line.insert(at, 1, edits[3]);
        break;
      case 5:
        if (!line.empty()) line.erase(at, 1);
        break;
      default:  // the end of another line
        line = line.substr(0, at) + lines[other].substr(std::min(at, lines[other].size()));
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

audit::VerifyReport verify(std::string_view text) {
  static const int file = ::memfd_create("log", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  must(file >= 0 && ::ftruncate(file, 0) == 0);
  must(::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  audit::VerifyRequest request;
  request.paths = {path};
  request.public_keys = {known().key};
  request.threads = 1;
  return audit::verify_log(request);
}

/// The reader of one line: what the one-pass scanner takes, the general parser and RFC 8785 take too, byte for byte.
void scan(std::string_view text) {
  static audit::Scanner scanner;
  if (!scanner.object(text)) return must(scanner.offset() <= text.size() && *scanner.why() != '\0');
  json::Limits deep;
  deep.depth = text.size() + 1;
  const auto document = json::Document::parse(std::string(text), deep);
  must(document && document->root().size() == scanner.members().size());
  const auto canonical = json::jcs(document->root());
  must(canonical && *canonical == text);
}

void judge(std::string_view text) {
  const audit::VerifyReport report = verify(text);
  must(report.exit_code == 0 || report.exit_code == 1 || report.exit_code == 3);
  must(report.reasons.empty() == (report.exit_code == 0) && !audit::to_json(report).empty());
  const std::vector<std::string> lines = lines_of(text);
  must(report.records <= lines.size() && report.batches <= report.records);
  if (report.exit_code == 0) must(report.records == lines.size() && text.ends_with('\n') && report.records > 0);
  if (report.exit_code == 1) return;
  // Not invalid: as far as it goes, the log is the key owner's own. Records under keys that were not given are counted apart.
  for (const std::string& reason : report.reasons)
    if (reason.find("keys that were not given") != std::string::npos) return;
  std::string head;
  for (std::size_t i = 0; i < report.records; ++i) must(known().lines.contains(lines[i]));
  // A log is a run of one chain: each line's seq is one more than that of the line before.
  audit::LineReader reader;
  for (std::size_t i = 0; i < report.records; ++i) {
    const auto line = reader.read(lines[i]);
    must(line && line->seq == report.first_seq + i && line->origin == report.origin);
    must(head.empty() || line->seq == 0 || line->prev == head);
    head = crypto::base64(crypto::view(line->leaf));
  }
  must(head == report.head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  const std::string other = size > 0 && data[0] == 0 ? edited(text.substr(1)) : std::string();
  if (!other.empty()) text = other;
  judge(text);
  while (!text.empty()) scan(take_line(text));
  return 0;
}
