//! Discord Markdown becomes CommonMark that cannot break out of its place.
