#include "py/faults.h"

#include "py/error.h"

#include <array>
#include <string_view>
#include <utility>

namespace boc::py {

#if defined(BOC_FAULTS)

namespace {

using fault::Point;

constexpr std::pair<std::string_view, Point> kPoints[] = {
    {"memory", Point::kMemory},           {"object", Point::kObject},
    {"pickle", Point::kPickle},           {"unpickle", Point::kUnpickle},
    {"record", Point::kRecord},           {"arrival", Point::kArrival},
    {"interpreter", Point::kInterpreter}, {"thread", Point::kThread},
};
static_assert(std::size(kPoints) == fault::kPoints);

// CPython's allocators, with the point in front

constexpr std::array kDomains{PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
std::array<PyMemAllocatorEx, kDomains.size()> g_former;

const PyMemAllocatorEx& former(void* context) noexcept {
    return *static_cast<const PyMemAllocatorEx*>(context);
}

void* allocate(void* context, std::size_t size) {
    return fault::strikes(Point::kObject)
               ? nullptr
               : former(context).malloc(former(context).ctx, size);
}

void* allocate_zeroed(void* context, std::size_t count, std::size_t size) {
    return fault::strikes(Point::kObject)
               ? nullptr
               : former(context).calloc(former(context).ctx, count, size);
}

void* reallocate(void* context, void* memory, std::size_t size) {
    return fault::strikes(Point::kObject)
               ? nullptr
               : former(context).realloc(former(context).ctx, memory, size);
}

void give_back(void* context, void* memory) {
    former(context).free(former(context).ctx, memory);
}

PyObject* hook_allocators(PyObject*, PyObject* wanted) {
    static bool hooked = false;
    return guarded([&] {
        const bool hook = check(PyObject_IsTrue(wanted)) != 0;
        for (std::size_t i = 0; hook != hooked && i < kDomains.size(); ++i) {
            if (!hook) {
                PyMem_SetAllocator(kDomains[i], &g_former[i]);
                continue;
            }
            PyMem_GetAllocator(kDomains[i], &g_former[i]);
            PyMemAllocatorEx ours{&g_former[i], allocate, allocate_zeroed, reallocate,
                                  give_back};
            PyMem_SetAllocator(kDomains[i], &ours);
        }
        hooked = hook;
        return Ref::none();
    });
}

PyObject* fail(PyObject*, PyObject* args) {
    return guarded([args] {
        const char* name = nullptr;
        long long nth = 0;
        int everywhere = 0;
        if (PyArg_ParseTuple(args, "sL|p:_fail", &name, &nth, &everywhere) == 0) {
            throw ErrorSet{};
        }
        for (const auto& [known, point] : kPoints) {
            if (known == name) {
                fault::arm(point, nth, everywhere != 0);
                return Ref::none();
            }
        }
        raise(PyExc_ValueError, "nothing called %s can fail", name);
    });
}

/// Must not fail itself, so it makes no object but a small int.
PyObject* struck(PyObject*, PyObject*) {
    const int count = fault::struck();
    fault::arm(Point::kMemory, 0, false);
    return PyLong_FromLong(count);
}

PyMethodDef functions[] = {
    {"_fail", fail, METH_VARARGS,
     "_fail(point, nth, everywhere=False, /)\n--\n\nMake the nth passage of a point "
     "fail, once."},
    {"_struck", struck, METH_NOARGS,
     "_struck()\n--\n\nDisarm; how often something has failed."},
    {"_hook_allocators", hook_allocators, METH_O,
     "_hook_allocators(hook, /)\n--\n\nLet CPython's allocations fail; without a "
     "runtime."},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_faults(PyObject* module) {
    check(PyModule_AddFunctions(module, functions));
}

#else

void add_faults(PyObject*) {}

#endif

} // namespace boc::py
