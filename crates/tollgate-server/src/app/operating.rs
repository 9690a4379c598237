//! What an operator asks: is everything around it well, is everything in it right.

use tollgate_store::Report;

use super::{App, AppError};
use crate::certificate::certificate_check;
use crate::open_files::open_files_check;
use crate::paper::judge_letters;
use crate::report::{add_step, configuration_check};

impl App {
    /// Everything around the data.
    pub(crate) async fn doctor(&self) -> Result<Report, AppError> {
        let _alone = self.inner.checking.lock().await;
        let mut report = self.inner.store.doctor().await?;
        add_step(&mut report.checks, self.clock_steps().last);
        report.checks.push(configuration_check(self.config()));
        report.checks.extend(certificate_check(self.config()));
        report.checks.push(open_files_check(self.config()));
        report.checks.extend(self.instance().telemetry().check());
        report.checks.push(self.inner.forwarders.check(self.now()));
        let letters = self.inner.store.recent_letters().await?;
        report.checks.push(judge_letters(
            self.config(),
            self.inner.outside.fonts(),
            &letters,
        ));
        Ok(report)
    }

    /// Every invariant, asked of the live data. One after the other: each reads all of it.
    pub(crate) async fn verify(&self) -> Result<Report, AppError> {
        let _alone = self.inner.checking.lock().await;
        Ok(self.inner.store.verify().await?)
    }
}
