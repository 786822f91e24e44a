"""Histories in which everything that is counted happens: callbacks, voicemail, refusals, moves, estimates."""

import msgspec

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.interaction import Phase
from console.domain.outbound import may_call
from console.domain.queue import OpenHours, Queue, ServiceLevelFormula, SkillNeed
from tests.metrics.history import History

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUEUES = (
    Queue(
        key="support",
        skills=(SkillNeed("english", 5), SkillNeed("patience", 1, preferred=True)),
        max_wait_s=60,
        overflow_to="general",
        timezone="Asia/Karachi",
        hours=(OpenHours(days=_DAYS, opens="00:00", closes="03:50"),),  # until 22:50 UTC
        closed_to="*voicemail",
        serve_after_close=False,
    ),
    Queue(
        key="sales",
        wrap_up_s=10,
        ring_timeout_s=8,
        threshold_s=5,
        timezone="Europe/Berlin",
        max_waiting=4,
        full_to="general",
        max_wait_s=50,
        overflow_to="*callback",
        callback_after_s=6,
        callback_retry_s=20,
        callback_tries=2,
    ),
    Queue(
        key="general",
        wrap_up_s=6,
        max_wait_s=40,
        threshold_s=10,
        formula=ServiceLevelFormula.IN_TIME_OF_ALL,
        leave_empty=True,
        no_agents_to="*voicemail",
        short_abandon_s=8,
    ),
)
AGENTS = (
    Agent(key="ada", name="Ada", skills={"english": 8}, queues=("support", "sales")),
    Agent(key="bob", skills={"english": 3}, queues=("sales", "general", "support")),
    Agent(key="cyd", skills={"english": 5, "patience": 2}, queues=("general", "support")),
    Agent(key="dan", queues=("general",)),
)
FEW_CUSTOMERS = 60


class Rich(History):
    """A centre in which all of it happens."""

    def call(self) -> None:
        caller = self.chance.choice(("anonymous", *(str(n) for n in range(FEW_CUSTOMERS))))
        self.tell(
            ev.InteractionArrived,
            interaction=self.clock.new_id(),
            customer=Address(f"sip:{caller}@x", self.chance.choice(("", "Ån Näme"))),
            called=self.chance.choice(("support", "sales", "sales", "general", "nowhere")),
        )

    def something(self) -> None:
        step = self.chance.random()
        if step < 0.15 and self.asks_for_callback():
            return
        if step < 0.3 and self.callback_moves():
            return
        if step > 0.96:
            self.agent_calls()
            return
        if step < 0.4 and self.message_is_left():
            return
        if step < 0.43 and (moved := self.some(Phase.WAITING)) is not None:
            self.move(moved)
            return
        if step < 0.65 and (ringing := self.some(Phase.OFFERED)) is not None:
            self.offer_moves(ringing, 0.6)
            return
        super().something()

    def asks_for_callback(self) -> bool:
        for one in self.router.open_interactions():
            if one.proposed_at is not None and one.phase is Phase.WAITING and not one.callback:
                if self.chance.random() < 0.2:
                    self.tell(ev.CallbackRefused, interaction=one.interaction, reason="abroad")
                else:
                    self.tell(ev.DigitReceived, interaction=one.interaction, digit="1")
                return True
        return False

    def callback_moves(self) -> bool:
        for one in self.router.open_interactions():
            offer = one.open_offer
            if one.callback and one.phase is Phase.OFFERED and offer is not None:
                about = {"interaction": one.interaction, "offer": offer.offer, "agent": offer.agent}
                self.tell(ev.CallbackDialled, **about)
                self.pass_time(self.chance.uniform(1, 6))
                if self.chance.random() < 0.5:
                    self.tell(ev.InteractionAnswered, queue=one.queue, **about)
                else:
                    self.tell(
                        ev.CustomerNotReached,
                        interaction=one.interaction,
                        agent=offer.agent,
                        reason="no answer",
                    )
                return True
        return False

    def agent_calls(self) -> None:
        """Somebody who is on no call."""
        able = [one.key for one in AGENTS if may_call(self.router.agent(one.key))]
        if not able:
            return
        agent = self.chance.choice(able)
        about = {"interaction": self.clock.new_id(), "offer": self.clock.new_id(), "agent": agent}
        queue = self.chance.choice(QUEUES).key
        self.tell(ev.OutboundRequested, customer=Address("sip:4711@x"), queue=queue, **about)
        self.pass_time(self.chance.uniform(1, 4))
        if self.chance.random() < 0.8:
            self.tell(ev.CallbackDialled, **about)
            self.pass_time(self.chance.uniform(1, 9))
        if self.chance.random() < 0.6:
            self.tell(ev.InteractionAnswered, queue=queue, **about)
        else:
            self.end(about["interaction"], self.chance.choice(list(ev.EndedBy)))

    def message_is_left(self) -> bool:
        for one in self.router.open_interactions():
            if one.voicemail:
                queue = one.queue or one.called
                self.tell(
                    ev.VoicemailLeft, interaction=one.interaction, queue=queue, file="a.wav", seconds=4.0
                )
                self.end(one.interaction, ev.EndedBy.CUSTOMER)
                return True
        return False

    def move(self, interaction: object) -> None:
        one = self.router.interaction(interaction)
        if one.callback:
            return
        self.tell(
            ev.InteractionQueued,
            interaction=one.interaction,
            queue="general" if one.queue != "general" else "sales",
            skills=one.skills,
            waiting_since=one.waiting_since,
            reason="moved",
            by="sue",
        )

    def offer_moves(self, interaction: object, chance: float) -> None:
        if not self.router.interaction(interaction).callback:
            super().offer_moves(interaction, chance)

    def configuration_changes(self) -> None:
        queue = self.chance.choice(QUEUES)
        changed = msgspec.structs.replace(
            queue,
            formula=self.chance.choice(list(ServiceLevelFormula)),
            threshold_s=self.chance.choice((5, 10, 20)),
            short_abandon_s=self.chance.choice((3, 5, 9)),
            repeat_days=self.chance.choice((7, 0.01, 0.001, 0)),
        )
        self.tell(ev.QueueConfigured, queue=changed)


def rich_history(seed: int, calls: int) -> list[ev.LedgerEvent]:
    """Two hours or more around the midnights of Karachi and Berlin, in ledger order."""
    history = Rich(seed, changes=True)
    for queue in QUEUES:
        history.tell(ev.QueueConfigured, queue=queue)
    for agent in AGENTS:
        history.tell(ev.AgentConfigured, agent=agent)
    for _ in range(calls):
        history.call()
        for _ in range(history.chance.randrange(8)):
            history.pass_time(history.chance.expovariate(1 / 8))
            history.something()
        if history.chance.random() < 0.01:
            history.pass_time(1500)
    return history.events
