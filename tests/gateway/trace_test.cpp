#include "gateway/trace.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace durward::gateway;

namespace {

const std::string kTrace = "0af7651916cd43dd8448eb211c80319c";
const std::string kSpan = "b7ad6b7169203331";
const std::string kParent = "00-" + kTrace + "-" + kSpan + "-01";

Trace trace(std::vector<Field> fields, std::size_t baggage = 8192) {
  return continue_trace({"POST", "/", std::move(fields)}, baggage);
}

}  // namespace

TEST_CASE("a traceparent is read strictly") {
  const auto read = parse_traceparent(kParent);
  REQUIRE(read);
  CHECK(read->trace_id == kTrace);
  CHECK(read->span_id == kSpan);
  CHECK(read->flags == 1);
  CHECK(parse_traceparent("cc-" + kTrace + "-" + kSpan + "-01"));
  CHECK(parse_traceparent("cc-" + kTrace + "-" + kSpan + "-01-more"));
  CHECK(parse_traceparent("00-" + kTrace + "-" + kSpan + "-ff")->flags == 0xFF);
  const std::string zero(32, '0');
  for (const std::string& bad :
       {std::string(), kParent.substr(0, 54), kParent + "-", kParent + "-more", " " + kParent, "ff" + kParent.substr(2),
        "0x" + kParent.substr(2), "00-" + zero + "-" + kSpan + "-01", "00-" + kTrace + "-" + zero.substr(16) + "-01",
        "00-" + kTrace + "-" + kSpan + "-0G", "00_" + kParent.substr(3), "cc-" + kTrace + "-" + kSpan + "-01.more",
        "00-0AF7651916CD43DD8448EB211C80319C-" + kSpan + "-01"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_traceparent(bad));
  }
}

TEST_CASE("a caller's trace is continued with a span of ours") {
  const Trace ours = trace({{"Traceparent", kParent}, {"tracestate", "a=1"}, {"tracestate", " b=2 "}, {"baggage", "k=v"}});
  CHECK(ours.trace_id == kTrace);
  CHECK(ours.parent == kSpan);
  CHECK(ours.span_id != kSpan);
  CHECK(ours.tracestate == "a=1,b=2");
  CHECK(ours.baggage == "k=v");
  CHECK(ours.traceparent() == "00-" + kTrace + "-" + ours.span_id + "-01");
  CHECK(parse_traceparent(ours.traceparent()));
  CHECK(trace({{"traceparent", "00-" + kTrace + "-" + kSpan + "-00"}}).traceparent().ends_with("-00"));
}

TEST_CASE("without a good traceparent a trace begins, and the tracestate is dropped") {
  for (const std::vector<Field>& fields :
       {std::vector<Field>{}, {{"traceparent", "00-x"}}, {{"traceparent", kParent}, {"traceparent", kParent}}}) {
    auto all = fields;
    all.push_back({"tracestate", "a=1"});
    const Trace ours = trace(all);
    CHECK(ours.parent.empty());
    CHECK(ours.tracestate.empty());
    CHECK(ours.trace_id != kTrace);
    CHECK(parse_traceparent(ours.traceparent()));
  }
  CHECK(new_trace_id() != new_trace_id());
  CHECK(new_trace_id().size() == 32);
  CHECK(new_span_id().size() == 16);
}

TEST_CASE("baggage above its limit is dropped whole, and so is tracestate") {
  CHECK(trace({{"baggage", "a=12345678"}}, 10).baggage == "a=12345678");
  CHECK(trace({{"baggage", "a=123456789"}}, 10).baggage.empty());
  CHECK(trace({{"baggage", "a=1"}, {"baggage", "b=23456"}}, 10).baggage.empty());
  CHECK(trace({{"baggage", "a=\xC3\xA4"}}).baggage.empty());
  std::string many = "a=1";
  for (int i = 1; i < 180; ++i) many += ",a=1";
  CHECK(trace({{"baggage", many}}).baggage == many);
  CHECK(trace({{"baggage", many + ",a=1"}}).baggage.empty());
  const std::string state(513, 's');
  CHECK(trace({{"traceparent", kParent}, {"tracestate", state}}).tracestate.empty());
  CHECK(trace({{"traceparent", kParent}, {"tracestate", state.substr(1)}}).tracestate.size() == 512);
}
