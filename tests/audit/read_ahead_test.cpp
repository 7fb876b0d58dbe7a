#include <catch2/catch.hpp>
#include <random>

#include "audit/compose.hpp"
#include "audit/read_ahead.hpp"
#include "audit/sealer.hpp"
#include "audit/verify.hpp"
#include "tests/audit/support.hpp"

namespace durward::audit {
namespace {

using namespace test;

const std::string kOrigin = "example.test/ledger";

/// Two segments of a log, each of several slabs.
struct Log {
  std::string first, second;
  Log() {
    Sealer sealer(kOrigin, key(), 0, genesis(kOrigin));
    for (std::string* part : {&first, &second})
      while (part->size() < (900U << 10)) {
        for (std::size_t i = 0; i < 40; ++i) sealer.add(compose(call(), kOrigin));
        *part += sealer.seal();
      }
  }
  void write(const Folder& folder) const {
    spill(folder.path("ledger-2026-03-01.000.ndjson"), first);
    spill(folder.path("ledger-2026-03-01.001.ndjson"), second);
  }
};

std::string judged(const Folder& folder, unsigned threads) {
  VerifyRequest request;
  request.paths = {folder.path()};
  request.public_keys = {key().public_key()};
  request.threads = threads;
  return to_json(verify_log(request));
}

/// What one thread says, which is what any number of them must say.
std::string judged(const Folder& folder) {
  std::string alone = judged(folder, 1);
  for (const unsigned threads : {0U, 2U, 5U}) {
    INFO(threads << " threads");
    REQUIRE(judged(folder, threads) == alone);
  }
  return alone;
}

std::string line_of(const std::string& text, std::size_t at) {
  return std::to_string(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1);
}

TEST_CASE("any number of threads calls a log of many slabs valid") {
  const Log log;
  const Folder folder;
  log.write(folder);
  const std::string report = judged(folder);
  CHECK(report.find("\"result\":\"valid\",\"exit\":0") != std::string::npos);
  const auto lines =
      std::count(log.first.begin(), log.first.end(), '\n') + std::count(log.second.begin(), log.second.end(), '\n');
  CHECK(report.find("\"records\":" + std::to_string(lines)) != std::string::npos);
}

TEST_CASE("any number of threads names the same first fault, wherever one stands") {
  const Log log;
  std::mt19937_64 random(42);
  for (int round = 0; round < 12; ++round) {
    Log changed = log;
    // Two faults in different slabs: only the first may be named.
    const std::size_t at = random() % (changed.first.size() / 2);
    const std::size_t later = at + changed.first.size() / 2 - 1;
    const std::size_t id = changed.first.find("\"id\":\"", at) + 10;
    changed.first[id] = changed.first[id] == 'A' ? 'B' : 'A';
    changed.first[later] = changed.first[later] == '{' ? '[' : '{';
    const Folder folder;
    changed.write(folder);
    const std::string report = judged(folder);
    INFO(report);
    CHECK(report.find("\"result\":\"invalid\"") != std::string::npos);
    CHECK(report.find(".000.ndjson:" + line_of(changed.first, id) + ": ") != std::string::npos);
    CHECK(report.find(".001.ndjson") == std::string::npos);
  }
}

TEST_CASE("any number of threads says the same of a torn tail, a long line and a file that is not there") {
  Log log;
  const Folder folder;
  SECTION("a torn tail") {
    log.second.resize(log.second.size() - 100);
    log.write(folder);
    CHECK(judged(folder).find("a torn tail") != std::string::npos);
  }
  SECTION("a torn tail within the log") {
    log.first.resize(log.first.size() - 100);
    log.write(folder);
    CHECK(judged(folder).find("the file ends within a batch, but the log goes on") != std::string::npos);
  }
  SECTION("a line that is too long, behind whole slabs") {
    const std::size_t at = log.first.find('\n', 700U << 10) + 1;
    log.first.insert(at, std::string(40U << 10, 'x') + "\n");
    log.write(folder);
    CHECK(judged(folder).find(".000.ndjson:" + line_of(log.first, at) + ": the line is longer than 32 KiB") !=
          std::string::npos);
  }
  SECTION("nothing") {
    spill(folder.path("ledger-2026-03-01.000.ndjson"), {});
    CHECK(judged(folder).find("the log is empty") != std::string::npos);
  }
}

TEST_CASE("reading ahead tells of a file that cannot be read") {
  Readers readers(2);
  const Folder folder;
  ReadAhead lines(folder.path("none"), readers);
  CHECK(lines.next() == FileLines::Got::error);
  CHECK(lines.error() == ENOENT);
}

}  // namespace
}  // namespace durward::audit
