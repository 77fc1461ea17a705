use crate::{Failure, report::Report};
pub(crate) fn run(_: bool, _: &mut Report) -> Result<(), Failure> {
    Ok(())
}
