"""Byte lines and Modbus: real ones, and pairs in memory that run in virtual time too."""

from cellctl.links.address import Address, SerialAddress, TcpAddress, parse_address
from cellctl.links.lines import LineReader
from cellctl.links.links import Links
from cellctl.links.memory import MemoryNetwork
from cellctl.links.modbus_client import ModbusClient
from cellctl.links.modbus_server import serve_modbus
from cellctl.links.modbus_types import Counters, ModbusRefusal, NoReply, RegisterBank, Table
from cellctl.links.stream import ByteStream, Handler, Listener, Network
from cellctl.links.system import SystemNetwork

__all__ = [
    "Address",
    "ByteStream",
    "Counters",
    "Handler",
    "LineReader",
    "Links",
    "Listener",
    "MemoryNetwork",
    "ModbusClient",
    "ModbusRefusal",
    "Network",
    "NoReply",
    "RegisterBank",
    "SerialAddress",
    "SystemNetwork",
    "Table",
    "TcpAddress",
    "parse_address",
    "serve_modbus",
]
