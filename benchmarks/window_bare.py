"""The bare way to a window: the same toolkit, a label, nothing else."""

import os
import time

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

app = QApplication([])
window = QMainWindow()
window.setCentralWidget(QLabel("Starting"))
window.resize(1280, 800)
window.show()
app.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
print(time.monotonic_ns(), flush=True)
os._exit(0)
