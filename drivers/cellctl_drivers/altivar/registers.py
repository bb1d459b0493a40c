"""The ATV320's registers that cellctl uses, its words and what its codes mean.

Source: the device description of the re-badged ATV320 in hilch/ac_invlib (c7492e8), checked with the
address rule of the family: CANopen 0x2000+n sub k is Modbus register 3000 + 100 n + (k - 1). The state
chart and its control words are those of CiA 402 as in Schneider's S1A10386 (ATV312), pages 34 to 36.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

# -- control and status, the DRIVECOM ("speed") addresses and the frequency ones beside them --------
CMD, LFR, CMI = 8501, 8502, 8504
CMDD, LFRD, ETAD, RFRD, FRHD, ERRD = 8601, 8602, 8603, 8604, 8605, 8606
ETA, RFR, FRH, LCR, OTR, ETI, ULN, UOP, THD = range(3201, 3210)
OPR, HMIS = 3211, 3240
LFT, RSF, CIC = 7121, 7124, 7130
CRC, CCC = 8441, 8442  # active reference and command channels, one bit each

# -- settings -------------------------------------------------------------------------------------
TFR, HSP, LSP = 3103, 3104, 3105  # 0.1 Hz
ADD, TBR, TFO, TTO, SLL = 6001, 6003, 6004, 6005, 7010
CHCF, COP, RFC, FR1, FR2, CCS, CD1, CD2, FLO = 8401, 8402, 8411, 8413, 8414, 8421, 8423, 8424, 8431
QSTD, DOTD = 8651, 8652
ACC, DEC, INR = 9001, 9002, 9020
FRS, NCR, NSP, PPN = 9602, 9603, 9604, 9618
DCF = 11230
VDP, PAN = 3302, 3340  # software version; device name, two characters in each of eight registers

# -- control words (CMDD) -------------------------------------------------------------------------
DISABLE_VOLTAGE, QUICK_STOP, SHUTDOWN, SWITCH_ON, ENABLE, FAULT_RESET = 0x00, 0x02, 0x06, 0x07, 0x0F, 0x80

#: Seconds that one count of ACC and DEC stands for, by INR.
RAMP_UNIT = {0: 0.01, 1: 0.1, 2: 1.0}
#: What the drive does when Modbus falls silent, by the cell file's word.
ON_LOSS = {"freewheel": 1, "ramp": 6, "fast_stop": 7}
#: Bit of the active channels (CRC, CCC) that stands for the Modbus port.
MODBUS_CHANNEL = 1 << 3
CHANNELS = {0: "terminals", 1: "keypad", 2: "remote keypad", 3: "Modbus", 6: "CANopen", 9: "option card"}


class State(Enum):
    """The states of CiA 402, as the status word shows them."""

    SWITCH_ON_DISABLED = "switch on disabled"
    READY = "ready to switch on"
    SWITCHED_ON = "switched on"
    ENABLED = "operation enabled"
    QUICK_STOP = "quick stop active"
    REACTION = "fault reaction active"
    FAULT = "fault"


MAINS, NO_QUICK_STOP, ALARM, REMOTE = 1 << 4, 1 << 5, 1 << 7, 1 << 9
REACHED, LIMITED, REVERSE = 1 << 10, 1 << 11, 1 << 15


def state_of(status: int) -> State:
    """The state in a status word. Bits 4 (mains), 5 where it does not count, and 7 (alarm) are set aside."""
    if status & 0x0F == 0x08:
        return State.FAULT
    if status & 0x0F == 0x0F:
        return State.REACTION
    if status & 0x4F == 0x40:
        return State.SWITCH_ON_DISABLED
    if status & 0x6F == 0x07:
        return State.QUICK_STOP
    return {0x21: State.READY, 0x23: State.SWITCHED_ON, 0x27: State.ENABLED}.get(
        status & 0x6F, State.SWITCH_ON_DISABLED
    )


class Display(IntEnum):
    """HMIS: what the drive's own display shows."""

    TUNING = 0
    DC_BRAKING = 1
    READY = 2
    FREEWHEEL = 3
    RUNNING = 4
    ACCELERATING = 5
    DECELERATING = 6
    CURRENT_LIMIT = 7
    FAST_STOP = 8
    NO_LINE_VOLTAGE = 11
    POWER_REMOVED = 12
    UNDERVOLTAGE_ALARM = 17
    FAULT = 23
    SAFE_TORQUE_OFF = 30


