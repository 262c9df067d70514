"""Names of Withings' scopes. Pure.

Source: Withings developer guide, scopes.
"""

METRICS_SCOPE = "user.metrics"
ACTIVITY_SCOPE = "user.activity"
INFO_SCOPE = "user.info"
