"""The list of what is in a package (CycloneDX 1.6): Python, its packages, and libraries of the system."""

import json
import re
import subprocess
import sys
import sysconfig
from importlib.metadata import Distribution, distributions, packages_distributions
from pathlib import Path
from typing import Any
from urllib.parse import quote

from freeze import is_elf, run

_SEPARATORS = re.compile(r"[-_.]+")


def normal(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return _SEPARATORS.sub("-", name).lower()


def frozen_distributions(toc: Path) -> set[str]:
    """Return the distributions of the modules that PyInstaller took (from its table of contents)."""
    modules = set(re.findall(r"^\s*\[?\('([A-Za-z_]\w*)", toc.read_text(encoding="utf-8"), re.MULTILINE))
    known = packages_distributions()
    return {normal(name) for module in modules for name in known.get(module, ())}


def environment(first: list[Path], source: Path) -> dict[str, Any]:
    """Return what cyclonedx-py says of this Python's environment; the same for the same environment."""
    said = run(
        [
            sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible",
            "--spec-version", "1.6", "--output-format", "JSON", "--mc-type", "application",
            "--pyproject", source / "pyproject.toml", "--gather-license-texts", sys.executable,
        ],
    )  # fmt: skip
    made: dict[str, Any] = json.loads(said)
    for own in distributions(path=[str(each) for each in first]):
        _replace(made["components"], own)
    return made


def _replace(components: list[dict[str, Any]], own: Distribution) -> None:
    """Tell of our own build instead of the one that is installed from the registry under the same name."""
    name = normal(own.name)
    for number, each in enumerate(components):
        if normal(each["name"]) == name:
            components[number] = {
                "type": "library", "bom-ref": each["bom-ref"], "name": each["name"], "version": own.version,
                "description": str(own.metadata["Summary"]),
                "licenses": [{"expression": str(own.metadata["License-Expression"])}],
                "purl": f"pkg:generic/{name}@{quote(own.version)}",
            }  # fmt: skip


def bill(whole: dict[str, Any], wanted: set[str], frozen: Path, name: str, version: str) -> dict[str, Any]:
    """Return the bill of one package: of the environment what was frozen, and what came from the system."""
    kept = [each for each in whole["components"] if normal(each["name"]) in wanted]
    references = {each["bom-ref"] for each in kept}
    root = {
        **whole["metadata"]["component"], "name": name, "version": version,
        "bom-ref": name, "type": "application",
        "purl": f"pkg:deb/callboard/{name}@{version}",
    }  # fmt: skip
    others = [_python(), *_native(frozen)]
    depends = [
        {**each, "dependsOn": sorted(set(each.get("dependsOn", ())) & references)}
        for each in whole["dependencies"]
        if each["ref"] in references
    ]
    everything = sorted(references | {each["bom-ref"] for each in others})
    return {
        **{key: whole[key] for key in ("$schema", "bomFormat", "specVersion")},
        "version": 1,
        "metadata": {**{k: v for k, v in whole["metadata"].items() if k != "timestamp"}, "component": root},
        "components": sorted([*kept, *others], key=lambda each: str(each["bom-ref"])),
        "dependencies": [
            {"ref": name, "dependsOn": everything},
            *sorted(depends, key=lambda each: str(each["ref"])),
        ],
    }


def _python() -> dict[str, Any]:
    version = ".".join(str(each) for each in sys.version_info[:3])
    return {
        "type": "platform", "bom-ref": "python", "name": "Python", "version": version,
        "licenses": [{"license": {"id": "Python-2.0"}}], "purl": f"pkg:generic/python@{version}",
        "cpe": f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*",
    }  # fmt: skip


def _native(frozen: Path) -> list[dict[str, Any]]:
    """The libraries that PyInstaller copied from the system, by the Debian package that they are from."""
    found: dict[str, dict[str, Any]] = {}
    folders = [Path("/lib"), Path("/usr/lib"), *(Path(each) for each in Path("/usr/lib").glob("*-linux-gnu"))]
    for file in sorted((frozen / "_internal").iterdir()):
        if not is_elf(file) or file.name.startswith("libpython"):
            continue
        for folder in folders:
            if (folder / file.name).exists():
                package, version = _owner((folder / file.name).resolve())
                found[package] = {
                    "type": "library", "bom-ref": f"deb:{package}", "name": package, "version": version,
                    "purl": f"pkg:deb/debian/{package}@{version}?arch={_architecture()}",
                    "properties": [{"name": "callboard:file", "value": file.name}],
                }  # fmt: skip
                break
    return list(found.values())


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(
        str(sysconfig.get_config_var("HOST_GNU_TYPE")).split("-")[0], ""
    )


def _owner(file: Path) -> tuple[str, str]:
    for name in (file, Path(str(file).removeprefix("/usr"))):
        said = subprocess.run(
            ["dpkg-query", "-S", str(name)], check=False, capture_output=True, text=True
        ).stdout
        if said:
            package = said.split(":")[0]
            return package, run(["dpkg-query", "-W", "-f", "${Version}", package])
    return file.name, "unknown"