DISPLAY = {
    0: "tUn", 1: "dCb", 2: "rdY", 3: "nSt", 4: "rUn", 5: "ACC", 6: "dEC", 7: "CLI", 8: "FSt", 9: "FLU", 11: "nLP",
    12: "PrA", 13: "CtL", 14: "Obr", 15: "SOC", 17: "USA", 23: "FLt", 28: "SS1", 29: "SLS", 30: "StO",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trip:
    """A fault: the code on the display, what it means, what to do, and its CiA 402 error code (ERRD)."""

    code: str
    text: str
    hint: str
    error: int = 0x1000


TRIPS = {
    0: Trip("nOF", "no fault", "", 0),
    3: Trip("CFF", "incorrect configuration", "Restore the drive's settings or check its control block"),
    4: Trip("CFI", "invalid configuration", "Check what was last loaded into the drive"),
    5: Trip("SLF1", "Modbus fell silent", "Check that nothing stopped the controller, and the RS-485 cable", 0x7510),
    6: Trip("ILF", "internal link to the option card lost", "Check the option card"),
    7: Trip("CnF", "network fault on the option card", "Check the option card's network", 0x7510),
    8: Trip("EPF1", "external fault on a logic input", "Find what switched the input", 0x9000),
    9: Trip("OCF", "overcurrent", "Check the motor, the belt for a jam, and the ramp times", 0x2310),
    16: Trip("OHF", "drive overheated", "Let it cool; check the fan and the load", 0x4210),
    17: Trip("OLF", "motor overloaded", "Let the motor cool; check the belt for a jam"),
    18: Trip("ObF", "overvoltage while braking", "Lengthen the ramp", 0x3310),
    19: Trip("OSF", "mains voltage too high", "Check the mains", 0x3110),
    20: Trip("OPF1", "one motor phase lost", "Check the motor cable", 0x3310),
    21: Trip("PHF", "mains phase lost", "Check the fuses and the mains", 0x3130),
    22: Trip("USF", "mains voltage too low", "Check the mains", 0x3120),
    23: Trip("SCF1", "short circuit in the motor", "Check the motor and its cable", 0x2320),
    24: Trip("SOF", "motor overspeed", "Check the motor settings and the load"),
    32: Trip("SCF3", "short circuit to ground", "Check the motor's insulation", 0x2330),
    33: Trip("OPF2", "motor phases lost", "Check the motor cable and its contactor", 0x3310),
    38: Trip("EPF2", "external fault by a communication bit", "Find who sets it", 0x9000),
    42: Trip("SLF2", "PC software fell silent", "Reconnect it or close it properly", 0x7510),
    45: Trip("SLF3", "remote terminal fell silent", "Check the terminal's cable", 0x7510),
    99: Trip("CSF", "switched to a channel that is not valid", "Check the channel settings"),
}
SLF1 = 5


def trip_of(code: int) -> Trip:
    """The words for a value of LFT; a code that is not in the table keeps its number."""
    return TRIPS.get(code) or Trip(f"fault {code}", "a fault without words here", "See the drive's manual")


def signed(word: int) -> int:
    """A register as a signed 16-bit number."""
    return word - 0x10000 if word & 0x8000 else word


def unsigned(value: int) -> int:
    """A signed number as it goes into a register."""
    return value & 0xFFFF


class Access(Enum):
    """What a write to a register may do."""

    READ = "read only"
    CONTROL = "control word or reference: at any time"
    ADJUST = "may change while the motor runs"
    CONFIGURE = "only at standstill; a change brings the drive to switch on disabled"


@dataclass(frozen=True, slots=True)
class Register:
    """One register of the drive: what may be written, and what a new drive holds."""

    code: str
    access: Access
    default: int = 0
    low: int = 0
    high: int = 0xFFFF


def _device_name() -> dict[int, Register]:
    text = "ATV320U07N4B".ljust(16)
    words = [int.from_bytes(text[i : i + 2].encode("ascii"), "big") for i in range(0, 16, 2)]
    return {PAN + i: Register(f"PAN{i}", Access.READ, word) for i, word in enumerate(words)}


_R, _C, _A, _F = Access.READ, Access.CONTROL, Access.ADJUST, Access.CONFIGURE

#: Every register that the emulated drive has; any other address is refused. Channel defaults are those
#: of a drive set up for Modbus; TTO (10 s) and INR are the factory's.
REGISTERS: dict[int, Register] = {
    TFR: Register("TFR", _F, 600, 100, 5990),
    HSP: Register("HSP", _A, 500, 0, 5990),
    LSP: Register("LSP", _A, 0, 0, 5990),
    **{a: Register(c, _R) for a, c in zip(
        range(ETA, THD + 1), ("ETA", "RFR", "FRH", "LCR", "OTR", "ETI", "ULN", "UOP", "THD"), strict=True)},
    OPR: Register("OPR", _R),
    HMIS: Register("HMIS", _R),
    VDP: Register("VDP", _R, 0x0131),
    **_device_name(),
    ADD: Register("ADD", _F, 0, 0, 247),
    TBR: Register("TBR", _F, 32, 24, 36),
    TFO: Register("TFO", _F, 4, 2, 5),
    TTO: Register("TTO", _F, 100, 1, 300),
    SLL: Register("SLL", _F, 1, 0, 7),
    LFT: Register("LFT", _R),
    RSF: Register("RSF", _F),
    CIC: Register("CIC", _R),
    CHCF: Register("CHCF", _F, 1, 1, 3),
    COP: Register("COP", _F, 0, 0, 3),
    RFC: Register("RFC", _F, 96),
    FR1: Register("FR1", _F, 164),
    FR2: Register("FR2", _F, 0),
    CCS: Register("CCS", _F, 98),
    CD1: Register("CD1", _F, 10),
    CD2: Register("CD2", _F, 10),
    FLO: Register("FLO", _F, 0),
    CRC: Register("CRC", _R, MODBUS_CHANNEL),
    CCC: Register("CCC", _R, MODBUS_CHANNEL),
    CMD: Register("CMD", _C),
    LFR: Register("LFR", _C),
    CMI: Register("CMI", _C),
    CMDD: Register("CMDD", _C),
    LFRD: Register("LFRD", _C),
    **{a: Register(c, _R) for a, c in zip(range(ETAD, ERRD + 1), ("ETAD", "RFRD", "FRHD", "ERRD"), strict=True)},
    QSTD: Register("QSTD", _F, 6, 2, 6),
    DOTD: Register("DOTD", _F, 1, 0, 1),
    ACC: Register("ACC", _A, 30, 0, 9999),
    DEC: Register("DEC", _A, 30, 0, 9999),
    INR: Register("INR", _F, 1, 0, 2),
    FRS: Register("FRS", _F, 500, 100, 8000),
    NCR: Register("NCR", _F, 23),
    NSP: Register("NSP", _F, 1400),
    PPN: Register("PPN", _R, 2),
    DCF: Register("DCF", _A, 4, 0, 10),
}  # fmt: skip
