"""Every option, declared once: name, type, default, help.

In: TOML files. Out: checked settings of the centre and the desk, and the declaration itself as data.
"""

from console.settings.app_queue import AppQueueSettings, secret_of
from console.settings.asterisk import AsteriskNode, AsteriskSettings, password_of
from console.settings.centre import (
    KINDS,
    CentreSettings,
    CustomerRule,
    ProvisionSettings,
    RoutingSettings,
    ServerSettings,
    SwitchSettings,
    UserSettings,
)
from console.settings.declaration import Option, options
from console.settings.desk import (
    AudioSettings,
    CrashSettings,
    DeskSettings,
    HistorySettings,
    LogSettings,
    PhoneSettings,
    StartSettings,
    UpdateSettings,
    WindowSettings,
)
from console.settings.reading import Checked, parse_settings, read_settings

__all__ = [
    "KINDS",
    "AppQueueSettings",
    "AsteriskNode",
    "AsteriskSettings",
    "AudioSettings",
    "CentreSettings",
    "Checked",
    "CrashSettings",
    "CustomerRule",
    "DeskSettings",
    "HistorySettings",
    "LogSettings",
    "Option",
    "PhoneSettings",
    "ProvisionSettings",
    "RoutingSettings",
    "ServerSettings",
    "StartSettings",
    "SwitchSettings",
    "UpdateSettings",
    "UserSettings",
    "WindowSettings",
    "options",
    "parse_settings",
    "password_of",
    "read_settings",
    "secret_of",
]
