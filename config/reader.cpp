#include "config/reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace durward::config {
namespace {

// What a scalar without quotes means in YAML 1.2, beside text. Such a scalar is refused as text: 1.10 would be 1.1 to the
// next tool that reads the file.
std::string_view plain_type(const Node& node) {
  const std::string& text = node.text;
  if (node.quoted) return "text";
  for (const char* word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return "a boolean";
  }
  std::string_view rest = text;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
  if (rest == ".inf" || rest == ".nan") return "a number";
  if (rest.substr(0, 2) == "0x" || rest.substr(0, 2) == "0o") return "a number";
  const std::size_t whole = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const std::string_view fraction = rest.substr(whole);
  if (whole == 0 && (fraction.size() < 2 || fraction[0] != '.' || fraction[1] < '0' || fraction[1] > '9')) return "text";
  const bool number = fraction.empty() || (fraction.find_first_not_of("0123456789eE+-.") == std::string_view::npos &&
                                           std::count(fraction.begin(), fraction.end(), '.') <= 1 &&
                                           (fraction[0] == '.' || fraction[0] == 'e' || fraction[0] == 'E'));
  return number ? "a number" : "text";
}

std::string_view type_of(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
    case Node::Kind::scalar:
      return plain_type(node);
    case Node::Kind::broken:
      break;
  }
  return "something else";
}

// A list's items, or what is written in place of a list of one.
std::span<const Node> items_of(const Node& node) {
  return node.kind == Node::Kind::list ? std::span<const Node>(node.items) : std::span(&node, 1);
}

// RFC 8259, section 6.
bool json_number(std::string_view text) {
  const auto digits = [&text] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

std::string alternatives(std::span<const Word> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i].text;
  }
  return out;
}

}  // namespace

Reader::Reader(const Node* map, Position where, std::string path, Report& report)
    : map_(map), where_(std::move(where)), path_(std::move(path)), report_(report) {}

std::string Reader::full(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void Reader::wrong(const std::string& name, const Node& node, std::string_view expected, bool sensitive) {
  std::string found;
  if (node.kind != Node::Kind::scalar) {
    found = fmt::format(", found {}", type_of(node));
  } else if (!sensitive) {
    found = fmt::format(", found {}", quote(node.text));
  }
  report_.error(at(node), fmt::format("{} {}{}", name, expected, found), sensitive ? node.column : 0);
}

Reader::Found Reader::find(const Key& key) {
  asked_.emplace_back(key.name);
  const std::size_t count = map_ == nullptr ? 0 : map_->keys.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (map_->keys[i].text != key.name) continue;
    const Node& value = map_->items[i];
    if (value.kind == Node::Kind::null) {
      report_.error(at(map_->keys[i]), fmt::format("{} has no value: give it one, or leave the key out", full(key.name)));
    }
    report_.remember(full(key.name), at(value));
    const bool usable = value.kind != Node::Kind::null && value.kind != Node::Kind::broken;
    return {&map_->keys[i], usable ? &value : nullptr};
  }
  if (key.required) {
    const std::string advice = key.advice.empty() ? "" : fmt::format(": {}", key.advice);
    report_.error(where_, fmt::format("{} is missing{}", full(key.name), advice));
  }
  return {};
}

const Node* Reader::find(const Key& key, Node::Kind kind) {
  const Node* value = find(key).value;
  if (value == nullptr || value->kind == kind) return value;
  constexpr std::array<std::string_view, 4> kExpected{"", "must be a single value", "must be a list", "must be a map"};
  wrong(full(key.name), *value, kExpected.at(static_cast<std::size_t>(kind)), true);
  return nullptr;
}

bool Reader::read_text(const std::string& name, const Node& node, const Form& form, std::string& out) {
  if (node.kind == Node::Kind::broken) return false;
  if (node.kind != Node::Kind::scalar) {
    wrong(name, node, "must be text");
    return false;
  }
  const std::string_view type = plain_type(node);
  if (type != "text") {
    wrong(name, node, fmt::format("must be text, and without quotes this is {}: put it in quotes", type), form.sensitive);
    return false;
  }
  const std::string problem = form.check(node.text);
  if (!problem.empty()) {
    wrong(name, node, problem, form.sensitive);
    return false;
  }
  out = node.text;
  return true;
}

bool Reader::text(const Key& key, const Form& form, Located<std::string>& out) {
  const Node* node = find(key, Node::Kind::scalar);
  if (node == nullptr || !read_text(full(key.name), *node, form, out.value)) return false;
  out.where = at(*node);
  return true;
}

bool Reader::texts(const Key& key, const Form& form, std::vector<Located<std::string>>& out) {
  const Node* list = find(key, Node::Kind::list);
  if (list == nullptr) return false;
  std::vector<Located<std::string>> all;
  bool good = true;
  for (const Node& item : list->items) {
    Located<std::string> one{"", at(item)};
    good = read_text(fmt::format("an item of {}", full(key.name)), item, form, one.value) && good;
    all.push_back(std::move(one));
  }
  if (good) out = std::move(all);
  return good;
}

