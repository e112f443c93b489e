"""hostile.py FOLDER: writes images as an attacker would, as layouts; bad-* must be refused, good-* must not."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

TARGET = sys.argv[1]
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def member(name, content=b"", kind=tarfile.REGTYPE, link="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, link, mode, len(content)
    return info, content


def tar(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


class Image:
    def __init__(self, name):
        self.folder = os.path.join(TARGET, name)
        os.makedirs(os.path.join(self.folder, "blobs", "sha256"))
        self.file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')

    def file(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as out:
            out.write(data)

    def blob(self, data, media, **more):
        self.file("blobs/sha256/" + digest(data)[7:], data)
        return {"mediaType": media, "digest": digest(data), "size": len(data), **more}

    def finish(self, layers, config=None, manifest=None):
        """`layers`: uncompressed tars, or pairs of descriptor and diff_id."""
        described, diffs = [], []
        for layer in layers:
            if isinstance(layer, bytes):
                layer = (self.blob(gzip.compress(layer, mtime=0), LAYER), digest(layer))
            described.append(layer[0])
            diffs.append(layer[1])
        body = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diffs}}
        body.update(config or {})
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": described,
                    "config": self.blob(json.dumps(body).encode(), CONFIG)}
        document.update(manifest or {})
        self.index([self.blob(json.dumps(document).encode(), MANIFEST)])

    def index(self, manifests):
        self.file("index.json", json.dumps({"schemaVersion": 2, "manifests": manifests}).encode())


def layers(name, *tars):
    Image(name).finish(list(tars))


OUT = os.path.join(os.path.dirname(TARGET), "outside")
DIR = tarfile.DIRTYPE
SYM = tarfile.SYMTYPE
HARD = tarfile.LNKTYPE
layers("good-plain", tar(member("a", b"x")))
layers("bad-dotdot", tar(member("../outside/new", b"x")))
layers("bad-dotdot-inside", tar(member("a/../../outside/new", b"x")))
layers("good-absolute", tar(member("/tmp/kontain-evil", b"x")))
layers("bad-link-parent", tar(member("l", kind=SYM, link=OUT), member("l/secret", b"x")))
layers("bad-link-parent-relative", tar(member("l", kind=SYM, link="../../outside"), member("l/secret", b"x")))
layers("good-link-over", tar(member("l", kind=SYM, link=OUT + "/secret"), member("l", b"x")))
layers("bad-hardlink-out", tar(member("h", kind=HARD, link="../outside/secret")))
layers("bad-hardlink-link", tar(member("l", kind=SYM, link=OUT), member("h", kind=HARD, link="l/secret")))
layers("bad-hardlink-nothing", tar(member("h", kind=HARD, link="nothing")))
layers("bad-magic-link", tar(member("l", kind=SYM, link="/proc/self/root"), member("l/tmp/kontain-evil", b"x")))
layers("bad-link-loop", tar(member("a", kind=SYM, link="b"), member("b", kind=SYM, link="a"), member("a/f", b"x")))
layers("bad-whiteout-dot", tar(member(".wh...")))
layers("bad-whiteout-nothing", tar(member("d/.wh.")))
layers("good-whiteout-out", tar(member("l", kind=SYM, link=".."), member(".wh.l")))
layers("good-device", tar(member("null", kind=tarfile.CHRTYPE)))
layers("good-fifo", tar(member("p", kind=tarfile.FIFOTYPE)))
layers("bad-name-too-long", tar(member("x" * 300, b"x")))
layers("bad-path-too-long", tar(member("/".join(["x" * 100] * 60), b"x")))
layers("good-deep", tar(member("/".join(["d"] * 1500), kind=DIR)))
layers("good-many", tar(*[member(f"f{i}") for i in range(20000)]))

image = Image("bad-bomb")
bomb = gzip.compress(b"\0" * (1 << 20), mtime=0)
# One file of 1 TiB, of which 100 MiB are there.
info = tarfile.TarInfo("zeros")
info.size = 1 << 40
packed = gzip.compress(info.tobuf(tarfile.PAX_FORMAT), mtime=0) + bomb * 100
image.finish([(image.blob(packed, LAYER), digest(b"?"))])

image = Image("bad-wrong-digest")
descriptor = image.blob(b"content", LAYER)
image.file("blobs/sha256/" + descriptor["digest"][7:], b"CONTENT")
image.finish([(descriptor, digest(b"content"))])

image = Image("bad-wrong-size")
descriptor = image.blob(gzip.compress(tar(member("a")), mtime=0), LAYER)
descriptor["size"] += 1
image.finish([(descriptor, digest(b""))])

image = Image("bad-missing-blob")
image.finish([({"mediaType": LAYER, "digest": digest(b"gone"), "size": 4}, digest(b"gone"))])

image = Image("bad-digest-path")
image.finish([({"mediaType": LAYER, "digest": "sha256:../../../outside/secret", "size": 7}, digest(b""))])

image = Image("bad-media-type")
image.finish([tar(member("a"))], manifest={"mediaType": INDEX})

image = Image("bad-both")
image.finish([tar(member("a"))], manifest={"manifests": []})

image = Image("bad-diff-ids")
image.finish([tar(member("a"))], config={"rootfs": {"type": "layers", "diff_ids": []}})

image = Image("bad-diff-id-value")
image.finish([(image.blob(gzip.compress(tar(member("a")), mtime=0), LAYER), digest(b"another tar"))])

# The blob's end lies behind the end of the tar: it has to be read all the same.
image = Image("bad-damaged-end")
padded = tar(member("a")) + b"\0" * 10240
descriptor = image.blob(padded, "application/vnd.oci.image.layer.v1.tar")
image.file("blobs/sha256/" + descriptor["digest"][7:], padded[:-1] + b"x")
image.finish([(descriptor, digest(padded))])

image = Image("bad-truncated")
whole = gzip.compress(tar(member("a", b"x" * 100000)), mtime=0)
image.finish([(image.blob(whole[:len(whole) // 2], LAYER), digest(b""))])

image = Image("bad-trailing")
image.finish([(image.blob(whole + b"trailing", LAYER), digest(b""))])

image = Image("bad-deep-index")
inner = image.blob(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode(), INDEX)
for _ in range(10):
    inner = image.blob(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [inner]}).encode(), INDEX)
image.index([inner])

image = Image("bad-deep-json")
image.file("index.json", b'{"schemaVersion":2,"manifests":' + b"[" * 100000 + b"]" * 100000 + b"}")

image = Image("bad-link-blob")
descriptor = image.blob(b"x", LAYER)
os.remove(os.path.join(image.folder, "blobs/sha256", descriptor["digest"][7:]))
os.symlink("/dev/zero", os.path.join(image.folder, "blobs/sha256", descriptor["digest"][7:]))
image.finish([(descriptor, digest(b"x"))])
