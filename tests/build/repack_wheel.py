#!/usr/bin/env python3
"""repack_wheel.py DIST-PACKAGES OUT: the one project that a Debian package has installed there, as a wheel in OUT."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

from wheel.metadata import pkginfo_to_metadata


def main():
    packages, out = pathlib.Path(sys.argv[1]), sys.argv[2]
    (egg_info,) = packages.glob("*.egg-info")
    name = egg_info.name[:-len(".egg-info")].replace("-py3", "").lower()
    native = any(packages.rglob("*.so"))
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch, name)
        shutil.copytree(packages, root, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"),
                        ignore_dangling_symlinks=True)
        info = root / (name + ".dist-info")
        info.mkdir()
        metadata = pkginfo_to_metadata(str(egg_info), str(egg_info / "PKG-INFO"))
        (info / "METADATA").write_bytes(metadata.as_bytes())
        for file in ("entry_points.txt", "top_level.txt"):
            if (egg_info / file).exists():
                shutil.copy(egg_info / file, info)
        (info / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: repack_wheel\nRoot-Is-Purelib: %s\nTag: %s\n" % (
            ("false", "cp311-cp311-linux_x86_64") if native else ("true", "py3-none-any")), encoding="ascii")
        command = [sys.executable, "-m", "wheel", "pack", str(root), "--dest-dir", out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
