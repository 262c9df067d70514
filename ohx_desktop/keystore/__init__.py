"""The key of the queue and the program's secrets: where they may live, and why not elsewhere.

One random 256-bit key per profile seals the queue. It lives in the system's keyring, or where an
administrator chose: a credential of the service manager, a file sealed by a PIN, a private file.
There is no silent fallback: a store that is not known to keep secrets is refused with the reason.
See docs/keys.md for what each protects from.
"""

from ohx_desktop.keystore.in_memory import EphemeralKey
from ohx_desktop.keystore.key_file import KeyFile
from ohx_desktop.keystore.profile_secrets import delete_secret, get_secret, set_secret
from ohx_desktop.keystore.sources import KeyPlace, KeySource, key_place, key_source, obtain_key
from ohx_desktop.keystore.system_keyring import SERVICE, SystemKeyring, secret_stores
from ohx_desktop.keystore.systemd_credential import CREDENTIAL, SystemdCredential

__all__ = [
    "CREDENTIAL",
    "SERVICE",
    "EphemeralKey",
    "KeyFile",
    "KeyPlace",
    "KeySource",
    "SystemKeyring",
    "SystemdCredential",
    "delete_secret",
    "get_secret",
    "key_place",
    "key_source",
    "obtain_key",
    "secret_stores",
    "set_secret",
]
