#include "cown.h"

#include "alone.h"
#include "behavior.h"
#include "census.h"
#include "compat.h"
#include "culprit.h"
#include "failure.h"
#include "pins.h"
#include "unread.h"

#include <algorithm>
#include <mutex>
#include <thread>

namespace boc {

namespace {

/// The longest that a value which keeps being fetched must be seen at one place before
/// it stays there again.
constexpr int kLongestWait = 1023;

using sched::Claim;

/// Cowns whose last count the calling thread dropped. They are disposed of one after
/// the other: a chain of a million cowns must not be a million frames deep.
BOC_THREAD_LOCAL Cown* t_dead = nullptr;
BOC_THREAD_LOCAL bool t_disposing = false;

/// How an exception reads, or null: its methods are the user's and may fail.
std::unique_ptr<std::string> repr_of(PyObject* error) noexcept {
    std::unique_ptr<std::string> text;
    const int done = py::guarded_int([&] {
        const py::Ref repr = py::Ref::steal(PyObject_Repr(error));
        text = std::make_unique<std::string>(py::shown(repr.get()));
    });
    if (done < 0) {
        PyErr_Clear();
    }
    return text;
}

/// Runs `pack` attached to another interpreter. An exception stays there; it arrives as
/// one of the caller's interpreter that tells its text. Answers 0, or -1 with that.
template <typename Pack>
int as_guest(std::int64_t interpreter, Pack pack) {
    return py::guarded_int([&] {
        Home* const home = Home::find(interpreter);
        if (home == nullptr) {
            py::raise(PyExc_RuntimeError, "the interpreter of the value has ended");
        }
        std::unique_ptr<std::string> text;
        int done = 0;
        {
            const py::Attached visit{home->interpreter()};
            done = py::guarded_int(pack);
            if (done < 0 && PyErr_ExceptionMatches(PyExc_MemoryError) == 0) {
                text = repr_of(py::take_error().get());
            }
            PyErr_Clear();
        }
        if (done < 0 && text == nullptr) {
            throw std::bad_alloc{};
        }
        if (done < 0) {
            py::raise(PyExc_RuntimeError,
                      "a value could not leave the interpreter that used it last: %s",
                      text->c_str());
        }
    });
}

} // namespace

Cown* Cown::create(Parcel value) {
    auto* const cown = new Cown;
    Census::add(Counted::kCown, 1);
    cown->rest_ = std::move(value);
    cown->kept_.store(shares_values(), std::memory_order_relaxed);
    return cown;
}

Cown* Cown::create_pinned(py::Ref value) {
    auto* const cown = new Cown;
    Census::add(Counted::kCown, 1);
    Census::add(Counted::kPinnedCown, 1);
    cown->live_ = value.release();
    cown->live_in_ = Home::current().id();
    cown->claim_.settle(kPinned); // C6
    return cown;
}

bool Cown::try_retain() noexcept {
    auto count = refs_.load(std::memory_order_relaxed);
    while (count > 0) {
        if (refs_.compare_exchange_weak(count, count + 1, std::memory_order_acq_rel,
                                        std::memory_order_relaxed)) { // C1
            return true;
        }
    }
    return false;
}

void Cown::destroy() noexcept {
    next_dead_ = t_dead;
    t_dead = this;
    if (t_disposing) {
        return;
    }
    t_disposing = true;
    while (Cown* const dead = t_dead) {
        t_dead = dead->next_dead_;
        dead->dispose();
    }
    t_disposing = false;
}

void Cown::dispose() noexcept {
    if (exported_.load(std::memory_order_relaxed)) {
        forget_pickled(this);
    }
    if (listed_.load(std::memory_order_relaxed)) {
        unread::remove(this);
    }
    if (exception_.load(std::memory_order_relaxed) &&
        !reported_.load(std::memory_order_relaxed)) {
        const py::ErrorPause pause;
        report(unread_failure().get());
    }
    free_live();
    leave_home();
    rest_.clear();
    if (block_ != nullptr) {
        Behavior::free_block(block_);
    } else {
        Census::add(Counted::kCown, -1);
        delete this;
    }
}

void Cown::free_live() noexcept {
    PyObject* const value = std::exchange(live_, nullptr);
    if (value == nullptr) {
        return;
    }
    if (pinned()) [[unlikely]] {
        free_pinned(value);
    } else if (live_in_ == Home::current().id()) { // C5
        Py_DECREF(value);
    } else {
        Home::give_back(live_in_, value);
    }
}

/// Where no worker is. C6
void Cown::free_pinned(PyObject* value) noexcept {
    Census::add(Counted::kPinnedCown, -1);
    if (Home::on_main()) {
        Py_DECREF(value);
    } else {
        Home::give_back_to_main(value);
    }
}

/// What was listed among the residents of its home has left it. RE1
void Cown::leave_home() noexcept {
    if (place_ != kNowhere) {
        Home& here = Home::current();
        Home& home = live_in_ == here.id() ? here : *Home::find(live_in_); // RE1 RE2
        home.residents().remove(*this);
    }
}

bool Cown::owned() const noexcept {
    const Owner now = owner();
    return now == Home::owner() ||
           ((now == kPinned ||
             (now == kNobody && lent_.load(std::memory_order_relaxed))) &&
            Home::on_main());
}

/// A lent cown is acquired when the primary first looks at it; threads that look at the
/// same time wait for the one that does.
void Cown::take_lent() {
    while (lent_.load(std::memory_order_relaxed) && owner() != Home::owner())
        [[unlikely]] {
        if (claim_.busy()) {
            const py::Detached detached;
            std::this_thread::yield();
        } else if (owned()) {
            take(true);
        } else {
            return;
        }
    }
}

void Cown::lend() noexcept {
    if (owner() != Home::owner() && !pinned()) {
        lent_.store(true, std::memory_order_relaxed);
    }
}

void Cown::reclaim() {
    if (kept_.load(std::memory_order_relaxed) && !keeps_definitions() &&
        Home::current().primary() && owner() == kNobody) {
        acquire();
        lent_.store(true, std::memory_order_relaxed); // until it has been packed
    }
    if (lent_.load(std::memory_order_relaxed)) {
        end_loan();
        lent_.store(false, std::memory_order_relaxed);
    }
}

/// Packs what the primary has acquired by a look; a worker does so as its guest.
void Cown::end_loan() {
    const Owner primary = Home::primary_id();
    if (owner() != primary) {
        return;
    }
    if (Home::current().id() == primary) {
        release_as(primary);
    } else {
        py::check(as_guest(primary, [this, primary] { release_as(primary); }));
    }
}

/// Puts an exception to rest, and remembers how it reads for who may have to report it.
void Cown::put_failure(PyObject* error, const Behavior* behavior) {
    rest_ = pack_failure(error, behavior);
    exception_.store(true, std::memory_order_relaxed);
    reported_.store(false, std::memory_order_relaxed);
    told_ = repr_of(error);
    if (!listed_.load(std::memory_order_relaxed)) {
        listed_.store(unread::add(this), std::memory_order_relaxed);
    }
}

void Cown::require_owned() const {
    if (owner() != Home::owner() && !owned()) {
        py::raise(PyExc_RuntimeError, "The current interpreter does not own this cown");
    }
}

void Cown::require_main(const char* verb) const {
    if (!Home::on_main()) {
        py::raise(PyExc_RuntimeError,
                  "cannot %s a pinned cown from a non-main interpreter: pass it to "
                  "@when, whose body then runs on the main one",
                  verb);
    }
}

void Cown::become_busy(Owner me, const char* verb) {
    Owner seen = kNobody;
    if (!claim_.retake<py::kThreadsTakeTurns>(me, seen)) { // C2
        py::raise(PyExc_RuntimeError, "%lld cannot %s cown (acquired by %lld)",
                  static_cast<long long>(me), verb, static_cast<long long>(seen));
    }
    const std::scoped_lock left{cell_}; // C3: who saw it owned has done with live_
}

void Cown::acquire() {
    take(false);
}

void Cown::take(bool lent) {
    const Home& home = Home::current();
    const Owner me = home.actor();
    Owner seen = kNobody;
    if (!claim_.take(seen)) { // C2
        if (seen == me) {
            return;
        }
        if (seen == kPinned) {
            require_main("acquire");
            return;
        }
        py::raise(PyExc_RuntimeError,
                  "%lld cannot acquire cown (already acquired by %lld)",
                  static_cast<long long>(me), static_cast<long long>(seen));
    }
    Claim::Busy settle{claim_, kNobody};
    if (live_ != nullptr) { // C4
        fetch(home, settle);
    }
    if (live_ == nullptr) {
        live_ = rest_.unpack_alone().release();
        rest_.clear();
        waits_ = live_in_ == home.id() ? waits_ : roamed_ + 1;
        live_in_ = home.id();
    }
    lent_.store(lent, std::memory_order_relaxed);
    settle.owner = me;
}

/// Ends the stay of a value that `here` asks for: it is live here already, or is packed
/// where it is.
void Cown::fetch(const Home& here, Claim::Busy& settle) {
    if (live_in_ != here.id()) {
        const int done = as_guest(live_in_, [this] {
            rest_ = Parcel::pack(live_, nullptr);
            const py::Ref left = take_live();
        });
        if (done < 0) {
            settle.now(kNobody);
            Home::find(live_in_)->residents().stir(); // RE1 RE3
            throw py::ErrorSet{};
        }
        roamed_ = std::min(2 * roamed_ + 1, kLongestWait);
    }
    leave_home();
}

bool Cown::try_stay(Home& here, bool followed) {
    if (shares_values() || exception_.load(std::memory_order_relaxed) ||
        !here.hosts() || !may_stand_alone(live_)) {
        return false;
    }
    if (waits_ > 0) {
        --waits_;
        if (!followed || roamed_ > 0) {
            return false;
        }
    }
    return stands_alone(live_) &&
           (here.primary() || here.residents().add(*this)); // RE1
}

/// Lets the pending exception tell which member of the live value does not cross, and
/// which body left it there.
void Cown::tell_who_left_it(const Behavior* behavior) {
    if (behavior == nullptr) {
        name_culprit(live_, "value");
        return;
    }
    const std::string path = behavior->name_of(this) + ".value";
    name_culprit(live_, path.c_str());
    note_failure("left in " + path + " by " + behavior->label());
}

/// Puts the live value to rest in portable form, or the error; answers with that error.
/// Of what cannot move because a buffer of it is in use a copy is put to rest: the
/// buffer may be a variable of a frame that only a traceback keeps.
py::Ref Cown::pack_or_put_failure(const Behavior* behavior) {
    if (py::guarded_int([this] { rest_ = Parcel::pack(live_, nullptr); }) == 0) {
        return {};
    }
    tell_who_left_it(behavior);
    py::Ref failed = py::take_error();
    const bool in_use =
        PyErr_GivenExceptionMatches(failed.get(), PyExc_BufferError) != 0;
    if (!in_use || py::guarded_int([this] { rest_ = Parcel::pack_copy(live_); }) < 0) {
        PyErr_Clear();
        put_failure(failed.get(), behavior);
    }
    return failed;
}

bool Cown::pack_resident() {
    Owner seen = kNobody;
    if (!claim_.take(seen)) { // C2
        return false;
    }
    Claim::Busy settle{claim_, kNobody};
    if (const py::Ref failed = pack_or_put_failure(nullptr)) {
        log_failure("a value could not be released", failed.get());
    }
    leave_home();
    const py::Ref done = take_live();
    settle.now(kNobody); // before the value's finaliser runs
    return true;
}

void Cown::release() {
    if (pinned()) {
        require_main("release");
    } else if (owner() != kNobody) {
        release_as(Home::owner());
    }
}

void Cown::release_as(Owner me) {
    become_busy(me, "release");
    Claim::Busy settle{claim_, me};
    rest_ = Parcel::pack(live_);
    kept_.store(shares_values(), std::memory_order_relaxed);
    const py::Ref done = take_live();
    settle.now(kNobody); // before the value's finaliser runs
}

py::Ref Cown::release_or_fail(const Behavior* behavior, bool followed) {
    Home& here = Home::current();
    const Owner me = here.actor();
    if (owner() != me) {
        return {}; // the body gave it up by itself
    }
    become_busy(me, "release");
    Claim::Busy settle{claim_, kNobody};
    if (try_stay(here, followed)) {
        return {};
    }
    py::Ref failed = pack_or_put_failure(behavior);
    kept_.store(shares_values(), std::memory_order_relaxed);
    const py::Ref done = take_live();
    settle.now(kNobody); // before the value's finaliser runs
    return failed;
}

void Cown::store(py::Ref value, bool exception, const Behavior* behavior) {
    if (owner() == Home::owner()) {
        set_value(std::move(value), exception);
        return;
    }
    Owner seen = kNobody;
    if (!claim_.take(seen)) { // C2
        py::raise(PyExc_RuntimeError,
                  "%lld cannot acquire cown (already acquired by %lld)",
                  static_cast<long long>(Home::owner()), static_cast<long long>(seen));
    }
    const Claim::Busy settle{claim_, kNobody};
    Parcel packed;
    if (!exception &&
        py::guarded_int([&] { packed = Parcel::pack(value.get(), "result"); }) < 0) {
        if (behavior != nullptr) {
            note_failure("returned by " + behavior->label());
        }
        value = py::take_error();
        exception = true;
    }
    free_live();
    leave_home();
    if (exception) {
        put_failure(value.get(), behavior);
    } else {
        rest_ = std::move(packed);
        exception_.store(false, std::memory_order_relaxed);
    }
    kept_.store(shares_values(), std::memory_order_relaxed);
}

void Cown::disown() {
    if (pinned()) {
        py::raise(PyExc_RuntimeError, "a pinned cown is never given up");
    }
    become_busy(Home::owner(), "disown");
    Claim::Busy settle{claim_, kNobody};
    const py::Ref done = take_live();
    settle.now(kNobody);
}

py::Ref Cown::take_live() noexcept {
    return py::Ref::adopt(std::exchange(live_, nullptr));
}

py::Ref Cown::value() {
    take_if_lent();
    const std::scoped_lock lock{cell_}; // C3
    require_owned();
    return py::Ref::share(live_);
}

void Cown::set_value(py::Ref value, bool exception) {
    take_if_lent();
    py::Ref old;
    {
        const std::scoped_lock lock{cell_}; // C3
        require_owned();
        old = py::Ref::adopt(std::exchange(live_, value.release()));
        exception_.store(exception, std::memory_order_relaxed);
    }
}

bool Cown::exception() {
    take_if_lent();
    require_owned();
    return exception_.load(std::memory_order_relaxed);
}

void Cown::set_exception(bool raised) {
    take_if_lent();
    require_owned();
    exception_.store(raised, std::memory_order_relaxed);
}

} // namespace boc