bool Reader::some(const Key& key, const Form& form, std::vector<Located<std::string>>& out) {
  const Node* node = find(key).value;
  return node != nullptr && read_some(full(key.name), *node, form, out);
}

bool Reader::read_some(const std::string& name, const Node& node, const Form& form, std::vector<Located<std::string>>& out) {
  const std::span<const Node> items = items_of(node);
  if (items.empty()) wrong(name, node, "must name at least one");
  std::vector<Located<std::string>> all;
  bool good = !items.empty();
  for (const Node& item : items) {
    Located<std::string> one{"", at(item)};
    good = read_text(name, item, form, one.value) && good;
    all.push_back(std::move(one));
  }
  if (good) out = std::move(all);
  return good;
}

bool Reader::read_scalar(const std::string& name, const Node& node, Scalar& out) {
  if (node.kind == Node::Kind::broken) return false;
  if (node.kind != Node::Kind::scalar) {
    wrong(name, node, "must be text, a number, true or false");
    return false;
  }
  const std::string_view type = plain_type(node);
  out.text = node.text;
  out.kind = type == "text" ? Scalar::Kind::text : type == "a number" ? Scalar::Kind::number : Scalar::Kind::boolean;
  if (type == "a boolean" && node.text != "true" && node.text != "false") {
    wrong(name, node, "must be text in quotes, or true or false in lower case");
    return false;
  }
  if (type == "a number" && !json_number(node.text)) {
    wrong(name, node, "must be a number as JSON writes it, or text in quotes");
    return false;
  }
  return true;
}

bool Reader::scalars(const Key& key, bool many, std::vector<Located<Scalar>>& out) {
  const Node* node = find(key).value;
  if (node == nullptr) return false;
  const std::span<const Node> items = many ? items_of(*node) : std::span<const Node>(node, 1);
  if (items.empty()) wrong(full(key.name), *node, "must name at least one");
  std::vector<Located<Scalar>> all;
  bool good = !items.empty();
  for (const Node& item : items) {
    Scalar one;
    good = read_scalar(full(key.name), item, one) && good;
    all.push_back({std::move(one), at(item)});
  }
  if (good) out = std::move(all);
  return good;
}

void Reader::later(const Key& key, std::vector<Located<std::string>>& out) {
  if (find(key).value != nullptr) inactive(key.name, out);
}

void Reader::inactive(std::string_view name, std::vector<Located<std::string>>& out) {
  const Position where = report_.where(full(name));
  if (where.line > 0) out.push_back({full(name), where});
}

bool Reader::flag(const Key& key, bool& out) {
  const Node* node = find(key, Node::Kind::scalar);
  if (node == nullptr) return false;
  const bool good = !node->quoted && (node->text == "true" || node->text == "false");
  if (good) out = node->text == "true";
  if (!good) wrong(full(key.name), *node, "must be true or false, without quotes");
  return good;
}

bool Reader::number(const Key& key, const Range& range, std::uint64_t& out) {
  const Node* node = find(key, Node::Kind::scalar);
  if (node == nullptr) return false;
  if (node->quoted && range.unit == Unit::count) {
    wrong(full(key.name), *node, "must be a number without quotes");
    return false;
  }
  const Measured measured = measure(node->text, range.unit);
  if (!measured.value) {
    wrong(full(key.name), *node, measured.error);
    return false;
  }
  if (*measured.value < range.least || *measured.value > range.most) {
    const std::string least = written(range.least, range.unit);
    wrong(full(key.name), *node, fmt::format("must be from {} to {}", least, written(range.most, range.unit)));
    return false;
  }
  out = *measured.value;
  return true;
}

bool Reader::read_word(const std::string& name, const Node& node, std::span<const Word> words, int& out) {
  if (node.kind == Node::Kind::broken) return false;
  std::vector<std::string> candidates;
  for (const Word& word : words) {
    if (node.kind == Node::Kind::scalar && node.text == word.text) {
      out = word.value;
      return true;
    }
    candidates.emplace_back(word.text);
  }
  const std::string near = node.kind == Node::Kind::scalar ? nearest(node.text, candidates) : "";
  const std::string hint = near.empty() ? "" : fmt::format(" (did you mean {}?)", near);
  wrong(name, node, fmt::format("must be {}{}", alternatives(words), hint));
  return false;
}

bool Reader::word(const Key& key, std::span<const Word> words, Located<int>& out) {
  const Node* node = find(key, Node::Kind::scalar);
  if (node == nullptr || !read_word(full(key.name), *node, words, out.value)) return false;
  out.where = at(*node);
  return true;
}

bool Reader::words(const Key& key, std::span<const Word> words, std::vector<int>& out) {
  const Node* node = find(key).value;
  if (node == nullptr) return false;
  const std::span<const Node> items = items_of(*node);
  if (items.empty()) {
    wrong(full(key.name), *node, fmt::format("must name at least one of {}", alternatives(words)));
    return false;
  }
  std::vector<int> all;
  bool good = true;
  for (const Node& item : items) {
    int one = 0;
    if (!read_word(full(key.name), item, words, one)) {
      good = false;
    } else if (std::find(all.begin(), all.end(), one) != all.end()) {
      wrong(full(key.name), item, "names one word twice");
      good = false;
    }
    all.push_back(one);
  }
  if (good) out = std::move(all);
  return good;
}

