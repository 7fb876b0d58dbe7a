#include "gateway/metrics_table.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "gateway/metrics_meters.hpp"
#include "gateway/metrics_process.hpp"

using namespace durward;
using namespace durward::gateway;
using namespace std::chrono_literals;

namespace {

audit::Record call(const std::string& tool, policy::Verdict verdict = policy::Verdict::allow, const std::string& reason = {}) {
  audit::Record record;
  record.server = "everything";
  record.era = "modern";
  record.method = "tools/call";
  record.tool = tool;
  record.verdict = verdict;
  record.reason = reason;
  return record;
}

Totals totals(const Meters& meters) {
  Totals out;
  meters.add_to(out);
  return out;
}

}  // namespace

TEST_CASE("deploy/docs/metrics.md is what the table of metrics says") {
  const std::string path = DURWARD_SOURCE_DIR "/deploy/docs/metrics.md";
  if (std::getenv("DURWARD_WRITE_README") != nullptr) std::ofstream(path) << metrics_page();
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  INFO("deploy/docs/metrics.md is out of date: DURWARD_WRITE_README=1 tests/run fast -R 'metrics.md|README'");
  CHECK(text.str() == metrics_page());
}

TEST_CASE("no two metrics share a name, and each label is named once") {
  std::set<std::string_view> names;
  for (const MetricRow& each : metric_table()) {
    INFO(each.name);
    CHECK(names.insert(each.name).second);
    const std::set<std::string_view> labels(each.labels.begin(), each.labels.begin() + label_count(each));
    CHECK(labels.size() == label_count(each));
    CHECK_FALSE(labels.contains("le"));
  }
}

TEST_CASE("a request counts by what its record says, and equal records count together") {
  ToolSeries series(10);
  Meters meters(series);
  meters.closed(call("echo"));
  meters.closed(call("echo"));
  meters.closed(call("echo", policy::Verdict::deny, "unknown_tool"));
  const Totals sums = totals(meters);
  CHECK(sums.requests.size() == 2);
  CHECK(sums.requests.at({"everything", "tools/call", "modern", "allow", ""}) == 2);
  CHECK(sums.requests.at({"everything", "tools/call", "modern", "deny", "unknown_tool"}) == 1);
  CHECK(sums.tools.at({"everything", "echo", "allow"}) == 2);
  CHECK(sums.tools.at({"everything", "echo", "deny"}) == 1);
}

TEST_CASE("a record without verdict counts as denied, and a message without a known method as other") {
  ToolSeries series(10);
  Meters meters(series);
  audit::Record record;
  record.reason = "not_json";
  meters.closed(record);
  record.era = "legacy";
  record.reason = "method_not_allowed";
  meters.closed(record);
  const Totals sums = totals(meters);
  CHECK(sums.requests.at({"", "", "", "deny", "not_json"}) == 1);
  CHECK(sums.requests.at({"", "other", "legacy", "deny", "method_not_allowed"}) == 1);
}

TEST_CASE("what is no listed tool, or no decent name, is counted as other") {
  ToolSeries series(10);
  Meters meters(series);
  for (const std::string& tool : {std::string("hmac:01ABC:xyz"), std::string("with space"), std::string("line\nbreak"),
                                  std::string("caf\xc3\xa9"), std::string(129, 'x')})
    meters.closed(call(tool));
  meters.closed(call(std::string(128, 'y')));
  const Totals sums = totals(meters);
  CHECK(sums.tools.size() == 2);
  CHECK(sums.tools.at({"everything", "other", "allow"}) == 5);
  CHECK(sums.tools.at({"everything", std::string(128, 'y'), "allow"}) == 1);
}

