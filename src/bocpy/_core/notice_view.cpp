#include "notice_view.h"

#include "failure.h"
#include "home.h"
#include "py/error.h"

#include <algorithm>
#include <memory>

namespace boc {

namespace {

constexpr const char* kCapsuleName = "bocpy.notice_view";

void drop_view(PyObject* capsule) {
    delete static_cast<NoticeView*>(PyCapsule_GetPointer(capsule, kCapsuleName));
}

void drop_notice(void* notice) {
    const NoticePtr last{static_cast<Notice*>(notice)};
}

/// The view that the calling thread used last, null once it is gone. An address of a
/// thread state may come up again; its numbers then differ.
struct Here {
    PyThreadState* state = nullptr;
    std::uint64_t id = 0;
    std::int64_t home = 0;
    NoticeView* view = nullptr;
};

BOC_THREAD_LOCAL Here t_here;

/// The view kept in the dict of the attached thread state, which ends it.
NoticeView& of_thread() {
    PyObject* const store = PyThreadState_GetDict();
    if (store == nullptr) {
        py::raise(PyExc_RuntimeError, "this thread cannot read the noticeboard");
    }
    auto* const key = reinterpret_cast<PyObject*>(Home::current().capsule_type);
    if (PyObject* const known = PyDict_GetItemWithError(store, key); known != nullptr) {
        return *static_cast<NoticeView*>(PyCapsule_GetPointer(known, kCapsuleName));
    }
    if (PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    auto view = std::make_unique<NoticeView>();
    const py::Ref capsule =
        py::Ref::steal(PyCapsule_New(view.get(), kCapsuleName, drop_view));
    NoticeView& made = *view.release();
    py::check(PyDict_SetItem(store, key, capsule.get()));
    return made;
}

py::Ref text_of(const NoticeKey& key) {
    const std::string_view text = key.text();
    return py::Ref::steal(PyUnicode_DecodeUTF8(
        text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
}

} // namespace

NoticeView& NoticeView::current() {
    PyThreadState* const state = PyThreadState_Get();
    const std::int64_t home = Home::current().id();
    const std::uint64_t id = PyThreadState_GetID(state);
    if (t_here.state != state || t_here.id != id || t_here.home != home) {
        t_here = {state, id, home, &of_thread()};
    }
    if (t_here.view == nullptr) {
        py::raise(PyExc_RuntimeError,
                  "this thread is ending and cannot read the noticeboard");
    }
    return *t_here.view;
}

void NoticeView::end_current() noexcept {
    const py::ErrorPause pause;
    PyObject* const store = PyThreadState_GetDict();
    auto* const key = reinterpret_cast<PyObject*>(Home::current().capsule_type);
    if (store != nullptr && PyDict_Contains(store, key) == 1) {
        static_cast<void>(PyDict_DelItem(store, key));
    }
    PyErr_Clear();
}

NoticeView::~NoticeView() {
    if (t_here.view == this) {
        t_here.view = nullptr; // V2: a value that dies may ask for it
    }
    std::vector<Item> last;
    last.swap(items_);
    const std::int64_t primary = Home::primary_id();
    for (Item& item : last) {
        Home::give_back(primary, drop_notice, item.notice.release());
    }
}

void NoticeView::refresh() {
    if (armed_ == Noticeboard::armed()) {
        return;
    }
    const std::uint64_t armed = Noticeboard::armed();
    if (version_ != Noticeboard::instance().version()) {
        rebuild();
    }
    armed_ = armed;
}

void NoticeView::rebuild() {
    std::vector<Noticeboard::Entry> entries;
    const std::uint64_t version = Noticeboard::instance().copy(entries);
    std::vector<Item> fresh;
    fresh.reserve(entries.size());
    version_ = version; // nothing fails from here on
    for (Noticeboard::Entry& entry : entries) {
        const auto same = [&entry](const Item& item) {
            return item.notice.get() == entry.notice.get();
        };
        const auto found = std::find_if(items_.begin(), items_.end(), same);
        if (found != items_.end()) {
            fresh.push_back({entry.key, std::move(entry.notice),
                             std::move(found->value), found->reported}); // V1
        } else {
            fresh.push_back({entry.key, std::move(entry.notice), {}});
        }
    }
    ++rebuilt_;
    items_.swap(fresh); // V2: what goes, goes once the view is whole
    const py::Ref outdated = std::move(mapping_);
}

py::Ref NoticeView::load(std::size_t index) {
    if (items_[index].value) {
        return items_[index].value.share();
    }
    const NoticePtr notice = items_[index].notice.share();
    py::Ref value = unpack_or_note(notice->value(), [key = items_[index].key] {
        return "while loading the noticeboard's entry " + std::string{key.text()};
    });
    if (index < items_.size() && items_[index].notice.get() == notice.get()) { // V2
        if (items_[index].value) {
            return items_[index].value.share();
        }
        items_[index].value = value.share();
    }
    return value;
}

py::Ref NoticeView::read(const NoticeKey& key) {
    refresh();
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (items_[i].key == key) {
            return load(i);
        }
    }
    return {};
}

bool NoticeView::add_to(PyObject* dict, std::size_t index) {
    const py::Ref key = text_of(items_[index].key);
    const std::uint64_t rebuilt = rebuilt_;
    try {
        const py::Ref value = load(index);
        py::check(PyDict_SetItem(dict, key.get(), value.get()));
    } catch (const py::ErrorSet&) {
        const py::Ref error = py::take_error();
        if (PyErr_GivenExceptionMatches(error.get(), PyExc_Exception) == 0) {
            PyErr_SetRaisedException(error.share().release());
            throw;
        }
        if (rebuilt == rebuilt_ && !std::exchange(items_[index].reported, true)) {
            const py::Ref report = py::import("bocpy._noticeboard", "warn_unreadable");
            const py::Ref done = py::call(report.get(), key.get(), error.get());
        }
    }
    return rebuilt == rebuilt_;
}

py::Ref NoticeView::mapping() {
    refresh();
    while (!mapping_) {
        const py::Ref dict = py::Ref::steal(PyDict_New());
        const std::uint64_t rebuilt = rebuilt_;
        for (std::size_t i = 0; i < items_.size() && add_to(dict.get(), i); ++i) {
        }
        if (rebuilt == rebuilt_) { // V2
            mapping_ = py::Ref::steal(PyDictProxy_New(dict.get()));
        }
    }
    return mapping_.share();
}

} // namespace boc
