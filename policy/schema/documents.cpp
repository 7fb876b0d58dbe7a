#include "policy/schema/documents.hpp"

#include <charconv>
#include <utility>

#include "policy/schema/text.hpp"
#include "policy/schema/uri.hpp"

namespace durward::schema {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t kMostPointer = 1024;  // bytes of a pointer for people, which every subschema keeps
constexpr std::size_t kMostToken = 128;

std::string without_empty_fragment(std::string uri) {
  if (uri.ends_with('#')) uri.pop_back();
  return uri;
}

/// XML's NCName in ASCII, as the metaschemas have it.
bool is_anchor(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name.front())) return false;
  for (const char c : name) {
    if (!letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.') return false;
  }
  return true;
}

/// One token of a pointer, unescaped; nothing if it is malformed.
std::optional<std::string> unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
    } else if (++i == token.size() || (token[i] != '0' && token[i] != '1')) {
      return std::nullopt;
    } else {
      out += token[i] == '0' ? '~' : '/';
    }
  }
  return out;
}

Value step(Value value, std::string_view token) {
  if (value.is(Kind::object)) return member(value, token);
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool number = error == std::errc() && end == token.data() + token.size() && (token.size() == 1 || token.front() != '0');
  return number ? value.at(index) : Value();
}

}  // namespace

std::string pointer_token(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, kMostToken)) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::size_t> Documents::add(std::string_view uri, std::string text) {
  const std::size_t first = resources_.size();
  if (!read(uri, std::move(text))) return std::nullopt;
  return first;
}

bool Documents::read(std::string_view uri, std::string text) {
  const std::string where = uri.empty() ? std::string() : std::string(uri) + "#";
  if (text.size() > limits_.bytes) {
    problems_.add(where, "longer than " + std::to_string(limits_.bytes) + " bytes");
    return false;
  }
  auto parsed = json::Document::parse(std::move(text), {limits_.depth, limits_.bytes});
  if (!parsed) {
    problems_.add(where, "not the strict JSON that a schema must be: " + std::string(name(parsed.error().fault)) + " at byte " +
                             std::to_string(parsed.error().offset));
    return false;
  }
  documents_.push_back(std::make_unique<json::Document>(*std::move(parsed)));
  roots_.emplace_back();
  scan(begin_resource({documents_.size() - 1, 0, documents_.back()->root(), where}, std::string(uri)));
  return problems_.none();
}

Place Documents::below(const Place& from, std::string_view token, Value value) const {
  Place place{from.document, from.resource, value, from.pointer};
  if (place.pointer.size() < kMostPointer) place.pointer += '/' + pointer_token(token);
  const auto& roots = roots_[place.document];
  if (const auto root = roots.find(value.offset()); root != roots.end()) place.resource = root->second;
  return place;
}

/// The dialect of a resource: what its `$schema` says, else that of what is around it.
Dialect Documents::dialect_for(const Place& place, const Dialect& inherited) {
  const Value named = place.value.find("$schema");
  if (!named) return inherited;
  const std::string uri = without_empty_fragment(named.string());
  if (const auto known = known_dialect(uri)) return *known;
  const auto metaschema = find(uri);
  const Value vocabulary = metaschema ? resources_[*metaschema].root.value.find("$vocabulary") : Value();
  const auto dialect = vocabulary ? dialect_of(vocabulary) : metaschema ? std::optional(Dialect{}) : std::nullopt;
  if (dialect) return *dialect;
  problems_.add(place.pointer + "/$schema", metaschema ? "its metaschema demands a vocabulary that is not known here"
                                                       : "neither 2020-12 nor draft 07: " + std::string(named.raw()));
  return inherited;
}

Place Documents::begin_resource(const Place& place, std::string uri) {
  const bool outermost = place.value.offset() == documents_[place.document]->root().offset();
  const Dialect dialect = dialect_for(place, outermost ? standard_ : resources_[place.resource].dialect);
  Place root = place;
  root.resource = resources_.size();
  roots_[place.document][place.value.offset()] = root.resource;
  by_uri_.emplace(uri, root.resource);
  resources_.push_back({std::move(uri), root, dialect, {}, {}});
  return root;
}

