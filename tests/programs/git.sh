# git on a repository of its own making: everything that forks, packs, maps files and talks to itself over pipes.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
export HOME=$workdir GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 GIT_PAGER=cat GIT_EDITOR=true TZ=UTC
export GIT_AUTHOR_NAME=Author GIT_AUTHOR_EMAIL=author@example.org GIT_AUTHOR_DATE='2024-01-02T03:04:05Z'
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global protocol.file.allow always

session() { "${run[@]}" /bin/bash -e "$payloads/repository.bash" 2>&1; }
both_ways session
expect_contains native.out "the script ended"
