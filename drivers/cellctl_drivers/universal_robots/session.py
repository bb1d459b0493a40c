"""One session of the program on the arm: heartbeat, permit, one command at a time, stop."""

from __future__ import annotations

from cellctl import clock
from cellctl.errors import DeviceFault, InDoubt, LinkDown, LinkError, NoAnswer, NotReady
from cellctl_drivers.universal_robots import mailbox
from cellctl_drivers.universal_robots.health import safety_verdict
from cellctl_drivers.universal_robots.mailbox import RESULTS, Command, Permit, Result, following
from cellctl_drivers.universal_robots.registers import ArmState
from cellctl_drivers.universal_robots.wire import MOVING_PERIOD, Wire

_SILENT = 1.0  # s without a sign of the program after which it counts as not running (a stop may take so long)
_ACCEPT = 1.0  # s in which a command must be accepted
_ANSWER = 1.0  # s in which the permit must be answered
_STOP = 3.0  # s in which a stop must be over
_REST = 1.0  # s in which it stands once its program has been ended
_NEVER_TAKEN = (Result.CHECKSUM, Result.SESSION, Result.OPCODE, Result.NOT_PERMITTED)


class Session:
    """The driver's half of the mailbox. ``number`` is 0 until a program was started."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.number = 0
        self.current = 0  # the command under way, 0 for none
        self.wire: Wire | None = None
        self.state: ArmState | None = None
        self._allowed = False  # what was asked for last
        self._beats = False  # a lost connection ends the heartbeat: the arm is to let its permit lapse
        self._last = 0  # the number given out last
        self._beat = 0
        self._sign = (-1, 0.0)  # the program's counter, and when it changed last

    # -- what is so --------------------------------------------------------------------------

    def take(self, state: ArmState) -> None:
        """A new reading."""
        self.state = state
        if state.answer.alive != self._sign[0]:
            self._sign = (state.answer.alive, clock.now())
        if self.current and state.answer.session == self.number and state.answer.finished == self.current:
            self.current = 0

    @property
    def alive(self) -> bool:
        """Whether our program runs on the arm."""
        ours = self.state is not None and self.number > 0 and self.state.answer.session == self.number
        return ours and clock.now() < self._sign[1] + _SILENT

    @property
    def permit(self) -> bool:
        """Whether the program may move the arm."""
        state = self.state
        if state is None or safety_verdict(state) is not None:
            return False
        return self.alive and state.answer.permit == Permit.IN_FORCE

    # -- heartbeat and permit ----------------------------------------------------------------

    async def beat(self, wire: Wire, period: float) -> None:
        """Count the heartbeat up while there is a session that has one, until cancelled. Raises LinkDown."""
        while True:
            if self.number and self._beats:
                self._beat = following(self._beat)
                try:
                    await wire.write(mailbox.HEARTBEAT, self._beat)
                except NoAnswer:
                    continue  # the next one is due already; the arm watches by itself
            await clock.sleep(period)

    async def connected(self, wire: Wire) -> None:
        """A connection is there (again). Nothing given over an earlier one holds. Raises LinkError."""
        if self.number:
            await wire.write(mailbox.PERMIT, 0)
        self.wire = wire

    def lost(self) -> None:
        """The connection is gone, and with it the heartbeat until the permit is given anew or a program begins.

        A link that is back before the watchdog has run out must not go on as if nothing had been.
        """
        self.wire, self._beats, self._allowed = None, False, False

    async def set_permit(self, allowed: bool) -> None:
        """Give or withdraw the permit and see the program take note. Raises LinkError, NotReady."""
        self._allowed = allowed
        if not self.number:
            if allowed:
                raise NotReady("its program does not run", where=self._name, hint="Reset starts its program")
            return  # nothing of ours can move the arm
        wire = self._wire()
        if not allowed:
            await wire.write(mailbox.PERMIT, 0)
            await self._permit_seen(wire, Permit.WITHDRAWN)
        elif not self.permit:
            self._beats = True
            await wire.write(mailbox.PERMIT, 0)  # one that lapsed must be seen withdrawn first
            await self._permit_seen(wire, Permit.WITHDRAWN)
            if not self._allowed:
                raise NotReady("its permit was withdrawn as it was given", where=self._name, hint="Give it again")
            await wire.write(mailbox.PERMIT, self.number)
            await self._permit_seen(wire, Permit.IN_FORCE)

    async def _permit_seen(self, wire: Wire, permit: Permit) -> None:
        deadline = clock.now() + _ANSWER
        while (state := await wire.read()).answer.permit != permit:
            if not self.alive and permit is Permit.WITHDRAWN:
                return  # no program, no motion
            if clock.now() > deadline:
                told = f"{permit.name.lower().replace('_', ' ')}, but {state.answer.permit}"
                raise NotReady(f"its program does not answer that the permit is {told}", where=self._name)
            await clock.sleep(MOVING_PERIOD)

    # -- a new program -----------------------------------------------------------------------

    async def clear(self) -> int:
        """Withdraw everything in the registers and choose the number of the next session. Raises LinkError.

        It differs from every number that lies in the registers, so that none of them can move the arm.
        """
        wire = self._wire()
        self.number = self.current = 0
        old = [await wire.register(a) for a in (mailbox.PERMIT, mailbox.COMMAND, mailbox.ANSWER)]
        self._last = (await wire.register(mailbox.NUMBER)) % (mailbox.HIGHEST + 1)
        number = following(max(old) % mailbox.HIGHEST)
        while number in old:
            number = following(number)
        await wire.write(mailbox.PERMIT, 0, 0, 0)  # and no stop
        return number

    async def begin(self, number: int, timeout: float) -> bool:
        """Wait until the program of this session says that it runs; False where it does not in time.

        It has no permit: that is given by ``set_permit`` only.
        """
        wire = self._wire()
        self.number, self._beats = number, True
        deadline = clock.now() + timeout
        while (await wire.read()).answer.session != number or not self.alive:
            if clock.now() > deadline:
                self.number = 0
                return False
            await clock.sleep(MOVING_PERIOD)
        return True

    # -- commands ----------------------------------------------------------------------------

    async def execute(self, command: Command) -> ArmState:
        """Have one command carried out; returns the state in which it was done.

        Raises DeviceFault("stopped") where the arm came to rest on the way, NotReady where it never began,
        InDoubt where that is not known, LinkError where nothing was sent.
        """
        wire = self._wire()
        if self.current:
            hint = "Stop it first"
            raise NotReady(f"it still carries out command {self.current}", where=self._name, hint=hint)
        number = self._last = following(self._last)
        await wire.write(mailbox.COMMAND, *command.words(self.number, number))  # this starts nothing
        self.current = number
        try:
            await self._start(wire, number)
            wire.hurry()
            return await self._finish(wire, number)
        except LinkError as error:
            text = f"command {number} was sent and the link is lost ({error.message})"
            hint = "Without a heartbeat the arm stops by itself: look where it stands"
            raise InDoubt(text, where=self._name, hint=hint) from error

    async def _start(self, wire: Wire, number: int) -> None:
        try:
            await wire.write(mailbox.NUMBER, number)
        except NoAnswer:
            if await wire.register(mailbox.NUMBER) != number:
                self.current = 0
                raise NotReady(f"command {number} did not reach the arm", where=self._name) from None

    async def _finish(self, wire: Wire, number: int) -> ArmState:
        sent = clock.now()
        while True:
            state = await wire.next()
            answer = state.answer
            if answer.session == self.number and answer.finished == number:
                self._judge(number, answer.result)
                return state
            if (verdict := safety_verdict(state)) is not None or not self.alive:
                reason = verdict.text if verdict else "its program does not run"
                await self._forbid(wire, number)
                if not state.turning or verdict is None:
                    self.current = 0
                    hint = verdict.hint if verdict else "Reset starts its program anew"
                    raise DeviceFault("stopped", f"command {number} did not end: {reason}", where=self._name, hint=hint)
            elif answer.accepted != number and clock.now() > sent + _ACCEPT:
                await self._forbid(wire, number)
                self.current = 0
                text = f"command {number} was not accepted within {_ACCEPT:g} s"
                raise InDoubt(text, where=self._name, hint="Look where the arm stands, then Reset")

    def _judge(self, number: int, code: int) -> None:
        self.current = 0
        result = Result(code) if code in Result.__members__.values() else Result.NONE
        if result is Result.DONE:
            return
        text = f"command {number}: {RESULTS[result]}"
        if result in _NEVER_TAKEN:
            raise NotReady(text, where=self._name)
        raise DeviceFault("stopped", text, where=self._name)

    async def _forbid(self, wire: Wire, number: int) -> None:
        """Whatever happens, this command is not to go on."""
        await wire.write(mailbox.STOP, 2, number)

    async def stop(self, *, fast: bool) -> bool:
        """Stop the command under way and wait for rest; False where the program does not do it. Raises LinkError."""
        wire = self._wire()
        if self.number and (number := self.current):
            await wire.write(mailbox.STOP, 2 if fast else 1, number)
        deadline = clock.now() + _STOP
        while (state := await wire.read()).turning or self._pending(state):
            if clock.now() > deadline or not self.alive:
                return False
            await clock.sleep(MOVING_PERIOD)
        self.current = 0
        return True

    async def rests(self) -> bool:
        """Whether it comes to rest now that its program has been ended. Raises LinkError."""
        wire = self._wire()
        deadline = clock.now() + _REST
        while (await wire.read()).turning:
            if clock.now() > deadline:
                return False
            await clock.sleep(MOVING_PERIOD)
        self.current = 0
        return True

    def _pending(self, state: ArmState) -> bool:
        answer = state.answer
        if safety_verdict(state) is not None:
            return False  # the program is paused or gone, and this command was forbidden
        return answer.session == self.number and self.current == answer.accepted != answer.finished

    def _wire(self) -> Wire:
        if self.wire is None:
            raise LinkDown("not connected", where=self._name, hint="The arm stops by itself without a heartbeat")
        return self.wire
