"""An emulated UR e-Series controller, in parts: arm, program, safety, and one server a port."""
