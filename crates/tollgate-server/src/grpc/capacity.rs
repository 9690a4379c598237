//! Stock, calendars, slots and holds.

use tollgate_proto::v1::capacity_service_server::CapacityService;

use super::operation::operations;

operations! {
    CapacityService:
    PUT "/v1/stock/{sku}" => put_stock(PutStockRequest) -> Stock;
    POST "/v1/stock/{sku}/adjust" => adjust_stock(AdjustStockRequest) -> Stock;
    GET "/v1/stock/{sku}" => get_stock(GetStockRequest) -> Stock;
    GET "/v1/stock" => list_stock(ListStockRequest) -> ListStockResponse;
    PUT "/v1/calendars/{name}" => put_calendar(PutCalendarRequest) -> Calendar;
    GET "/v1/calendars/{name}" => get_calendar(GetCalendarRequest) -> Calendar;
    GET "/v1/calendars" => list_calendars(ListCalendarsRequest) -> ListCalendarsResponse;
    PUT "/v1/calendars/{name}/slots" => put_slots(PutSlotsRequest) -> PutSlotsResponse;
    GET "/v1/calendars/{name}/slots" => list_slots(ListSlotsRequest) -> ListSlotsResponse;
    POST "/v1/holds" => create_hold(CreateHoldRequest) -> Hold;
    GET "/v1/holds/{hold_id}" => get_hold(GetHoldRequest) -> Hold;
    POST "/v1/holds/{hold_id}/release" => release_hold(ReleaseHoldRequest) -> Hold;
    {}
}
