//! Orders.

use tollgate_proto::v1::WatchOrdersRequest;
use tollgate_proto::v1::order_service_server::OrderService;
use tonic::{Request, Response, Status};

use super::operation::operations;
use super::watch::Watching;

operations! {
    OrderService:
    POST "/v1/orders" => create_order(CreateOrderRequest) -> Order;
    GET "/v1/orders" => list_orders(ListOrdersRequest) -> ListOrdersResponse;
    GET "/v1/orders/{order}" => get_order(GetOrderRequest) -> Order;
    PATCH "/v1/orders/{order}" => update_order(UpdateOrderRequest) -> Order;
    POST "/v1/orders/{order}/cancel" => cancel_order(CancelOrderRequest) -> Order;
    POST "/v1/orders/{order}/attention/{code}/resolve" =>
        resolve_order_attention(ResolveOrderAttentionRequest) -> Order;
    GET "/v1/orders/{order}/timeline" => get_order_timeline(GetOrderTimelineRequest) -> OrderTimeline;
    {
        type WatchOrdersStream = Watching;

        async fn watch_orders(
            &self,
            request: Request<WatchOrdersRequest>,
        ) -> Result<Response<Watching>, Status> {
            self.watch(request).await
        }
    }
}
