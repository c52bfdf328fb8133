mod decide;
mod error;
pub mod handler;
mod io;
mod payload;
#[cfg(test)]
mod test_support;
pub(crate) mod text;
