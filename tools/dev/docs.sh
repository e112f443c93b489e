# Sourced by ./dev: the documents as web pages.
# shellcheck shell=bash disable=SC2154

# page_head TITLE ROOT: the top of a page; ROOT leads from it to the site's first folder.
page_head() {
  cat <<END
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$1 - Kontain</title>
<link rel="stylesheet" href="$2style.css">
</head>
<body>
<nav><a href="$2README.html">Kontain</a> <a href="$2docs/getting-started.html">Getting started</a>
<a href="$2docs/index.html">Documentation</a> <a href="$2man/index.html">Manual pages</a>
<a href="$2CHANGELOG.html">Changes</a></nav>
<main>
END
}

page_foot() { printf '</main>\n</body>\n</html>\n'; }

# The way from a page to the site's first folder: one ../ for each folder it lies in.
way_up() { dirname "$1" | sed 's|^\.$||; s|[^/][^/]*|..|g; s|$|/|; s|^/$||'; }

# render_document FILE SITE: links to other documents lead to their pages, links to sources stay as text of the page.
render_document() {
  local page=$2/${1%.md}.html title
  mkdir -p "$(dirname "$page")"
  title=$(sed -n 's/^# //p' "$1" | head -n 1)
  {
    page_head "$title" "$(way_up "$1")"
    lowdown -t html --html-no-skiphtml "$1" | sed -E 's|href="([^":]*)\.md([#"])|href="\1.html\2|g'
    page_foot
  } >"$page"
}

# The manual pages, and a list of them.
render_manuals() {
  local page name
  mkdir -p "$1/man"
  {
    page_head "Manual pages" ../
    printf '<h1>Manual pages</h1>\n<ul>\n'
    for page in docs/man/*.1; do
      name=$(basename "$page")
      printf '<li><a href="%s.html">%s</a>: %s</li>\n' "$name" "${name%.1}" "$(sed -n 's/^\.Nd //p' "$page")"
    done
    printf '</ul>\n'
    page_foot
  } >"$1/man/index.html"
  for page in docs/man/*.1; do
    name=$(basename "$page")
    {
      page_head "${name%.1}" ../
      mandoc -T html -O fragment "$page"
      page_foot
    } >"$1/man/$name.html"
  done
}

# A page for a folder that a document links to: what is in it.
render_folder() {
  local name
  mkdir -p "$2/$1"
  {
    page_head "$1" "$(way_up "$1/x")"
    printf '<h1>%s</h1>\n<ul>\n' "$1"
    git ls-files "$1" | while IFS= read -r name; do printf '<li>%s</li>\n' "${name#"$1"/}"; done
    printf '</ul>\n'
    page_foot
  } >"$2/$1/index.html"
}

# Files that documents link to and that are no documents: they go along as they are.
copy_linked_files() {
  python3 tools/dev/linked_files.py . | while IFS= read -r file; do
    if [ -d "$file" ]; then
      render_folder "$file" "$1"
    else
      mkdir -p "$1/$(dirname "$file")"
      cp "$file" "$1/$file"
    fi
  done
}

# run_docs [FOLDER]
run_docs() {
  local site=${1:-build/docs} file
  for program in lowdown mandoc; do command -v $program >/dev/null || install_packages; done
  rm -rf "$site"
  mkdir -p "$site"
  cp tools/dev/style.css "$site/"
  git ls-files '*.md' | grep -v -e '^packaging/' -e '^tests/' | while IFS= read -r file; do
    render_document "$file" "$site"
  done
  render_manuals "$site"
  copy_linked_files "$site"
  printf '<!DOCTYPE html>\n<meta http-equiv="refresh" content="0; url=README.html">\n<a href="README.html">Kontain</a>\n' >"$site/index.html"
  echo "$site/index.html"
}