TEST_CASE("ten thousand tools have no more series than admin.metrics_series over all loops, and none is lost") {
  ToolSeries series(100);
  Meters first(series), second(series);
  for (int i = 0; i < 10'000; ++i) (i % 2 == 0 ? first : second).closed(call("tool" + std::to_string(i)));
  for (int i = 0; i < 100; ++i) second.closed(call("tool" + std::to_string(i)));  // those that have a series keep it
  Totals sums;
  first.add_to(sums);
  second.add_to(sums);
  CHECK(sums.tools.size() == 101);
  CHECK(sums.tools.at({"everything", "other", "allow"}) == 9'900);
  CHECK(sums.tools.at({"everything", "tool1", "allow"}) == 2);
  CHECK(sums.requests.at({"everything", "tools/call", "modern", "allow", ""}) == 10'100);
}

TEST_CASE("what a rule denies and a setting lets pass is counted") {
  ToolSeries series(10);
  Meters meters(series);
  audit::Record record = call("echo");
  record.findings.push_back({policy::Code::tool_not_in_allowlist, policy::Effect::would_deny, {}, {}});
  meters.closed(record);
  record.verdict = policy::Verdict::deny;  // for another reason: nothing passed
  meters.closed(record);
  CHECK(totals(meters).would_deny.at("everything") == 1);
}

TEST_CASE("an exchange's time is split, and what is not accounted for is the gateway's own") {
  ToolSeries series(10);
  Meters meters(series);
  Spent spent;
  spent.upstream = 3ms;
  spent.ledger = 100us;
  spent.caller = 1s;
  meters.ended("everything", spent, 1s + 3ms + 100us + 40us);
  const Timings timings = totals(meters).timings.at("everything");
  const auto bucket = [&](Part part, std::size_t at) { return timings.at(static_cast<std::size_t>(part)).buckets.at(at); };
  CHECK(bucket(Part::gateway, 0) == 1);   // up to 50 µs
  CHECK(bucket(Part::ledger, 1) == 1);    // a bound belongs to its bucket: up to 100 µs
  CHECK(bucket(Part::upstream, 6) == 1);  // up to 5 ms
  CHECK(bucket(Part::caller, 13) == 1);   // up to 1 s
  CHECK(timings.at(static_cast<std::size_t>(Part::upstream)).sum_us == 3000);
}

TEST_CASE("times beyond the last bound, and below nothing, have their buckets") {
  Timing timing;
  timing.observe(121s);
  timing.observe(-1s);  // laps that overlap cannot make a time negative
  CHECK(timing.buckets.back() == 1);
  CHECK(timing.buckets.front() == 1);
  CHECK(timing.sum_us == 121'000'000);
}

TEST_CASE("a loop counts while another thread reads") {
  ToolSeries series(1000);
  Meters meters(series);
  std::thread loop([&meters] {
    for (int i = 0; i < 20'000; ++i) {
      meters.in_flight.add(1);
      meters.closed(call("tool" + std::to_string(i % 50)));
      meters.ended("everything", Spent(), 1ms);
      meters.in_flight.add(-1);
    }
  });
  std::uint64_t last = 0;
  bool back = false;
  while (last < 20'000) {
    const Totals sums = totals(meters);
    const auto found = sums.requests.find({"everything", "tools/call", "modern", "allow", ""});
    const std::uint64_t now = found == sums.requests.end() ? 0 : found->second;
    back |= now < last;
    last = now;
  }
  loop.join();
  CHECK_FALSE(back);
  CHECK(totals(meters).in_flight == 0);
}

TEST_CASE("the figures of the process are there, and plausible") {
  const ProcessFigures figures = process_figures();
  CHECK(figures.cpu_seconds.value() > 0);
  CHECK(figures.resident_bytes.value() > 1 << 20);
  CHECK(figures.virtual_bytes.value() >= figures.resident_bytes.value());
  CHECK(figures.open_fds.value() >= 3);
  CHECK(figures.max_fds.value_or(1'000'000) >= figures.open_fds.value());
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(figures.start_seconds.value() <= now + 1);
  CHECK(figures.start_seconds.value() > now - 86'400);
}
