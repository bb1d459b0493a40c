"""The verbs. Each module has ``configure(parser)`` and ``run(arguments) -> exit code``."""
