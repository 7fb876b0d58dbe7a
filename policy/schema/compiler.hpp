#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/schema/documents.hpp"
#include "policy/schema/node.hpp"
#include "policy/schema/schema.hpp"

/// From documents to nodes. Internal to policy/schema.
namespace durward::schema {

/// Compiles what can be reached from a schema, one subschema after the other and each once, without recursion.
class Compiler {
 public:
  Compiler(Documents& documents, Problems& problems, const Options& options)
      : documents_(documents), problems_(problems), options_(options), program_(std::make_unique<Program>()) {}

  /// The program, or null after a problem. The documents are the program's then.
  std::unique_ptr<const Program> run(std::size_t resource);

 private:
  /// One keyword of the subschema that is being compiled.
  struct At {
    Node& node;
    const Place& schema;  // it
    Place place;          // the keyword's value
    std::string_view keyword;
    bool draft07;
  };

  const Node* node_for(const Place& place);
  void drain();
  void link_dynamic();
  void check_cycles();
  void compile(Node& node, const Place& place);
  static void finish(ObjectRules& object);
  void keyword(const At& at, Word word);
  void complain(const At& at, std::string text) { problems_.add(at.place.pointer, std::move(text)); }

  bool number_keyword(const At& at, Word word);
  bool string_keyword(const At& at, Word word);
  bool array_keyword(const At& at, Word word);
  bool object_keyword(const At& at, Word word);
  bool in_place_keyword(const At& at, Word word);
  bool value_keyword(const At& at, Word word);
  bool reference_keyword(const At& at, Word word);

  void type(const At& at);
  void bound(const At& at, bool upper, bool inclusive);
  void count(const At& at, std::size_t& bound);
  void names(const Place& place, const auto& each);
  void properties(const At& at);
  void dependents(const At& at);
  void dependent(const At& at, const Place& place, std::string name);
  void list(const At& at, std::vector<const Node*>& nodes);
  std::optional<Pattern> pattern(const Place& place, std::string_view text);

  Documents& documents_;
  Problems& problems_;
  const Options& options_;
  std::unique_ptr<Program> program_;
  std::map<std::pair<std::size_t, std::size_t>, Node*> known_;  // by document and offset
  std::deque<std::pair<Node*, Place>> waiting_;
  std::size_t patterns_ = 0;
};

}  // namespace durward::schema
