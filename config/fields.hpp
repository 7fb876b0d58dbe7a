#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/rule_settings.hpp"
#include "config/settings.hpp"

/// One declaration per key, for every purpose: `describe` walks the keys of a file's struct with a Fields, of which one
/// implementation reads YAML (`reader`) and another writes the reference (`reference`).
namespace durward::config {

/// A key of a map.
struct Key {
  std::string_view name;
  std::string_view about;  // for the reference: meaning, as a fragment; ranges and defaults are added
  bool required = false;
  std::string_view advice{};  // what to do where a required key is missing
};

/// A kind of text. check says what is wrong, to follow the key's name ("must be …"), or nothing.
struct Form {
  std::string_view name;  // for the reference
  std::string (*check)(std::string_view);
  bool sensitive = false;  // what is written wrongly here may be a secret: never shown
};

struct Word {
  std::string_view text;
  int value;
};

enum class Unit { count, bytes, ms, s };

struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  Unit unit = Unit::count;
};

class Fields {
 public:
  virtual ~Fields() = default;
  using Inside = std::function<void(Fields&)>;
  using Entry = std::function<void(Fields&, const Located<std::string>& name)>;

  /// Each returns whether the key is present and good; else out is as it was.
  virtual bool text(const Key& key, const Form& form, Located<std::string>& out) = 0;
  virtual bool texts(const Key& key, const Form& form, std::vector<Located<std::string>>& out) = 0;
  virtual bool flag(const Key& key, bool& out) = 0;
  virtual bool number(const Key& key, const Range& range, std::uint64_t& out) = 0;
  virtual bool word(const Key& key, std::span<const Word> words, Located<int>& out) = 0;
  virtual bool words(const Key& key, std::span<const Word> words, std::vector<int>& out) = 0;  // one, or a list of some
  /// One text, or a list of at least one.
  virtual bool some(const Key& key, const Form& form, std::vector<Located<std::string>>& out) = 0;
  /// Text, number or boolean: one, or, where many, a list of at least one.
  virtual bool scalars(const Key& key, bool many, std::vector<Located<Scalar>>& out) = 0;
  /// A key that is accepted, whatever stands under it, and does nothing yet: its path goes to out where it is written.
  virtual void later(const Key& key, std::vector<Located<std::string>>& out) = 0;
  /// Of a key that was read: what it asks for does nothing yet.
  virtual void inactive(std::string_view name, std::vector<Located<std::string>>& out) = 0;
  /// A map with fixed keys. An absent one is visited too, so that its required keys are missed.
  virtual void section(const Key& key, const Inside& inside) = 0;
  /// A map with fixed keys that may be left out as a whole: then it is not visited. Returns whether it is present and a map.
  virtual bool part(const Key& key, const Inside& inside) = 0;
  /// Says what is wrong with this map, to follow its path: something that no single key of it tells.
  virtual void refuse(const Position& where, std::string_view why) = 0;
  /// The same of one key, at its value.
  virtual void refuse_key(std::string_view name, std::string_view why) = 0;
  /// A map from names that the author chose to one text or a list of some.
  using Named = std::function<void(const Located<std::string>& name, std::vector<Located<std::string>> texts)>;
  virtual void names(const Key& key, const Form& name, const Form& form, const Named& named) = 0;
  /// A map whose keys are names that the author chose, in the file's order.
  virtual void table(const Key& key, const Form& name, const Entry& entry) = 0;
  /// A list of maps with the same fixed keys. where: the item's own place. Returns whether the key is present and a list.
  using Item = std::function<void(Fields&, const Position& where)>;
  virtual bool list(const Key& key, const Item& item) = 0;
  /// As what a key is written, for one that may be written in two forms. One that is absent is to be read in all of them, so
  /// that the reference tells of each.
  enum class Shape { absent, text, list, map };
  virtual Shape shape(std::string_view name) const = 0;

  template <class T>
  void whole(const Key& key, std::uint64_t least, std::uint64_t most, T& out) {
    std::uint64_t value = out;
    if (number(key, {least, most}, value)) out = static_cast<T>(value);
  }
  void size(const Key& key, std::uint64_t least, std::uint64_t most, Bytes& out) {
    std::uint64_t value = out.count;
    if (number(key, {least, most, Unit::bytes}, value)) out.count = value;
  }
  void time(const Key& key, seconds least, seconds most, seconds& out);
  void time(const Key& key, milliseconds least, milliseconds most, milliseconds& out);
  template <class E>
  bool choice(const Key& key, std::span<const Word> words, Located<E>& out) {
    Located<int> value{static_cast<int>(out.value), {}};
    if (!word(key, words, value)) return false;
    out = {static_cast<E>(value.value), value.where};
    return true;
  }
};

struct PolicySettings;
void describe(Fields& fields, Settings& settings);
void describe(Fields& fields, PolicySettings& settings);

/// A number as the files write it, in its largest whole unit: "4MiB", "1500ms", "30d", "42".
std::string written(std::uint64_t value, Unit unit);

/// The other way. Errors: what the value must be, to follow the key's name. Durations come out in unit's own measure.
struct Measured {
  std::optional<std::uint64_t> value;
  std::string error;
};
Measured measure(std::string_view text, Unit unit);

}  // namespace durward::config
