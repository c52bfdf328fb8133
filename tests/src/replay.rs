//! More talk than is bundled: the bundled exports, again and again under other ids and channels.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use harvester::import::files::find_exports;
use serde_json::Value;

/// Exports that hold at least so many messages together.
pub fn replay(messages: usize) -> anyhow::Result<Vec<Value>> {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harvester/demo/exports");
    let sources = find_exports(&[bundled])?.exports;
    let sources = sources
        .iter()
        .map(|source| Ok(serde_json::from_slice::<Value>(&std::fs::read(source)?)?))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut exports = Vec::new();
    let mut held = 0;
    for pass in 0_u64.. {
        for source in &sources {
            let mut export = source.clone();
            held += shift(&mut export, pass)?;
            exports.push(export);
        }
        if held >= messages {
            break;
        }
    }
    Ok(exports)
}

/// The same as files in a folder.
pub fn write_replay(folder: &Path, messages: usize) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    for (number, export) in replay(messages)?.iter().enumerate() {
        std::fs::write(folder.join(format!("{number}.json")), serde_json::to_vec(export)?)?;
    }
    Ok(folder.to_owned())
}

/// Gives channel and messages ids of their own, a fixed step further with each pass.
fn shift(export: &mut Value, pass: u64) -> anyhow::Result<usize> {
    let further = |id: &mut Value| -> anyhow::Result<()> {
        let number = id.as_str().context("an id is text")?.parse::<u64>()?;
        *id = Value::String((number + (pass << 40)).to_string());
        Ok(())
    };
    further(&mut export["channel"]["id"])?;
    let messages = export["messages"].as_array_mut().context("an export has messages")?;
    for message in messages.iter_mut() {
        further(&mut message["id"])?;
        if let Some(target) =
            message.pointer_mut("/reference/messageId").filter(|id| id.is_string())
        {
            further(target)?;
        }
        if let Some(channel) =
            message.pointer_mut("/reference/channelId").filter(|id| id.is_string())
        {
            further(channel)?;
        }
    }
    Ok(messages.len())
}
