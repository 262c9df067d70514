"""Every state of opening the key of the queue: for the gallery and the tests."""

from ohx_desktop.desk.unlock_states import AskingKeyPin, UnlockProblem
from ohx_desktop.domain.errors import KeyPinWrong, KeystoreError

UNLOCK_SCENES: dict[str, AskingKeyPin] = {
    "03-unlock": AskingKeyPin(),
    "04-unlock-checking": AskingKeyPin(checking=True),
    "05-unlock-wrong": AskingKeyPin(
        error=KeyPinWrong("this is not the PIN of the queue", wait_s=0.0)
    ),
    "06-unlock-wait": AskingKeyPin(
        error=KeyPinWrong("this is not the PIN of the queue", wait_s=240.0)
    ),
    "07-unlock-new": AskingKeyPin(is_new=True),
    "08-unlock-not-the-same": AskingKeyPin(is_new=True, problem=UnlockProblem.NOT_THE_SAME),
    "09-unlock-damaged": AskingKeyPin(
        error=KeystoreError(
            "the sealed key of the queue is damaged",
            meaning="the readings in the queue were left as they are, but cannot be opened",
            hint="restore the file from a backup; the PIN is still the one of that time",
        )
    ),
}