/// What the schema calls itself, and its place with the resource that it thereby belongs to.
Place Documents::identify(const Place& given) {
  Place place = given;
  const bool draft07 = resources_[place.resource].dialect.draft == Dialect::Draft::draft07;
  const bool root = resources_[place.resource].root.value.offset() == place.value.offset();
  const auto text = [&](const char* name) -> std::optional<std::string> {
    const Value value = place.value.find(name);
    if (!value) return std::nullopt;
    if (value.is(Kind::string)) return value.string();
    problems_.add(place.pointer + "/" + name, "must be a string");
    return std::nullopt;
  };
  auto id = draft07 && place.value.find("$ref") ? std::nullopt : text("$id");
  if (id && draft07 && id->starts_with('#') && id->size() > 1) {
    resources_[place.resource].anchors.emplace(id->substr(1), place);
  } else if (id) {
    const UriParts parts(*id);
    if (!parts.fragment.empty() && !draft07) problems_.add(place.pointer + "/$id", "must not have a fragment");
    std::string uri = resolve_uri(resources_[place.resource].uri, *id);
    if (root && by_uri_.emplace(uri, place.resource).second) {
      resources_[place.resource].uri = std::move(uri);
    } else if (!root && by_uri_.contains(uri)) {
      problems_.add(place.pointer + "/$id", "another schema has the same URI");
    } else if (!root) {
      place = begin_resource(place, std::move(uri));
    }
  }
  if (draft07) return place;
  for (const char* const name : {"$anchor", "$dynamicAnchor"}) {
    const auto anchor = text(name);
    if (!anchor) continue;
    if (!is_anchor(*anchor)) problems_.add(place.pointer + "/" + name, "is not a plain name");
    Resource& resource = resources_[place.resource];
    const auto [at, fresh] = resource.anchors.emplace(*anchor, place);
    if (!fresh && at->second.value.offset() != place.value.offset()) {
      problems_.add(place.pointer + "/" + name, "is used twice in one schema resource");
    }
    if (std::string_view(name) == "$dynamicAnchor") resource.dynamic_anchors.emplace(*anchor, place);
  }
  return place;
}

void Documents::scan(const Place& given) {
  if (problems_.full()) return;
  if (++subschemas_ > limits_.subschemas) {
    if (subschemas_ == limits_.subschemas + 1) problems_.add(given.pointer, "more subschemas than are allowed");
    return;
  }
  if (given.value.is(Kind::boolean)) return;
  if (!given.value.is(Kind::object)) return problems_.add(given.pointer, "a schema is an object, true or false");
  scan_members(identify(given));
}

void Documents::scan_members(const Place& place) {
  const Dialect dialect = resources_[place.resource].dialect;
  for (const json::Member one : place.value.members()) {
    const std::string name = one.key.string();
    const Keyword* const keyword = find_keyword(name, dialect);
    if (keyword == nullptr) continue;
    const Place inside = below(place, name, one.value);
    switch (keyword->shape) {
      case Shape::plain:
        break;
      case Shape::schema:
        scan(inside);
        break;
      case Shape::list:
        scan_list(inside);
        break;
      case Shape::one_or_list:
        one.value.is(Kind::array) ? scan_list(inside) : scan(inside);
        break;
      case Shape::map:
      case Shape::map_or_names:
        scan_map(inside, keyword->shape == Shape::map_or_names);
        break;
    }
  }
}

void Documents::scan_list(const Place& list) {
  if (!list.value.is(Kind::array)) return problems_.add(list.pointer, "must be an array of schemas");
  std::size_t index = 0;
  for (const Value element : list.value.elements()) scan(below(list, std::to_string(index++), element));
}

void Documents::scan_map(const Place& map, bool names) {
  if (!map.value.is(Kind::object)) return problems_.add(map.pointer, "must be an object of schemas");
  for (const json::Member one : map.value.members()) {
    if (names && one.value.is(Kind::array)) continue;
    scan(below(map, one.key.string(), one.value));
  }
}

std::optional<std::size_t> Documents::find(const std::string& uri) {
  if (const auto known = by_uri_.find(uri); known != by_uri_.end()) return known->second;
  const std::string_view text = built_in(uri);
  return text.empty() ? std::nullopt : add(uri, std::string(text));
}

std::optional<Place> Documents::walk(Place at, std::string_view pointer) const {
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // the slash
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const auto token = unescaped(pointer.substr(0, end));
    const Value next = token ? step(at.value, *token) : Value();
    if (!next) return std::nullopt;
    at = below(at, *token, next);
    pointer.remove_prefix(end);
  }
  return at;
}

std::optional<Place> Documents::resolve(const Place& from, std::string_view reference) {
  const UriParts parts(reference);
  const bool inside = parts.scheme.empty() && !parts.has_authority && parts.path.empty() && !parts.has_query;
  const auto resource = inside ? std::optional(from.resource) : find(resolve_uri(resources_[from.resource].uri, reference));
  const auto refuse = [&](const std::string& why) {
    problems_.add(from.pointer, "refers to " + json::quote(reference) + ", " + why);
    return std::nullopt;
  };
  if (!resource) return refuse("which is not in this document; nothing is fetched");
  const Resource& target = resources_[*resource];
  const std::string fragment = percent_decoded(parts.fragment);
  if (fragment.empty()) return target.root;
  if (fragment.starts_with('/')) {
    auto place = walk(target.root, fragment);
    if (!place) return refuse("where there is nothing");
    return place;
  }
  const auto anchor = target.anchors.find(fragment);
  if (anchor == target.anchors.end()) return refuse("but no schema there has this anchor");
  return anchor->second;
}

}  // namespace durward::schema
