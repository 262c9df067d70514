"""Virtual cloud services: Withings and Google Health on this computer, with invented accounts.

For tests, training and trying the connectors without an account. Importing this package imports no
aiohttp; starting the server does.
"""

from ohx_desktop.virtual.cloud.accounts import Account, Accounts
from ohx_desktop.virtual.cloud.faults import CloudFault, CloudFaults
from ohx_desktop.virtual.cloud.services import VirtualClouds
from ohx_desktop.virtual.cloud.tokens import TokenBook

__all__ = [
    "Account",
    "Accounts",
    "CloudFault",
    "CloudFaults",
    "TokenBook",
    "VirtualClouds",
]
