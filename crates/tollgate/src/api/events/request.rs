//! The body of a request about many events.

use serde::{Deserialize, Serialize};

use crate::http::body::{
    Body, Name, OrderName, OutcomeWord, Reference, Shape, Short, StateWord, Time, Whole, leaf,
};

/// `POST /v1/events/replay`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayBody {
    pub(crate) dry_run: Option<bool>,
    pub(crate) filter: ReplayFilterBody,
    pub(crate) per_second: Option<Whole<1, 1000>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayFilterBody {
    pub(crate) order: Option<OrderName>,
    pub(crate) outcome: Option<OutcomeWord>,
    pub(crate) received_after: Option<Time>,
    pub(crate) reference: Option<Reference>,
    pub(crate) source: Option<Name>,
    pub(crate) state: Option<StateWord>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<Short>,
}

impl Body for ReplayBody {
    const SHAPE: Shape = Shape::Object(&[
        ("dry_run", false, leaf::<bool>()),
        (
            "filter",
            true,
            Shape::Object(&[
                ("order", false, leaf::<OrderName>()),
                ("outcome", false, leaf::<OutcomeWord>()),
                ("received_after", false, leaf::<Time>()),
                ("reference", false, leaf::<Reference>()),
                ("source", false, leaf::<Name>()),
                ("state", false, leaf::<StateWord>()),
                ("type", false, leaf::<Short>()),
            ]),
        ),
        ("per_second", false, leaf::<Whole<1, 1000>>()),
    ]);
}
