#include "config/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>

#include "config/utf8.hpp"

namespace durward::config {
namespace {

// Reads a string_view as a stream without copying it.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // never written: nothing puts into this buffer
    setg(begin, begin, begin + text.size());
  }
};

// Thrown through yaml-cpp when a bound is crossed; already reported.
struct Stop {};

// Builds the Node tree from yaml-cpp's events. yaml-cpp's own tree keeps neither duplicate keys nor their order.
class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, Report& report) : text_(text), report_(report) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    report_.error(at(mark), "what stands here does not belong to the document above, and a file holds exactly one");
    throw Stop{};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(make(Node::Kind::null, mark)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    report_.error(at(mark), "aliases (*name) are not supported: write the value out");
    add(make(Node::Kind::broken, mark));
  }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    anchored_ = mark.pos;
    report_.error(at(mark), "anchors (&name) are not supported: write the value out where it is needed");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    Node node = make(Node::Kind::scalar, mark);
    node.text = value;
    node.quoted = tag == "!";
    if (mark.pos == anchored_ || !untagged(mark, tag) || !on_one_line(mark, value)) node.kind = Node::Kind::broken;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(make(untagged(mark, tag) ? Node::Kind::list : Node::Kind::broken, mark));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(make(untagged(mark, tag) ? Node::Kind::map : Node::Kind::broken, mark));
    stack_.back().is_map = true;
  }
  void OnMapEnd() override { close(); }

  std::optional<Node> take() { return std::move(root_); }

 private:
  // A list or map under construction. In a map, children alternate: key, value, key, value.
  struct Open {
    Node node;
    bool is_map = false;
    std::optional<Node> key;
    std::unordered_map<std::string, int> lines;  // of the keys seen
  };

  Position at(const YAML::Mark& mark) const { return report_.at(mark.line + 1, mark.column + 1); }

  static Node make(Node::Kind kind, const YAML::Mark& mark) {
    Node node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  bool untagged(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return true;
    report_.error(at(mark), "tags (!name) are not supported");
    return false;
  }

  // yaml-cpp ends an open quote at the end of the file, and folds lines: a forgotten quote would swallow keys unseen.
  bool on_one_line(const YAML::Mark& mark, std::string_view value) {
    const std::string_view rest = text_.substr(std::min(static_cast<std::size_t>(mark.pos), text_.size()));
    const char first = rest.empty() ? '\0' : rest.front();
    if (first == '"' || first == '\'') {
      if (!closes(rest)) return refuse(mark, "the closing quote is missing on this line");
    } else if (first == '!') {
      return refuse(mark, "tags (!name) are not supported");
    } else if (first == '|' || first == '>' || rest.substr(0, value.size()) != value) {
      return refuse(mark, "a value must stand on one line");
    }
    for (std::size_t i = 0, length = 0; i < value.size(); i += length) {
      length = utf8_length(value, i);
      if (unseen(value, i, length)) return refuse(mark, "an escaped control character, or one that no editor shows");
    }
    return true;
  }

  // Whether the quote that text begins with is closed before the line ends.
  static bool closes(std::string_view text) {
    const char quote = text.front();
    for (std::size_t i = 1; i < text.size() && text[i] != '\n'; ++i) {
      if (quote == '"' && text[i] == '\\') {
        if (i + 1 < text.size() && text[i + 1] != '\n') ++i;
      } else if (text[i] == quote) {
        const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
        if (!doubled) return true;
        ++i;
      }
    }
    return false;
  }

  bool refuse(const YAML::Mark& mark, std::string message) {
    report_.error(at(mark), std::move(message));
    return false;
  }

  void open(Node node) {
    if (stack_.size() == kFileDepth) {
      report_.error(report_.at(node.line, node.column), fmt::format("nested deeper than {} levels", kFileDepth));
      throw Stop{};
    }
    stack_.push_back({});
    stack_.back().node = std::move(node);
  }

  void close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    if (++nodes_ > kFileNodes) {
      report_.error(report_.at(node.line, node.column), fmt::format("more than {} values", kFileNodes));
      throw Stop{};
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (!parent.is_map) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      if (key_is_new(parent)) {
        parent.node.keys.push_back(std::move(*parent.key));
        parent.node.items.push_back(std::move(node));
      }
      parent.key.reset();
    }
  }

  bool key_is_new(Open& parent) {
    const Node& key = *parent.key;
    const Position where = report_.at(key.line, key.column);
    if (key.kind == Node::Kind::broken) return false;
    if (key.kind != Node::Kind::scalar || key.text.empty()) {
      report_.error(where, "a key must be a word");
      return false;
    }
    if (key.text == "<<" && !key.quoted) {
      report_.error(where, "merge keys (<<) are not supported: write the values out");
      return false;
    }
    const auto [first, added] = parent.lines.emplace(key.text, key.line);
    if (!added) report_.error(where, fmt::format("duplicate key {}: first on line {}", quote(key.text), first->second));
    return added;
  }

  std::string_view text_;
  Report& report_;
  int anchored_ = -1;  // where the last anchor stood
  std::vector<Open> stack_;
  std::optional<Node> root_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

// yaml-cpp's words for the mistakes people make, said so that they can be mended.
std::string explain(const std::string& message) {
  if (message == "end of map not found") return "this does not continue the map above: check indentation and quotes";
  if (message == "end of sequence not found") return "this does not continue the list above: check indentation and quotes";
  if (message == "end of map flow not found") return "a map that { opens is not closed before this";
  if (message == "end of sequence flow not found") return "a list that [ opens is not closed before this";
  if (message == "illegal map value")
    return "a ':' where no key can stand: check indentation, and quote values with ': ' in them";
  if (message == "alias not found after *" || message == "the referenced anchor is not defined") {
    return "a value that begins with * must stand in quotes";
  }
  return message;
}

}  // namespace

std::optional<Node> parse_document(std::string_view text, Report& report) {
  if (text.size() > kFileBytes) {
    report.error(report.at(0, 0), fmt::format("the file is larger than {} bytes", kFileBytes));
    return std::nullopt;
  }
  if (text.substr(0, 3) == "\uFEFF") text.remove_prefix(3);
  if (!readable(text, report)) return std::nullopt;
  Builder builder(text, report);
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::Exception& e) {
    report.error(report.at(e.mark.line + 1, e.mark.column + 1), "YAML syntax: " + explain(e.msg));
    return std::nullopt;
  }
  auto root = builder.take();
  if (!root) report.error(report.at(0, 0), "the file is empty");
  return root;
}

}  // namespace durward::config
