#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/json.hpp"
#include "policy/outcome.hpp"
#include "policy/schema/budget.hpp"
#include "policy/schema/problem.hpp"

/// JSON Schema, draft 2020-12 and draft 07: a schema compiled once, which then judges values without allocating where they are
/// valid.
///
/// How to use it: whoever takes a tool's descriptor into his catalogue compiles the raw text of its `inputSchema` and keeps
/// what comes back beside it:
///
///     auto compiled = schema::Schema::compile(descriptor.find("inputSchema").raw());
///     if (!compiled) ... the tool's calls are refused (`policy_error`); compiled.error() is for the operator
///
/// A decision asks `(*compiled)->validate(arguments)` with `params.arguments`, or with the document `{}` if there are none:
///
///     valid      go on
///     invalid    `schema_violation`; explain(result) is the text of the tool error that the model reads
///     undecided  refuse as well: the value costs more than Limits allow, which explain(result) says, too
///
/// What explain says quotes the schema, which every caller may read, and of the arguments neither a value nor a name that the
/// schema does not name. Nothing here is ever fetched, logged or kept. Everything is const and thread-safe.
namespace durward::schema {

struct Limits {
  std::size_t bytes = 256UL * 1024;  // of a schema's text
  std::size_t depth = 64;            // of its JSON
  std::size_t subschemas = 10'000;   // in it and in what it refers to
  std::size_t patterns = 128;        // regular expressions in it; each remembers up to 1 MiB of what it has met
  std::uint64_t work = 1'000'000;    // steps of one validation (Budget)
  std::size_t nesting = 512;         // subschemas within subschemas while one value is judged
  std::size_t failures = 8;          // told about one value
};

/// A document that schemas may refer to by URI, besides the metaschemas of both drafts, which are built in.
struct Known {
  std::string uri;
  std::string text;
};

struct Options {
  Limits limits;
  bool assert_formats = false;  // else `format` is a remark, as the standard has it, unless the metaschema says otherwise
  bool draft07 = false;         // what documents without `$schema` speak; else 2020-12
  std::vector<Known> known;
};

/// One thing that is wrong with a value.
struct Failure {
  std::string instance;     // JSON pointer; a name that the schema does not name is `*`
  bool name = false;        // it is the last name in the pointer that is wrong, not its value
  std::string keyword;      // that was not met
  std::string schema;       // JSON pointer to it, in the schema or behind the URI of another document
  std::string expectation;  // what the keyword wants, in words: "must be at most 100"
};

enum class Verdict : std::uint8_t { valid, invalid, undecided };

struct Result {
  Verdict verdict = Verdict::valid;
  Stop stop = Stop::none;         // why it is undecided
  std::vector<Failure> failures;  // at least one where it is invalid
  explicit operator bool() const { return verdict == Verdict::valid; }
};

/// "/amount: must be at most 100 (maximum)".
std::string sentence(const Failure& failure);

/// All of them, one a line, in at most that many bytes; or why there is no verdict. Empty for a valid value.
std::string explain(const Result& result, std::size_t most_bytes = 2048);

struct Program;

class Schema {
 public:
  /// text: a JSON Schema. Without `$schema` it is one of 2020-12. What it says must be understood entirely: a keyword of the
  /// wrong form, a reference that leads nowhere and a pattern that RE2 can't match are problems. Keywords that are unknown are
  /// remarks, as the standard has it.
  static policy::Outcome<std::shared_ptr<const Schema>, std::vector<Problem>> compile(std::string_view text,
                                                                                      const Options& options = {});
  explicit Schema(std::unique_ptr<const Program> program, const Limits& limits);
  ~Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  /// A pure function of schema and value. An absent value is null.
  Result validate(json::Value value) const;
  /// Steps that this value costs, up to Limits::work.
  std::uint64_t work_of(json::Value value) const;
  /// Memory that it holds, about, without what RE2 remembers of texts.
  std::size_t bytes() const;

 private:
  const std::unique_ptr<const Program> program_;
  const Limits limits_;
};

}  // namespace durward::schema
