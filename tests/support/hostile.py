"""hostile - databases of memanalyze as nobody would make them who means well."""
import sqlite3

# What a name may try: end the script, the comment or the text around it, turn it or hide it.
NAME = ("</script><script>document.title='owned'</script><!-- --> ]]> </noscript>"
        "<img src=x onerror=document.title='owned'>&lt;b&gt; \u202egpj.exe \u2028 \x1b[2J \" ' \\ `${alert(3)}`")


def rename(path):
    """Gives everything that has a text of its own the hostile one."""
    with sqlite3.connect(path) as db:
        db.execute("UPDATE run SET exe = ?, host = ?, tracking = ?, tracking_why = ?,"
                   " format_version = ?", [NAME] * 5)
        db.execute("UPDATE source SET path = ?", [NAME])
        db.execute("UPDATE snapshot SET reason = ?", [NAME])
        db.execute("UPDATE gc_pause SET phase = ? WHERE phase <> 'snapshot'", [NAME])
        db.execute("INSERT INTO import_issue VALUES (1, 5, 'error', ?, ?)", [NAME] * 2)
        db.execute("UPDATE finding_rule SET sentence = ?, next = ?", [NAME] * 2)


def distort(path, extreme):
    """Sets figures here and there to what none can be."""
    tables = (("mstats", "rowid", ("sys", "heap_sys", "heap_inuse", "heap_released", "next_gc", "gc_sys")),
              ("gc_pause", "rowid", ("duration_ns", "stop_ns", "end_unix_ns")),
              ("span_sum", "snapshot_id", ("spans", "span_bytes", "slot_bytes", "released_bytes")),
              ("span", "snapshot_id", ("npages", "nelems", "alloc_count", "elem_bytes", "born_gc")))
    with sqlite3.connect(path) as db:
        for trigger in ("span_added", "span_removed", "span_changed"):
            db.execute("DROP TRIGGER IF EXISTS " + trigger)
        for table, key, columns in tables:
            for i, column in enumerate(columns):
                db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} % 3 = ?", (extreme, i % 3))
        db.execute("UPDATE snapshot SET unix_ns = ? WHERE id % 5 = 1", (extreme,))
        db.execute("UPDATE snapshot SET gc_num = ? WHERE id % 7 = 1", (extreme,))
