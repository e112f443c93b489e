# A day with git; every object's name depends on its contents, and so must be the same on every run.
git init -q origin && cd origin
for i in $(seq 1 40); do
  mkdir -p "folder$((i % 5))"
  seq "$i" $((i + 300)) >"folder$((i % 5))/file$i"
done
git add . && git commit -qm "first" && git rev-parse HEAD
for i in 1 2 3; do
  echo "change $i" >>folder1/file1
  git commit -qam "change $i"
done
git switch -qc topic
sed -i 's/^150$/topic/' folder2/file2 && git commit -qam "on the topic"
git switch -q main
sed -i '1s/.*/main/' folder2/file2 && git commit -qam "on main"
git merge -q --no-edit topic && git rev-parse HEAD
git switch -qc conflict HEAD~1
sed -i 's/^150$/other/' folder2/file2 && git commit -qam "conflicting"
git merge topic >/dev/null && exit 1
git diff --name-only --diff-filter=U && git merge --abort
git switch -q main
git rebase -q main conflict >/dev/null 2>&1 && exit 1
git rebase --abort && git switch -q main
git tag -a -m "a tag" v1 && git describe
git mv folder3/file3 moved && git rm -q folder4/file4 && git commit -qm "moved" && git show --stat --oneline
echo stashed >>moved && git stash -q && git stash list && git stash pop -q && git checkout -q moved
git cherry-pick conflict >/dev/null 2>&1 || git cherry-pick --abort
git log --graph --oneline --all | cat
git blame -s folder1/file1 | tail -n 4
git grep -c topic && git ls-files | wc -l
git worktree add -q ../tree topic && git worktree list | wc -l && git worktree remove ../tree
git bisect start HEAD "$(git rev-list --max-parents=0 HEAD)" >/dev/null && git bisect run sh -c '! grep -q "change 3" folder1/file1' >/dev/null
git bisect log | grep 'first bad' && git bisect reset 2>/dev/null
git submodule --quiet add ../origin inner 2>/dev/null; git submodule status | wc -c; git reset -q --hard

echo "-- clone, fetch, push"
cd .. && git clone -q "file://$PWD/origin" copy && cd copy && git log --oneline | head -n 3
git config user.name Author && git switch -qc pushed && echo text >new && git add new && git commit -qm "to be pushed"
git push -q origin pushed && git -C ../origin rev-parse pushed
git clone -q --depth 2 "file://$PWD/../origin" ../shallow && git -C ../shallow rev-list --count HEAD
git clone -q --bare ../origin ../bare && git -C ../bare fsck --full 2>&1
git -C ../origin commit -q --allow-empty -m "to be fetched" && git fetch -q && git merge-base main origin/main

echo "-- packs"
git gc -q --aggressive --prune=now && git count-objects -v | grep -v size && git fsck --full --strict 2>&1
git verify-pack -v .git/objects/pack/*.idx | grep -c blob
git repack -qadf --threads=4 --depth=10 && git fsck 2>&1
git archive HEAD | sha256sum && git bundle create -q ../bundle main && git bundle verify -q ../bundle 2>&1
git format-patch -q -1 --stdout main~1 | sed '/^2\.[0-9]/d; /^-- $/d' | sha256sum
git cat-file --batch-check --batch-all-objects | wc -l
git rev-parse HEAD^{tree} && git status --short | wc -l
echo "the script ended"
