#include "mailbox.h"

#include "bind/arguments.h"
#include "bind/state.h"
#include "bind/waiting.h"
#include "culprit.h"
#include "failure.h"
#include "parcel.h"
#include "xidata.h"

#include <array>
#include <string>
#include <string_view>

namespace boc::bind {

namespace {

using Box = Mailbox<Parcel>;

constexpr const char* kTimeout = "__timeout__";

/// The one of the process; never destroyed, as threads may outlive main.
Box& box() {
    static Box* const messages = new Box;
    return *messages;
}

TagName name_of(PyObject* tag) {
    if (!PyUnicode_CheckExact(tag)) {
        py::raise(PyExc_TypeError, "tag must be a str, not %.200s",
                  Py_TYPE(tag)->tp_name);
    }
    if (PyUnicode_IS_COMPACT_ASCII(tag)) {
        return TagName{{static_cast<const char*>(PyUnicode_DATA(tag)),
                        static_cast<std::size_t>(PyUnicode_GET_LENGTH(tag))}};
    }
    Py_ssize_t size = 0;
    const char* const text = PyUnicode_AsUTF8AndSize(tag, &size);
    if (text == nullptr) {
        throw py::ErrorSet{};
    }
    return TagName{{text, static_cast<std::size_t>(size)}};
}

/// The tags of an iterable, or of one str; each checked.
py::Ref tags_of(PyObject* given, const char* complaint) {
    if (PyUnicode_Check(given)) {
        static_cast<void>(name_of(given));
        return py::Ref::steal(PyTuple_Pack(1, given));
    }
    if (Py_TYPE(given)->tp_iter == nullptr && PySequence_Check(given) == 0) {
        py::raise(PyExc_TypeError, "%s", complaint);
    }
    py::Ref tags = py::Ref::steal(PySequence_Tuple(given));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tags.get()); ++i) {
        PyObject* const tag = PyTuple_GET_ITEM(tags.get(), i);
        if (!PyUnicode_CheckExact(tag)) {
            py::raise(PyExc_TypeError, "tags must contain only str objects");
        }
        static_cast<void>(name_of(tag));
    }
    return tags;
}

/// A list crosses element by element and arrives as a tuple, as does any other sequence
/// without a form of its own that cannot cross; anything else stays what it is.
Parcel pack_message(PyObject* contents) {
    constexpr const char* kWhat = "contents";
    if (PyList_CheckExact(contents) && !shares_values()) {
        return Parcel::pack(py::Ref::steal(PyList_AsTuple(contents)).get(), kWhat);
    }
    if (PySequence_Check(contents) == 0 || PyUnicode_CheckExact(contents) ||
        PyBytes_CheckExact(contents) || PyTuple_CheckExact(contents) ||
        xidata::supports(contents)) {
        return Parcel::pack(contents, kWhat);
    }
    py::Ref error;
    try {
        return Parcel::pack(contents, nullptr);
    } catch (const py::ErrorSet&) {
        error = py::take_error();
    }
    try {
        return Parcel::pack(py::Ref::steal(PySequence_Tuple(contents)).get(), nullptr);
    } catch (const py::ErrorSet&) {
        PyErr_SetRaisedException(error.share().release());
    }
    throw_with_culprit(contents, kWhat);
}

PyObject* send(PyObject*, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        if (count != 2) {
            py::raise(PyExc_TypeError, "send() takes exactly 2 arguments (%zd given)",
                      count);
        }
        const TagName name = name_of(args[0]);
        Parcel message = pack_message(args[1]);
        const auto to = box().resolve(name);
        if (!to) {
            py::raise(PyExc_KeyError,
                      "No queue available for tag %R: tag capacity exceeded", args[0]);
        }
        if (!box().send(*to, std::move(message))) {
            py::raise(PyExc_RuntimeError, "Message queue is full");
        }
        return py::Ref::none();
    });
}

/// The queues of a receive: what its tags are bound to in one era.
class Selection {
public:
    /// Lends `tags`, `count` checked tags.
    Selection(PyObject* const* tags, Py_ssize_t count) : tags_{tags}, count_{count} {}

    /// Looks the tags up; again after the era has ended.
    void resolve() {
        do {
            size_ = 0;
            queues_ = 0;
            for (Py_ssize_t i = 0; i < count_; ++i) {
                add(tags_[i]);
            }
        } while (!of_one_era());
    }

