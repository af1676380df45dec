"""The same from ClickHouse in its own process: clickhouse.py LIST CONDITIONS, with typed columns and two threads."""
import json
import os
import sys

import chdb

files = open(sys.argv[1], encoding="utf-8").read().split()
conditions = json.loads(sys.argv[2])
# ClickHouse takes one pattern: all files lie below one folder.
pattern = os.path.commonpath(files) + "/**/*.json.gz"
structure = (
    "Records Array(Tuple(eventTime String, eventSource String, eventName String, eventType String, errorMessage Nullable(String), "
    "sourceIPAddress String, userIdentity Tuple(type Nullable(String), invokedBy Nullable(String), userName Nullable(String))))"
)
fields = {
    "userIdentity.type": "r.7.1",
    "userIdentity.invokedBy": "r.7.2",
    "eventSource": "r.2",
    "eventName": "r.3",
    "eventType": "r.4",
    "errorMessage": "r.5",
}


def column(sql: str) -> str:
    for name, place in fields.items():
        sql = sql.replace(name, place)
    return sql


counts = ", ".join(f"countIf(ifNull({column(sql)}, 0))" for sql in conditions)
query = (
    f"SELECT {counts} FROM (SELECT arrayJoin(Records) AS r FROM file('{pattern}', 'JSONEachRow', '{structure}')) "
    "SETTINGS max_threads = 2, input_format_skip_unknown_fields = 1, input_format_json_ignore_unknown_keys_in_named_tuple = 1"
)
print(json.dumps({"counts": [int(one) for one in str(chdb.query(query, "TSV")).split()]}))
