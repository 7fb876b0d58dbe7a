#include "policy/schema/compiler.hpp"

#include <algorithm>
#include <unordered_map>

namespace durward::schema {
namespace {

using json::Kind;

/// Names of a length stand together, so that most comparisons are of lengths.
bool before(std::string_view a, std::string_view b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

/// What a node applies to the same value.
std::vector<const Node*> in_place(const Node& node) {
  std::vector<const Node*> all;
  const auto add = [&all](const Node* other) {
    if (other != nullptr) all.push_back(other);
  };
  add(node.ref);
  if (const InPlace* const also = node.in_place.get()) {
    for (const auto* const list : {&also->all, &also->any, &also->one}) all.insert(all.end(), list->begin(), list->end());
    add(also->negated), add(also->condition), add(also->consequence), add(also->alternative);
  }
  if (node.object != nullptr) {
    for (const Dependent& dependent : node.object->dependents) add(dependent.schema);
  }
  return all;
}

bool says_nothing(const Node& node) {
  return node.types == kAnyType && !node.accepts_none && !node.constant && !node.enumeration && !node.number && !node.string &&
         !node.array && !node.object && !node.in_place && node.ref == nullptr && node.unevaluated_items == nullptr &&
         node.unevaluated_properties == nullptr;
}

}  // namespace

const Property* ObjectRules::find(std::string_view name) const {
  const auto at =
      std::lower_bound(properties.begin(), properties.end(), name,
                       [](const Property& property, std::string_view wanted) { return before(property.name, wanted); });
  return at != properties.end() && at->name == name ? &*at : nullptr;
}

std::unique_ptr<const Program> Compiler::run(std::size_t resource) {
  program_->root = node_for(documents_.resources()[resource].root);
  drain();
  link_dynamic();
  if (problems_.none()) check_cycles();
  if (!problems_.none()) return nullptr;
  program_->documents = documents_.release();
  return std::move(program_);
}

const Node* Compiler::node_for(const Place& place) {
  Node*& node = known_[{place.document, place.value.offset()}];
  if (node == nullptr) {
    if (program_->nodes.size() == options_.limits.subschemas) problems_.add(place.pointer, "more subschemas than are allowed");
    node = &program_->nodes.emplace_back();
    if (program_->nodes.size() <= options_.limits.subschemas) waiting_.emplace_back(node, place);
  }
  return node;
}

void Compiler::drain() {
  while (!waiting_.empty() && !problems_.full()) {
    const auto [node, place] = waiting_.front();
    waiting_.pop_front();
    compile(*node, place);
  }
}

void Compiler::compile(Node& node, const Place& place) {
  node.schema = place.value;
  node.pointer = place.pointer;
  node.resource = static_cast<std::uint32_t>(place.resource);
  if (place.value.is(Kind::boolean)) {
    node.accepts_all = place.value.boolean();
    node.accepts_none = !node.accepts_all;
    return;
  }
  if (!place.value.is(Kind::object)) return problems_.add(place.pointer, "a schema is an object, true or false");
  const Dialect dialect = documents_.resources()[place.resource].dialect;
  const bool draft07 = dialect.draft == Dialect::Draft::draft07;
  const bool alone = draft07 && place.value.find("$ref");  // draft 07 ignores what stands beside it
  for (const json::Member member : place.value.members()) {
    const std::string name = member.key.string();
    const Keyword* const found = find_keyword(name, dialect);
    if (found == nullptr || (alone && found->word != Word::ref)) continue;
    keyword({node, place, documents_.below(place, name, member.value), found->name, draft07}, found->word);
  }
  if (node.object != nullptr) finish(*node.object);
  node.accepts_all = says_nothing(node);
}

/// Sorts the properties. One that `properties` and `required` name stands there twice until now.
void Compiler::finish(ObjectRules& object) {
  auto& all = object.properties;
  std::stable_sort(all.begin(), all.end(), [](const Property& a, const Property& b) { return before(a.name, b.name); });
  std::size_t kept = 0;
  for (Property& one : all) {
    if (kept > 0 && all[kept - 1].name == one.name) {
      Property& same = all[kept - 1];
      same.required = same.required || one.required;
      if (one.schema != nullptr) same.schema = one.schema;
    } else {
      if (&all[kept] != &one) all[kept] = std::move(one);
      ++kept;
    }
  }
  all.resize(kept);
  object.required =
      static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Property& one) { return one.required; }));
}