    /// Takes the next message, turning from one tag to the next; its tag, or null.
    PyObject* take(Parcel& out) {
        static BOC_THREAD_LOCAL std::size_t turn = 0;
        const std::size_t first = size_ > 1 ? turn++ : 0;
        for (std::size_t i = 0; i < size_; ++i) {
            const Choice& choice = choices_[(first + i) % size_];
            if (box().try_receive(choice.binding, out) == Box::Popped::kItem) {
                return choice.tag;
            }
        }
        return nullptr;
    }

    [[nodiscard]] std::uint32_t era() const { return choices_[0].binding.era; }
    [[nodiscard]] QueueSet queues() const { return queues_; }

private:
    struct Choice {
        PyObject* tag;
        Binding binding;
    };

    void add(PyObject* tag) {
        const auto binding = box().resolve(name_of(tag));
        if (!binding) {
            py::raise(PyExc_KeyError, "No message queue found for tag: %R", tag);
        }
        const QueueSet queue = QueueSet{1} << binding->queue;
        if ((queues_ & queue) == 0 && size_ < choices_.size()) {
            queues_ |= queue;
            choices_[size_++] = {tag, *binding};
        }
    }
    [[nodiscard]] bool of_one_era() const {
        for (std::size_t i = 1; i < size_; ++i) {
            if (choices_[i].binding.era != era()) {
                return false;
            }
        }
        return true;
    }

    PyObject* const* tags_;
    Py_ssize_t count_;
    std::array<Choice, kTags> choices_;
    std::size_t size_ = 0;
    QueueSet queues_ = 0;
};

/// Parks until a message comes, and takes it; its tag, or null if there may be one now.
PyObject* wait_for(Selection& selection, compat::Deadline deadline, Parcel& out,
                   bool& expired) {
    typename Box::Wait wait{box(), selection.era(), selection.queues()};
    const Waited waited = wait_detached(
        [&](Interrupts interrupts) { return wait.park(deadline, interrupts); });
    expired = waited == Waited::kTimedOut;
    return selection.take(out);
}

py::Ref timed_out() {
    const py::Ref tag = py::Ref::steal(PyUnicode_InternFromString(kTimeout));
    return py::Ref::steal(PyTuple_Pack(2, tag.get(), Py_None));
}

py::Ref received(PyObject* tag, Parcel& message) {
    py::Ref contents = unpack_or_note(
        message, [tag] { return "while loading a message tagged " + py::shown(tag); });
    py::Ref pair = py::Ref::steal(PyTuple_New(2));
    PyTuple_SET_ITEM(pair.get(), 0, Py_NewRef(tag));
    PyTuple_SET_ITEM(pair.get(), 1, contents.release());
    return pair;
}

py::Ref receive_any(PyObject* const* tags, Py_ssize_t count, double seconds,
                    PyObject* after) {
    const bool forever = !(seconds >= 0) || seconds > 1e9;
    const auto deadline = seconds == 0
                              ? compat::Deadline{}
                              : deadline_of({.forever = forever, .seconds = seconds});
    Selection selection{tags, count};
    Parcel message;
    selection.resolve();
    PyObject* tag = selection.take(message);
    for (bool expired = seconds == 0; tag == nullptr; selection.resolve()) {
        if (expired) {
            return after == Py_None ? timed_out() : py::call(after);
        }
        tag = wait_for(selection, deadline, message, expired);
        if (tag != nullptr) {
            break;
        }
    }
    return received(tag, message);
}

/// The next message of one tag; null if there is none.
py::Ref receive_at_once(PyObject* tag) {
    Parcel message;
    const auto from = box().resolve(name_of(tag));
    const bool here = from && box().try_receive(*from, message) == Box::Popped::kItem;
    return here ? received(tag, message) : py::Ref{};
}

constexpr Signature<3> kReceive{"receive", {"tags", "timeout", "after"}, 1};

PyObject* receive(PyObject* module, PyObject* const* args, Py_ssize_t count,
                  PyObject* names) {
    return py::guarded([&] {
        const auto [tags, timeout, given_after] =
            parse_arguments(kReceive, args, count, names);
        state_of(module).home->recycle();
        const double seconds = timeout != nullptr ? PyFloat_AsDouble(timeout) : -1.0;
        if (seconds == -1.0 && PyErr_Occurred() != nullptr) {
            throw py::ErrorSet{};
        }
        PyObject* const after = given_after != nullptr ? given_after : Py_None;
        if (PyObject* const tag = tags; PyUnicode_CheckExact(tag)) {
            py::Ref here = receive_at_once(tag);
            return here ? std::move(here) : receive_any(&tag, 1, seconds, after);
        }
        const py::Ref held =
            tags_of(tags, "tags must either be a single str or a list/tuple");
        const Py_ssize_t size = PyTuple_GET_SIZE(held.get());
        if (size == 0) {
            py::raise(PyExc_RuntimeError, "tags must contain at least one value");
        }
        return receive_any(&PyTuple_GET_ITEM(held.get(), 0), size, seconds, after);
    });
}