void Reader::section(const Key& key, const Inside& inside) {
  const Found found = find(key);
  if (found.key != nullptr && found.value == nullptr) return;
  if (found.value != nullptr && found.value->kind != Node::Kind::map) {
    wrong(full(key.name), *found.value, "must be a map", true);
    return;
  }
  if (found.key == nullptr && key.required) return;
  Reader reader(found.value, found.key == nullptr ? where_ : at(*found.key), full(key.name), report_);
  inside(reader);
  reader.finish();
}

bool Reader::part(const Key& key, const Inside& inside) {
  const Node* map = find(key, Node::Kind::map);
  if (map == nullptr) return false;
  Reader reader(map, at(*map), full(key.name), report_);
  inside(reader);
  reader.finish();
  return true;
}

void Reader::refuse(const Position& where, std::string_view why) { report_.error(where, fmt::format("{} {}", path_, why)); }

void Reader::refuse_key(std::string_view name, std::string_view why) {
  report_.error(report_.where(full(name)), fmt::format("{} {}", full(name), why));
}

void Reader::names(const Key& key, const Form& name, const Form& form, const Named& named) {
  const Node* map = find(key, Node::Kind::map);
  const std::size_t count = map == nullptr ? 0 : map->keys.size();
  for (std::size_t i = 0; i < count; ++i) {
    Located<std::string> title{"", at(map->keys[i])};
    if (!read_text(fmt::format("a name in {}", full(key.name)), map->keys[i], name, title.value)) continue;
    const std::string path = fmt::format("{}.{}", full(key.name), title.value);
    std::vector<Located<std::string>> texts;
    if (map->items[i].kind == Node::Kind::null) report_.error(title.where, fmt::format("{} has no value", path));
    if (map->items[i].kind == Node::Kind::null || map->items[i].kind == Node::Kind::broken) continue;
    if (read_some(path, map->items[i], form, texts)) named(title, std::move(texts));
  }
}

void Reader::table(const Key& key, const Form& name, const Entry& entry) {
  const Node* map = find(key, Node::Kind::map);
  if (map == nullptr) return;
  if (map->keys.empty() && key.required) {
    report_.error(at(*map), fmt::format("{} must have at least one entry: {}", full(key.name), key.advice));
  }
  for (std::size_t i = 0; i < map->keys.size(); ++i) {
    Located<std::string> title{"", at(map->keys[i])};
    const Node& value = map->items[i];
    if (!read_text(fmt::format("a name in {}", full(key.name)), map->keys[i], name, title.value)) continue;
    const std::string path = fmt::format("{}.{}", full(key.name), title.value);
    if (value.kind == Node::Kind::null) report_.error(title.where, fmt::format("{} has no value", path));
    if (value.kind == Node::Kind::scalar || value.kind == Node::Kind::list) wrong(path, value, "must be a map", true);
    if (value.kind != Node::Kind::map) continue;
    Reader reader(&value, title.where, path, report_);
    entry(reader, title);
    reader.finish();
  }
}

bool Reader::list(const Key& key, const Item& item) {
  const Node* list = find(key, Node::Kind::list);
  if (list == nullptr) return false;
  if (list->items.empty() && key.required) {
    report_.error(at(*list), fmt::format("{} must have at least one item: {}", full(key.name), key.advice));
  }
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const Node& node = list->items[i];
    const std::string path = fmt::format("{}[{}]", full(key.name), i);
    if (node.kind != Node::Kind::map) {
      if (node.kind != Node::Kind::broken) wrong(fmt::format("an item of {}", full(key.name)), node, "must be a map", true);
      continue;
    }
    Reader reader(&node, at(node), path, report_);
    item(reader, at(node));
    reader.finish();
  }
  return true;
}

Fields::Shape Reader::shape(std::string_view name) const {
  const std::size_t count = map_ == nullptr ? 0 : map_->keys.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (map_->keys[i].text != name) continue;
    const Node::Kind kind = map_->items[i].kind;
    return kind == Node::Kind::list ? Shape::list : kind == Node::Kind::map ? Shape::map : Shape::text;
  }
  return Shape::absent;
}

void Reader::finish() {
  if (map_ == nullptr) return;
  for (const Node& key : map_->keys) {
    if (std::find(asked_.begin(), asked_.end(), key.text) != asked_.end()) continue;
    const std::string near = report_.full() ? "" : nearest(key.text, asked_);
    const std::string hint = near.empty() ? "" : fmt::format(": did you mean {}?", near);
    const std::string place = path_.empty() ? "" : fmt::format(" in {}", path_);
    // The value of a key that we do not know may be a secret.
    const int after = key.column + static_cast<int>(key.text.size()) + (key.quoted ? 2 : 0);
    report_.error(at(key), fmt::format("unknown key {}{}{}", quote(key.text), place, hint), after);
  }
}

}  // namespace durward::config
