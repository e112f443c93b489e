"""The numbers of bench/run as docs/performance.md, and the cells that its own table shares."""

PLATFORMS = ("systrap", "ptrace")  # of runsc
WAYS = ("native", "km", "exit") + PLATFORMS  # exit: km --calls=exit
CAUSES = {  # of what is above native, where a section needs saying why; in docs/performance.md
    "start": "A process is a virtual machine: making it, its processor and its memory slots, entering it the first time "
             "and closing it are system calls of the host, and each page that is touched first is a fault of KVM.",
    "calls": "A call that stays in the guest costs a look into a shared page. `open and close` without our linker leaves "
             "it: one of the two SYSCALL instructions has no padding in reach and cannot be replaced.",
    "page_fault": "The first touch of a small page is a fault of KVM's shadow page tables besides the host's own. Private "
                  "memory comes sixteen pages and more at a time; read-only pages of files come one by one, because KVM "
                  "takes neighbours only where the host may write.",
    "processes": "A child is a virtual machine of its own (see start), and exec makes the process's anew. Waiting takes "
                 "an exit on each side.",
    "threads": "A thread is a processor of the virtual machine. Waiting, signals and faults take exits; runsc answers "
               "them in its own kernel without the host's.",
    "mappings": "Page-table entries are written twice: by us, and by KVM's shadow when they are used.",
    "redis": "A server waits in the host's kernel, which takes an exit; and server, client and the thread that makes the "
             "calls share two processors.",
    "nginx": "As redis; opening and closing connections are calls that may wait.",
    "javac": "Faults of KVM's shadow page tables while heap and classes are touched first.",
    "python": "As start, with some 300 pages of libraries that are touched first.",
    "call_bound": "SQLite waits for the disk (fsync) and for locks, which takes exits; bash starts processes.",
    "configure": "Thousands of short processes: see start and processes.",
}


def cell(value, unit, missing="-"):
    return missing if value is None else "%.*f" % (2 if unit in ("ms", "s") else 1 if unit == "us" else 0, value)


def times(value):
    return "%.2fx" % value if value else ""


def markdown_cell(value, unit, native):
    return "–" if value is None else cell(value, unit) + (" (%.1fx)" % (value / native) if native else "")


def is_compared(r):
    return r.get("km") is not None and r.get("systrap") is not None


def is_slower_than_systrap(r):
    if not is_compared(r):
        return False
    return r["km"] < r["systrap"] if r["unit"].endswith("/s") else r["km"] > r["systrap"]


def markdown_table(rows_of_table):
    lines = ["| | native | km | km --calls=exit | runsc, systrap | runsc, ptrace |", "|---|---|---|---|---|---|"]
    for r in rows_of_table:
        cells = [markdown_cell(r.get(way), r["unit"], r["native"]) for way in WAYS[1:]]
        mark = "› " if is_slower_than_systrap(r) else ""
        lines.append("| %s%s, %s | %s | %s |" % (mark, r["what"], r["unit"], cell(r["native"], r["unit"]), " | ".join(cells)))
    return lines


def comparison(measured_rows):
    compared = [r for r in measured_rows if is_compared(r)]
    slower = sum(map(is_slower_than_systrap, compared))
    return ("Of the %d lines that compare km with runsc's systrap, km is slower in %d; these begin with ›. "
            "Below each table stands what makes km slower than native." % (len(compared), slower))


def performance_page(measured, order):
    """docs/performance.md: a section for each benchmark of `order` that was measured."""
    facts = measured["machine"]
    lines = ["# What km costs", "",
             "<!-- Written by `bench/run --report` from the numbers of one run. -->", "",
             "%(km)s on %(cpu)s, %(cpus)d CPUs, Linux %(kernel)s." % facts,
             "An exit from the guest costs %d ns here." % facts["self_test"].get("exit_ns", 0),
             "Times are of that machine at that moment; only the ratios inside one line are meant to be compared.", "",
             "    ./dev bench            # takes the numbers again",
             "    bench/run --report     # writes this page from them", ""]
    lines += [comparison(measured["rows"]), ""]
    for bench in (name for name in order if name in measured["loads"]):
        some = [r for r in measured["rows"] if r["bench"] == bench]
        lines += ["## " + bench, "", "`bench/run %s`, load %.2f when it began." % (bench, measured["loads"][bench]), "",
                  *markdown_table(some), ""]
        lines += [CAUSES[bench], ""] if bench in CAUSES else []
    return "\n".join(lines)
