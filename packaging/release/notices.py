#!/usr/bin/env python3
"""notices.py SOURCE TREE VERSION COMMIT EPOCH: THIRD-PARTY-NOTICES and sbom.spdx.json of the release in TREE.

What is inside comes from components.txt beside this file; versions and licence texts come from the packages that were
linked, so both are those of the machine that builds. Nothing else of that machine is in the output.
"""
import datetime
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile

COMMON = "/usr/share/common-licenses"
PINNED = "toolchain/sysroot/sources.txt"
HERE = os.path.dirname(os.path.abspath(__file__))


def components():
    with open(os.path.join(HERE, "components.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, where, licence, used_in, package = line.strip().split("|")
                yield {"name": name, "where": where, "licence": licence, "used_in": used_in, "package": package}


def installed_version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout:
        sys.exit(f"notices: {package}: not installed, and components.txt says that it is inside")
    return done.stdout


def pinned_version(source, path, name=None):
    """The version of a source package in a file of lines `NAME VERSION ...`; without a name, of its first line."""
    with open(os.path.join(source, path), encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words and not line.startswith("#") and name in (None, words[0]):
                return words[0], words[1]
    sys.exit(f"notices: {name or 'a source package'}: not in {path}")


def scripted_version(source, path):
    with open(os.path.join(source, path), encoding="utf-8") as file:
        found = re.search(r"^version=(\S+)$", file.read(), re.MULTILINE)
    return found[1] if found else sys.exit(f"notices: {path}: has no line version=")


def source_copyright(source, name, version):
    """debian/copyright of a source package, from where the build has it."""
    fetch = os.path.join(source, "tools/dev/fetch-source.sh")
    folder = subprocess.run([fetch, name, version], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    for path in glob.glob(os.path.join(glob.escape(folder), "*.debian.tar.*")):
        with tarfile.open(path) as archive:
            return archive.extractfile("debian/copyright").read().decode("utf-8", "replace")
    return sys.exit(f"notices: {name}: its source package has no debian/copyright")


def package_copyright(package):
    path = f"/usr/share/doc/{package}/copyright"
    if not os.path.exists(path):
        sys.exit(f"notices: {path}: is missing, and a release carries the licences of what is inside")
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def completed(component, source):
    """The component with its version and the text of its licence."""
    kind, _, name = component["where"].partition(":")
    origin = None
    if kind == "dpkg":
        version = installed_version(name)
    elif kind == "script":
        version = scripted_version(source, name)
    else:
        path, wanted = (PINNED, name) if kind == "sources" else (name, None)
        origin, version = pinned_version(source, path, wanted)
    if component["package"] == "source":
        text = source_copyright(source, origin, version)
    else:
        text = package_copyright(component["package"])
    return dict(component, version=version, text=text.strip())


def notices(rows):
    yield "This release contains the following, each under its own licence. Kontain itself: Apache-2.0 (LICENSE).\n"
    for row in rows:
        yield f"\n{row['name']} {row['version']}: {row['licence']}; in {row['used_in']}\n"
    seen = set()
    for row in rows:
        if row["text"] not in seen:
            seen.add(row["text"])
            yield f"\n{'=' * 100}\n{row['name']}\n{'=' * 100}\n{row['text']}\n"


def shared_licences(rows):
    """What Debian's copyright files refer to instead of repeating it."""
    names = {name.rstrip(".") for row in rows for name in re.findall(COMMON + r"/([A-Za-z0-9.+-]+)", row["text"])}
    for name in sorted(names):
        path = os.path.join(COMMON, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                yield f"\n{'=' * 100}\n{path}\n{'=' * 100}\n{file.read().strip()}\n"


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


def package(name, version, licence):
    return {"SPDXID": spdx_id(name), "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence,
            "copyrightText": "NOASSERTION"}


def programs(tree):
    folder = os.path.join(tree, "bin")
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not os.path.islink(path):
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            yield {"SPDXID": spdx_id("bin-" + name), "fileName": "./bin/" + name,
                   "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
                   "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION"}


def sbom(rows, tree, version, commit, epoch):
    files = list(programs(tree))
    own = package("Kontain", version, "Apache-2.0")
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", own["SPDXID"])]
    relations += [(own["SPDXID"], "CONTAINS", spdx_id(row["name"])) for row in rows]
    relations += [(own["SPDXID"], "CONTAINS", file["SPDXID"]) for file in files]
    created = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"kontain-{version}", "documentNamespace": f"urn:kontain:sbom:{version}:{commit}",
            "creationInfo": {"created": created, "creators": ["Tool: kontain-release"]},
            "packages": [own] + [package(row["name"], row["version"], row["licence"]) for row in rows],
            "files": files,
            "hasExtractedLicensingInfos": [
                {"licenseId": name, "extractedText": next(row["text"] for row in rows if row["licence"] == name)}
                for name in sorted({row["licence"] for row in rows if row["licence"].startswith("LicenseRef-")})],
            "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                              for a, kind, b in relations]}


def main(source, tree, version, commit, epoch):
    rows = [completed(row, source) for row in components()]
    with open(os.path.join(tree, "THIRD-PARTY-NOTICES"), "w", encoding="utf-8") as file:
        file.writelines(notices(rows))
        file.writelines(shared_licences(rows))
    with open(os.path.join(tree, "sbom.spdx.json"), "w", encoding="utf-8") as file:
        json.dump(sbom(rows, tree, version, commit, epoch), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
