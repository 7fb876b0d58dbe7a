#include "policy/rules/predicate.hpp"

#include <algorithm>
#include <array>
#include <ranges>

#include "policy/schema/number.hpp"
#include "policy/tool.hpp"

namespace durward::policy::rules {
namespace {

using config::Ask;
using config::Scalar;
using Operand = config::Located<Scalar>;

constexpr std::array<std::string_view, 7> kTypes{"string", "number", "integer", "boolean", "array", "object", "null"};

bool is_type(json::Value value, std::string_view type) {
  switch (value.kind()) {
    case json::Kind::null:
      return type == "null";
    case json::Kind::boolean:
      return type == "boolean";
    case json::Kind::string:
      return type == "string";
    case json::Kind::array:
      return type == "array";
    case json::Kind::object:
      return type == "object";
    case json::Kind::number:
      break;
  }
  if (type == "number") return true;
  const auto number = schema::Number::read(value.raw());
  return type == "integer" && number && number->integer();
}

/// The strongest of what one of several operands gives: any may hold.
template <class Each, class Test>
Truth any(const Each& each, const Test& test) {
  Truth best = Truth::no;
  for (const auto& one : each) best = std::max(best, test(one));
  return best;
}

bool takes_text(Ask ask) {
  return ask == Ask::prefix || ask == Ask::suffix || ask == Ask::glob || ask == Ask::regex || ask == Ask::type ||
         ask == Ask::url_host || ask == Ask::cidr || ask == Ask::path_under || ask == Ask::sql || ask == Ask::shell;
}

bool takes_number(Ask ask) {
  return ask == Ask::gt || ask == Ask::ge || ask == Ask::lt || ask == Ask::le || ask == Ask::size_gt;
}

bool takes_numbers(Ask ask) { return ask == Ask::eq || ask == Ask::in || (takes_number(ask) && ask != Ask::size_gt); }

// Readers of a text that nobody reads in one way only: neither yes nor no.
Truth in_networks(std::string_view text, const std::vector<permissions::Network>& networks) {
  const auto url = permissions::scheme_of(text).empty() ? permissions::read_host(text) : permissions::read_url(text);
  if (!url) return Truth::unknown;
  if (!url->address) return Truth::no;
  return any(networks, [&](const permissions::Network& one) { return one.contains(*url->address) ? Truth::yes : Truth::no; });
}

Truth at_hosts(std::string_view text, const std::vector<permissions::HostPattern>& hosts) {
  const auto url = permissions::read_url(text);
  if (!url) return Truth::unknown;
  return any(hosts, [&](const permissions::HostPattern& one) { return one.matches(*url) ? Truth::yes : Truth::no; });
}

/// A path that leads below a folder in one reading and elsewhere in another cannot be asked.
Truth in_folders(std::string_view text, const std::vector<permissions::PathPattern>& folders) {
  const auto readings = permissions::read_path(text, {});
  if (!readings || readings->empty()) return Truth::unknown;
  return any(folders, [&](const permissions::PathPattern& one) {
    const auto inside = std::count_if(readings->begin(), readings->end(), [&](const auto& path) { return one.matches(path); });
    if (inside == 0) return Truth::no;
    return static_cast<std::size_t>(inside) == readings->size() ? Truth::yes : Truth::unknown;
  });
}

std::vector<std::string> shell_categories() {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < shell::kCategories; ++i) out.emplace_back(shell::name(static_cast<shell::Category>(i)));
  return out;
}

/// What is wrong with one operand, to follow the predicate's name; empty: nothing.
std::string fault(Ask ask, const Scalar& operand) {
  if (ask == Ask::exists && operand.kind != Scalar::Kind::boolean) return "must be true or false";
  if (takes_text(ask) && operand.kind != Scalar::Kind::text) return "must be text: put it in quotes";
  if (takes_number(ask) && operand.kind != Scalar::Kind::number) return "must be a number, without quotes";
  if (operand.kind == Scalar::Kind::number && !schema::Number::read(operand.text)) return "has an exponent out of bounds";
  const bool affix = ask == Ask::prefix || ask == Ask::suffix || ask == Ask::glob || ask == Ask::path_under;
  if (affix && operand.text.empty()) return "must not be empty";
  if (ask == Ask::type && std::find(kTypes.begin(), kTypes.end(), operand.text) == kTypes.end()) {
    return "must be a type of JSON" + suggestion(operand.text, {kTypes.begin(), kTypes.end()});
  }
  return {};
}

}  // namespace

