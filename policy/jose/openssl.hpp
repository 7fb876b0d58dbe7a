#pragma once
#include <openssl/err.h>

#include <memory>

/// Internal to policy/jose.
namespace durward::jose {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, Free<free>>;

/// What OpenSSL says of a bad key or signature must not stay in the thread's queue of errors: SSL_get_error of the next TLS
/// connection would take it for its own.
class ErrorMark {
 public:
  ErrorMark() { ERR_set_mark(); }
  ~ErrorMark() { ERR_pop_to_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
};

}  // namespace durward::jose
