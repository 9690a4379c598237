//! Health, as grpc.health.v1 asks for it: serving is what `/readyz` calls ok.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::app::App;

/// How often it is looked whether something has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Whether the database takes writes.
pub(super) struct Readiness(pub(super) App);

impl Readiness {
    async fn now(app: &App) -> ServingStatus {
        match app.ready().await {
            Ok(()) => ServingStatus::Serving,
            Err(_) => ServingStatus::NotServing,
        }
    }
}

/// The server as a whole, or one of the services that our files declare.
pub(super) fn is_known(service: &str) -> bool {
    let Some(name) = service.strip_prefix("tollgate.v1.") else {
        return service.is_empty();
    };
    [
        "OrderService",
        "PaymentService",
        "CapacityService",
        "EventService",
    ]
    .contains(&name)
}

fn said(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}

#[tonic::async_trait]
impl Health for Readiness {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = &request.get_ref().service;
        match is_known(service) {
            true => Ok(Response::new(said(Readiness::now(&self.0).await))),
            false => Err(Status::not_found(format!("there is no service {service}"))),
        }
    }

    type WatchStream = ReceiverStream<Result<HealthCheckResponse, Status>>;

    /// Sends how it stands, and again when that changes.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let (to, messages) = mpsc::channel(1);
        let app = self.0.clone();
        let known = is_known(&request.get_ref().service);
        tokio::spawn(async move {
            let mut told = None;
            loop {
                let now = match known {
                    true => Readiness::now(&app).await,
                    false => ServingStatus::ServiceUnknown,
                };
                if told != Some(now) && to.send(Ok(said(now))).await.is_err() {
                    return;
                }
                told = Some(now);
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = to.closed() => return,
                    () = app.streams_ended() => return,
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(messages)))
    }
}
