//! What an operator asks: is everything around it well, is everything in it right.

use tollgate_store::Report;

use super::{App, unreadable};
use crate::error::Problem;
use crate::report::{configuration_check, tell_step};

impl App {
    /// Everything around the data.
    pub(crate) async fn doctor(&self) -> Result<Report, Problem> {
        let _alone = self.inner.checking.lock().await;
        let mut report = self.inner.store.doctor().await.map_err(unreadable)?;
        tell_step(&mut report.checks, self.clock_steps().last);
        report.checks.push(configuration_check(self.config()));
        Ok(report)
    }

    /// Every invariant, asked of the live data. One after the other: each reads all of it.
    pub(crate) async fn verify(&self) -> Result<Report, Problem> {
        let _alone = self.inner.checking.lock().await;
        self.inner.store.verify().await.map_err(unreadable)
    }
}
