"""The composition root: settings in, running services out. The only place that builds the graph.

Imports are late: a command pays only for what it uses, and the window shows its first frame before
any of them.
"""

from ohx_desktop.app.audit import note_change, open_audit
from ohx_desktop.app.bluetooth import open_devices, open_listener, open_registry
from ohx_desktop.app.clouds import Clouds, open_clouds
from ohx_desktop.app.correcting import open_correcting, open_reconciler
from ohx_desktop.app.ehr import open_ehr, open_ehr_check
from ohx_desktop.app.filing import FilingDesk, open_desk, open_maker
from ohx_desktop.app.health import health_checks
from ohx_desktop.app.links import open_cloud_links
from ohx_desktop.app.staff import open_staff
from ohx_desktop.app.workstation import Workstation, import_services, open_workstation

__all__ = [
    "Clouds",
    "FilingDesk",
    "Workstation",
    "health_checks",
    "import_services",
    "note_change",
    "open_audit",
    "open_cloud_links",
    "open_clouds",
    "open_correcting",
    "open_desk",
    "open_devices",
    "open_ehr",
    "open_ehr_check",
    "open_listener",
    "open_maker",
    "open_reconciler",
    "open_registry",
    "open_staff",
    "open_workstation",
]
