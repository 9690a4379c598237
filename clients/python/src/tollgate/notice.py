"""What Tollgate tells, over the stream and to endpoints: the same body."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Union


@dataclass(frozen=True)
class Notice:
    """Something that happened."""

    #: `order.paid`, and so on; `reset` on a stream that cannot go on without a gap.
    type: str
    timestamp: str
    #: Its place in the order of all that happened in the shop; absent where it has none.
    position: Optional[int]
    #: The object as GET gave it when it was decided.
    data: Mapping[str, Any] = field(default_factory=dict)
    #: The `webhook-id`, the same however often it is sent; absent on a stream.
    id: Optional[str] = None

    @property
    def is_reset(self) -> bool:
        """Messages were missed. Read the lists again, and go on."""
        return self.type == "reset"


def read_notice(body: Union[bytes, str], id: Optional[str] = None) -> Notice:
    """The notice that a body is; `ValueError` if it is none."""
    read = json.loads(body)
    if not isinstance(read, dict) or not isinstance(read.get("type"), str):
        raise ValueError("it is no notice: it has no type")
    position = read.get("position")
    data = read.get("data")
    return Notice(
        type=read["type"],
        timestamp=str(read.get("timestamp", "")),
        position=position if isinstance(position, int) else None,
        data=data if isinstance(data, dict) else {},
        id=id,
    )