std::string_view name(Truth truth) noexcept {
  switch (truth) {
    case Truth::no:
      return "no";
    case Truth::unknown:
      return "unknown";
    case Truth::yes:
      break;
  }
  return "yes";
}

std::optional<Predicate> Predicate::compile(const config::Predicate& setting, bool allows, Diagnostics& diagnostics) {
  Predicate out;
  out.ask_ = setting.ask;
  out.allows_ = allows;
  bool good = true;
  const auto refuse = [&](const Operand& operand, const std::string& why) {
    error(diagnostics, operand.where, std::string(config::name(setting.ask)) + " " + why);
    good = false;
  };
  for (const Operand& operand : setting.operands) {
    if (const std::string why = fault(setting.ask, operand.value); !why.empty()) {
      refuse(operand, why);
      continue;
    }
    if (setting.ask == Ask::size_gt) {
      const auto number = schema::Number::read(operand.value.text);
      const auto size = number->integer() && !number->negative() ? number->small() : std::nullopt;
      if (!size) refuse(operand, "must be a whole number from 0 on");
      out.size_ = size.value_or(0);
    }
    if (std::string why; !out.read(operand.value, why)) refuse(operand, why);
    out.operands_.push_back(operand.value);
  }
  if (!good) return std::nullopt;
  out.read_numbers();
  return out;
}

void Predicate::read_numbers() {
  if (!takes_numbers(ask_)) return;
  for (const Scalar& one : operands_)
    numbers_.push_back(one.kind == Scalar::Kind::number ? schema::Number::read(one.text) : std::nullopt);
}

/// Compiles an operand that is more than a text. Returns whether it is good.
bool Predicate::read(const Scalar& operand, std::string& fault) {
  const auto keep = [&fault](auto compiled, auto& list, const char* before) {
    if (compiled) list.push_back(*std::move(compiled));
    if (!compiled) fault = before + compiled.error();
    return static_cast<bool>(compiled);
  };
  if (ask_ == Ask::regex) return keep(schema::Pattern::native(operand.text), expressions_, "is not taken by RE2: ");
  if (ask_ == Ask::url_host) return keep(permissions::HostPattern::parse(operand.text), hosts_, "is no host: ");
  if (ask_ == Ask::path_under) {
    const bool whole = operand.text.ends_with("**");
    const std::string folder = operand.text + (whole ? "" : operand.text.ends_with('/') ? "**" : "/**");
    return keep(permissions::PathPattern::parse(folder), folders_, "is no directory: ");
  }
  if (ask_ == Ask::sql) {
    const auto classes = sql::classes_of(operand.text);
    if (!classes) fault = "must name classes of statements, such as `delete`, `ddl` or `any`: `" + operand.text + "` is none";
    classes_ = static_cast<sql::Classes>(classes_ | classes.value_or(0));
    return classes.has_value();
  }
  if (ask_ == Ask::shell) {
    const auto category = shell::category_of(operand.text);
    if (!category) fault = "must name categories of commands" + suggestion(operand.text, shell_categories());
    if (category) categories_.add(*category);
    return category.has_value();
  }
  if (ask_ != Ask::cidr) return true;
  const auto network = permissions::read_network(operand.text);
  if (network) networks_.push_back(*network);
  if (!network) fault = "must be a network such as 10.0.0.0/8";
  return network.has_value();
}

