#include "policy/schema/equality.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "policy/schema/number.hpp"
#include "policy/schema/text.hpp"

namespace durward::schema {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t kFew = 8;  // elements that are compared pair by pair, without memory

std::optional<Number> read(Value value, Budget& budget) {
  const auto number = Number::read(value.raw());
  if (!number) budget.stop(Stop::exponent);
  return number;
}

bool equal_numbers(Value a, Value b, Budget& budget) {
  if (a.raw() == b.raw()) return true;
  const auto x = read(a, budget);
  const auto y = read(b, budget);
  return x && y && x->compare(*y) == 0;
}

bool equal_strings(Value a, Value b) { return a.raw() == b.raw() || Text(a).view() == Text(b).view(); }

bool equal_arrays(Value a, Value b, Budget& budget) {
  if (a.size() != b.size()) return false;
  auto other = b.elements().begin();
  for (const Value element : a.elements()) {
    if (!equal(element, *other, budget)) return false;
    ++other;
  }
  return true;
}

bool equal_objects(Value a, Value b, Budget& budget) {
  if (a.size() != b.size()) return false;
  for (const json::Member one : a.members()) {
    if (!budget.take(1 + b.size() / 4)) return false;
    const Value other = member(b, Text(one.key).view());
    if (!other || !equal(one.value, other, budget)) return false;
  }
  return true;
}

std::uint64_t mix(std::uint64_t hash) {
  hash = (hash ^ (hash >> 31)) * 0x9E3779B97F4A7C15;
  return hash ^ (hash >> 29);
}

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return mix(hash);
}

std::uint64_t hash_string(Value value) { return hash_text(Text(value).view()); }

std::uint64_t hash_value(Value value, Budget& budget) {
  const Level level(budget);
  if (!level) return 0;
  const bool scalar = !value.is(Kind::array) && !value.is(Kind::object);
  if (!budget.take(1 + (scalar ? value.raw().size() / 16 : 0))) return 0;
  auto hash = static_cast<std::uint64_t>(value.kind()) + 1;
  switch (value.kind()) {
    case Kind::null:
      return mix(hash);
    case Kind::boolean:
      return mix(hash + (value.boolean() ? 100 : 200));
    case Kind::number: {
      const auto number = read(value, budget);
      return number ? mix(hash ^ number->hash()) : 0;
    }
    case Kind::string:
      return hash_string(value);
    case Kind::array:
      for (const Value element : value.elements()) hash = mix(hash + hash_value(element, budget));
      return hash;
    case Kind::object:  // a sum, so that the order does not matter
      for (const json::Member one : value.members()) hash += mix(hash_string(one.key) * 3 + hash_value(one.value, budget));
      return mix(hash);
  }
  return 0;
}

struct Hashed {
  std::uint64_t hash;
  Value value;
};

/// Elements with the same hash stand together.
bool distinct_runs(const std::vector<Hashed>& items, Budget& budget) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (std::size_t j = i + 1; j < items.size() && items[j].hash == items[i].hash; ++j) {
      if (equal(items[i].value, items[j].value, budget)) return false;
      if (budget.stopped() != Stop::none) return false;
    }
  }
  return true;
}

bool distinct_few(Value array, Budget& budget) {
  std::array<Value, kFew> seen;
  std::size_t count = 0;
  for (const Value element : array.elements()) {
    for (std::size_t i = 0; i < count; ++i) {
      if (equal(seen[i], element, budget) || budget.stopped() != Stop::none) return false;
    }
    seen[count++] = element;
  }
  return true;
}

}  // namespace

bool equal(Value a, Value b, Budget& budget) {
  if (a.kind() != b.kind()) return false;
  const Level level(budget);
  const bool scalar = !a.is(Kind::array) && !a.is(Kind::object);
  if (!level || !budget.take(1 + (scalar ? std::min(a.raw().size(), b.raw().size()) / 64 : 0))) return false;
  switch (a.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.boolean() == b.boolean();
    case Kind::number:
      return equal_numbers(a, b, budget);
    case Kind::string:
      return equal_strings(a, b);
    case Kind::array:
      return equal_arrays(a, b, budget);
    case Kind::object:
      return equal_objects(a, b, budget);
  }
  return false;
}

bool distinct(Value array, Budget& budget) {
  if (array.size() <= kFew) return distinct_few(array, budget);
  if (!budget.take(array.size() * 2)) return false;  // sorting, too
  std::vector<Hashed> items;
  items.reserve(array.size());
  for (const Value element : array.elements()) {
    items.push_back({hash_value(element, budget), element});
    if (budget.stopped() != Stop::none) return false;
  }
  std::stable_sort(items.begin(), items.end(), [](const Hashed& a, const Hashed& b) { return a.hash < b.hash; });
  return distinct_runs(items, budget);
}

}  // namespace durward::schema
