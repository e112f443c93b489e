#!/bin/bash
# Builds without RUN: files, metadata, stages, contexts, the cache, and that nothing of the machine is in the result.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/build/lib.sh"
make_store

mkdir -p all.ctx/src/deep
echo one >all.ctx/src/one
echo two >all.ctx/src/deep/two
printf '#!/bin/sh\n' >all.ctx/src/run.sh
chmod 755 all.ctx/src/run.sh
ln -s one all.ctx/src/link
echo secret >all.ctx/secret
printf 'secret\n**/*.log\n' >all.ctx/.dockerignore
touch all.ctx/src/x.log
tar -C all.ctx -czf all.ctx/archive.tgz src
first=$(built all <<'END'
# syntax=docker/dockerfile:1
ARG base=scratch
FROM ${base} AS files
ARG who=nobody
ENV greeting="hello $who"
COPY src /app/
COPY --chmod=600 --chown=5:6 src/one /private/
ADD archive.tgz /unpacked/
COPY <<one <<"two" /text/
$greeting
one
$greeting
two

FROM scratch
LABEL org.example.name="an image" version=1
COPY --from=files /app /app
COPY --from=files /private /text /data/
WORKDIR /app/new
WORKDIR sub
USER 5:6
ENV A=b PATH=/app:$PATH
EXPOSE 80 53/udp
VOLUME /data
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s CMD ["/app/run.sh"]
ENTRYPOINT ["/app/run.sh"]
CMD ["a", "b c"]
END
)
unpacked all
expect_equal "$(cd all.root/rootfs && find . -mindepth 1 | sort | tr '\n' ' ')" \
  "./app ./app/deep ./app/deep/two ./app/link ./app/new ./app/new/sub ./app/one ./app/run.sh ./data ./data/one ./data/two " "files"
expect_equal "$(cat all.root/rootfs/app/link)" one "a link"
expect_equal "$(stat -c '%a %u:%g %Y' all.root/rootfs/app/run.sh)" "755 0:0 0" "attributes"
expect_equal "$(cat all.root/rootfs/data/one)" "hello nobody" "a here-document with a variable"
# shellcheck disable=SC2016
expect_equal "$(cat all.root/rootfs/data/two)" '$greeting' "a here-document without"
expect_equal "$(config all .config.Entrypoint[0])" /app/run.sh entrypoint
expect_equal "$(config all '.config.Cmd|join(",")')" "a,b c" cmd
expect_equal "$(config all .config.WorkingDir)" /app/new/sub workdir
expect_equal "$(config all .config.User)" 5:6 user
expect_equal "$(config all '.config.ExposedPorts|keys|join(",")')" 53/udp,80/tcp ports
expect_equal "$(config all '.config.Labels["org.example.name"]')" "an image" label
expect_equal "$(config all .config.Healthcheck.Interval)" 5000000000 healthcheck
expect_equal "$(config all '.config.Env|join(" ")')" \
  "PATH=/app:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin A=b" env
expect_equal "$(config all '[.history[]|select(.empty_layer|not)]|length')" "$(config all '.rootfs.diff_ids|length')" history

# The same from another folder, with another umask, other times, another store: the same digest.
cp -r all.ctx other
find other -exec touch -h -d '2001-02-03' {} +
chmod 775 other/src other/src/run.sh
chmod 664 other/src/one
(umask 0; TZ=Asia/Tokyo LC_ALL=C.UTF-8 taskset -c 0 "$KONTAIN_SDK/bin/kontain-build" --store "$workdir/second" --print digest other >again)
expect_equal "$(cat again)" "$first" "the digest"
# And with the cache, and without.
cp all.ctx/Dockerfile saved
expect_equal "$(built all <saved)" "$first" "the digest from the cache"
expect_equal "$(built all --no-cache <saved)" "$first" "the digest without the cache"
[ "$(SOURCE_DATE_EPOCH=1700000000 build --print digest all.ctx)" != "$first" ] || fail "SOURCE_DATE_EPOCH changes nothing"

