"""Writes pages below the folder given, one a word."""
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True)
for word in pathlib.Path(sys.argv[2]).read_text(encoding="utf-8").split():
    (folder / (word + ".html")).write_text("<p>" + word.upper() + "\n", encoding="utf-8")
