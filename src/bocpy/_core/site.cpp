#include "site.h"

#include "home.h"
#include "immortal.h"
#include "per_thread.h"
#include "py/error.h"

#include <memory>
#include <utility>

namespace boc {

namespace {

struct Registry {
    std::mutex mutex;
    std::unordered_map<std::string, std::unique_ptr<const Site>> sites;
};

Registry& registry() noexcept {
    static Immortal<Registry> all;
    return *all;
}

/// `look()`, or null; the caller's pending exception stays.
template <typename Look>
const Site* quietly(Look&& look) noexcept {
    const py::ErrorPause pause;
    const Site* found = nullptr;
    if (py::guarded_int([&] { found = look(); }) < 0) {
        PyErr_Clear();
    }
    return found;
}

/// Whether a frame belongs to the module called `name`.
bool belongs_to(PyObject* frame, const char* name) {
    const py::Ref space = py::attribute(frame, "f_globals");
    PyObject* const found = py::item(space.get(), "__name__");
    return found != nullptr && PyUnicode_Check(found) != 0 &&
           PyUnicode_CompareWithASCIIString(found, name) == 0;
}

} // namespace

const Site* Site::intern(PyCodeObject* code, int line) {
    auto fresh = std::make_unique<Site>();
    fresh->file = py::shown(code->co_filename);
    fresh->function = py::shown(code->co_name);
    fresh->line = line;
    const std::string key =
        fresh->file + '\0' + fresh->function + '\0' + std::to_string(line);
    Registry& all = registry();
    const std::scoped_lock lock{all.mutex};
    return all.sites.try_emplace(key, std::move(fresh)).first->second.get();
}

const Site* SiteCache::here() noexcept {
    py::Instruction at = py::current_instruction();
    if (!at.code) {
        return nullptr;
    }
    const auto address = reinterpret_cast<std::uintptr_t>(at.code.get());
    const auto mixed = (address >> 5) + static_cast<std::uintptr_t>(at.offset >> 1);
    Memos* const memos = PerThread<Memos>::mine();
    Memo forgotten{};
    Memo& memo = memos != nullptr ? (*memos)[mixed % kMemos] : forgotten;
    if (memo.code == at.code.get() && memo.offset == at.offset &&
        memo.epoch == epoch_.load(std::memory_order_acquire)) { // SI1
        return memo.site;
    }
    return look_up(std::move(at), memo);
}

const Site* SiteCache::look_up(py::Instruction at, Memo& memo) noexcept {
    return quietly([&] { return Home::current().sites->find(std::move(at), memo); });
}

const Site* SiteCache::outside(const char* skipped) noexcept {
    return quietly([skipped]() -> const Site* {
        py::Ref frame = py::Ref::share(reinterpret_cast<PyObject*>(PyEval_GetFrame()));
        while (frame && belongs_to(frame.get(), skipped)) {
            auto* const inner = reinterpret_cast<PyFrameObject*>(frame.get());
            frame = py::Ref::adopt(reinterpret_cast<PyObject*>(PyFrame_GetBack(inner)));
        }
        if (!frame) {
            return nullptr;
        }
        auto* const found = reinterpret_cast<PyFrameObject*>(frame.get());
        const py::Ref code =
            py::Ref::adopt(reinterpret_cast<PyObject*>(PyFrame_GetCode(found)));
        return Site::intern(reinterpret_cast<PyCodeObject*>(code.get()),
                            PyFrame_GetLineNumber(found));
    });
}

const Site* SiteCache::find(py::Instruction at, Memo& memo) {
    const Site* const site = Site::intern(at.code_object(), at.line());
    PyObject* const code = at.code.get();
    const int offset = at.offset;
    Codes outgrown;
    const std::scoped_lock lock{mutex_};
    if (codes_.size() >= kMost) {
        epoch_.fetch_add(1, std::memory_order_release); // SI1
        codes_.swap(outgrown);
    }
    codes_.try_emplace(code, std::move(at.code));
    memo = {code, site, epoch_.load(std::memory_order_acquire), offset}; // SI1
    return site;
}

void SiteCache::clear() noexcept {
    Codes forgotten;
    const std::scoped_lock lock{mutex_};
    epoch_.fetch_add(1, std::memory_order_release); // SI1
    codes_.swap(forgotten);
}

} // namespace boc
