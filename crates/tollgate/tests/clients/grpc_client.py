"""A client of tollgate.v1 as anybody would write one: stubs of grpcio-tools, and the packages around grpcio.

    grpc_client.py ADDRESS KEY STUBS

Ends with 0 and says what it has done, or fails where something is not as documented.
"""

import sys
import threading

address, key, stubs = sys.argv[1:]
sys.path.insert(0, stubs)

import grpc
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status
from tollgate.v1 import capacity_pb2, capacity_pb2_grpc, orders_pb2, orders_pb2_grpc

PATIENCE = 30

channel = grpc.insecure_channel(address)
orders = orders_pb2_grpc.OrderServiceStub(channel)
capacity = capacity_pb2_grpc.CapacityServiceStub(channel)


def metadata(idempotency_key=None):
    pairs = [("authorization", "Bearer " + key)]
    if idempotency_key:
        pairs.append(("idempotency-key", idempotency_key))
    return pairs


def order(code, quantity=1):
    line = orders_pb2.OrderLine(sku="BATIK-M", quantity=quantity, unit_amount=7500000)
    return orders_pb2.CreateOrderRequest(code=code, currency="IDR", lines=[line])


def create(code, idempotency_key, quantity=1):
    return orders.CreateOrder.with_call(
        order(code, quantity), metadata=metadata(idempotency_key), timeout=PATIENCE
    )


def refused(call, *arguments, **named):
    """The status of a call that is refused, and its details by their type."""
    try:
        call(*arguments, **named)
    except grpc.RpcError as error:
        known = {}
        for packed in rpc_status.from_call(error).details:
            detail = getattr(error_details_pb2, packed.TypeName().rsplit(".", 1)[1])()
            assert packed.Unpack(detail), packed
            known[type(detail).__name__] = detail
        return error.code(), known
    raise AssertionError("it was not refused")


# What is there to sell, and an order of it.
capacity.PutStock(
    capacity_pb2.PutStockRequest(sku="BATIK-M", on_hand=3), metadata=metadata(), timeout=PATIENCE
)
made, call = create("PY-1", "py-1")
assert made.status == orders_pb2.ORDER_STATUS_AWAITING_PAYMENT, made
assert made.total_amount == 7500000 and made.lines[0].stocked, made
assert dict(call.initial_metadata())["x-request-id"].startswith("req_")
assert "idempotency-replayed" not in dict(call.initial_metadata())
again, call = create("PY-1", "py-1")
assert again == made
assert dict(call.initial_metadata())["idempotency-replayed"] == "true"
print("created", made.id, "and was told so again")

# The code is taken: under another key it is another request.
code, details = refused(create, "PY-1", "py-2")
assert code == grpc.StatusCode.ALREADY_EXISTS, code
info = details["ErrorInfo"]
assert (info.reason, info.domain) == ("already_exists", "tollgate"), info
assert info.metadata["id"] == made.id
print("ALREADY_EXISTS names", info.metadata["id"])

# There is not enough: the advice is not to repeat this request, and to ask anew under a new key.
code, details = refused(create, "PY-2", "py-3", 5)
assert code == grpc.StatusCode.RESOURCE_EXHAUSTED, code
info = details["ErrorInfo"]
assert info.reason == "out_of_stock", info
assert info.metadata["retryable"] == "false" and info.metadata["new_key_required"] == "true", info
assert "RetryInfo" not in details
assert [place.field for place in details["BadRequest"].field_violations] == ["lines[0].sku"]
assert create("PY-2", "py-4", 2)[0].lines[0].quantity == 2
print("RESOURCE_EXHAUSTED advises a new key, and that is taken")

# All that is wrong, at once.
wrong = order("PY-3", 0)
wrong.metadata_json = "{"
code, details = refused(
    orders.CreateOrder, wrong, metadata=metadata("py-5"), timeout=PATIENCE
)
assert code == grpc.StatusCode.INVALID_ARGUMENT, code
places = sorted(place.field for place in details["BadRequest"].field_violations)
assert places == ["lines[0].quantity", "metadata_json"], places
code, details = refused(orders.GetOrder, orders_pb2.GetOrderRequest(order="PY-1"), timeout=PATIENCE)
assert (code, details["ErrorInfo"].reason) == (grpc.StatusCode.UNAUTHENTICATED, "key_missing")
print("INVALID_ARGUMENT names", places)


def watch(after=None):
    asked = orders_pb2.WatchOrdersRequest(after_position=after)
    return orders.WatchOrders(asked, metadata=metadata(), timeout=PATIENCE)


def changes(stream, count):
    found = []
    for message in stream:
        if message.WhichOneof("message") == "change":
            found.append((message.position, message.change.type, message.change.order.code))
        if len(found) == count:
            return found
    raise AssertionError("the stream has ended")


# Watches while orders are made, loses its connection, and goes on where it was.
stream = watch()
assert next(stream).WhichOneof("message") == "heartbeat"
orders.CancelOrder(
    orders_pb2.CancelOrderRequest(order="PY-2"), metadata=metadata("py-6"), timeout=PATIENCE
)
[(position, kind, code)] = changes(stream, 1)
assert (kind, code) == ("order.cancelled", "PY-2"), (kind, code)
stream.cancel()
for number in range(3):
    made = orders_pb2.CreateOrderRequest(
        code=f"PY-W{number}",
        currency="IDR",
        lines=[orders_pb2.OrderLine(sku="FREE", quantity=1, unit_amount=5, stocked=False)],
    )
    orders.CreateOrder(made, metadata=metadata(f"py-w{number}"), timeout=PATIENCE)
stream = watch(position)
late = threading.Thread(
    target=orders.CancelOrder,
    args=(orders_pb2.CancelOrderRequest(order="PY-W0"),),
    kwargs={"metadata": metadata("py-7"), "timeout": PATIENCE},
)
late.start()
found = changes(stream, 4)
late.join()
stream.cancel()
assert [(kind, code) for _, kind, code in found] == [
    ("order.created", "PY-W0"),
    ("order.created", "PY-W1"),
    ("order.created", "PY-W2"),
    ("order.cancelled", "PY-W0"),
], found
assert position < found[0][0] and found == sorted(found)
print("watched, and resumed behind", position)

# What tools ask a server without any files.
names = ProtoReflectionDescriptorDatabase(channel).get_services()
for name in ["OrderService", "PaymentService", "CapacityService", "EventService"]:
    assert "tollgate.v1." + name in names, names
health = health_pb2_grpc.HealthStub(channel).Check(
    health_pb2.HealthCheckRequest(service="tollgate.v1.OrderService"), timeout=PATIENCE
)
assert health.status == health_pb2.HealthCheckResponse.SERVING
print("reflection and health answer")
