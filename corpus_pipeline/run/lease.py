"""One writer at a time: a run holds a lease of its output, and another run refuses.

A lease is an empty file in the output's root whose name says all of it: until when, whose, from where. So nothing of it
can be half-written, and no file system has to rename or to create a file atomically; HDFS, a folder and an object
store are asked for one thing alone, that a file that was created is listed. A run first writes its claim and then looks
for others, so of two that start together one at least sees the other; the lower owner goes on.

The holder renews its lease in the background. One that is not renewed ends by itself: a run that was killed blocks the
next for `minutes`. A run that finds a lease waits until it is renewed (refuses) or has ended (takes over). A run that
lost its lease, as a suspended machine does, publishes nothing more. Hosts compare their clocks: they should agree to a
few seconds. Not held: a holder that stands still for `minutes` in the middle of a publication, and then goes on.
"""

from __future__ import annotations

import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from py4j.protocol import Py4JError

from corpus_pipeline.errors import CorpusError, ResourceError
from corpus_pipeline.run.config import Config
from corpus_pipeline.run.storage import Storage

Say = Callable[[str], None]

PREFIX = "_lease_"
_TIME = "%Y%m%dT%H%M%S.%f"
_NAME = re.compile(
    PREFIX + r"(?P<until>[\dT.]+)_(?P<state>claimed|held)_(?P<owner>[0-9a-f]{16})_(?P<host>[\w.-]*?)_by_(?P<job>\w+)"
)
_RENEWALS = 8  # in the time of a lease: several may fail
_RIVAL = 0.2  # seconds between looks at a rival of the same moment


@dataclass(frozen=True)
class Claim:
    """What the name of a lease says. until: UTC; held: False while its run still looks for others."""

    until: datetime
    held: bool
    owner: str
    host: str
    job: str

    @property
    def name(self) -> str:
        """
        >>> claim = Claim(datetime(2026, 1, 2, 3, 4, 5), True, "0123456789abcdef", "node-1", "train_tokenizer")
        >>> claim.name
        '_lease_20260102T030405.000000_held_0123456789abcdef_node-1_by_train_tokenizer'
        >>> parsed(claim.name).job
        'train_tokenizer'
        """
        state = "held" if self.held else "claimed"
        return f"{PREFIX}{self.until:{_TIME}}_{state}_{self.owner}_{self.host}_by_{self.job}"

    def __str__(self) -> str:
        return f"job {self.job} on {self.host}, whose lease lasts until {self.until:%Y-%m-%d %H:%M:%S} UTC"


def parsed(name: str) -> Claim | None:
    """The claim that a file's name is; None for any other file."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    until = datetime.strptime(found["until"], _TIME).replace(tzinfo=UTC)
    return Claim(until, found["state"] == "held", found["owner"], found["host"], found["job"])


def holders(storage: Storage, root: str) -> list[Claim]:
    """The leases of `root` that last, one an owner; none where there is no such folder."""
    if not storage.exists(root):
        return []
    now = _now()
    last = {one.owner: one for one in sorted(_claims(storage, root), key=lambda one: (one.until, one.held))}
    return [one for one in last.values() if one.until > now]


@contextmanager
def taken(storage: Storage, config: Config, job: str, say: Say) -> Iterator[Callable[[], None]]:
    """The leases of all roots of the config, while the context lasts; yields the check that they are held still.

    Raises ResourceError when another run holds one; so does the check when one was lost.
    """
    roots = {storage.qualified(root): root for root in (config.output, config.raw_output or config.output)}
    with ExitStack() as stack:
        leases = [
            stack.enter_context(Lease(storage, roots[one], job, config.lease_minutes, say)) for one in sorted(roots)
        ]

        def check() -> None:
            for lease in leases:
                lease.check()

        yield check


class Lease:
    """The right of one run to write to one root, while the context lasts."""

    def __init__(self, storage: Storage, root: str, job: str, minutes: float, say: Say) -> None:
        self._storage, self._root, self._say = storage, root, say
        self._length = timedelta(minutes=minutes)
        host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())
        self._own = Claim(_now() + self._length, False, secrets.token_hex(8), host, job)
        self._ended = threading.Event()
        self._renewer = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> Lease:
        self._storage.make_folder(self._root)
        self._wait()
        self._take()
        self._renewer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._renewer.join()
        try:
            self._withdraw()
        except (CorpusError, Py4JError, OSError):
            return  # it ends by itself; what ended the run is what the user should see

    def check(self) -> None:
        """Raises ResourceError when the lease has ended, or when another run took it."""
        found = _claims(self._storage, self._root)
        ours = [one for one in found if one.owner == self._own.owner and one.until > _now()]
        others = [one for one in self._others() if one.held]
        if others or not ours:
            got = f"one that {others[0].job} on {others[0].host} took" if others else "one that has ended"
            todo = "Nothing was published since. Was the machine suspended? Run again when no other run writes there."
            raise ResourceError(self._root, "the lease of this run", got, todo)

    def _wait(self) -> None:
        """Until no other run has a lease. Raises ResourceError when one is renewed: that run lives."""
        first: dict[str, datetime] | None = None
        while others := self._others():
            if first is None:
                first = {one.owner: one.until for one in others}
                self._say(f"lease: {self._root} is held by {others[0]}; waiting to see whether it is renewed")
            for one in others:
                if one.until > first.get(one.owner, datetime.min.replace(tzinfo=UTC)):
                    raise self._refused(one)
            time.sleep(min(1.0, self._length.total_seconds() / _RENEWALS / 2))

    def _take(self) -> None:
        """Claim, look for a rival of the same moment, hold. Raises ResourceError when the rival goes first."""
        self._write(held=False)
        while rivals := self._others():
            first = [one for one in rivals if one.held or one.owner < self._own.owner]
            if first or _now() >= self._own.until:
                self._withdraw()
                raise self._refused((first or rivals)[0])
            time.sleep(_RIVAL)
        self._write(held=True)
        for old in _claims(self._storage, self._root):
            if old.owner != self._own.owner:
                self._storage.delete(f"{self._root}/{old.name}")
                self._say(f"lease: {self._root} taken over from {old.job} on {old.host}, which did not end its lease")

    def _renew(self) -> None:
        while not self._ended.wait(self._length.total_seconds() / _RENEWALS):
            if _now() >= self._own.until:
                return  # lost: `check` says so
            try:
                self._write(held=True)
            except (CorpusError, Py4JError, OSError):
                continue  # there may be time for another try

    def _write(self, held: bool) -> None:
        """The claim under its new name; the old one goes when the new one is there."""
        old, new = self._own, replace(self._own, until=_now() + self._length, held=held)
        self._storage.create(f"{self._root}/{new.name}")
        self._own = new
        self._storage.delete(f"{self._root}/{old.name}")

    def _withdraw(self) -> None:
        for one in _claims(self._storage, self._root):
            if one.owner == self._own.owner:
                self._storage.delete(f"{self._root}/{one.name}")

    def _others(self) -> list[Claim]:
        return [one for one in holders(self._storage, self._root) if one.owner != self._own.owner]

    def _refused(self, other: Claim) -> ResourceError:
        todo = "Wait until it ends, or name another output. Were it killed, its lease would end by itself."
        return ResourceError(self._root, "an output that no other run writes", f"{other}", todo)


def _claims(storage: Storage, root: str) -> list[Claim]:
    return [one for one in map(parsed, storage.names(root)) if one]


def _now() -> datetime:
    return datetime.now(UTC)
