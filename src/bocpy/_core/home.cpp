#include "home.h"

#include "census.h"
#include "compat.h"
#include "immortal.h"
#include "py/error.h"

#include <mutex>
#include <vector>

namespace boc {

struct Return : InCensus<Counted::kReturn> {
    Return(void (*how)(void*), void* object, std::int64_t id) noexcept
        : free{how}, what{object}, home{id} {}

    Return* next = nullptr;
    void (*free)(void* what); ///< runs attached to the interpreter
    void* what;
    std::int64_t home; ///< id of the interpreter it belongs to
};

namespace {

/// Every home there ever was, by index; guarded by `mutex`.
struct Table {
    std::mutex mutex;
    std::vector<Home*> homes;
};

Table& table() noexcept {
    static Immortal<Table> all;
    return *all;
}

void drop_object(void* what) {
    Py_DECREF(static_cast<PyObject*>(what));
}

} // namespace

Home& Home::look_up() noexcept {
    PyInterpreterState* const here = PyInterpreterState_Get();
    const std::int64_t id = PyInterpreterState_GetID(here);
    const auto epoch = epoch_.load(std::memory_order_acquire); // H1
    const std::scoped_lock lock{table().mutex};
    for (Home* home : table().homes) {
        if (home->interpreter_ == here && home->id_ == id) {
            here_ = {here, home, epoch};
            return *home;
        }
    }
    Py_FatalError("bocpy: the core is used in an interpreter that never imported it");
}

Home* Home::find_locked(std::int64_t id) noexcept {
    for (Home* home : table().homes) {
        if (home->interpreter_ != nullptr && home->id_ == id) {
            return home;
        }
    }
    return nullptr;
}

Home* Home::find(std::int64_t id) noexcept {
    const std::scoped_lock lock{table().mutex};
    return find_locked(id);
}

std::int64_t Home::primary_id() noexcept {
    const std::scoped_lock lock{table().mutex};
    return table().homes.front()->id_;
}

Home* Home::open() {
    PyInterpreterState* const here = PyInterpreterState_Get();
    const std::int64_t id = PyInterpreterState_GetID(here);
    const std::scoped_lock lock{table().mutex};
    Home* vacant = nullptr;
    for (Home* home : table().homes) {
        if (home->interpreter_ == here) {
            if (home->id_ == id) {
                ++home->modules_; // loaded a second time
                return home;
            }
            home->abandon();
        }
        if (vacant == nullptr && home->interpreter_ == nullptr) {
            vacant = home;
        }
    }
    if (vacant == nullptr) {
        table().homes.reserve(table().homes.size() + 1);
        vacant = new Home{static_cast<int>(table().homes.size())};
        table().homes.push_back(vacant);
    }
    vacant->interpreter_ = here;
    vacant->id_ = id;
    vacant->modules_ = 1;
    return vacant;
}

void Home::abandon() noexcept {
    flat_dicts_.forget();
    dumps_.store(nullptr, std::memory_order_release);
    loads_.store(nullptr, std::memory_order_release);
    reducers_.store(nullptr, std::memory_order_release);
    capsule_type = nullptr;
    cown_type = nullptr;
    decorator_type = nullptr;
    plans = nullptr;
    sites = nullptr;
    interpreter_ = nullptr;
    epoch_.fetch_add(1, std::memory_order_release); // H1
}

void Home::close() noexcept {
    {
        const std::scoped_lock lock{table().mutex};
        if (--modules_ > 0) {
            return;
        }
    }
    recycle_on_main();
    flat_dicts_.close();
    Py_XDECREF(dumps_.exchange(nullptr, std::memory_order_acq_rel));
    Py_XDECREF(loads_.exchange(nullptr, std::memory_order_acq_rel));
    Py_XDECREF(reducers_.exchange(nullptr, std::memory_order_acq_rel));
    const std::scoped_lock lock{table().mutex};
    capsule_type = nullptr;
    cown_type = nullptr;
    decorator_type = nullptr;
    interpreter_ = nullptr;
    epoch_.fetch_add(1, std::memory_order_release); // H1
}

void Home::give_back(std::int64_t id, void (*free)(void*), void* what) noexcept {
    auto* const fresh = new (std::nothrow) Return{free, what, id};
    if (fresh == nullptr) {
        return; // H2
    }
    const std::scoped_lock lock{table().mutex}; // nobody else moves in meanwhile
    Home* const home = find_locked(id);
    if (home == nullptr) {
        delete fresh;
        return; // H2
    }
    home->returns_.push(fresh);
}

void Home::give_back_to_main(PyObject* object) noexcept {
    const std::scoped_lock lock{table().mutex}; // it does not close meanwhile
    Home& primary = *table().homes.front();
    auto* const fresh = primary.interpreter_ == nullptr
                            ? nullptr
                            : new (std::nothrow)
                                  Return{drop_object, object, primary.id_};
    if (fresh != nullptr) { // H2
        primary.for_main_.push(fresh);
    }
}

void Home::give_back(std::int64_t id, PyObject* object) noexcept {
    give_back(id, drop_object, object);
}

void Home::recycle_all(Inbox<Return>& returns) noexcept {
    Return* waiting = returns.take_all();
    if (waiting == nullptr) {
        return;
    }
    const py::ErrorPause pause;
    while (waiting != nullptr) {
        Return* const done = waiting;
        waiting = done->next;
        if (done->home == id_) { // H2
            done->free(done->what);
        }
        delete done;
    }
}

PyObject* Home::cached(std::atomic<PyObject*>& slot, const char* module,
                       const char* name) {
    PyObject* known = slot.load(std::memory_order_acquire);
    if (known != nullptr) {
        return known;
    }
    py::Ref fresh = py::import(module, name);
    if (slot.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) {
        return fresh.release();
    }
    return known;
}

} // namespace boc
