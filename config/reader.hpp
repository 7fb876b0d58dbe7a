#pragma once
#include <string>

#include "config/document.hpp"
#include "config/fields.hpp"

namespace durward::config {

/// Reads one YAML map. Remembers which of its keys were asked for: `finish` reports the others as unknown. Everything wrong
/// goes to the report; reading goes on, so that all errors of a file are told at once.
class Reader : public Fields {
 public:
  /// map and report must outlive this. where: what a missing key points at (the map's own key). map: null if it is absent.
  Reader(const Node* map, Position where, std::string path, Report& report);

  bool text(const Key& key, const Form& form, Located<std::string>& out) override;
  bool texts(const Key& key, const Form& form, std::vector<Located<std::string>>& out) override;
  bool flag(const Key& key, bool& out) override;
  bool number(const Key& key, const Range& range, std::uint64_t& out) override;
  bool word(const Key& key, std::span<const Word> words, Located<int>& out) override;
  bool words(const Key& key, std::span<const Word> words, std::vector<int>& out) override;
  bool some(const Key& key, const Form& form, std::vector<Located<std::string>>& out) override;
  bool scalars(const Key& key, bool many, std::vector<Located<Scalar>>& out) override;
  void later(const Key& key, std::vector<Located<std::string>>& out) override;
  void inactive(std::string_view name, std::vector<Located<std::string>>& out) override;
  void section(const Key& key, const Inside& inside) override;
  bool part(const Key& key, const Inside& inside) override;
  void refuse(const Position& where, std::string_view why) override;
  void refuse_key(std::string_view name, std::string_view why) override;
  void names(const Key& key, const Form& name, const Form& form, const Named& named) override;
  void table(const Key& key, const Form& name, const Entry& entry) override;
  bool list(const Key& key, const Item& item) override;
  Shape shape(std::string_view name) const override;

  void finish();

 private:
  struct Found {
    const Node* key = nullptr;
    const Node* value = nullptr;
  };
  Found find(const Key& key);  // value: null if absent, null, or already reported
  const Node* find(const Key& key, Node::Kind kind);
  bool read_text(const std::string& name, const Node& node, const Form& form, std::string& out);
  bool read_some(const std::string& name, const Node& node, const Form& form, std::vector<Located<std::string>>& out);
  bool read_scalar(const std::string& name, const Node& node, Scalar& out);
  bool read_word(const std::string& name, const Node& node, std::span<const Word> words, int& out);
  void wrong(const std::string& name, const Node& node, std::string_view expected, bool sensitive = false);
  std::string full(std::string_view name) const;
  Position at(const Node& node) const { return report_.at(node.line, node.column); }

  const Node* map_;
  Position where_;
  std::string path_;
  Report& report_;
  std::vector<std::string> asked_;
};

/// Reads a whole document into out with `describe`; diagnostics go to the report.
template <class T>
void read_document(std::string_view text, T& out, Report& report) {
  const auto root = parse_document(text, report);
  if (!root || root->kind == Node::Kind::broken) return;
  if (root->kind != Node::Kind::map) {
    report.error(report.at(root->line, root->column), "the file must be a map of settings");
    return;
  }
  Reader reader(&*root, report.at(1, 1), "", report);
  describe(reader, out);
  reader.finish();
}

}  // namespace durward::config
