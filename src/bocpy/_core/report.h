#pragma once

#include <string>
#include <vector>

namespace boc {

/// Tells what the runtime has on its hands: what each worker does, since when, where,
/// which cowns it holds, what waits for them; and what the noticeboard applies.
///
/// Takes no GIL and waits for no worker: any thread, attached or not.
[[nodiscard]] std::string report();

/// What the body that runs in each busy worker is called.
[[nodiscard]] std::vector<std::string> running_bodies();

} // namespace boc
