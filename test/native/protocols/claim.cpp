// Whose a value is: whoever made the claim busy alone touches the value.

#include "sched/claim.h"

#include "explore.h"

using namespace boc;

namespace {

using sched::Claim;

/// A value behind a claim, and how often it was touched.
struct Guarded {
    /// Touches the value if nobody has it; then it is `next`'s.
    bool try_touch(Owner next) {
        Owner seen = kNobody;
        if (!claim.take(seen)) {
            return false;
        }
        const Claim::Busy settle{claim, next};
        touches.set(touches.get() + 1);
        return true;
    }
    /// Touches what is `me`'s and leaves it to nobody.
    template <bool in_turn>
    bool give_up(Owner me) {
        Owner seen = kNobody;
        if (!claim.retake<in_turn>(me, seen)) {
            return false;
        }
        Claim::Busy settle{claim, me};
        touches.set(touches.get() + 1);
        settle.now(kNobody);
        return true;
    }

    Claim claim;
    test::Plain touches;
};

/// Each takes the value and leaves it to nobody, if it can.
struct Rivals {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) { took[index] = guarded.try_touch(kNobody) ? 1 : 0; }
    void after() {
        const unsigned all = took[0] + took[1] + took[2];
        CHECK(all >= 1);
        CHECK(guarded.touches.get() == all);
        CHECK(guarded.claim.owner() == kNobody);
    }

    Guarded guarded;
    unsigned took[kThreads]{};
};

/// Each owns the value for a while; only its owner can give it up.
template <bool in_turn>
struct Owners {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        const Owner me = 10 + static_cast<Owner>(index);
        if (guarded.try_touch(me)) {
            CHECK(guarded.claim.owner() == me);
            CHECK(!guarded.template give_up<in_turn>(me + 1));
            CHECK(guarded.template give_up<in_turn>(me));
            took[index] = 2;
        }
    }
    void after() {
        CHECK(guarded.touches.get() == took[0] + took[1] + took[2]);
        CHECK(guarded.claim.owner() == kNobody);
    }

    Guarded guarded;
    unsigned took[kThreads]{};
};

/// Two act as one owner, and one of them gives the value up while another waits for it.
struct Twins {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        took[index] = index < 2 ? guarded.give_up<false>(kMe) : guarded.try_touch(kMe);
    }
    void after() {
        CHECK(took[0] || took[1]);
        const unsigned all =
            (took[0] ? 1U : 0U) + (took[1] ? 1U : 0U) + (took[2] ? 1U : 0U);
        CHECK(guarded.touches.get() == all + 1);
    }

    static constexpr Owner kMe = 7;
    Guarded guarded;
    bool owned = guarded.try_touch(kMe);
    bool took[kThreads]{};
};

/// Threads that act as one owner: who finds the value theirs may look at it, though
/// another of them took it.
struct Household {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            static_cast<void>(guarded.try_touch(kMe));
        } else if (index == 1) {
            look_if(guarded.claim.owner());
        } else {
            Owner seen = kNobody;
            if (guarded.claim.take(seen)) {
                guarded.touches.set(1);
                guarded.claim.settle(kMe);
            } else {
                look_if(seen);
            }
        }
    }
    void look_if(Owner owner) const {
        CHECK(owner != kMe || guarded.touches.get() == 1);
    }
    void after() { look_if(kMe); }

    static constexpr Owner kMe = 7;
    Guarded guarded;
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<Rivals>("rivals"), test::scenario<Owners<false>>("owners"),
         test::scenario<Owners<true>>("owners in turn"), test::scenario<Twins>("twins"),
         test::scenario<Household>("household")});
}
