"""Google Health: data points, sleep and daily values of an account, by the Google Health API v4.

It succeeds the Fitbit Web API. It has no blood pressure.
"""
