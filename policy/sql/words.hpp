#pragma once
#include <optional>

#include "policy/sql/classes.hpp"
#include "policy/sql/tokens.hpp"

/// What the words of SQL do. Internal to policy/sql.
namespace durward::sql {

/// Of a statement's first word, nothing if no dialect begins a statement with it.
std::optional<Classes> classes_of_first(std::string_view word, Dialect dialect);

/// Of a word within a statement: SQL Server wants no semicolon between statements, and others let verbs stand in the middle.
Classes classes_within(std::string_view word, const Token& before, const Token& next, Dialect dialect);

/// Of a name, if it is called and is known to do more than to compute; of procedures that need no call.
Classes classes_of_function(const Token& name, const Token& next);

/// Whether a word begins statements in some dialect.
bool begins_statements(std::string_view word);

}  // namespace durward::sql
