pub(crate) mod phrase;
