// Offsets that the system call stub (stub.S) and the monitor (call_slot.h) agree on, in bytes.
#pragma once

// From the stub's first byte.
#define KM_STUB_SLOT 0x1000
#define KM_STUB_TABLE 0x2000

// CallSlot.
#define KM_SLOT_STATE 0x00
#define KM_SLOT_NUMBER 0x08
#define KM_SLOT_ARGUMENTS 0x10
#define KM_SLOT_RCX 0x40
#define KM_SLOT_R11 0x48
#define KM_SLOT_RESULT 0x50
#define KM_SLOT_HEARTBEAT 0x80
#define KM_SLOT_LOCAL 0xc0
#define KM_SLOT_RSP 0x100
#define KM_SLOT_STACK_END 0x110

// CallTable.
#define KM_TABLE_CLASSES 0x000
#define KM_TABLE_KINDS 0x200
#define KM_TABLE_FRESH_SHIFT 0x600
#define KM_TABLE_SPIN_SHIFT 0x604

// CallSlot::state.
#define KM_CALL_IDLE 0
#define KM_CALL_POSTED 1
#define KM_CALL_DONE 2
#define KM_CALL_REFUSED 3