Truth Predicate::of_text(Argument& argument, schema::Budget& budget) const {
  if (!argument.value().is(json::Kind::string)) return Truth::unknown;
  const std::string_view text = argument.text();
  if (ask_ == Ask::url_host) return at_hosts(text, hosts_);
  if (ask_ == Ask::cidr) return in_networks(text, networks_);
  if (ask_ == Ask::path_under) return in_folders(text, folders_);
  if (ask_ == Ask::sql)
    return (allows_ ? argument.sql().within(classes_) : argument.sql().may(classes_)) ? Truth::yes : Truth::no;
  if (ask_ == Ask::shell) return of_shell(argument.shell()) ? Truth::yes : Truth::no;
  if (ask_ != Ask::regex) {
    return any(operands_, [&](const Scalar& one) { return text_holds(text, one) ? Truth::yes : Truth::no; });
  }
  return any(expressions_, [&](const schema::Pattern& one) {
    if (one.occurs(text, budget)) return Truth::yes;
    return budget.stopped() == schema::Stop::none ? Truth::no : Truth::unknown;
  });
}

bool Predicate::text_holds(std::string_view text, const Scalar& operand) const {
  if (ask_ == Ask::prefix) return text.starts_with(operand.text);
  if (ask_ == Ask::suffix) return text.ends_with(operand.text);
  return glob(operand.text, text);
}

bool Predicate::of_shell(const Argument::Shell& shell) const {
  if (allows_) return shell.clear && !shell.found.without(categories_).any();
  return !shell.clear || shell.found.both(categories_).any();
}

Truth Predicate::of_number(Argument& argument) const {
  if (!argument.value().is(json::Kind::number)) return Truth::unknown;
  const auto& number = argument.number();
  if (!number) return Truth::unknown;
  const int order = number->compare(*numbers_.front());
  const bool holds = ask_ == Ask::gt ? order > 0 : ask_ == Ask::ge ? order >= 0 : ask_ == Ask::lt ? order < 0 : order <= 0;
  return holds ? Truth::yes : Truth::no;
}

Truth Predicate::equal(Argument& argument, std::size_t which) const {
  const json::Value value = argument.value();
  const Scalar& operand = operands_[which];
  switch (operand.kind) {
    case Scalar::Kind::text:
      return value.is(json::Kind::string) && argument.text() == operand.text ? Truth::yes : Truth::no;
    case Scalar::Kind::boolean:
      return value.is(json::Kind::boolean) && value.raw() == operand.text ? Truth::yes : Truth::no;
    case Scalar::Kind::number:
      break;
  }
  if (!value.is(json::Kind::number)) return Truth::no;
  const auto& number = argument.number();
  if (!number) return Truth::unknown;
  return number->compare(*numbers_[which]) == 0 ? Truth::yes : Truth::no;
}

Truth Predicate::of_size(Argument& argument) const {
  const json::Value value = argument.value();
  const bool text = value.is(json::Kind::string);
  if (!text && !value.is(json::Kind::array) && !value.is(json::Kind::object)) return Truth::unknown;
  return (text ? argument.text().size() : value.size()) > size_ ? Truth::yes : Truth::no;
}

Truth Predicate::test(Argument& argument, schema::Budget& budget) const {
  const json::Value value = argument.value();
  if (ask_ == Ask::exists) return static_cast<bool>(value) == (operands_.front().text == "true") ? Truth::yes : Truth::no;
  if (!value) return Truth::unknown;
  switch (ask_) {
    case Ask::type:
      return any(operands_, [&](const Scalar& one) { return is_type(value, one.text) ? Truth::yes : Truth::no; });
    case Ask::eq:
    case Ask::in:
      return any(std::views::iota(std::size_t{0}, operands_.size()), [&](std::size_t i) { return equal(argument, i); });
    case Ask::gt:
    case Ask::ge:
    case Ask::lt:
    case Ask::le:
      return of_number(argument);
    case Ask::size_gt:
      return of_size(argument);
    default:
      return of_text(argument, budget);
  }
}

}  // namespace durward::policy::rules
