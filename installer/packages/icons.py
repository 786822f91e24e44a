"""Draws the icon in the sizes that desktops ask for. Run as a program: icons.py SVG FOLDER."""

import os
import sys
from pathlib import Path

SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)


def draw(svg: Path, folder: Path) -> None:
    """Write FOLDER/SIZExSIZE/apps/callboard.png for each size, and the drawing itself as scalable."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication([])
    drawing = QSvgRenderer(str(svg))
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        drawing.render(painter)
        painter.end()
        file = folder / f"{size}x{size}" / "apps" / "callboard.png"
        file.parent.mkdir(parents=True)
        if not image.save(str(file)):
            raise SystemExit(f"cannot write {file}")
    scalable = folder / "scalable" / "apps" / "callboard.svg"
    scalable.parent.mkdir(parents=True)
    scalable.write_bytes(svg.read_bytes())
    application.quit()


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
