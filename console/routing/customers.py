"""What is known of a customer: the declared rule, who served last, whether there is a number to call."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from console.domain.address import Address
from console.settings import CustomerRule

_MOST_REMEMBERED = 100_000
_WITHHELD = frozenset({"", "anonymous", "unavailable", "restricted", "withheld", "private", "unknown"})
_NOWHERE = "anonymous.invalid"
_NOBODY = CustomerRule(number="")


def can_be_called(customer: Address) -> bool:
    """Whether there is a number to call: one that is withheld (RFC 3323 section 4.1.1.3) is none."""
    return _callable(customer.user.casefold(), customer)


def _callable(user: str, customer: Address) -> bool:
    return user not in _WITHHELD and _NOWHERE not in customer.uri.casefold()


class Customers:
    """Rules by number, and a bounded memory of who served whom last; the oldest are forgotten first."""

    def __init__(self, rules: Iterable[CustomerRule], most: int = _MOST_REMEMBERED) -> None:
        """`most` customers are remembered."""
        self._rules = {_name(rule.number): rule for rule in rules}
        self._most = most
        self.served: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def rule(self, customer: Address) -> CustomerRule:
        """The declared rule, one that says nothing for a customer nobody declared."""
        if not self._rules:
            return _NOBODY
        return self._rules.get(customer.user.casefold(), _NOBODY)

    def answered(self, customer: Address, agent: str, at: datetime) -> None:
        """An agent talks with a customer now."""
        key = customer.user.casefold()
        if not _callable(key, customer):
            return
        self.served[key] = (agent, at)
        self.served.move_to_end(key)
        if len(self.served) > self._most:
            self.served.popitem(last=False)

    def last_agent(self, customer: Address, days: float, now: datetime) -> str:
        """Who talked with a customer last, not more than so many days ago; "" for nobody."""
        agent, at = self.served.get(customer.user.casefold(), ("", now))
        return agent if now - at <= timedelta(days=min(days, 36500.0)) else ""


def _name(number: str) -> str:
    return (Address(number).user if ":" in number else number).casefold()
