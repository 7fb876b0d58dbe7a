#include "quotas/sqlite_store.hpp"

#include <utility>

#include "quotas/bounds.hpp"
#include "quotas/guards.hpp"
#include "quotas/sqlite_worker.hpp"

namespace durward::quotas {
namespace {

/// A job that a step of its own answers: Answer<T> step(SqliteBatch&, now_ms). What it holds goes when it is answered.
template <class T, class Step>
class JobOf final : public Job {
 public:
  JobOf(Meter& meter, Step step, Done<T> done) : meter_(meter), step_(std::move(step)), done_(std::move(done)) {}
  void run(SqliteBatch& batch, std::int64_t now_ms) override { answer_.emplace((*step_)(batch, now_ms)); }
  void answer() override {
    if (!tell()) return;
    if (!*answer_) meter_.count(answer_->error());
    done_(*std::move(answer_));
    forget();
  }
  void fail(Fault fault) override {
    if (tell()) meter_.fail(done_, std::move(fault));
  }

 private:
  void forget() {
    answer_.reset();
    step_.reset();
    done_ = nullptr;
  }
  Meter& meter_;
  std::optional<Step> step_;
  Done<T> done_;
  std::optional<Answer<T>> answer_;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(const SqliteSetup& setup, Clock clock)
      : clock_(std::move(clock)),
        most_(setup.size.keys),
        quotas_(setup.size.rates, setup.size.keys, true),
        guards_(setup.size.keys) {}

  policy::Outcome<void, std::string> open(const SqliteSetup& setup) {
    TRY(SqliteTables tables, SqliteTables::open(setup.dir));
    auto loaded = tables.load_budgets(clock_(), [this](LocalQuotas::Budgeted budget) { quotas_.load(budget); });
    if (!loaded) return setup.dir + "/state.db: " + loaded.error().what;
    SqliteWorker::Duties duties{[this] { return quotas_.changed(); },
                                [this](const SqliteWorker::Budgets& budgets) { quotas_.put_back(budgets); }};
    worker_ = std::make_unique<SqliteWorker>(std::move(tables), std::move(duties), clock_, setup.deadline);
    return {};
  }
  ~SqliteStore() override { close(); }

  void take(std::vector<Demand> demands, Done<Taken> done) override {
    if (refuses(check(demands), done)) return;
    Answer<Taken> out = quotas_.take(demands, clock_());
    if (!out) meter_.count(out.error());
    done(std::move(out));
  }
  void settle(Receipt receipt, Settlement settlement, Done<void> done) override {
    if (refuses(check(receipt, settlement), done)) return;
    quotas_.settle(receipt, settlement, clock_());
    done({});
  }
  void look(std::vector<Demand> demands, Done<std::vector<Standing>> done) override {
    if (!refuses(check(demands), done)) done(quotas_.look(demands, clock_()));
  }
  void reset(std::vector<std::string> keys, Done<void> done) override {
    if (refuses(check(keys), done)) return;
    quotas_.reset(keys);
    done({});
  }

  void claim(Claim claim, Done<Claimed> done) override {
    if (refuses(check(claim), done)) return;
    put<Claimed>(std::move(done), [this, claim = std::move(claim)](SqliteBatch& batch, std::int64_t now_ms) -> Answer<Claimed> {
      if (!room(claim.key, now_ms)) return Fault{Fault::Kind::unavailable, "as many claims are under way as state.keys allows"};
      Slot* const slot = batch.at(claim.key);
      if (slot == nullptr) return failed();
      Claimed out = quotas::claim(*slot, claim, now_ms);
      if (out.kind == Claimed::Kind::fresh) out.duplicate = guards_.seen(claim, now_ms);
      return out;
    });
  }
  void move(Move move, Done<Moved> done) override {
    if (refuses(check(move), done)) return;
    change(move.key, std::move(done), [move](Slot& slot, std::int64_t now_ms) { return quotas::move(slot, move, now_ms); });
  }
  void release(std::string key, std::string token, std::uint64_t fence, Done<Moved> done) override {
    if (refuses(check_holder(key, token), done)) return;
    change(key, std::move(done), [token = std::move(token), fence](Slot& slot, std::int64_t now_ms) {
      return quotas::release(slot, token, fence, now_ms);
    });
  }
  void find(std::string key, Done<std::optional<Record>> done) override {
    if (refuses(check_key(key), done)) return;
    using Found = std::optional<Record>;
    put<Found>(std::move(done), [this, key = std::move(key)](SqliteBatch& batch, std::int64_t now_ms) -> Answer<Found> {
      const Slot* const slot = batch.look(key);
      if (slot == nullptr) return failed();
      return view(*slot, now_ms);
    });
  }
  void resolve(Resolution resolution, Done<Moved> done) override {
    if (refuses(check(resolution), done)) return;
    change(resolution.key, std::move(done),
           [resolution](Slot& slot, std::int64_t now_ms) { return quotas::resolve(slot, resolution, now_ms); });
  }

  Health health() const override {
    Health out = meter_.read();
    out.reachable = !closed_ && worker_->reachable();
    out.waiting = worker_->waiting();
    out.evictions = quotas_.evictions();
    return out;
  }
  void close() override {
    closed_ = true;
    if (worker_) worker_->close();
  }

 private:
  static Fault failed() { return {Fault::Kind::unavailable, "state.db failed"}; }  // its batch says why
  template <class T>
  bool refuses(std::optional<Fault> fault, const Done<T>& done) {
    if (!fault && closed_) fault = closed();
    if (fault) meter_.fail(done, *std::move(fault));
    return fault.has_value();
  }
  template <class T, class Step>
  void put(Done<T> done, Step step) {
    worker_->put(std::make_shared<JobOf<T, Step>>(meter_, std::move(step), std::move(done)));
  }
  template <class Step>
  void change(const std::string& key, Done<Moved> done, Step step) {
    put<Moved>(std::move(done), [key, step = std::move(step)](SqliteBatch& batch, std::int64_t now_ms) -> Answer<Moved> {
      Slot* const slot = batch.at(key);
      if (slot == nullptr) return failed();
      return step(*slot, now_ms);
    });
  }

  /// Whether a claim of the key may be held. On the worker's thread.
  bool room(const std::string& key, std::int64_t now_ms) {
    ClaimsInMemory& claims = worker_->claims();
    if (claims.size() < most_ || claims.contains(key)) return true;
    if (now_ms - swept_ >= 1'000) {
      swept_ = now_ms;
      std::erase_if(claims, [now_ms](const auto& each) { return each.second.expires <= now_ms; });
    }
    return claims.size() < most_;
  }

  const Clock clock_;
  const std::size_t most_;
  Meter meter_;
  LocalQuotas quotas_;
  std::atomic<bool> closed_ = false;
  Guards guards_;  // of the worker's thread, as what follows
  std::int64_t swept_ = 0;
  std::unique_ptr<SqliteWorker> worker_;
};

}  // namespace

policy::Outcome<std::unique_ptr<Store>, std::string> sqlite_store(const SqliteSetup& setup, Clock clock) {
  auto out = std::make_unique<SqliteStore>(setup, std::move(clock));
  if (auto opened = out->open(setup); !opened) return std::move(opened).error();
  return std::unique_ptr<Store>(std::move(out));
}

}  // namespace durward::quotas