PyObject* drain(PyObject*, PyObject* given) {
    return py::guarded([&] {
        const py::Ref tags = tags_of(given, "tags must be a list/tuple");
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tags.get()); ++i) {
            if (const auto from =
                    box().resolve(name_of(PyTuple_GET_ITEM(tags.get(), i)))) {
                box().drain(*from);
            }
        }
        return py::Ref::none();
    });
}

PyObject* set_tags(PyObject* module, PyObject* given) {
    return py::guarded([&] {
        if (!state_of(module).home->primary() || Home::seated()) {
            py::raise(PyExc_RuntimeError,
                      "set_tags can only be called from the main interpreter");
        }
        const Py_ssize_t length = PyObject_Size(given);
        if (length < 0) {
            throw py::ErrorSet{};
        }
        const py::Ref tags = PyUnicode_Check(given)
                                 ? py::Ref::steal(PySequence_Tuple(given))
                                 : tags_of(given, "tags must be a list/tuple");
        const Py_ssize_t size = PyTuple_GET_SIZE(tags.get());
        if (length > Py_ssize_t{kTags} || size > Py_ssize_t{kTags}) {
            py::raise(PyExc_IndexError, "Only %zu or fewer tags supported", kTags);
        }
        std::array<std::string_view, kTags> names;
        for (Py_ssize_t i = 0; i < size; ++i) {
            names[static_cast<std::size_t>(i)] =
                name_of(PyTuple_GET_ITEM(tags.get(), i)).text();
        }
        box().rebind({names.data(), static_cast<std::size_t>(size)});
        return py::Ref::none();
    });
}

PyObject* new_str(const std::string& text) {
    return PyUnicode_FromStringAndSize(text.data(),
                                       static_cast<Py_ssize_t>(text.size()));
}

PyObject* queue_stats(PyObject*, PyObject*) {
    return py::guarded([&] {
        std::array<std::string, kTags> names;
        const std::size_t count = box().tags().names(names);
        py::Ref list = py::Ref::steal(PyList_New(0));
        for (std::size_t i = 0; i < count; ++i) {
            const auto& ring = box().ring(i);
            const py::Ref entry = py::Ref::steal(Py_BuildValue(
                "{s:n,s:N,s:K,s:K,s:K,s:K}", "queue_index", static_cast<Py_ssize_t>(i),
                "tag", new_str(names[i]), "enqueue_cas_retries", ring.push_retries(),
                "dequeue_cas_retries", ring.pop_retries(), "pushed_total",
                ring.pushed(), "popped_total", ring.popped()));
            py::check(PyList_Append(list.get(), entry.get()));
        }
        return list;
    });
}

PyMethodDef functions[] = {
    {"send", py::method(send), METH_FASTCALL,
     "send(tag, contents, /)\n--\n\nQueue a message for whoever receives `tag`.\n\n"
     "Never blocks: raises RuntimeError if 16384 messages wait already."},
    {"receive", py::method(receive), METH_FASTCALL | METH_KEYWORDS,
     "receive(tags, timeout=-1, after=None)\n--\n\n"
     "Wait for a message on one tag or any of several.\n\n"
     "Answers with (tag, contents); after `timeout` seconds, if not negative, with\n"
     "(TIMEOUT, None), or with what `after()` returns."},
    {"drain", drain, METH_O,
     "drain(tags, /)\n--\n\nDiscard what is queued for one tag or each of several."},
    {"set_tags", set_tags, METH_O,
     "set_tags(tags, /)\n--\n\nDiscard all messages and tags, then bind these, at most "
     "16."},
    {"queue_stats", queue_stats, METH_NOARGS,
     "queue_stats()\n--\n\nReturn one dict of counters per tag in use."},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_mailbox(PyObject* module) {
    py::check(PyModule_AddFunctions(module, functions));
    const py::Ref tag = py::Ref::steal(PyUnicode_InternFromString(kTimeout));
    py::check(PyModule_AddObjectRef(module, "TIMEOUT", tag.get()));
}

} // namespace boc::bind
