#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/json.hpp"
#include "policy/schema/dialect.hpp"
#include "policy/schema/problem.hpp"

/// Where things are in a schema and the documents that it may refer to. Internal to policy/schema.
namespace durward::schema {

/// A schema within a document.
struct Place {
  std::size_t document = 0;
  std::size_t resource = 0;
  json::Value value;
  std::string pointer;  // for people: from the document's root, behind its URI if that is not the schema itself
};

/// A schema with an identity of its own: the root of a document, or whatever in it has an `$id`.
struct Resource {
  std::string uri;  // absolute if anything was; without fragment
  Place root;
  Dialect dialect;
  std::map<std::string, Place, std::less<>> anchors;          // `$anchor` and `$dynamicAnchor`
  std::map<std::string, Place, std::less<>> dynamic_anchors;  // the latter
};

struct DocumentLimits {
  std::size_t bytes;       // of one document
  std::size_t depth;       // of its JSON
  std::size_t subschemas;  // in all documents
};

/// All documents of one compilation. Nothing is fetched: what they are not given, and is not built in, is not there.
class Documents {
 public:
  /// standard: what documents without `$schema` speak.
  Documents(const DocumentLimits& limits, const Dialect& standard, Problems& problems)
      : limits_(limits), standard_(standard), problems_(problems) {}

  /// Reads a document and finds its resources and anchors. uri: where it is said to be from; empty for the schema itself.
  /// The index of its root resource, or nothing after a problem.
  std::optional<std::size_t> add(std::string_view uri, std::string text);

  /// What `$ref` with this value means where it stands, or nothing after a problem.
  std::optional<Place> resolve(const Place& from, std::string_view reference);

  const std::vector<Resource>& resources() const { return resources_; }
  /// The subschema at token of a value that stands at from: it may begin a resource.
  Place below(const Place& from, std::string_view token, json::Value value) const;
  /// Gives the texts away, which all Values point into.
  std::vector<std::unique_ptr<json::Document>> release() { return std::move(documents_); }

 private:
  bool read(std::string_view uri, std::string text);
  void scan(const Place& place);
  void scan_members(const Place& place);
  void scan_list(const Place& list);
  void scan_map(const Place& map, bool names);
  Place identify(const Place& place);
  Place begin_resource(const Place& place, std::string uri);
  Dialect dialect_for(const Place& place, const Dialect& inherited);
  std::optional<std::size_t> find(const std::string& uri);
  std::optional<Place> walk(Place at, std::string_view pointer) const;

  const DocumentLimits limits_;
  const Dialect standard_;
  Problems& problems_;
  std::vector<std::unique_ptr<json::Document>> documents_;
  std::vector<Resource> resources_;
  std::unordered_map<std::string, std::size_t> by_uri_;
  std::vector<std::unordered_map<std::size_t, std::size_t>> roots_;  // of each document: offset -> resource
  std::size_t subschemas_ = 0;
};

/// The standard's metaschemas by their URI without fragment; empty if it is none.
std::string_view built_in(std::string_view uri);

/// A token of a JSON pointer, escaped, behind its slash.
std::string pointer_token(std::string_view name);

}  // namespace durward::schema
