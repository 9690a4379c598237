//! Events.

use tollgate_proto::v1::event_service_server::EventService;

use super::operation::operations;

operations! {
    EventService:
    GET "/v1/events" => list_events(ListEventsRequest) -> ListEventsResponse;
    GET "/v1/events/{event_id}" => get_event(GetEventRequest) -> Event;
    POST "/v1/events/{event_id}/replay" => replay_event(ReplayEventRequest) -> ReplayEventResponse;
    {}
}
