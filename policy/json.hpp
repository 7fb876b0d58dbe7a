#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/outcome.hpp"

/// Strict JSON (RFC 8259) over bytes that stay where they are. One parser serves every stage, so what was decided
/// on, what is recorded and what is forwarded are ranges of one text. Numbers keep their tokens: nothing is rounded.
namespace durward::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

struct Limits {
  std::size_t depth = 64;         // containers within containers
  std::size_t nodes = 4'000'000;  // values and keys
};

enum class Fault : std::uint8_t { syntax, utf8, duplicate_member, depth, nodes };

struct Error {
  Fault fault;
  std::size_t offset;  // bytes from the start
};
std::string_view name(Fault fault) noexcept;

class Document;
class Elements;
class Members;

/// A place in a Document: cheap to copy, valid as long as the Document is neither moved nor destroyed. An absent value (from
/// find) is false.
class Value {
 public:
  Value() = default;
  explicit operator bool() const noexcept { return document_ != nullptr; }
  Kind kind() const;                       // of an absent value: null
  bool is(Kind kind) const;                // false for an absent value
  std::string_view raw() const;            // the exact bytes, quotes and brackets included; empty if absent
  std::size_t offset() const;              // of raw() in the text
  Value find(std::string_view key) const;  // member of an object by its decoded name; absent if not there or not an object
  Value at(std::size_t index) const;       // element of an array; absent if not there or not an array
  std::size_t size() const;                // of elements or members; else 0
  std::string string() const;              // decoded UTF-8 (lone surrogates become U+FFFD); empty if not a string
  std::optional<std::string_view> plain() const;  // a string without escapes, as a view into the text
  bool equals(std::string_view text) const;       // a string whose decoded value is text
  std::optional<std::int64_t> integer() const;    // a number written as an integer token within ±2^53−1
  bool boolean() const;                           // true only for `true`
  Elements elements() const;                      // of an array; else empty
  Members members() const;                        // of an object, in document order; else empty

 private:
  friend class Document;
  friend class Elements;
  friend class Members;
  Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
};

struct Member {
  Value key;  // a string
  Value value;
};

class Document {
 public:
  /// Parses one JSON text and takes it over. Duplicate member names (after decoding, at any depth) are an error,
  /// as are invalid UTF-8, a byte order mark and anything after the value. Time is linear, memory 16 bytes a node.
  /// Errors carry no text. A text of 4 GiB or more exceeds any node limit. Escapes of lone surrogates are accepted.
  static policy::Outcome<Document, Error> parse(std::string text, const Limits& limits = {});
  Value root() const { return Value(this, 0); }
  const std::string& text() const { return text_; }
  /// Memory that it uses: the text and the tree, which may be eight times as large.
  std::size_t bytes() const { return text_.size() + nodes_.size() * sizeof(Node); }
  /// Gives the text back; Values of this document are no longer valid.
  std::string release() && { return std::move(text_); }

 private:
  friend class Value;
  friend class Elements;
  friend class Members;
  struct Node {
    std::uint32_t begin;  // first byte
    std::uint32_t end;    // one past the last byte
    std::uint32_t next;   // node after this value's subtree
    std::uint32_t bits;   // kind (3 bits), whether a string has escapes (1), number of children (28)
  };
  static constexpr std::uint32_t kEscaped = 8;
  static constexpr std::uint32_t kOneChild = 16;
  static constexpr std::size_t kMostChildren = (1U << 28) - 1;
  static Kind kind_of(const Node& node) { return static_cast<Kind>(node.bits & 7); }
  friend class Parser;
  std::string text_;
  std::vector<Node> nodes_;
};

class Elements {
 public:
  class Iterator {
   public:
    Value operator*() const { return Value(document_, index_); }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return index_ == other.index_; }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    friend class Elements;
    Iterator(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
    const Document* document_;
    std::uint32_t index_;
  };
  Iterator begin() const { return Iterator(document_, begin_); }
  Iterator end() const { return Iterator(document_, end_); }

 private:
  friend class Value;
  Elements(const Document* document, std::uint32_t begin, std::uint32_t end) : document_(document), begin_(begin), end_(end) {}
  const Document* document_;
  std::uint32_t begin_;
  std::uint32_t end_;
};

class Members {
 public:
  class Iterator {
   public:
    Member operator*() const { return Member{Value(document_, index_), Value(document_, index_ + 1)}; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return index_ == other.index_; }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    friend class Members;
    Iterator(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
    const Document* document_;
    std::uint32_t index_;
  };
  Iterator begin() const { return Iterator(document_, begin_); }
  Iterator end() const { return Iterator(document_, end_); }

 private:
  friend class Value;
  Members(const Document* document, std::uint32_t begin, std::uint32_t end) : document_(document), begin_(begin), end_(end) {}
  const Document* document_;
  std::uint32_t begin_;
  std::uint32_t end_;
};

inline Kind Value::kind() const { return document_ == nullptr ? Kind::null : Document::kind_of(document_->nodes_[index_]); }

inline bool Value::is(Kind wanted) const { return document_ != nullptr && kind() == wanted; }

inline std::string_view Value::raw() const {
  if (document_ == nullptr) return {};
  const Document::Node& node = document_->nodes_[index_];
  return {document_->text_.data() + node.begin, node.end - node.begin};
}

inline std::optional<std::string_view> Value::plain() const {
  if (!is(Kind::string) || (document_->nodes_[index_].bits & Document::kEscaped) != 0) return std::nullopt;
  const std::string_view token = raw();
  return std::string_view(token.data() + 1, token.size() - 2);
}

inline Elements Value::elements() const {
  if (!is(Kind::array)) return {document_, 0, 0};
  return {document_, index_ + 1, document_->nodes_[index_].next};
}

inline Members Value::members() const {
  if (!is(Kind::object)) return {document_, 0, 0};
  return {document_, index_ + 1, document_->nodes_[index_].next};
}

inline Elements::Iterator& Elements::Iterator::operator++() {
  index_ = document_->nodes_[index_].next;
  return *this;
}

inline Members::Iterator& Members::Iterator::operator++() {
  index_ = document_->nodes_[index_ + 1].next;
  return *this;
}

/// text as a JSON string token with quotes, escaped as ECMAScript's JSON.stringify does. Invalid UTF-8 becomes U+FFFD.
std::string quote(std::string_view text);

}  // namespace durward::json
