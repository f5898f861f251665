#include "probe.h"

#if BOC_HAS_SIGNALS

#    include <array>
#    include <atomic>
#    include <cerrno>
#    include <csignal>
#    include <mutex>
#    include <thread>
#    include <unistd.h>

namespace boc {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

//   g_state    PR1: kIdle or kDone -> kAsked by the asker, under g_asking; kAsked ->
//              kInside by the thread that is asked, or -> kIdle by an asker that gives
//              up; kInside -> kDone by the thread
//   g_target   PR2: stored before kAsked (release), read after it (acquire)

enum State : std::uint8_t { kIdle, kAsked, kInside, kDone };

constexpr milliseconds kPatience{100};
constexpr microseconds kNap{50};

std::mutex g_asking;
std::atomic<State> g_state{kIdle};
std::atomic<compat::ThreadId> g_target{};
std::atomic<void (*)(int)> g_inside{nullptr};
std::atomic<int> g_file{-1};
std::atomic<std::int64_t> g_process{0}; ///< that claimed the signal

/// Safe in a signal handler, as far as what it calls is.
void answer(int number) {
    const int saved = errno;
    State state = g_state.load(std::memory_order_acquire); // PR1
    if (state == kAsked &&
        pthread_equal(g_target.load(std::memory_order_relaxed), // PR2
                      pthread_self()) != 0 &&
        g_state.compare_exchange_strong(state, kInside, std::memory_order_acq_rel,
                                        std::memory_order_relaxed)) { // PR1
        g_inside.load(std::memory_order_relaxed)(number);
        g_state.store(kDone, std::memory_order_release); // PR1
    }
    errno = saved;
}

bool installed() noexcept {
    struct sigaction now {};
    return sigaction(SIGURG, nullptr, &now) == 0 && now.sa_handler == answer;
}

/// Waits for the answer; false if there is none in time.
bool await() noexcept {
    const Clock::time_point deadline = Clock::now() + kPatience;
    while (g_state.load(std::memory_order_acquire) != kDone) { // PR1
        if (Clock::now() > deadline) {
            State state = kAsked;
            static_cast<void>(
                g_state.compare_exchange_strong(state, kIdle, std::memory_order_acq_rel,
                                                std::memory_order_acquire)); // PR1
            return state == kDone;
        }
        std::this_thread::sleep_for(kNap);
    }
    return true;
}

std::string read_all(int file) {
    std::string text;
    std::array<char, 4096> part;
    for (;;) {
        const ssize_t count =
            pread(file, part.data(), part.size(), static_cast<off_t>(text.size()));
        if (count <= 0) {
            return text;
        }
        text.append(part.data(), static_cast<std::size_t>(count));
    }
}

} // namespace

int Probe::claim() noexcept {
    struct sigaction now {};
    if (sigaction(SIGURG, nullptr, &now) != 0 ||
        (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN &&
         now.sa_handler != answer)) {
        return 0;
    }
    const std::int64_t me = compat::process_id();
    return g_process.exchange(me, std::memory_order_relaxed) == me ? 0 : SIGURG;
}

void Probe::adopt(int file) noexcept {
    g_file.store(file, std::memory_order_relaxed);
    struct sigaction action {};
    if (sigaction(SIGURG, nullptr, &action) == 0 && action.sa_handler != answer) {
        g_inside.store(action.sa_handler, std::memory_order_relaxed);
        action.sa_handler = answer;
        action.sa_flags = SA_RESTART;
        static_cast<void>(sigaction(SIGURG, &action, nullptr));
    }
}

std::string Probe::ask(compat::ThreadId thread) {
    const std::scoped_lock lock{g_asking};
    const int file = g_file.load(std::memory_order_relaxed);
    const State state = g_state.load(std::memory_order_acquire);
    if (!installed() || (state != kIdle && state != kDone) || ftruncate(file, 0) != 0 ||
        lseek(file, 0, SEEK_SET) != 0) {
        return {};
    }
    g_target.store(thread, std::memory_order_relaxed); // PR2
    g_state.store(kAsked, std::memory_order_release);  // PR1
    static_cast<void>(pthread_kill(thread, SIGURG));
    return await() ? read_all(file) : std::string{};
}

} // namespace boc

#else

namespace boc {

int Probe::claim() noexcept {
    return 0;
}
void Probe::adopt(int) noexcept {}
std::string Probe::ask(compat::ThreadId) {
    return {};
}

} // namespace boc

#endif
