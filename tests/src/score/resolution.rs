use std::io::Write;
use std::path::Path;

pub fn run(_eval: &Path, _out: &mut dyn Write) -> anyhow::Result<()> {
    Ok(())
}