/// Every resource that has an anchor which some `$dynamicRef` looks for is compiled, too: it may be in scope.
void Compiler::link_dynamic() {
  for (std::size_t done = 0; done != program_->nodes.size() && !problems_.full();) {
    done = program_->nodes.size();
    std::vector<std::string> wanted;
    for (const Node& node : program_->nodes) {
      if (node.dynamic_ref != nullptr) wanted.push_back(node.dynamic_anchor);
    }
    program_->dynamic = !wanted.empty();
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    program_->dynamic_anchors.assign(documents_.resources().size(), {});
    for (std::size_t i = 0; i < program_->dynamic_anchors.size(); ++i) {
      for (const std::string& name : wanted) {
        const auto& anchors = documents_.resources()[i].dynamic_anchors;
        if (const auto found = anchors.find(name); found != anchors.end()) {
          program_->dynamic_anchors[i].push_back({name, node_for(found->second)});
        }
      }
    }
    drain();
  }
  program_->dynamic_anchors.resize(documents_.resources().size());
}

/// A subschema that leads back to itself at the same value would never end. Depth first, without recursion.
void Compiler::check_cycles() {
  enum class State : std::uint8_t { open, done };
  struct Frame {
    const Node* node;
    std::vector<const Node*> next;
  };
  std::unordered_map<const Node*, State> states;
  std::vector<Frame> path;
  for (const Node& start : program_->nodes) {
    if (states.contains(&start)) continue;
    states[&start] = State::open;
    path.push_back({&start, in_place(start)});
    while (!path.empty()) {
      Frame& frame = path.back();
      if (frame.next.empty()) {
        states[frame.node] = State::done;
        path.pop_back();
        continue;
      }
      const Node* const node = frame.next.back();
      frame.next.pop_back();
      const auto [state, fresh] = states.emplace(node, State::open);
      if (fresh) {
        path.push_back({node, in_place(*node)});
      } else if (state->second == State::open) {
        return problems_.add(node->pointer, "leads back to itself without going into the value");
      }
    }
  }
}

void Compiler::keyword(const At& at, Word word) {
  // The first that knows the keyword takes it. Others only name or hold things, which the documents know already.
  static_cast<void>(value_keyword(at, word) || number_keyword(at, word) || string_keyword(at, word) ||
                    array_keyword(at, word) || object_keyword(at, word) || in_place_keyword(at, word) ||
                    reference_keyword(at, word));
}

bool Compiler::reference_keyword(const At& at, Word word) {
  if (word != Word::ref && word != Word::dynamic_ref) return false;
  if (!at.place.value.is(Kind::string)) return complain(at, "must be a string"), true;
  const std::string reference = at.place.value.string();
  Place from = at.schema;
  from.pointer = at.place.pointer;
  const auto target = documents_.resolve(from, reference);
  if (!target) return true;
  const Node* const node = node_for(*target);
  const Node* const other = at.node.ref;  // `$ref` and `$dynamicRef` side by side: the former applies as one of allOf would
  at.node.ref = other != nullptr && word == Word::ref ? other : node;
  if (other != nullptr) {
    if (at.node.in_place == nullptr) at.node.in_place = std::make_unique<InPlace>();
    at.node.in_place->all.push_back(word == Word::ref ? node : other);
  }
  if (word == Word::ref) return true;
  const std::size_t hash = reference.find('#');
  const std::string fragment = hash == std::string::npos ? std::string() : reference.substr(hash + 1);
  const auto& anchors = documents_.resources()[target->resource].dynamic_anchors;
  if (const auto found = anchors.find(fragment);
      found != anchors.end() && found->second.value.offset() == target->value.offset()) {
    at.node.dynamic_ref = node;
    at.node.dynamic_anchor = fragment;
  }
  return true;
}

}  // namespace durward::schema
