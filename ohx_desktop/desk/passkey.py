"""The number that a device shows while it pairs: one question to a person, wherever they are.

A cuff shows six digits and waits for half a minute. The question goes to whatever window there is;
it ends with an answer, a refusal, the deadline, or the pairing itself.
"""

import asyncio
from collections.abc import Callable

from ohx_desktop.desk.states import PASSKEY_DIGITS, PasskeyQuestion, TypedProblem

# The device's own limit is 30 s; the system needs a moment of it.
ANSWER_S = 28.0


class PasskeyDesk:
    """Asks one question at a time; `on_question` hears each change, None when there is none.

    A device that asks while another one's question stands gets no answer.
    """

    def __init__(
        self,
        on_question: Callable[[PasskeyQuestion | None], None] = lambda _: None,
        *,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.on_question = on_question
        self.question: PasskeyQuestion | None = None
        self._answer_s = answer_s
        self._answer: asyncio.Future[int | None] | None = None

    async def ask(self, address: str) -> int | None:
        """Return the number a person types; None when nobody does in time, or gives up."""
        if self._answer is not None:
            return None
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._show(PasskeyQuestion(address=address))
        try:
            async with asyncio.timeout(self._answer_s):
                return await answer
        except TimeoutError:
            return None
        finally:
            self._answer = None
            self._show(None)

    def answer(self, typed: str) -> None:
        """Take what was typed; the question stands, with the problem, unless it is six digits."""
        if self.question is None:
            return
        digits = "".join(typed.split())
        if not digits:
            self._refuse(TypedProblem.EMPTY)
        elif len(digits) != PASSKEY_DIGITS or not (digits.isascii() and digits.isdecimal()):
            self._refuse(TypedProblem.NOT_SIX_DIGITS)
        else:
            self._end(int(digits))

    def give_up(self) -> None:
        """End the question without a number: a person left, or the pairing is over."""
        self._end(None)

    def _refuse(self, problem: TypedProblem) -> None:
        if self.question is not None:
            self._show(PasskeyQuestion(address=self.question.address, problem=problem))

    def _end(self, number: int | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(number)

    def _show(self, question: PasskeyQuestion | None) -> None:
        self.question = question
        self.on_question(question)
