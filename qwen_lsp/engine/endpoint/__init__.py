"""A model behind an address: any server that speaks OpenAI's protocol, each asked in its best way.

`client.py` is what features ask. It finds out once which server answers (`probe.py`, one file a
server in `servers/`), turns each request into the server's own words (`prompt.py`), sends it
(`connection.py`) and reads the reply (`reading.py`). docs/backends.md says what each server can do.
"""
