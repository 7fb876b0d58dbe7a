#include <catch2/catch.hpp>

#include "audit/line.hpp"
#include "audit/recovery.hpp"
#include "audit/sealer.hpp"
#include "audit/verify.hpp"
#include "tests/audit/support.hpp"

namespace durward::audit {
namespace {

using namespace test;

const std::string kOrigin = "example.test/ledger";
const std::string kSegment = "ledger-2026-03-01.000.ndjson";

VerifyReport judge(const std::string& path) {
  VerifyRequest request;
  request.paths = {path};
  request.public_keys = {key().public_key()};
  return verify_log(request);
}

/// A log of small records in batches of these sizes, as the writer would have written it.
std::string small_log(const std::vector<std::size_t>& batches) {
  Sealer sealer(kOrigin, key(), 0, genesis(kOrigin));
  std::string log;
  for (const std::size_t size : batches) {
    for (std::size_t i = 0; i < size; ++i) {
      Record record;
      record.ts_ms = kNoon;
      record.id = new_ulid(kNoon);
      sealer.add(compose(record, kOrigin));
    }
    log += sealer.seal();
  }
  return log;
}

/// Puts the bytes in place of the log, recovers, and checks that what is left verifies and that no byte is lost.
void recover_from(const std::string& damaged) {
  const Folder folder;
  spill(folder.path(kSegment), damaged);
  auto recovered = recover(folder.path(), kOrigin, key().public_key());
  REQUIRE(recovered);
  const VerifyReport report = judge(folder.path());
  REQUIRE((report.exit_code == 0 || report.records == 0));
  REQUIRE(report.records == recovered->state.edge.size());
  std::string kept = log_of(folder.path());
  for (const auto& entry : fs::directory_iterator(folder.path()))
    if (entry.path().extension() == ".torn") kept += slurp(entry.path());
  REQUIRE(kept == damaged);
  REQUIRE(recovered->reports.size() == (log_of(folder.path()) == damaged ? 0 : 1));
}

TEST_CASE("a log cut at any byte is never called valid but at a batch boundary, and recovers to one that is") {
  const std::string log = small_log({1, 2, 1});
  const Folder folder;
  std::size_t boundaries = 0;
  for (std::size_t size = 0; size < log.size(); ++size) {
    spill(folder.path(kSegment), log.substr(0, size));
    const int exit_code = judge(folder.path()).exit_code;
    boundaries += exit_code == 0 ? 1 : 0;
    REQUIRE((exit_code == 0 || exit_code == 3));
    recover_from(log.substr(0, size));
  }
  CHECK(boundaries == 2);
}

TEST_CASE("a log with any byte flipped is never called valid, and recovers to one that is") {
  const std::string log = small_log({2, 1});
  const Folder folder;
  for (std::size_t at = 0; at < log.size(); ++at) {
    std::string damaged = log;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    spill(folder.path(kSegment), damaged);
    INFO(at);
    REQUIRE(judge(folder.path()).exit_code != 0);
    recover_from(damaged);
  }
}

TEST_CASE("verify names the line that was changed, in the middle of a batch too") {
  const std::string log = small_log({1, 5});
  const Folder folder;
  for (std::size_t line = 1; line <= 6; ++line) {
    std::size_t at = 0;
    for (std::size_t i = 1; i < line; ++i) at = log.find('\n', at) + 1;
    at = log.find("\"ts\":\"2026-03-01T12:00:0", at) + 23;
    std::string damaged = log;
    damaged[at] = '7';
    spill(folder.path(kSegment), damaged);
    const VerifyReport report = judge(folder.path());
    CHECK(report.exit_code == 1);
    CHECK(report.files == 1);
    REQUIRE(report.reasons.size() == 1);
    CHECK(report.reasons[0].find(kSegment + ":" + std::to_string(line) + ": ") != std::string::npos);
  }
}

TEST_CASE("a gateway that finds a torn tail says so in a signed record and goes on") {
  const Folder folder;
  const Machine machine;
  CHECK(append(*must_open(settings(folder.path()), machine), call(), Durability::synced));
  const std::string whole = log_of(folder.path());
  fs::remove(folder.path("state.json"));
  spill(folder.path(kSegment), whole + "{\"half\":");
  must_open(settings(folder.path()), machine)->close();
  const VerifyReport report = judge(folder.path());
  INFO(to_text(report));
  CHECK(report.exit_code == 0);
  CHECK(report.recoveries == 1);
  CHECK(slurp(folder.path(kSegment + ".torn")) == "{\"half\":");
  CHECK(log_of(folder.path())
            .find("\"facts\":{\"bytes\":8,\"fault\":\"a torn line\",\"files\":[\"" + kSegment + ".torn\"],\"offset\":" +
                  std::to_string(whole.size()) + ",\"segment\":\"" + kSegment + "\"}") != std::string::npos);
  CHECK_FALSE(fs::exists(folder.path("recovery.json")));
  must_open(settings(folder.path()), machine)->close();
  CHECK(judge(folder.path()).recoveries == 1);
}

TEST_CASE("segments behind a damaged one move away with it, and nothing is overwritten") {
  const Folder folder;
  const Machine machine;
  config::Ledger small = settings(folder.path());
  small.segment.count = 1200;
  {
    auto ledger = must_open(small, machine);
    for (int i = 0; i < 8; ++i) CHECK(append(*ledger, call(), Durability::synced));
  }
  const auto segments = list_segments(folder.path());
  REQUIRE(segments.size() >= 3);
  fs::remove(folder.path("state.json"));
  spill(folder.path(segments[1]), "x" + slurp(folder.path(segments[1])));
  spill(folder.path(segments[2] + ".torn"), "an earlier piece");
  must_open(small, machine)->close();
  CHECK(judge(folder.path()).exit_code == 0);
  CHECK(judge(folder.path()).recoveries == 1);
  CHECK(slurp(folder.path(segments[1] + ".torn")).front() == 'x');
  CHECK(slurp(folder.path(segments[2] + ".torn")) == "an earlier piece");
  CHECK(fs::exists(folder.path(segments[2] + ".2.torn")));
}

TEST_CASE("an intent without outcome gets one of effect unknown at the next start, from the state and from the log alone") {
  for (const bool with_state : {true, false}) {
    const Folder folder;
    const Machine machine;
    Record intent = call();
    intent.type = Type::intent;
    Record done = call();
    done.type = Type::intent;
    {
      auto ledger = must_open(settings(folder.path()), machine);
      CHECK(append(*ledger, intent, Durability::synced));
      CHECK(append(*ledger, done, Durability::synced));
      done.type = Type::outcome;
      CHECK(append(*ledger, done, Durability::synced));
    }
    if (!with_state) fs::remove(folder.path("state.json"));
    *machine.now += 3600000;
    must_open(settings(folder.path()), machine)->close();
    const std::string log = log_of(folder.path());
    CHECK(log.find("\"effect\":\"unknown\",\"facts\":{\"intent\":1,\"source\":\"recovery\"},\"id\":\"" + intent.id + "\"") !=
          std::string::npos);
    CHECK(log.find("\"effect\":\"unknown\"") == log.rfind("\"effect\":\"unknown\""));
    CHECK(judge(folder.path()).exit_code == 0);
    CHECK(judge(folder.path()).open_intents == 0);
  }
}

TEST_CASE("a log that another key signed is refused, and left as it is") {
  const Folder folder;
  const Machine machine;
  must_open(settings(folder.path()), machine)->close();
  const std::string before = log_of(folder.path());
  for (const bool with_state : {true, false}) {
    if (!with_state) fs::remove(folder.path("state.json"));
    const auto opened = Ledger::open(settings(folder.path()), SigningKey::generate(), ring(), boot(), machine.platform);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().find("another key") != std::string::npos);
    CHECK(log_of(folder.path()) == before);
  }
}

TEST_CASE("records that were on disk and are gone are told of") {
  const Folder folder;
  const Machine machine;
  CHECK(append(*must_open(settings(folder.path()), machine), call(), Durability::synced));
  const std::string whole = log_of(folder.path());
  spill(folder.path(kSegment),
        whole.substr(0, whole.find('\n') + 1));  // a cut at a batch boundary: the chain alone cannot show it
  must_open(settings(folder.path()), machine)->close();
  CHECK(log_of(folder.path()).find("\"claimed_size\":3,\"fault\":\"records that were on disk are missing\"") !=
        std::string::npos);
  CHECK(judge(folder.path()).exit_code == 0);
}

TEST_CASE("a state that does not fit the log is not believed") {
  const Folder folder;
  const Machine machine;
  CHECK(append(*must_open(settings(folder.path()), machine), call(), Durability::synced));
  const std::string state = slurp(folder.path("state.json"));
  REQUIRE(read_state(folder.path(), kOrigin));
  CHECK_FALSE(read_state(folder.path(), "example.test/other"));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"\"size\":3", "\"size\":2"},
                                                                                 {"\"offset\":", "\"offset\":1"},
                                                                                 {"\"v\":1", "\"v\":2"},
                                                                                 {"\"leaf\":\"", "\"leaf\":\"A"},
                                                                                 {"ledger-2026", "ledger-2025"},
                                                                                 {"}", "x"}}) {
    std::string wrong = state;
    wrong.replace(wrong.find(from), from.size(), to);
    spill(folder.path("state.json"), wrong);
    INFO(wrong);
    CHECK_FALSE(read_state(folder.path(), kOrigin));
  }
  must_open(settings(folder.path()), machine)->close();
  CHECK(judge(folder.path()).exit_code == 0);
}

TEST_CASE("verify tells empty, keyless and unreadable logs from invalid ones") {
  const Folder folder;
  CHECK(judge(folder.path()).exit_code == 3);
  CHECK(judge(folder.path("missing")).exit_code == 2);
  spill(folder.path(kSegment), small_log({2}));
  CHECK(judge(folder.path()).exit_code == 0);
  VerifyRequest request;
  request.paths = {folder.path()};
  CHECK(verify_log(request).exit_code == 3);
  request.public_keys = {SigningKey::generate().public_key()};
  CHECK(verify_log(request).exit_code == 1);
  request.public_keys.push_back(key().public_key());
  CHECK(verify_log(request).exit_code == 0);
  CHECK(to_text(verify_log(request)).find("Without an anchor") != std::string::npos);
  const VerifyReport missing = judge(folder.path("none"));
  CHECK(missing.exit_code == 2);
  CHECK(to_text(missing).find("Without an anchor") == std::string::npos);
  CHECK(to_json(verify_log(request)).find("\"result\":\"valid\",\"exit\":0") != std::string::npos);
}

}  // namespace
}  // namespace durward::audit
