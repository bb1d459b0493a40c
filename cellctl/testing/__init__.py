"""For those who write drivers: the contract that every driver must pass, and the helpers it stands on.

contract.DriverContract   subclass it, name the driver and its configuration, and pytest does the rest
faults.FaultyNetwork      a wire that fails on purpose
plant.FakePlant           a plant that senses what the test says
running.run_virtual       a coroutine in virtual time; running.run_real in real time
leaks.no_leaks            nothing may be left behind
plugin                    the same as pytest fixtures
"""
