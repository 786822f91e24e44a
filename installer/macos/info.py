"""What the bundle says of itself: Info.plist for PyInstaller's BUNDLE, and its words in German."""

from typing import Any

BUNDLE_ID = "org.callboard.Callboard"
OLDEST_MACOS = "13.0"  # Qt 6.11's
CALLS = ("tel", "sip", "sips", "callto")
OWN = "callboard"
_MICROPHONE = "Callboard uses the microphone in calls."
_NETWORK = "Callboard finds its centre and carries calls in your network."


def info_plist(version: str) -> dict[str, Any]:
    """Return what BUNDLE(info_plist=...) puts into Info.plist."""
    return {
        "CFBundleIdentifier": BUNDLE_ID,
        "CFBundleName": "Callboard",
        "CFBundleDisplayName": "Callboard",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": ["en", "de"],
        "LSApplicationCategoryType": "public.app-category.business",
        "LSMinimumSystemVersion": OLDEST_MACOS,
        "LSMultipleInstancesProhibited": True,
        "NSHighResolutionCapable": True,
        "NSSupportsAutomaticTermination": False,  # it waits for calls
        "NSSupportsSuddenTermination": False,
        "NSMicrophoneUsageDescription": _MICROPHONE,
        "NSLocalNetworkUsageDescription": _NETWORK,
        "NSHumanReadableCopyright": "The Callboard developers. GPL-3.0-or-later.",
        "CFBundleURLTypes": [_opened("call", *CALLS), _opened("own", OWN)],
    }


def _opened(name: str, *schemes: str) -> dict[str, Any]:
    return {
        "CFBundleURLName": f"{BUNDLE_ID}.{name}",
        "CFBundleTypeRole": "Viewer",
        "CFBundleURLSchemes": list(schemes),
    }


def localised() -> dict[str, str]:
    """Return the content of InfoPlist.strings by language."""
    german = {
        "NSMicrophoneUsageDescription": "Callboard benutzt das Mikrofon in Gesprächen.",
        "NSLocalNetworkUsageDescription": "Callboard erreicht die Zentrale und führt Gespräche im Netzwerk.",
    }
    english = {"NSMicrophoneUsageDescription": _MICROPHONE, "NSLocalNetworkUsageDescription": _NETWORK}
    return {
        language: "".join(f'"{key}" = "{words}";\n' for key, words in table.items())
        for language, table in (("en", english), ("de", german))
    }
