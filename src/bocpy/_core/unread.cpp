#include "unread.h"

#include "failure.h"
#include "home.h"
#include "immortal.h"

#include <mutex>
#include <unordered_set>

namespace boc {

/// What nobody has read, or null if it cannot be loaded here. Of who made it busy, or
/// holds the last count.
py::Ref Cown::unread_failure() noexcept {
    py::Ref value;
    if (live_ == nullptr) {
        value = py::Ref::adopt(py::guarded([&] { return rest_.unpack(); }));
    } else if (live_in_ == Home::current().id()) { // C5
        value = py::Ref::share(live_);
    }
    PyErr_Clear();
    return value;
}

void Cown::report(PyObject* unread) noexcept {
    if (unread != nullptr) {
        py::Ref shown = py::Ref::adopt(PyObject_Repr(unread));
        PyErr_Clear();
        if (!shown) { // its methods are the user's
            shown = py::Ref::adopt(PyUnicode_FromString(Py_TYPE(unread)->tp_name));
        }
        const py::Ref text = failure_text(unread, block_);
        PySys_FormatStderr("Cown(%p) contains an unhandled exception: %V\n%V",
                           static_cast<void*>(this), shown.get(), "", text.get(), "");
    } else {
        PySys_FormatStderr("Cown(%p) contains an unhandled exception: %s\n",
                           static_cast<void*>(this),
                           told_ ? told_->c_str() : "<it cannot be loaded here>");
    }
    PyErr_Clear();
}

void Cown::report_if_unread() noexcept {
    const py::ErrorPause pause;
    py::Ref value;
    Owner seen = kNobody;
    if (claim_.take(seen)) { // C2
        const sched::Claim::Busy settle{claim_, kNobody};
        value = unread_failure();
    } else if (seen == Home::owner()) {
        const std::scoped_lock lock{cell_}; // C3
        value = py::Ref::share(live_);
    } else {
        return; // its owner may yet read it
    }
    if (exception_.load(std::memory_order_relaxed) &&
        !reported_.exchange(true, std::memory_order_relaxed)) {
        report(value.get());
    }
}

namespace unread {

namespace {

struct Listed {
    std::mutex mutex;
    std::unordered_set<Cown*> cowns;
};

Listed& listed() noexcept {
    static Immortal<Listed> all;
    return *all;
}

} // namespace

bool add(Cown* cown) noexcept {
    const std::scoped_lock lock{listed().mutex};
    try {
        listed().cowns.insert(cown);
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void remove(Cown* cown) noexcept {
    const std::scoped_lock lock{listed().mutex};
    listed().cowns.erase(cown);
}

std::vector<CownPtr> all() {
    std::vector<CownPtr> found;
    const std::scoped_lock lock{listed().mutex};
    found.reserve(listed().cowns.size());
    for (Cown* const cown : listed().cowns) {
        if (cown->try_retain()) {
            found.push_back(CownPtr::adopt(cown));
        }
    }
    return found;
}

} // namespace unread

} // namespace boc
