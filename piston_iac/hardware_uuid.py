"""Is it the same machine? A BMC and the system it manages name one UUID, but not in one byte order.

Standard library only: drivers ask it, and so does the boot node before it signs a key.
"""

from __future__ import annotations

from uuid import UUID


def same_hardware(guid: str, hardware_uuid: str) -> bool:
    """Is the BMC's GUID the system's UUID (DMI product_uuid), in any order that BMCs send it?

    IPMI 2.0 section 20.8 wants the bytes reversed, many BMCs send them as SMBIOS does, others as text.
    What is not a UUID is never the same.
    """
    try:
        sent, wanted = UUID(guid).bytes, UUID(hardware_uuid)
    except ValueError:
        return False
    return wanted in (UUID(bytes=sent), UUID(bytes_le=sent), UUID(bytes=sent[::-1]))
