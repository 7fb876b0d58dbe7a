#include "policy/schema/schema.hpp"

#include "policy/schema/compiler.hpp"
#include "policy/schema/documents.hpp"
#include "policy/schema/evaluator.hpp"

namespace durward::schema {

policy::Outcome<std::shared_ptr<const Schema>, std::vector<Problem>> Schema::compile(std::string_view text,
                                                                                     const Options& options) {
  Problems problems;
  const Limits& limits = options.limits;
  Dialect standard;
  if (options.draft07) standard.draft = Dialect::Draft::draft07;
  Documents documents({limits.bytes, limits.depth, limits.subschemas}, standard, problems);
  for (const Known& known : options.known) documents.add(known.uri, known.text);
  const auto resource = problems.none() ? documents.add({}, std::string(text)) : std::nullopt;
  if (!resource) return problems.take();
  auto program = Compiler(documents, problems, options).run(*resource);
  if (program == nullptr) return problems.take();
  return std::shared_ptr<const Schema>(std::make_shared<Schema>(std::move(program), limits));
}

Schema::Schema(std::unique_ptr<const Program> program, const Limits& limits) : program_(std::move(program)), limits_(limits) {}
Schema::~Schema() = default;

Result Schema::validate(json::Value value) const {
  Result result;
  Evaluator verdict(*program_, limits_, nullptr);
  const bool good = verdict.run(value);
  result.stop = verdict.budget().stopped();
  if (result.stop != Stop::none) {
    result.verdict = Verdict::undecided;
  } else if (!good) {
    result.verdict = Verdict::invalid;
    Evaluator(*program_, limits_, &result.failures).run(value);
    if (result.failures.empty()) result.failures.push_back({"", false, "schema", "", "must match the schema"});
  }
  return result;
}

std::uint64_t Schema::work_of(json::Value value) const {
  Evaluator evaluator(*program_, limits_, nullptr);
  evaluator.run(value);
  return limits_.work - evaluator.budget().left();
}

std::size_t Schema::bytes() const {
  std::size_t bytes = sizeof *this + program_->nodes.size() * (sizeof(Node) + 64);
  for (const auto& document : program_->documents) bytes += document->bytes();
  for (const Node& node : program_->nodes) {
    if (node.object != nullptr) bytes += sizeof(ObjectRules) + node.object->properties.size() * sizeof(Property);
    if (node.array != nullptr) bytes += sizeof(ArrayRules);
    if (node.string != nullptr) bytes += sizeof(StringRules);
  }
  return bytes;
}

}  // namespace durward::schema
