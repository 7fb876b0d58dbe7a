#include <fmt/format.h>

#include <iterator>

#include "config/fields.hpp"
#include "config/load.hpp"

namespace durward::config {
namespace {

// Walks the declarations and writes one table row per key; what `out` holds beforehand is the default.
class Table : public Fields {
 public:
  explicit Table(std::string& out, std::string path = {}) : out_(out), path_(std::move(path)) {}

  bool text(const Key& key, const Form& form, Located<std::string>& out) override {
    return row(key, std::string(form.name), out.value);
  }
  bool texts(const Key& key, const Form& form, std::vector<Located<std::string>>&) override {
    return row(key, fmt::format("list of {}", form.name), "");
  }
  bool flag(const Key& key, bool& out) override { return row(key, "boolean", out ? "true" : "false"); }
  bool number(const Key& key, const Range& range, std::uint64_t& out) override {
    const char* unit = range.unit == Unit::count ? "number" : range.unit == Unit::bytes ? "size" : "duration";
    const std::string least = written(range.least, range.unit);
    return row(key, fmt::format("{}, {} to {}", unit, least, written(range.most, range.unit)), written(out, range.unit));
  }
  bool word(const Key& key, std::span<const Word> words, Located<int>& out) override {
    std::string chosen;
    for (const Word& one : words) {
      if (one.value == out.value) chosen = one.text;
    }
    return row(key, alternatives(words), chosen);
  }
  bool words(const Key& key, std::span<const Word> words, std::vector<int>&) override {
    return row(key, alternatives(words) + ", or a list", "");
  }
  bool some(const Key& key, const Form& form, std::vector<Located<std::string>>&) override {
    return row(key, fmt::format("{}, or a list", form.name), "");
  }
  bool scalars(const Key& key, bool many, std::vector<Located<Scalar>>&) override {
    return row(key, many ? "value, or a list" : "value", "");
  }
  void later(const Key& key, std::vector<Located<std::string>>&) override { row(key, "anything", ""); }
  void inactive(std::string_view, std::vector<Located<std::string>>&) override {}
  void section(const Key& key, const Inside& inside) override {
    Table table(out_, full(key.name));
    inside(table);
  }
  bool part(const Key& key, const Inside& inside) override {
    section(key, inside);
    return false;
  }
  void refuse(const Position&, std::string_view) override {}
  void refuse_key(std::string_view, std::string_view) override {}
  void names(const Key& key, const Form& name, const Form& form, const Named&) override {
    row(key, fmt::format("map by {} of {}, or of lists", name.name, form.name), "");
  }
  void table(const Key& key, const Form& name, const Entry& entry) override {
    row(key, fmt::format("map by {}", name.name), "");
    Table inner(out_, fmt::format("{}.<{}>", full(key.name), name.name));
    entry(inner, {});
  }
  bool list(const Key& key, const Item& item) override {
    row(key, "list of maps", "");
    Table inner(out_, full(key.name) + "[]");
    item(inner, {});
    return false;
  }
  // A declaration that asks, reads an absent key in all of its forms: each gets its row.
  Shape shape(std::string_view) const override { return Shape::absent; }

 private:
  std::string full(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
  }

  static std::string alternatives(std::span<const Word> words) {
    std::string out;
    for (const Word& word : words) out += fmt::format("{}`{}`", out.empty() ? "" : ", ", word.text);
    return out;
  }

  bool row(const Key& key, const std::string& type, const std::string& fallback) {
    const std::string value = key.required ? "required" : fallback.empty() ? "" : fmt::format("`{}`", fallback);
    fmt::format_to(std::back_inserter(out_), "| `{}` | {} | {} | {} |\n", full(key.name), type, value, key.about);
    return false;
  }

  std::string& out_;
  std::string path_;
};

template <class T>
void write(std::string& out, std::string_view title) {
  fmt::format_to(std::back_inserter(out), "### {}\n\n| key | type | default | meaning |\n|---|---|---|---|\n", title);
  T defaults;
  Table table(out);
  describe(table, defaults);
}

}  // namespace

std::string reference_markdown() {
  std::string out;
  write<Settings>(out, "durward.yaml");
  out +=
      "\nDurations carry a unit (`ms`, `s`, `m`, `h`, `d`), sizes may (`B`, `KiB`, `MiB`, `GiB`, `TiB`); relative paths start "
      "at the file.\n\n";
  write<PolicySettings>(out, "policy.yaml");
  return out;
}

}  // namespace durward::config
