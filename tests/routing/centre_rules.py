"""A centre with every kind of queue, agent and customer, for random days."""

from console.domain.agent import Agent
from console.domain.queue import (
    CALLBACK,
    VOICEMAIL,
    Channel,
    OpenHours,
    Queue,
    Relaxation,
    SkillNeed,
    Strategy,
)
from console.settings import CustomerRule

_EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_STEPS = (
    Relaxation(after_s=20.0, skills=(SkillNeed("english", 2),)),
    Relaxation(after_s=45.0, skills=(), tier=0),
)
_HOURS = tuple(
    OpenHours(days=_EVERY_DAY, opens=f"{hour:02}:{minute:02}", closes=f"{hour:02}:{minute + 6:02}")
    for hour in range(9, 13)
    for minute in range(0, 50, 10)
)
QUEUES = (
    Queue(
        key="support",
        numbers=("100",),
        skills=(SkillNeed("english", 5), SkillNeed("polite", 3, preferred=True)),
        tier=1,
        relax=_STEPS,
        ageing_s=30.0,
        max_wait_s=90.0,
        overflow_to="general",
        callback_after_s=15.0,
        callback_tries=2,
        callback_retry_s=40.0,
        last_agent_s=15.0,
        announce_every_s=20.0,
    ),
    Queue(
        key="sales",
        priority=2,
        strategy=Strategy.ROUND_ROBIN,
        max_waiting=3,
        full_to=VOICEMAIL,
        wrap_up_s=10.0,
        ring_timeout_s=8.0,
        value_weight=0.5,
        named_agent_s=12.0,
    ),
    Queue(
        key="vip",
        strategy=Strategy.BROADCAST,
        broadcast_most=3,
        ring_timeout_s=10.0,
        wrap_up_s=5.0,
        announce_every_s=0.0,
    ),
    Queue(key="team", strategy=Strategy.BROADCAST, wrap_up_s=0.0, skills=(SkillNeed("tech"),)),
    Queue(
        key="lots",
        strategy=Strategy.WEIGHTED_RANDOM,
        leave_empty=True,
        no_agents_to="general",
        wrap_up_s=4.0,
    ),
    Queue(
        key="day",
        strategy=Strategy.FEWEST_CONTACTS,
        hours=_HOURS,
        closed_to=CALLBACK,
        serve_after_close=False,
        callback_tries=2,
        callback_retry_s=30.0,
    ),
    Queue(key="chat", channel=Channel.CHAT, strategy=Strategy.TOP_DOWN, wrap_up_s=6.0, announce_every_s=0.0),
    Queue(key="general", strategy=Strategy.LEAST_TALK_TIME, wrap_up_s=3.0),
)
AGENTS = (
    Agent(
        key="ada",
        skills={"english": 8, "tech": 3},
        queues=("support", "sales", "vip", "team", "chat"),
        weights={"lots": 3},
    ),
    Agent(
        key="bob",
        skills={"english": 3, "polite": 5},
        queues=("sales", "general", "support", "lots", "vip"),
        capacity={Channel.CHAT: 2, Channel.EMAIL: 2},
    ),
    Agent(
        key="cyd",
        skills={"english": 5, "tech": 9, "polite": 4},
        queues=("general", "support", "day", "vip", "team"),
        tiers={"support": 2, "day": 2},
    ),
    Agent(
        key="dan",
        queues=("lots", "day", "chat", "general"),
        weights={"lots": 5},
        tiers={"chat": 2},
        capacity={Channel.CHAT: 4, Channel.VOICE: 2},
    ),
    Agent(
        key="eve",
        skills={"english": 1},
        queues=("support", "day", "team"),
        tiers={"support": 3},
        capacity={Channel.EMAIL: 0},
    ),
)
CUSTOMERS = (
    CustomerRule(number="anna", value=8, agent="ada"),
    CustomerRule(number="+49301", value=3, priority=2),
    CustomerRule(number="sip:cleo@x", agent="dan"),
)
CALLED = (*(queue.key for queue in QUEUES), "100", "sip:sales@centre.example", "nowhere")
CALLERS = (
    "sip:anna@x",
    "tel:+49301",
    "sip:cleo@x",
    "sip:ben@x",
    "sip:dora@x",
    "sip:anonymous@anonymous.invalid",
)
TARGETS = ("sales", "day", "ada", "bob", "sip:cyd@centre.example", "+4930123456", "vip", "eve")
