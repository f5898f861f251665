#include "dump_signal.h"

#include "compat.h"
#include "fault.h"
#include "report.h"

#include <cerrno>

#if BOC_HAS_SIGNALS

#    include <array>
#    include <atomic>
#    include <csignal>
#    include <cstdint>
#    include <exception>
#    include <fcntl.h>
#    include <mutex>
#    include <string>
#    include <system_error>
#    include <thread>
#    include <unistd.h>

namespace boc {

namespace {

/// What was chosen; guarded by `mutex`.
struct Choice {
    std::mutex mutex;
    int number = 0;
    struct sigaction former {};
};

Choice& choice() noexcept {
    static auto* const made = new Choice; // outlives every thread
    return *made;
}

// Read by the handler and by the thread.
std::atomic<int> g_write_end{-1};
std::atomic<int> g_file{-1};
std::atomic<std::int64_t> g_process{0}; // D1

void ring(int) {
    const int saved = errno;
    if (g_process.load(std::memory_order_acquire) == compat::process_id()) { // D1
        static_cast<void>(write(g_write_end.load(std::memory_order_relaxed), "!", 1) <
                          0);
    }
    errno = saved;
}

void write_all(int file, const std::string& text) noexcept {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t count = write(file, text.data() + done, text.size() - done);
        if (count < 0 && errno != EINTR) {
            return;
        }
        done += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
}

void write_report() noexcept {
    try {
        write_all(g_file.load(std::memory_order_relaxed), report());
    } catch (const std::exception& error) { // no memory for it
        write_all(g_file.load(std::memory_order_relaxed), error.what());
    }
}

void listen(int read_end) noexcept {
    compat::set_thread_name("bocpy-dump");
    std::array<char, 16> rings;
    for (;;) {
        const ssize_t count = read(read_end, rings.data(), rings.size());
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return;
        }
        if (count > 0) {
            write_report();
        }
    }
}

/// Blocks every signal in the calling thread, and in those it makes.
class Deaf {
public:
    Deaf() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &former_);
    }
    ~Deaf() { pthread_sigmask(SIG_SETMASK, &former_, nullptr); }
    Deaf(const Deaf&) = delete;
    Deaf& operator=(const Deaf&) = delete;

private:
    sigset_t former_{};
};

/// Makes the pipe and the thread, if this process has none. D1
int prepare() {
    const std::int64_t me = compat::process_id();
    if (g_process.load(std::memory_order_acquire) == me) {
        return 0;
    }
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) {
        return errno;
    }
    for (const int end : ends) {
        fcntl(end, F_SETFD, FD_CLOEXEC);
    }
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    try {
        if (fault::strikes(fault::Point::kThread)) {
            throw std::system_error{
                std::make_error_code(std::errc::resource_unavailable_try_again)};
        }
        const Deaf deaf;
        std::thread{listen, ends[0]}.detach();
    } catch (const std::system_error& error) {
        close(ends[0]);
        close(ends[1]);
        return error.code().value();
    }
    g_write_end.store(ends[1], std::memory_order_relaxed);
    g_process.store(me, std::memory_order_release);
    return 0;
}

/// With the mutex.
void give_back(Choice& chosen) noexcept {
    if (chosen.number != 0) {
        sigaction(chosen.number, &chosen.former, nullptr);
        chosen.number = 0;
    }
}

} // namespace

int DumpSignal::choose(int number, int file) {
    Choice& chosen = choice();
    const std::scoped_lock lock{chosen.mutex};
    if (const int trouble = prepare()) {
        return trouble;
    }
    give_back(chosen);
    g_file.store(file, std::memory_order_relaxed);
    struct sigaction action {};
    action.sa_handler = ring;
    action.sa_flags = SA_RESTART;
    if (sigaction(number, &action, &chosen.former) != 0) {
        return errno;
    }
    chosen.number = number;
    return 0;
}

void DumpSignal::forget() noexcept {
    Choice& chosen = choice();
    const std::scoped_lock lock{chosen.mutex};
    give_back(chosen);
}

} // namespace boc

#else

namespace boc {

int DumpSignal::choose(int, int) {
    return ENOSYS;
}
void DumpSignal::forget() noexcept {}

} // namespace boc

#endif
