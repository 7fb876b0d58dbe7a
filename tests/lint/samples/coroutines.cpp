// Read by tests/lint/lints_test.py, never compiled into anything. A comment `flagged` marks what the lint must name, and nothing else.
// Each flagged form ends in a double free under g++ 12.2 with ASan where its type owns memory; each other form does not.
task<int> hazards(std::string t) {
  (void)co_await take({.a = T(t), .b = 2});                     // flagged
  (void)co_await take(Opt{T(t), 2});                            // flagged
  (void)co_await take({});                                      // flagged
  if (int k = co_await take({T(t), 1}); k > 3) {                // flagged
  }
  while (co_await take(Opt{T(t), 1}) > 3) {                     // flagged
  }
  (void)co_await fn([t] { return t.size(); });                  // flagged
  (void)co_await fn([=] { return t.size(); });                  // flagged
  (void)co_await fn([&, u = std::move(t)] { return u.size(); });  // flagged
  (void)co_await fn([*this] { return size(); });                // flagged
  (void)co_await [t]() -> awaitable<int> { co_return 1; }();    // flagged
  (void)co_await ref(t.empty() ? t : str2(t));                  // flagged
  int n = plain(co_await str(t), Opt{T(t), 2});                 // flagged
  Opt o{co_await make(), 2};                                    // flagged
  auto p = Opt{T(t), co_await str(t)};                          // flagged
  bool same = co_await ref(o) == 1 && Opt{T(t), 1}.b == 1;      // flagged
  CO_TRY(int m, co_await take(Opt{T(t), 2}));                   // flagged
  if (same) co_await take(Opt{T(t), 2});                        // flagged
  auto inner = [&]() -> task<int> {
    co_return co_await take(Opt{T(t), 2});                      // flagged
  };
  (void)co_await spawn(
      pool,
      [t]() -> awaitable<int> {                                 // flagged
        Opt local{T(t), 2};
        co_return co_await take(std::move(local));
      },
      use_awaitable);
  co_return Opt{T(t), co_await str(t)}.b;                       // flagged
}

task<int> sound(std::string t) {
  Opt o{T(t), 2};
  (void)co_await take(std::move(o));
  (void)co_await str(std::string(t));
  (void)co_await fn([&t] { return t.size(); });
  (void)co_await fn([&] { return Opt{T(t), 2}.b; });
  (void)co_await fn([this] { return size(); });
  (void)co_await [](T t) -> awaitable<int> { co_return 1; }(t);
  auto lambda = [t]() -> awaitable<int> { co_return 1; };
  (void)co_await lambda();
  auto waiting = take(Opt{T(t), 2});
  (void)co_await std::move(waiting);
  std::map<int, std::vector<int>> table{{1, {2, 3}}, {4, {5}}};
  for (auto& [key, value] : table) {
    value[0] = co_await str(t);
  }
  for (int i{0}; i < 3; ++i) co_await str(t);
  switch (int k = co_await str(t)) {
    case 1: {
      co_await str("a { brace ] in text");
      break;
    }
    default:
      co_await str(R"x(Opt{"raw"})x");
  }
  const char c = '{';  // Opt{co_await}
  try {
    co_await str(t);
  } catch (const std::exception& e) {
    t = Opt{T(t), 1'000}.a;
  }
  post(pool, [t] { run(Opt{T(t), 2}); });
  if (t.empty()) co_return Violation{Reason::internal, "no co_await here"};
  co_return Opt{T(t), 2}.b;
}

struct Holder : Base {
  Holder(int a, int b) : Base{a}, b_{b} { start(); }
  task<int> run() const { co_return co_await str(name_); }
  auto operator co_await() && noexcept { return Awaiter{*this}; }
  int b_{0};
  std::string name_{"x"};
};
