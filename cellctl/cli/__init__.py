"""The ``cellctl`` command: one verb a file, imported only when it is called."""
