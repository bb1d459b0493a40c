"""The one door of a controller: commands in and events out, JSON lines on a local socket.

One request a line, ``{"id": 1, "command": "hold", "arguments": {}, "by": "kim@pts/1"}``, is
answered by ``{"id": 1, "ok": true, "result": {…}}`` or ``{"id": 1, "ok": false, "error": {"type",
"message", "where", "hint", "legal"}}``. ``status`` gives the Status; ``events`` gives it too, and from
then on every event comes as a line of its own (``{"event": "state", …}``).

This package's modules are imported by themselves: the client half must stay light.
"""
