"""The same tests on hardware, or on emulators where none answers."""
