#include <algorithm>
#include <array>

#include "policy/schema/ecma_class.hpp"

namespace durward::schema {
namespace {

struct Category {
  std::string_view code;
  std::string_view name;
  std::string_view alias;  // a second long name
};

/// The general categories (PropertyValueAliases.txt) that RE2 has. C and Cn are not among them: RE2 counts unassigned code
/// points to neither.
constexpr auto kCategories = std::to_array<Category>({
    {"L", "Letter", ""},
    {"Ll", "Lowercase_Letter", ""},
    {"Lm", "Modifier_Letter", ""},
    {"Lo", "Other_Letter", ""},
    {"Lt", "Titlecase_Letter", ""},
    {"Lu", "Uppercase_Letter", ""},
    {"M", "Mark", "Combining_Mark"},
    {"Mc", "Spacing_Mark", ""},
    {"Me", "Enclosing_Mark", ""},
    {"Mn", "Nonspacing_Mark", ""},
    {"N", "Number", ""},
    {"Nd", "Decimal_Number", "digit"},
    {"Nl", "Letter_Number", ""},
    {"No", "Other_Number", ""},
    {"P", "Punctuation", "punct"},
    {"Pc", "Connector_Punctuation", ""},
    {"Pd", "Dash_Punctuation", ""},
    {"Pe", "Close_Punctuation", ""},
    {"Pf", "Final_Punctuation", ""},
    {"Pi", "Initial_Punctuation", ""},
    {"Po", "Other_Punctuation", ""},
    {"Ps", "Open_Punctuation", ""},
    {"S", "Symbol", ""},
    {"Sc", "Currency_Symbol", ""},
    {"Sk", "Modifier_Symbol", ""},
    {"Sm", "Math_Symbol", ""},
    {"So", "Other_Symbol", ""},
    {"Z", "Separator", ""},
    {"Zl", "Line_Separator", ""},
    {"Zp", "Paragraph_Separator", ""},
    {"Zs", "Space_Separator", ""},
    {"Cc", "Control", "cntrl"},
    {"Cf", "Format", ""},
    {"Co", "Private_Use", ""},
});

std::optional<std::string> category(std::string_view name, std::string_view letter) {
  const auto* const found = std::find_if(kCategories.begin(), kCategories.end(), [name](const Category& one) {
    return one.code == name || one.name == name || (!one.alias.empty() && one.alias == name);
  });
  if (found == kCategories.end()) return std::nullopt;
  return std::string(letter) + "{" + std::string(found->code) + "}";
}

/// Scripts have the same long names in RE2, which refuses those that it does not know when it compiles the pattern.
std::optional<std::string> script(std::string_view name, std::string_view letter) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.size() < 3 || name == "Any" || !std::all_of(name.begin(), name.end(), fits)) return std::nullopt;
  return std::string(letter) + "{" + std::string(name) + "}";
}

}  // namespace

std::optional<std::string> unicode_property(std::string_view expression, bool negated) {
  const std::string_view letter = negated ? "\\P" : "\\p";
  if (expression == "Any" && !negated) return "\\x{0}-\\x{10ffff}";
  if (expression == "ASCII") return negated ? "\\x{80}-\\x{10ffff}" : "\\x{0}-\\x{7f}";
  if ((expression == "LC" || expression == "Cased_Letter") && !negated) return "\\p{Ll}\\p{Lt}\\p{Lu}";
  const std::size_t equals = expression.find('=');
  if (equals == std::string_view::npos) return category(expression, letter);
  const std::string_view name = expression.substr(0, equals);
  const std::string_view value = expression.substr(equals + 1);
  if (name == "gc" || name == "General_Category") return category(value, letter);
  if (name == "sc" || name == "Script") return script(value, letter);
  return std::nullopt;
}

}  // namespace durward::schema
