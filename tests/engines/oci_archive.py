#!/usr/bin/env python3
"""oci_archive.py ROOTFS.tar OUT.tar NAME [CMD...]: an OCI image archive of one layer, named for containerd and podman."""
import hashlib
import io
import json
import sys
import tarfile


def main(rootfs, out, name, *command):
    with open(rootfs, "rb") as file:
        layer = file.read()
    digest = "sha256:" + hashlib.sha256(layer).hexdigest()
    blobs = {digest: layer}

    def blob(kind, value):
        data = json.dumps(value).encode()
        found = "sha256:" + hashlib.sha256(data).hexdigest()
        blobs[found] = data
        return {"mediaType": f"application/vnd.oci.image.{kind}+json", "digest": found, "size": len(data)}

    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest]},
              "config": {"Cmd": list(command) or ["sh"], "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blob("config.v1", config),
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": len(layer)}]}
    entry = blob("manifest.v1", manifest)
    entry["annotations"] = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
             "index.json": json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()}
    files.update({"blobs/sha256/" + key.split(":")[1]: data for key, data in blobs.items()})
    with tarfile.open(out, "w") as archive:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


if __name__ == "__main__":
    main(*sys.argv[1:])
