"""What is tried: servers that count, tell and answer in every way that the documents leave open, and clients that come and go."""

from __future__ import annotations

from tests.limits.scenario import Client, Scenario
from tests.limits.server import Latency, Telling
from tests.limits.windows import KINDS

_TOLD = Telling("epoch")
_BOTH = (Client(), Client(begins=300, ends=1200))
_JITTER = Latency(0.3, "jitter")

# The server's limit is known: as our ceiling is, or from its headers. Nothing is ever refused.
_KNOWN = [
    *(Scenario(f"equal, untold, {kind}", kind=kind) for kind in KINDS),
    *(Scenario(f"equal, told as {reset}, {kind}", kind=kind, telling=Telling(reset)) for kind in KINDS for reset in ("epoch", "epoch_ms", "delta")),
    *(Scenario(f"lower, told, {kind}", minute=30, kind=kind, telling=_TOLD) for kind in KINDS),
    Scenario("higher, told", minute=150, telling=_TOLD),
    Scenario("told near the end only", telling=Telling("delta", near_the_end=True)),
    Scenario("told without the request itself", telling=Telling("delta", counts_itself=False)),
    Scenario("clock five minutes ahead", telling=Telling("epoch", clock=300)),
    Scenario("clock five minutes behind", telling=Telling("epoch_ms", clock=-300)),
]

# Answers that take their time, and overtake each other.
_SLOW = [
    *(Scenario(f"1 ms, {most} at once", latency=Latency(0.001), clients=(Client(concurrency=most),)) for most in (1, 8, 64)),
    Scenario("half a second, one at a time", latency=Latency(0.5), clients=(Client(concurrency=1),)),
    Scenario("1 s, jitter", latency=Latency(1, "jitter"), clients=(Client(concurrency=16),)),
    Scenario("1 s, jitter, counted anywhere", latency=Latency(1, "jitter", "anywhere"), clients=(Client(concurrency=16),)),
    Scenario("1 s, heavy tail", latency=Latency(1, "tail"), clients=(Client(concurrency=64),)),
    Scenario("3 s, told", latency=Latency(3), telling=_TOLD, clients=(Client(concurrency=16),)),
    Scenario("20 s, 64 at once", latency=Latency(20), clients=(Client(concurrency=64),)),
    Scenario("20 s, 64 at once, told, fixed", kind="fixed", telling=_TOLD, latency=Latency(20), clients=(Client(concurrency=64),)),
    # Nobody can know that these are counted late: a few 429s tell.
    Scenario("20 s, counted anywhere", latency=Latency(20, "fixed", "anywhere"), clients=(Client(concurrency=64),), may_refuse=60, least=0.7),
]

# The limit is lower than our ceiling, and nothing but 429s tells: the first ones do, and from then on hardly any more comes.
_LEARNED = [
    *(Scenario(f"lower, untold, {kind}", minute=30, kind=kind, steady=120, may_refuse=30) for kind in KINDS),
    *(
        Scenario(f"lower, untold, Retry-After: {form}", minute=30, telling=Telling(retry_after=form), steady=120, may_refuse=30)
        for form in ("date", "body", None)
    ),
    Scenario("lower, untold, 64 at once", minute=30, clients=(Client(concurrency=64),), steady=120, may_refuse=30),
]

# Limits that change in the middle.
_CHANGED = [
    Scenario("lowered, told", telling=_TOLD, changes={600: 30}, may_refuse=16),
    Scenario("raised, told", telling=_TOLD, changes={600: 120}),
    Scenario("lowered, untold", changes={600: 30}, may_refuse=40),
    Scenario("lowered and raised again, untold", changes={600: 20, 1200: 60}, hours=1, may_refuse=40, least=0.93),
]

# Two windows at once, as HiringCenter has them, in numbers that take less time to play.
_HOUR: list[Scenario] = [
    *(Scenario(f"minute and hour, untold, {kind}", 30, 600, kind, ceilings=(30, 600), hours=3, steady=3600) for kind in KINDS),
    *(
        Scenario(f"minute and hour, told of {name}", 30, 600, ceilings=(20, 400), telling=Telling("epoch", window=place), hours=3, steady=3600)
        for name, place in (("the hour", 1), ("the tighter one", None))
    ),
    Scenario("minute and hour, told of the minute", 30, 600, ceilings=(20, 600), telling=_TOLD, hours=3, steady=3600),
    Scenario("lower hour, untold", 30, 400, ceilings=(30, 600), hours=5, steady=7200, may_refuse=20),
    Scenario("lower hour, untold, fixed", 30, 400, "fixed", ceilings=(30, 600), hours=5, steady=7200, may_refuse=20),
]

# Others with the same key, who come and go: each side sees of the other only what headers and 429s tell.
# Without headers a few more are refused, and a little is lost until each has found its share.
_SHARED = [
    *(Scenario(f"two at once, told, {kind}", kind=kind, telling=_TOLD, latency=_JITTER, clients=_BOTH, may_refuse=40) for kind in KINDS),
    *(Scenario(f"two at once, untold, {kind}", kind=kind, latency=_JITTER, clients=_BOTH, may_refuse=90, least=0.93) for kind in KINDS),
    Scenario("two from the start, untold", latency=_JITTER, clients=(Client(), Client(ends=900)), may_refuse=90, least=0.93),
    Scenario("two at once, told, tap waits for target", telling=_TOLD, latency=_JITTER, clients=(Client(pause=60), Client()), may_refuse=90),
    Scenario("one after the other, told", kind="fixed", telling=_TOLD, clients=(Client(ends=30), Client(begins=31)), may_refuse=8),
]

# As the documents say of HiringCenter, in its own numbers.
_LONG = [
    Scenario("300 and 5,400, untold", 300, 5400, ceilings=(300, 5400), hours=3, steady=3600),
    Scenario("300 and 5,400, told", 300, 5400, ceilings=(300, 5400), telling=Telling("epoch", window=None), hours=3, steady=3600),
    Scenario("300 and 5,400, two at once", 300, 5400, ceilings=(300, 5400), telling=_TOLD, clients=_BOTH, hours=2, may_refuse=300),
    Scenario("500 and 10,000, told", 500, 10_000, ceilings=(300, 5400), telling=Telling("epoch", window=None), hours=3, steady=3600),
    Scenario("300 and 3,000, untold", 300, 3000, ceilings=(300, 5400), hours=5, steady=7200, may_refuse=30),
]

SHORT = [*_KNOWN, *_SLOW, *_LEARNED, *_CHANGED, *_HOUR, *_SHARED]
EVERY = [*SHORT, *_LONG]