# Another target, arguments.
expect_equal "$(build --dry-run --target files all.ctx | grep -c '^stage ')" 1 "stages of a dry run"
build -t files --target files --build-arg who=me --print digest all.ctx >/dev/null
unpacked files
expect_equal "$(cat files.root/rootfs/text/one)" "hello me" "--build-arg"
expect_equal "$(cat files.root/rootfs/unpacked/src/deep/two)" two "an archive is unpacked"
expect_equal "$(stat -c '%a %u:%g' files.root/rootfs/private/one)" "600 5:6" "--chown and --chmod"
test ! -e files.root/rootfs/secret || fail "the ignored file is in the image"
test ! -e files.root/rootfs/app/x.log || fail "the ignored log is in the image"

# On top of an image: what is there stays, links are followed, triggers run.
mkdir base.ctx
printf 'FROM scratch\nCOPY root/ /\nONBUILD COPY trigger /\nONBUILD LABEL triggered=yes\n' >base.ctx/Dockerfile
mkdir -p base.ctx/root/usr/lib base.ctx/root/etc
ln -s usr/lib base.ctx/root/lib
echo 'me:x:1234:5678::/home/me:/bin/sh' >base.ctx/root/etc/passwd
build -t base base.ctx >/dev/null
mkdir top.ctx
echo t >top.ctx/trigger
built top <<'END' >/dev/null
FROM base
COPY --chown=me trigger /lib/file
END
unpacked top
expect_equal "$(stat -c '%u:%g' top.root/rootfs/usr/lib/file)" 1234:5678 "the owner by name, through a link"
test -L top.root/rootfs/lib || fail "the link is no link any more"
test -e top.root/rootfs/trigger || fail "the trigger did not run"
expect_equal "$(config top .config.Labels.triggered)" yes "the trigger's label"
expect_equal "$(config top '.config.OnBuild // [] | length')" 0 "triggers are gone"

# Named contexts.
mkdir -p extra/dir
echo e >extra/dir/file
printf 'FROM mine\nCOPY --from=more dir/file /from-folder\n' >top.ctx/Dockerfile
build -t named --build-context mine=base --build-context more=extra top.ctx >/dev/null
unpacked named
expect_equal "$(cat named.root/rootfs/from-folder)" e "a folder by name"

# What is wrong is said with its place.
bad() { mkdir -p bad.ctx; cat >bad.ctx/Dockerfile; }
bad <<'END'
FROM scratch
COPY --form=x a /b
END
refuses "kontain-build: bad.ctx/Dockerfile:2:6: unknown option --form" build bad.ctx
expect_contains err " 2 | COPY --form=x a /b"
expect_contains err "   |      ^"
printf 'FROM scratch\nCOPY nothing /\n' | bad
refuses "bad.ctx/Dockerfile:2:6: COPY: nothing: no such file in the context" build bad.ctx
printf 'FROM scratch\nCOPY ../../etc/passwd /\n' | bad
refuses "no such file in the context" build bad.ctx
ln -s /etc/passwd bad.ctx/escape
printf 'FROM scratch\nCOPY escape /\n' | bad
refuses "no such file in the context" build bad.ctx
printf 'FROM not-there-at-all\n' | bad
refuses "bad.ctx/Dockerfile:1:1: " build bad.ctx
printf 'FROM scratch\nRUN --mount=type=cache,target=/x true\n' | bad
refuses "--mount=type=cache: mounts of RUN are not supported yet" build bad.ctx
printf 'FROM scratch\nADD https://example.org/x /\n' | bad
refuses "remote sources of ADD are not supported yet" build bad.ctx
printf 'FROM scratch\nRUN --network=host true\n' | bad
refuses "a build has no network unless kontain-build is given --network host" build bad.ctx
refuses "Dockerfile" build /nonexistent
find "$store" -path "$store/build/*" | grep -q . && fail "something is left in the store's build folder"
echo "scratch: all passed"
