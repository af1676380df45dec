"""The same from DuckDB's package for Python: duckdb-typed.py LIST CONDITIONS, with typed columns and two threads."""
import json
import os
import sys

import duckdb

files = open(sys.argv[1], encoding="utf-8").read().split()
conditions = json.loads(sys.argv[2])
pattern = os.path.commonpath(files) + "/**/*.json.gz"
structure = (
    "STRUCT(eventTime TIMESTAMP, eventSource VARCHAR, eventName VARCHAR, eventType VARCHAR, errorMessage VARCHAR, "
    'sourceIPAddress VARCHAR, userIdentity STRUCT("type" VARCHAR, invokedBy VARCHAR, userName VARCHAR))'
)
counts = ", ".join(f"count(*) FILTER (WHERE {sql})" for sql in conditions)
connection = duckdb.connect()
connection.execute("SET threads = 2")
query = (
    f"SELECT {counts} FROM (SELECT r.* FROM (SELECT unnest(Records, recursive := false) AS r FROM "
    f"read_json('{pattern}', columns = {{Records: '{structure}[]'}}, maximum_object_size = 67108864)))"
)
print(json.dumps({"counts": list(connection.execute(query).fetchone())}))
